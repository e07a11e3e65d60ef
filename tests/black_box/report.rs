//! `--report`: by what each view shows each entity, and what is wrong there.

use std::path::Path;

use tempfile::TempDir;

use crate::program::{data, run};

/// The lines that are printed, and whether the program calls it a success.
fn report(files: &[&Path]) -> (Vec<String>, bool) {
    let mut arguments: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    arguments.push("--report");
    let output = run(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().map(str::to_owned).collect(), output.status.success())
}

#[test]
fn each_entity_has_a_line_in_each_view() {
    let (lines, success) = report(&[&data("scene.rrd")]);
    assert!(success);
    for expected in [
        "world\t/world\tcontext:ViewCoordinates\t",
        "world\t/world/robot\tcontext:Transform3D\t",
        "world\t/world/robot/lidar\tPoints3D\t",
        "camera\t/camera/mask\tSegmentationImage\t",
        "about\t/about\tTextDocument\t",
        "Logs\t/camera/image\t-\t",
        "Logs\t/logs\tTextLog\t",
    ] {
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected:?} is not among {lines:#?}"
        );
    }
    assert!(
        lines.iter().all(|line| line.split('\t').count() == 4),
        "{lines:#?}"
    );
}

#[test]
fn what_is_not_shown_is_said() {
    let (lines, success) = report(&[&data("zoo.rrd")]);
    let tensor = lines.iter().find(|line| line.contains("\t/tensor\t"));
    assert!(success && tensor.is_some(), "{lines:#?}");
    assert!(
        lines.contains(&"bars\t/bars\tBarChart\t".to_owned()),
        "{lines:#?}"
    );
    let unshown = "is not shown here";
    assert!(
        lines
            .iter()
            .all(|line| !line.contains(unshown) || line.contains("\t-\tinfo: "))
    );
}

#[test]
fn an_error_is_a_line_and_a_failure() {
    let folder = TempDir::new().unwrap();
    let broken = folder.path().join("broken.rrd");
    std::fs::write(&broken, "no recording at all").unwrap();
    let (lines, success) = report(&[&data("scene.rrd"), &broken]);
    assert!(!success);
    let last = lines.last().unwrap();
    assert!(last.contains("broken.rrd\t-\t-\terror: "), "{lines:#?}");
    // The rest is reported nevertheless.
    assert!(
        lines.iter().any(|line| line.contains("\t/world/robot/lidar\t")),
        "{lines:#?}"
    );
}

#[test]
fn views_in_tabs_that_are_not_open_are_reported_too() {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("tabs.ron");
    let view = |class: &str, origin: &str| format!(r#"View(class: "{class}", origin: "{origin}")"#);
    let (logs, world) = (view("TextLog", "/logs"), view("3D", "/world"));
    let text = format!("(version: 1, layout: Tabs(contents: [{logs}, {world}]))");
    std::fs::write(&layout, text).unwrap();
    let (lines, success) = report(&[&data("scene.rrd"), &layout]);
    assert!(success, "{lines:#?}");
    for expected in ["logs\t/logs\tTextLog\t", "world\t/world/robot/lidar\tPoints3D\t"] {
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected:?} is not among {lines:#?}"
        );
    }
}

/// A picture whose header is right, and whose pixels are damaged.
fn damaged_picture() -> Vec<u8> {
    let noise = |x: u32, y: u32| (x * 7919 + y * 104_729 + x * y * 31) as u8;
    let picture =
        image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([noise(x, y), noise(y, x), noise(x, x)]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let mut bytes = file.into_inner();
    bytes[200..260].fill(0);
    bytes
}

#[test]
fn pictures_that_cannot_be_decoded_are_reported_in_tabs_that_are_not_open() {
    let folder = TempDir::new().unwrap();
    let picture = folder.path().join("damaged.png");
    std::fs::write(&picture, damaged_picture()).unwrap();
    let layout = folder.path().join("tabs.ron");
    let view = |class: &str, name: &str| format!(r#"View(class: "{class}", origin: "/", name: "{name}")"#);
    let (open, shut) = (view("TextLog", "open"), view("2D", "shut"));
    let inner = format!("Tabs(contents: [{open}, {}])", view("2D", "inner"));
    let text = format!("(version: 1, layout: Tabs(contents: [{inner}, {shut}]))");
    std::fs::write(&layout, text).unwrap();
    let (lines, _) = report(&[&picture, &layout]);
    for name in ["inner", "shut"] {
        let start = format!("{name}\t/damaged.png\t-\twarning: the PNG file cannot be decoded");
        assert!(
            lines.iter().any(|line| line.starts_with(&start)),
            "{start:?} is not among {lines:#?}"
        );
    }
}
