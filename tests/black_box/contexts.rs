//! Views that look elsewhere than the cursor, from a blueprint file to pictures.

use std::path::{Path, PathBuf};

use chronoscope::{blueprint::BlueprintDocument, io::RrdWriter, store::StoreId, types::StoreInfo};
use image::{RgbImage, imageops};
use tempfile::TempDir;

use crate::{
    picture::{difference, load},
    program::{data, digest, run},
};

/// The application of the scene.
const SCENE: &str = "shared_scene";

/// Two 3D views of the scene, side by side, at frames of their own: the cursor's where there is none.
fn side_by_side(folder: &TempDir, frames: [Option<i64>; 2]) -> PathBuf {
    let view = |frame: Option<i64>| {
        let time = frame.map_or_else(String::new, |frame| {
            format!(
                "properties: {{\"chronoscope.blueprint.archetypes.QueryContext:fixed_time\": [{frame}]}},"
            )
        });
        format!("View(class: \"3D\", origin: \"/\", {time})")
    };
    let [left, right] = frames.map(view);
    let text = format!(
        "(version: 1, layout: Horizontal(contents: [{left}, {right}]), auto_views: false, \
          panels: (top: Hidden, blueprint: Hidden, selection: Hidden, time: Hidden))"
    );
    let store = StoreInfo::new(StoreId::blueprint(SCENE, "side by side"));
    let messages = BlueprintDocument::from_ron(&text)
        .unwrap()
        .messages(store)
        .unwrap();
    let path = folder.path().join("side_by_side.rbl");
    let mut writer = RrdWriter::new(std::fs::File::create(&path).unwrap()).unwrap();
    for message in &messages {
        writer.write(message).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// The pictures of the two halves.
fn halves(blueprint: &Path, frame: &str) -> [RgbImage; 2] {
    let out = blueprint.with_extension("png");
    let output = run(&[
        data("scene.rrd").to_str().unwrap(),
        "--blueprint",
        blueprint.to_str().unwrap(),
        "--time",
        frame,
        "--theme",
        "dark",
        "--window-size",
        "1000x500",
        "--screenshot-to",
        out.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let picture = load(&out);
    // Below the title bars.
    [8, 508].map(|left| imageops::crop_imm(&picture, left, 60, 480, 430).to_image())
}

#[test]
fn two_views_show_two_times_side_by_side() {
    let folder = TempDir::new().unwrap();
    let at_cursor = side_by_side(&folder, [None, None]);
    let at_eighteen = halves(&at_cursor, "frame=18");
    let at_seventy = halves(&at_cursor, "frame=70");
    assert!(difference(&at_eighteen[0], &at_seventy[0]) > 300);
    let fixed = side_by_side(&folder, [Some(18), Some(70)]);
    let pictures = halves(&fixed, "frame=40");
    assert_eq!(difference(&pictures[0], &at_eighteen[0]), 0);
    assert_eq!(difference(&pictures[1], &at_seventy[1]), 0);
}

#[test]
fn what_they_show_does_not_depend_on_the_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let blueprint = side_by_side(&folder, [Some(18), None]);
    let scene = data("scene.rrd");
    let files = [
        scene.to_str().unwrap(),
        "--blueprint",
        blueprint.to_str().unwrap(),
    ];
    let digest = |threads: &str, time: &str| digest(&files, threads, time);
    let one = digest("1", "frame=50");
    assert_eq!(one, digest("2", "frame=50"));
    assert_ne!(one, digest("2", "frame=70"));
    assert!(one.contains("draws /"), "{one}");
}
