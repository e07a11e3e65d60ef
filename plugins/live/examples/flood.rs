//! Sends single rows as fast as they are taken: `flood LINK COUNT`. Prints how many a second that was.
#![allow(clippy::print_stdout, reason = "it is a tool")]

use std::{error::Error, time::Instant};

use chronoscope_live::{Link, LiveRuntime, envelope, send};
use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{LogMessage, Scalars, StoreInfo, log_chunk};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let link = Link::parse(&arguments.next().unwrap_or_else(|| Link::default().to_string()))?;
    let count: i64 = arguments.next().map_or(Ok(1_000_000), |count| count.parse())?;
    let store = StoreId::recording("flood", format!("{}", std::process::id()));
    let info = LogMessage::StoreInfo(StoreInfo::new(store.clone()));
    // Encoding is not what is measured.
    let rows = (0..count).map(|frame| {
        let times = [(Timeline::sequence("frame"), frame)];
        let chunk = log_chunk(
            format!("plots/{}", frame % 20),
            times,
            &Scalars::new([frame as f64]),
        )?;
        Ok(LogMessage::Chunk {
            store: store.clone(),
            chunk: chunk.into(),
        })
    });
    let messages = std::iter::once(Ok::<_, Box<dyn Error>>(info)).chain(rows);
    let encoded = messages.map(|message| Ok::<_, Box<dyn Error>>(envelope(&message?)?));
    let encoded = encoded.collect::<Result<Vec<_>, _>>()?;
    let runtime = LiveRuntime::start()?;
    let start = Instant::now();
    send(&runtime, &link, encoded.into_iter())?;
    let secs = start.elapsed().as_secs_f64();
    println!("{count} rows in {secs:.2} s, {:.0} a second", count as f64 / secs);
    Ok(())
}
