//! The program: arguments in; messages, exit codes and pictures out.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use image::RgbImage;
use tempfile::TempDir;

use crate::picture::{count, difference, load};

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chronoscope"))
        .args(arguments)
        .env_remove("DISPLAY")
        .output()
        .unwrap()
}

/// What the program prints of the views at a time, with so many threads.
pub(crate) fn digest(arguments: &[&str], threads: &str, time: &str) -> String {
    let mut all = arguments.to_vec();
    all.extend(["--time", time, "--digest", "--threads", threads]);
    let output = run(&all);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Opens files and takes a picture. Returns it with what was said on stderr and whether the program called it a success.
pub(crate) fn screenshot(files: &[&Path], arguments: &[&str]) -> (Option<RgbImage>, String, bool) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    let mut all: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    all.extend(["--theme", "dark", "--screenshot-to", out.to_str().unwrap()]);
    all.extend(arguments);
    let output = run(&all);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (out.exists().then(|| load(&out)), said, output.status.success())
}

/// Colors that the scene was logged with.
const TRAIL: [u8; 3] = [120, 255, 120];
const ROBOT: [u8; 3] = [230, 120, 40];
pub(crate) const OVERRIDDEN_LIDAR: [u8; 3] = [0, 255, 255];

#[test]
fn the_scene_shows_what_was_logged() {
    let scene = data("scene.rrd");
    let (picture, said, success) =
        screenshot(&[&scene], &["--time", "frame=18", "--window-size", "1400x900"]);
    assert!(success, "{said}");
    let picture = picture.unwrap();
    assert_eq!(picture.dimensions(), (1400, 900));
    assert!(count(&picture, TRAIL) > 50, "no trail");
    assert!(count(&picture, ROBOT) > 100, "no robot");
    // The floor's top is seen at a slant, shaded by its normal: grey, with a hint of blue, and large.
    let grey = |p: &&image::Rgb<u8>| {
        p.0[0] == p.0[1] && p.0[2] > p.0[0] && p.0[2] - p.0[0] < 14 && (70..110).contains(&p.0[0])
    };
    assert!(picture.pixels().filter(grey).count() > 20_000, "no floor");
    // The corners of the camera's picture: red to the right, green below.
    assert!(
        picture
            .pixels()
            .any(|p| p.0[0] > 180 && p.0[1] < 40 && p.0[2] < 40),
        "no red corner"
    );
    assert!(
        picture
            .pixels()
            .any(|p| p.0[1] > 180 && p.0[0] < 40 && p.0[2] < 40),
        "no green corner"
    );

    let (later, ..) = screenshot(&[&scene], &["--time", "frame=70", "--window-size", "1400x900"]);
    assert!(
        difference(&picture, &later.unwrap()) > 2_000,
        "time makes no difference"
    );
    let (by_duration, ..) = screenshot(
        &[&scene],
        &["--time", "sim_time=0.9s", "--window-size", "1400x900"],
    );
    assert!(
        count(&by_duration.unwrap(), TRAIL) > 50,
        "no trail at the same time of the other timeline"
    );
}

#[test]
fn a_blueprint_is_honored() {
    let (scene, layout) = (data("scene.rrd"), data("scene_layout.rbl"));
    let options = ["--time", "frame=18", "--blueprint", layout.to_str().unwrap()];
    let (picture, said, success) = screenshot(&[&scene], &options);
    assert!(success, "{said}");
    let picture = picture.unwrap();
    assert!(
        count(&picture, OVERRIDDEN_LIDAR) > 500,
        "the override of the lidar's color is not there"
    );
    // As a file among the others it means the same.
    let (other, ..) = screenshot(&[&scene, &layout], &["--time", "frame=18"]);
    assert!(count(&other.unwrap(), OVERRIDDEN_LIDAR) > 500);
}

#[test]
fn small_and_large_pictures_and_both_themes() {
    for options in [
        &["--window-size", "640x400"][..],
        &["--window-size", "1200x700", "--scale", "2"],
        &["--theme=light"],
    ] {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("demo.png");
        let mut arguments = vec!["demo", "--screenshot-to", out.to_str().unwrap()];
        arguments.extend(options);
        let output = run(&arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let picture = load(&out);
        let side = if options.contains(&"--scale") {
            2400
        } else if options.contains(&"640x400") {
            640
        } else {
            1400
        };
        assert_eq!(picture.width(), side);
        let light = picture.get_pixel(2, picture.height() - 2).0[0] > 128;
        assert_eq!(light, options.contains(&"--theme=light"));
        let colors: BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
        assert!(colors.len() > 100, "{options:?}: nothing is drawn");
    }
}

#[test]
fn damaged_files_are_named_and_the_rest_is_shown() {
    let folder = TempDir::new().unwrap();
    let whole = std::fs::read(data("scene.rrd")).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    // Nothing could be opened: a failure that says which file and why.
    let cases: [(&str, &[u8], &str); 3] = [
        ("empty.rrd", b"", "empty"),
        ("bag.rrd", b"#ROSBAG V2.0\n0000000000000000", "ROS bag"),
        (
            "words.rrd",
            b"these are words, and no recording at all",
            "not an .rrd",
        ),
    ];
    for (name, bytes, expected) in cases {
        let path = write(name, bytes);
        let (picture, said, success) = screenshot(&[&path], &[]);
        assert!(
            !success && said.contains(name) && said.contains(expected),
            "{name}: {said}"
        );
        assert!(picture.is_some(), "{name}: the viewer shows the error too");
    }
    let missing = folder.path().join("missing.rrd");
    let (_, said, success) = screenshot(&[&missing], &[]);
    assert!(!success && said.contains("missing.rrd"), "{said}");

    // Some could be read: a success, with a warning, and what was there is shown.
    let cut = write("cut.rrd", &whole[..whole.len() * 2 / 3]);
    let (picture, said, success) = screenshot(&[&cut], &["--time", "frame=18"]);
    assert!(success && said.contains("cut.rrd"), "{said}");
    let (nothing, ..) = screenshot(&[&folder.path().join("empty.rrd")], &[]);
    assert!(
        difference(&picture.unwrap(), &nothing.unwrap()) > 20_000,
        "what was readable is not shown"
    );

    // A file that cannot be opened takes nothing from one that can.
    let scene = data("scene.rrd");
    let (picture, said, success) = screenshot(
        &[&scene, &folder.path().join("empty.rrd")],
        &["--time", "frame=18"],
    );
    assert!(success && said.contains("empty.rrd"), "{said}");
    assert!(count(&picture.unwrap(), ROBOT) > 100);
}

#[test]
fn arguments_are_checked() {
    for arguments in [
        &["--window-size", "0x0"][..],
        &["--time", "frame"],
        &["--memory-limit", "much"],
        &["--no-such-option"],
    ] {
        let output = run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    let version = run(&["--version"]);
    assert!(
        version.status.success()
            && String::from_utf8_lossy(&version.stdout).contains(env!("CARGO_PKG_VERSION"))
    );

    let (_, said, _) = screenshot(&[&data("scene.rrd")], &["--time", "nosuch=3"]);
    assert!(said.contains("nosuch"), "{said}");
}

#[test]
fn what_is_shown_does_not_depend_on_the_number_of_threads() {
    let scene = data("scene.rrd");
    let digest = |threads: &str, time: &str| digest(&[scene.to_str().unwrap()], threads, time);
    let one = digest("1", "frame=18");
    assert_eq!(one, digest("2", "frame=18"));
    assert!(one.contains("draws /"), "{one}");
    assert_ne!(one, digest("2", "frame=70"));
}
