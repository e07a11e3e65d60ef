//! `cargo xtask`: sets the machine up, runs the demo, runs the whole suite.
//!
//! It leans on nothing but the standard library and `anyhow`, so that it builds in seconds on a machine with nothing
//! but Rust, and prepares that machine for what takes longer:
//!
//! 1. [`packages`] decides which system packages are missing, and installs them where it knows how.
//! 2. [`commands`] then hands over to Cargo, and passes its exit code on.
#![allow(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod commands;
mod packages;
mod sdk;

use std::process::ExitCode;

/// What `cargo xtask help` says.
const HELP: &str = "\
Sets the machine up and runs what people run most.

Usage: cargo xtask COMMAND [ARGS]...

Commands:
  demo [ARGS]  Builds the viewer and opens its built-in demo recording. Where there is no display, it is drawn
               offscreen to target/demo.png. ARGS go to the viewer.
  test [ARGS]  Runs the whole suite: unit tests, integration tests, examples, documentation tests. ARGS go to
               `cargo test`, for instance `-p chronoscope_store` or the name of a test.
  sdk [ARGS]   Drives the viewer with the Python SDK of Rerun, in an environment that is made for it in target/sdk.
               ARGS are for tests/sdk/check.py: the number of single rows to flood it with, --long SECONDS, --only NAME.
               With --program PATH before them, that viewer is driven, and nothing is built.
  fuzz NAME    Runs a fuzz target of the folder fuzz/, with ARGS for libFuzzer, such as -max_total_time=60.
  setup        Only installs the system packages that the other commands need.
  help         Shows this text.

Missing system packages are installed first: by apt-get on Debian and Ubuntu; elsewhere the command to run is shown.";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_else(|| "help".to_owned());
    let args: Vec<String> = args.collect();
    let outcome = match command.as_str() {
        "demo" => commands::demo(&args),
        "test" => commands::test(&args),
        "sdk" => sdk::run(&args),
        "fuzz" => sdk::fuzz(&args),
        "setup" => commands::setup(),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => {
            eprintln!("xtask: there is no command `{unknown}`.\n\n{HELP}");
            Ok(ExitCode::from(2))
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
