//! The commands, each of which ends as a call of Cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, bail};

use crate::packages::{self, Purpose};

/// Packages that are built only by those who ask for them, with the folder of each: their dependencies cost more than
/// the rest of the suite.
const APART: [(&str, &str); 1] = [("versus_rerun", "benches/versus_rerun")];

/// Opens the demo, or draws it to `target/demo.png` where there is no display. `args` go to the viewer.
///
/// # Errors
/// Where Cargo cannot be started, or the viewer ended well without having written the picture.
pub(crate) fn demo(args: &[String]) -> anyhow::Result<ExitCode> {
    let display = Display::detect();
    packages::ensure(display.purpose());

    // The packages that are built by default are those of the suite, so that the engine is built once for both.
    let mut cargo = cargo(&["run", "--bin", "chronoscope", "--", "demo"])?;
    let asked_for_picture = args.iter().any(|arg| arg.starts_with("--screenshot-to"));
    if display != Display::None || asked_for_picture {
        return Ok(exit_code(run(cargo.args(args))?));
    }

    let picture = prepare_picture(&workspace_root()?)?;
    cargo.arg("--screenshot-to").arg(&picture);
    if !args.iter().any(|arg| arg.starts_with("--window-size")) {
        cargo.args(["--window-size", "1400x900"]);
    }
    let status = run(cargo.args(args))?;
    if status.success() {
        if !picture.is_file() {
            bail!(
                "the viewer ended well but wrote no picture to {}",
                picture.display()
            );
        }
        println!(
            "There is no display here, so the demo was drawn offscreen to {}.",
            picture.display()
        );
    }
    Ok(exit_code(status))
}

/// Runs the whole suite. `args` go to `cargo test`.
///
/// # Errors
/// Where Cargo cannot be started.
pub(crate) fn test(args: &[String]) -> anyhow::Result<ExitCode> {
    packages::ensure(Purpose::Offscreen);
    let root = workspace_root()?;
    let apart: Vec<&str> = APART
        .iter()
        .filter(|(_, folder)| root.join(folder).is_dir())
        .map(|(package, _)| *package)
        .collect();
    let mut code = ExitCode::SUCCESS;
    for args in test_runs(args, &apart) {
        let status = run(cargo(&[])?.args(args))?;
        if !status.success() {
            code = exit_code(status);
        }
    }
    Ok(code)
}

/// Installs what is missing, for windows as well.
///
/// # Errors
/// Never: what is missing in the end is told, and the exit code says it too.
pub(crate) fn setup() -> anyhow::Result<ExitCode> {
    let complete = packages::ensure(Purpose::Everything);
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where windows can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Display {
    None,
    X11,
    Wayland,
    /// The one that the operating system always has.
    Native,
}

impl Display {
    fn detect() -> Self {
        Self::from_environment(cfg!(any(windows, target_os = "macos")), |name| {
            std::env::var_os(name)
        })
    }

    /// Wayland goes first, as it does in the viewer. An empty variable is as good as none.
    fn from_environment(native: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        if native {
            Self::Native
        } else if is_set("WAYLAND_DISPLAY") {
            Self::Wayland
        } else if is_set("DISPLAY") {
            Self::X11
        } else {
            Self::None
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::None | Self::Native => Purpose::Offscreen,
            Self::X11 => Purpose::X11Window,
            Self::Wayland => Purpose::WaylandWindow,
        }
    }
}

/// The arguments of one `cargo test` after the other.
///
/// Libraries, binaries and integration tests, then documentation tests, and no benchmarks. Examples are modules of an integration
/// test, so that the engine is not linked once for each of them; a plain `cargo test` would do that. Where somebody says what is
/// to be run, it is that.
fn test_runs(args: &[String], apart: &[&str]) -> Vec<Vec<String>> {
    const CHOICES: [&str; 8] = [
        "-p",
        "--package",
        "--lib",
        "--bin",
        "--test",
        "--example",
        "--doc",
        "--all-targets",
    ];
    let mut own = args.iter().take_while(|arg| *arg != "--");
    if own.any(|arg| CHOICES.iter().any(|choice| arg.starts_with(choice))) {
        return vec![test_args(args, apart)];
    }
    ["--tests", "--doc"]
        .map(|part| {
            let args: Vec<String> = std::iter::once(part.to_owned())
                .chain(args.iter().cloned())
                .collect();
            test_args(&args, apart)
        })
        .into()
}

/// The arguments of `cargo test`. A failure does not hide the failures of the targets behind it.
fn test_args(args: &[String], apart: &[&str]) -> Vec<String> {
    let mut all = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    let own = args.iter().take_while(|arg| *arg != "--");
    if !own
        .clone()
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package") || arg == "--workspace")
    {
        all.push("--workspace".to_owned());
        for package in apart {
            all.extend(["--exclude".to_owned(), (*package).to_owned()]);
        }
    }
    all.extend(args.iter().cloned());
    all
}

/// The path of the picture of the demo, in a folder that exists; an older picture is removed.
fn prepare_picture(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join("target");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let picture = folder.join("demo.png");
    if picture.exists() {
        std::fs::remove_file(&picture).with_context(|| format!("cannot replace {}", picture.display()))?;
    }
    Ok(picture)
}

pub(crate) fn workspace_root() -> anyhow::Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package)
        .parent()
        .context("the folder of xtask has no parent")?;
    Ok(root.to_owned())
}

