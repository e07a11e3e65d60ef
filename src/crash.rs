//! What a crash leaves: a report that can be sent to whoever can mend it.

use std::{
    backtrace::Backtrace,
    fmt::Write as _,
    panic::PanicHookInfo,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use bevy::{prelude::*, render::renderer::RenderAdapterInfo};

use crate::state_dir::write_new;

/// The GPU, once it is known.
static ADAPTER: OnceLock<String> = OnceLock::new();

/// Notes the GPU for reports, and says where it is not the one that was asked for.
pub(crate) fn note_adapter(adapter: Option<&RenderAdapterInfo>, wanted: Option<&str>) {
    let Some(adapter) = adapter else { return };
    let is_kind = |wanted: &str| matches!(wanted, "low-power" | "high-performance");
    if let Some(wanted) = wanted.filter(|wanted| !is_kind(wanted))
        && !adapter.name.to_lowercase().contains(&wanted.to_lowercase())
    {
        warn!("no GPU is called {wanted:?}: rendering on {}", adapter.name);
    }
    let text = format!("{}, {:?}, {}", adapter.name, adapter.backend, adapter.driver_info);
    info!("rendering on {text}");
    _ = ADAPTER.set(text);
}

/// From now on, the first panic writes a report into this folder and says where it is.
pub(crate) fn report_panics(folder: PathBuf) {
    static IS_REPORTED: AtomicBool = AtomicBool::new(false);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        // Others follow from the first.
        if IS_REPORTED.swap(true, Ordering::AcqRel) {
            return;
        }
        let text = report(info, &Backtrace::force_capture());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("crash-{}-{}.txt", now.as_secs(), std::process::id());
        match write_new(&folder, &name, &text) {
            Ok(path) => eprintln!("chronoscope: crashed. The report is {}", path.display()),
            Err(error) => eprintln!("chronoscope: crashed, and no report could be written: {error}"),
        }
    }));
}

/// The text of a report. It names the arguments of the program, and nothing of the data.
fn report(info: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "system",
            format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
        (
            "renderer",
            ADAPTER.get().cloned().unwrap_or_else(|| "none yet".to_owned()),
        ),
        ("arguments", arguments.join(" ")),
        (
            "thread",
            thread::current().name().unwrap_or("without a name").to_owned(),
        ),
        ("place", place.unwrap_or_else(|| "unknown".to_owned())),
        ("message", message.to_owned()),
    ];
    let mut text = "Chronoscope crashed.\n\n".to_owned();
    for (name, value) in lines {
        _ = writeln!(text, "{name}: {value}");
    }
    _ = write!(text, "\n{backtrace}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_panic_leaves_a_report() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let crashes = folder.path().join("crashes");
        report_panics(crashes.clone());
        for number in 0..2 {
            let crash = thread::Builder::new().name("worker".to_owned());
            let worker = crash.spawn(move || assert_eq!(number, 7, "seven is missing"))?;
            assert!(worker.join().is_err());
        }
        _ = std::panic::take_hook();
        let mut reports = std::fs::read_dir(&crashes)?;
        let text = std::fs::read_to_string(reports.next().ok_or(std::io::ErrorKind::NotFound)??.path())?;
        for expected in [
            "thread: worker",
            "seven is missing",
            "src/crash.rs",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        assert!(reports.next().is_none(), "one report for one crash");
        Ok(())
    }
}
