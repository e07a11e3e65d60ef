//! What is not part of the suite: the real Python SDK and its tools, and fuzzing.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, bail};

use crate::commands::{cargo, exit_code, run as run_command, workspace_root};

/// The version that the viewer is held against, and the folder of its environment.
const SDK: Environment = Environment {
    package: "rerun-sdk==0.41.0",
    folder: "target/sdk",
};

/// One that many programs still have.
const OLDER_SDK: Environment = Environment {
    package: "rerun-sdk==0.36.3",
    folder: "target/sdk-older",
};

/// A Python with an SDK.
struct Environment {
    package: &'static str,
    folder: &'static str,
}

/// Drives the viewer with the Python SDK, in an environment that is made where it is missing. Without Python nothing is
/// checked, and that is said. Where `--program PATH` comes first, that viewer is driven, and nothing is built.
///
/// # Errors
/// Where the environment cannot be made, or the viewer not be built.
pub(crate) fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let root = workspace_root()?;
    let Some(python) = python() else {
        println!("skipped: there is no Python 3 here to run the SDK with.");
        return Ok(ExitCode::SUCCESS);
    };
    let (program, older) = (SDK.python(&root, python)?, OLDER_SDK.python(&root, python)?);
    let check = |viewer: &Path, args: &[String]| {
        let mut check = Command::new(&program);
        check
            .arg(root.join("tests/sdk/check.py"))
            .arg(viewer)
            .arg("--older")
            .arg(&older)
            .args(args);
        run_command(&mut check)
    };
    if let [flag, viewer, args @ ..] = args
        && flag == "--program"
    {
        let checked = check(Path::new(viewer), args)?;
        println!("What examples write was not verified: they are built without --program.");
        return Ok(exit_code(checked));
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
    let checked = check(&viewer, args)?;
    if !checked.success() {
        return Ok(exit_code(checked));
    }
    verify_written(&program)
}

/// Has Rerun's own tool verify what `chronoscope_log` and the recorder of worlds write.
fn verify_written(python: &Path) -> anyhow::Result<ExitCode> {
    let folder = workspace_root()?.join("target");
    for example in ["log_without_bevy", "fork"] {
        let file = folder.join(format!("{example}.rrd"));
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

impl Environment {
    /// The Python of the environment, which is made by another one where it is missing.
    fn python(&self, root: &Path, by: &str) -> anyhow::Result<PathBuf> {
        let folder = root.join(self.folder);
        let python = folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        if is_ready(&python) {
            return Ok(python);
        }
        println!(
            "Making an environment with {} in {}.",
            self.package,
            folder.display()
        );
        let made = Command::new(by)
            .args(["-m", "venv"])
            .arg(&folder)
            .status()
            .context("cannot start Python")?;
        let installed = made.success()
            && Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", self.package])
                .status()
                .context("cannot start pip")?
                .success();
        if !installed {
            bail!("the environment in {} could not be made", folder.display());
        }
        Ok(python)
    }
}

fn is_ready(python: &Path) -> bool {
    let check = Command::new(python)
        .args(["-c", "import rerun, rerun_cli"])
        .output();
    check.is_ok_and(|output| output.status.success())
}