/// The Cargo that runs us, in the root of the workspace.
pub(crate) fn cargo(args: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace_root()?);
    Ok(command)
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    eprintln!("$ {name} {}", args.join(" "));
    command.status().with_context(|| format!("cannot start {name}"))
}

/// The code of a child as our own; death by a signal as shells tell it, 128 plus the signal.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
    // Codes of other systems can be wider than a byte; what is not zero must stay so.
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn check_display(variables: &[(&str, &str)], expected: Display) {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        assert_eq!(
            Display::from_environment(false, variable),
            expected,
            "{variables:?}"
        );
    }

    #[test]
    fn display_is_found_in_the_environment() {
        check_display(&[], Display::None);
        check_display(&[("DISPLAY", "")], Display::None);
        check_display(&[("DISPLAY", ":0")], Display::X11);
        check_display(&[("WAYLAND_DISPLAY", "wayland-0")], Display::Wayland);
        check_display(
            &[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")],
            Display::Wayland,
        );
        assert_eq!(Display::from_environment(true, |_| None), Display::Native);
    }

    fn check_test_args(args: &[&str], apart: &[&str], expected: &str) {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        assert_eq!(test_args(&args, apart).join(" "), expected);
    }

    #[test]
    fn examples_are_linked_only_where_somebody_says_so() {
        let runs = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let runs = test_runs(&args, &[]).into_iter().map(|args| args.join(" "));
            runs.collect::<Vec<_>>()
        };
        let all = "test --no-fail-fast --workspace";
        assert_eq!(runs(&[]), [format!("{all} --tests"), format!("{all} --doc")]);
        assert_eq!(
            runs(&["query", "--", "--exact"]),
            [
                format!("{all} --tests query -- --exact"),
                format!("{all} --doc query -- --exact"),
            ]
        );
        assert_eq!(runs(&["--examples"]), [format!("{all} --examples")]);
        assert_eq!(runs(&["-p", "xtask"]), ["test --no-fail-fast -p xtask"]);
    }

    #[test]
    fn tests_run_for_the_workspace_unless_packages_are_named() {
        check_test_args(&[], &[], "test --no-fail-fast --workspace");
        check_test_args(&[], &["heavy"], "test --no-fail-fast --workspace --exclude heavy");
        check_test_args(&["latest_at"], &[], "test --no-fail-fast --workspace latest_at");
        check_test_args(
            &["-p", "chronoscope_store"],
            &["heavy"],
            "test --no-fail-fast -p chronoscope_store",
        );
        check_test_args(
            &["--package=xtask", "os"],
            &[],
            "test --no-fail-fast --package=xtask os",
        );
        check_test_args(&["--", "-p"], &[], "test --no-fail-fast --workspace -- -p");
    }

    /// What is compiled for packages, a line each.
    #[track_caller]
    fn compiled(args: &[&str]) -> String {
        let tree = ["tree", "--locked", "--prefix=none", "--edges=normal"];
        let output = cargo(&tree).unwrap().args(args).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn without_default_features_there_is_no_renderer_and_no_interface() {
        let packages = compiled(&["--package=headless_query"]);
        assert!(packages.contains("chronoscope_frame "), "{packages}");
        for heavy in ["bevy_render ", "bevy_egui ", "egui ", "wgpu ", "winit "] {
            let found = packages.lines().any(|package| package.starts_with(heavy));
            assert!(!found, "{heavy}is among what an app without the viewer compiles");
        }
    }

    /// Looks for packages among what is compiled with some features of the viewer's and no others.
    #[track_caller]
    fn check_features(features: &str, compiled_then: &[&str], left_out: &[&str]) {
        let features = format!("--features={features}");
        let packages = compiled(&["--package=chronoscope", "--no-default-features", &features]);
        let has = |name: &str| {
            let mut names = packages.lines().filter_map(|line| line.split(' ').next());
            names.any(|package| package == name)
        };
        for name in compiled_then {
            assert!(has(name), "{features}: {name} is missing");
        }
        for name in left_out {
            assert!(!has(name), "{features}: {name} is compiled, too");
        }
    }

    #[test]
    fn what_only_a_set_needs_is_left_out_with_it() {
        check_features(
            "assets,diagnostics,gizmos,http,lights,live,logs,picture_files,text,text_files",
            &["bevy_gizmos", "bevy_light", "chronoscope_live", "tokio-rustls"],
            &[
                "bevy_egui",
                "bevy_render",
                "chronoscope_views",
                "egui",
                "wgpu",
                "winit",
            ],
        );
        check_features("gizmos", &["bevy_gizmos"], &["bevy_light", "chronoscope_live"]);
        let pictures = ["chronoscope_render", "gif", "image-webp"];
        check_features("spatial2d", &pictures, &["egui_extras", "pulldown-cmark", "rfd"]);
        check_features("text_log", &["chronoscope_ui", "egui_extras"], &pictures);
        check_features("text_document", &["pulldown-cmark"], &pictures);
        check_features("viewer", &pictures, &["rfd", "ureq"]);
    }

    #[test]
    fn the_viewer_brings_no_second_engine_and_no_second_interface() {
        let packages = compiled(&["--package=chronoscope"]);
        for single in ["bevy_ecs ", "bevy_render ", "egui ", "wgpu "] {
            let found = packages.lines().map(|line| line.trim_end_matches(" (*)"));
            let found: std::collections::BTreeSet<&str> =
                found.filter(|line| line.starts_with(single)).collect();
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }

    /// The packages of a plain build with the features that they are built with.
    fn features(edges: &str) -> Vec<String> {
        let args = [
            "tree",
            "--locked",
            "--prefix=none",
            "--format={p} [{f}]",
            "--edges",
        ];
        let output = cargo(&args).unwrap().arg(edges).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = String::from_utf8(output.stdout).unwrap();
        lines
            .lines()
            .map(|line| line.trim_end_matches(" (*)").to_owned())
            .collect()
    }

    #[test]
    fn the_demo_and_the_suite_share_one_build_of_the_engine() {
        let suite = features("normal,build,dev");
        let demo = features("normal,build");
        assert!(demo.iter().any(|package| package.starts_with("bevy_render ")));
        let built_twice: Vec<_> = demo.iter().filter(|package| !suite.contains(package)).collect();
        assert!(built_twice.is_empty(), "{built_twice:?}");
    }
}
