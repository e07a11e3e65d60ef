//! What is not part of the suite: the real Python SDK and its tools, and fuzzing.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, bail};

use crate::commands::{cargo, exit_code, run as run_command, workspace_root};

/// The version that the viewer is held against.
const SDK: &str = "rerun-sdk==0.41.0";

/// Drives the viewer with the Python SDK, in an environment that is made where it is missing. Without Python nothing is
/// checked, and that is said.
///
/// # Errors
/// Where the environment cannot be made, or the viewer not be built.
pub(crate) fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let root = workspace_root()?;
    let Some(python) = python() else {
        println!("skipped: there is no Python 3 here to run the SDK with.");
        return Ok(ExitCode::SUCCESS);
    };
    let environment = root.join("target/sdk");
    let program = environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if !is_ready(&program) {
        println!("Making an environment with {SDK} in {}.", environment.display());
        let made = Command::new(python)
            .args(["-m", "venv"])
            .arg(&environment)
            .status()
            .context("cannot start Python")?;
        let installed = made.success()
            && Command::new(&program)
                .args(["-m", "pip", "install", "--quiet", SDK])
                .status()
                .context("cannot start pip")?
                .success();
        if !installed {
            bail!("the environment in {} could not be made", environment.display());
        }
    }
    // As the suite builds it, so that the engine is built once for both.
    let built = run_command(&mut cargo(&["build", "--bin", "chronoscope"])?)?;
    if !built.success() {
        return Ok(exit_code(built));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let viewer = target
        .join("debug")
        .join(format!("chronoscope{}", std::env::consts::EXE_SUFFIX));
    let mut check = Command::new(&program);
    check.arg(root.join("tests/sdk/check.py")).arg(viewer).args(args);
    let checked = run_command(&mut check)?;
    if !checked.success() {
        return Ok(exit_code(checked));
    }
    verify_written(&environment, &program)
}

/// Has Rerun's own tool verify what `chronoscope_log` and the recorder of worlds write.
fn verify_written(environment: &Path, python: &Path) -> anyhow::Result<ExitCode> {
    for example in ["log_without_bevy", "fork"] {
        let file = environment.join(format!("{example}.rrd"));
        let written = run_command(cargo(&["run", "--example", example, "--"])?.arg(&file))?;
        if !written.success() {
            return Ok(exit_code(written));
        }
        let mut verify = Command::new(python);
        verify.args(["-m", "rerun_cli", "rrd", "verify"]).arg(&file);
        let verified = run_command(&mut verify)?;
        if !verified.success() {
            bail!("{} is not accepted", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a fuzz target. It needs a nightly toolchain and `cargo-fuzz`; without them it says how they are installed.
///
/// # Errors
/// Where no target is named.
pub(crate) fn fuzz(args: &[String]) -> anyhow::Result<ExitCode> {
    let [name, rest @ ..] = args else {
        bail!("which target? The folder fuzz/fuzz_targets has them: contents, footer, markdown, ron, wire");
    };
    let has_fuzz = Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_fuzz {
        println!(
            "Fuzzing needs a nightly toolchain and cargo-fuzz:\n  rustup toolchain install nightly\n  cargo install cargo-fuzz"
        );
        return Ok(ExitCode::FAILURE);
    }
    let mut fuzz = Command::new("cargo");
    fuzz.current_dir(workspace_root()?)
        .args(["+nightly", "fuzz", "run", name, "--"])
        .args(rest);
    Ok(exit_code(run_command(&mut fuzz)?))
}

fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.stdout.starts_with(b"Python 3"))
    })
}

fn is_ready(python: &Path) -> bool {
    let check = Command::new(python)
        .args(["-c", "import rerun, rerun_cli"])
        .output();
    check.is_ok_and(|output| output.status.success())
}
