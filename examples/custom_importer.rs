//! A format of files of one's own: tables of numbers become plots.
//!
//! Run it with `cargo run --example custom_importer`, and open or drop a table in it (`.table`: names in the first line, the first
//! column being a time in seconds). With a path it draws a picture of a table there instead of opening a window.

use std::sync::Arc;

use bevy::prelude::*;
use chronoscope::{
    io::{Candidate, Certainty, FileInput, ImportContext, Importer, LoadReport, Messages, Severity},
    prelude::*,
    types::{LogMessage, Scalars, columns_chunk},
};

/// Tables of numbers, as text.
pub struct TableImporter;

impl Importer for TableImporter {
    fn name(&self) -> &'static str {
        "a table of numbers"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["table"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        if candidate.has_extension(self.extensions()) {
            Certainty::Likely
        } else {
            Certainty::No
        }
    }

    fn import(&self, mut input: FileInput, context: &ImportContext) -> Messages {
        let context = context.clone();
        // Done on the thread that asks for the messages; a table is read as a whole.
        let messages = std::iter::once_with(move || {
            let bytes = input.read_all(context.settings.max_whole_file_bytes);
            let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let messages = match text {
                Ok(text) => plots(&text, &context),
                Err(error) => vec![Err(context.report(Severity::Error, &error))],
            };
            messages.into_iter()
        });
        Box::new(messages.flatten())
    }
}

/// A plot per column. What is no number is left out, and said.
fn plots(text: &str, context: &ImportContext) -> Vec<Result<LogMessage, LoadReport>> {
    let mut messages = vec![Ok(context.store_info())];
    let mut lines = text.lines().enumerate();
    let names: Vec<&str> = lines
        .next()
        .into_iter()
        .flat_map(|(_, line)| line.split_whitespace().skip(1))
        .collect();
    let mut columns = vec![(Vec::new(), Vec::new()); names.len()];
    for (number, line) in lines {
        let mut cells = line.split_whitespace().map(str::parse::<f64>);
        let Some(Ok(time)) = cells.next() else {
            let error = format!("line {}: it does not begin with a time", number + 1);
            messages.push(Err(context.report(Severity::Warning, &error)));
            continue;
        };
        for ((times, values), value) in columns.iter_mut().zip(cells) {
            if let Ok(value) = value {
                times.push((time * 1e9) as i64);
                values.push(value);
            }
        }
    }
    for (name, (times, values)) in names.iter().zip(columns) {
        let time = [(Timeline::duration("time"), times)];
        let chunk = columns_chunk(context.entity.child(name), time, &Scalars::new(values));
        messages.push(match chunk {
            Ok(chunk) => Ok(LogMessage::Chunk {
                store: context.store.clone(),
                chunk: Arc::new(chunk),
            }),
            Err(error) => Err(context.report(Severity::Error, &error)),
        });
    }
    messages
}

/// A table to look at.
pub fn table() -> String {
    let rows = (0_i16..200).map(|row| {
        let time = f64::from(row) * 0.05;
        format!("{time} {} {}\n", time.sin(), (2.0 * time).cos() * 0.5)
    });
    std::iter::once("time left right\n".to_owned())
        .chain(rows)
        .collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join("chronoscope_example.table");
    std::fs::write(&file, table())?;
    let add_to = |app: &mut App| {
        app.add_importer(TableImporter);
        let open = ViewerCommand::OpenFiles(vec![file]);
        app.world_mut().resource_mut::<ViewerCommands>().push(open);
    };
    chronoscope::offscreen::window_or_picture(add_to, 1, |_| {})?;
    Ok(())
}
