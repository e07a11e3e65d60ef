//! Cases that viewers get wrong, in recordings that an SDK wrote. `tests/data/cases/README.md` says what they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use tempfile::TempDir;

use crate::program::{data, digest, run};

fn case(name: &str) -> String {
    let path: PathBuf = data("cases").join(name);
    path.to_str().unwrap().to_owned()
}

/// What is printed of some files at a time.
fn digest_of(files: &[&str], time: &str) -> String {
    let files: Vec<String> = files.iter().map(|file| case(file)).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    digest(&files, "2", time)
}

/// What follows a word at the beginning of lines, of each view.
fn lines_by_view<'a>(digest: &'a str, word: &str) -> Vec<Vec<&'a str>> {
    let mut views: Vec<Vec<&str>> = Vec::new();
    for line in digest.lines() {
        if line.starts_with("view ") {
            views.push(Vec::new());
        } else if let Some(rest) = line.trim_start().strip_prefix(word) {
            views.last_mut().unwrap().push(rest.trim_start());
        }
    }
    views
}

/// How many instances of a primitive each entity is drawn with.
fn drawn(digest: &str) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for line in lines_by_view(digest, "draws ").concat() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = |wanted: &str| words.iter().position(|word| *word == wanted).unwrap();
        let primitive = words[2..at("run")].join(" ");
        let count: usize = words[at("instances") - 1].parse().unwrap();
        *counts.entry((words[0].to_owned(), primitive)).or_default() += count;
    }
    counts
}

/// How many samples of each series are plotted, where there are any.
fn plotted(digest: &str) -> Vec<(&str, usize)> {
    let lines = lines_by_view(digest, "plots ").concat();
    let mut series: Vec<(&str, usize)> = lines
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0], words[2].parse().unwrap())
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    series.sort_unstable();
    series
}

/// The lines of `--report`, of which all have to be without a message but those that are expected to have one.
fn report(files: &[&str], with_message: &[&str]) -> Vec<String> {
    let files: Vec<String> = files.iter().map(|file| case(file)).collect();
    let mut arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    arguments.push("--report");
    let output = run(&arguments);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in &lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let is_expected = with_message.contains(&fields[1]);
        assert_eq!(!fields[3].is_empty(), is_expected, "{line}");
    }
    lines
}

#[test]
fn a_window_that_follows_the_cursor_has_just_what_lies_in_it() {
    for (time, dense, sparse) in [
        ("t=25s", 51, 0),
        ("t=20s", 51, 0),
        ("t=12s", 51, 2),
        ("t=3s", 31, 2),
    ] {
        let text = digest_of(&["window.rrd", "window.rbl"], time);
        let mut expected = vec![
            ("/dense", dense),
            ("/events", sparse),
            ("/hold", usize::from(time == "t=3s")),
            ("/sparse", sparse),
        ];
        expected.retain(|(_, count)| *count > 0);
        assert_eq!(plotted(&text), expected, "{time}: {text}");
    }
}

#[test]
fn a_range_of_no_length_is_not_the_latest_value() {
    for (time, expected) in [
        ("frame=8", [1, 1, 3, 11]),
        ("frame=9", [0, 1, 2, 11]),
        ("frame=0", [1, 1, 2, 11]),
        ("frame=20", [1, 1, 2, 11]),
    ] {
        let text = digest_of(&["ranges.rrd", "ranges.rbl"], time);
        let mut parts: Vec<usize> = lines_by_view(&text, "draws ").iter().map(Vec::len).collect();
        parts.sort_unstable();
        assert_eq!(parts, expected, "{time}: {text}");
    }
    let lines = report(&["ranges.rrd", "ranges.rbl"], &[]);
    assert_eq!(lines.len(), 4, "{lines:#?}");
}

#[test]
fn pictures_of_all_formats_are_shown_in_odd_sizes_too() {
    let folder = TempDir::new().unwrap();
    let kinds = ["Y_U_V12", "Y_U_V16", "Y_U_V24", "Y8"];
    let kinds = kinds.iter().flat_map(|kind| {
        let ranges = ["LimitedRange", "FullRange"];
        ranges.map(|range| format!("{kind}_{range}"))
    });
    let patterns = ["RGGB", "BGGR", "GBRG", "GRBG"].map(|pattern| format!("Bayer{pattern}8"));
    let others = ["rgb", "bgr", "rgba", "bgra", "NV12", "YUY2"].map(str::to_owned);
    let names: Vec<String> = kinds.chain(patterns).chain(others).collect();
    let sizes = ["even", "odd"];
    let entities = sizes
        .iter()
        .flat_map(|size| names.iter().map(move |name| format!("/{size}/{name}")));
    let entities: Vec<String> = entities.chain(["/short".to_owned()]).collect();
    // A picture is decoded where it is shown.
    let views = entities
        .iter()
        .map(|entity| format!(r#"View(class: "2D", origin: "{entity}")"#));
    let views: Vec<String> = views.collect();
    let layout = folder.path().join("all.ron");
    let text = format!("(version: 1, layout: Grid(contents: [{}]))", views.join(", "));
    std::fs::write(&layout, text).unwrap();
    let lines = report(&["formats.rrd", layout.to_str().unwrap()], &["/short"]);
    let shown: BTreeSet<&str> = lines
        .iter()
        .map(|line| line.split('\t').nth(1).unwrap())
        .collect();
    let expected: BTreeSet<&str> = entities.iter().map(String::as_str).collect();
    assert_eq!(shown, expected, "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("needs 288 bytes, but there are 287")),
        "{lines:#?}"
    );
}

#[test]
fn skeletons_have_the_edges_whose_joints_are_there() {
    // Whole, scrambled, without two joints, with a dog, and two bodies.
    for (frame, edges, joints) in [(0, 7, 8), (1, 7, 8), (2, 3, 6), (3, 10, 12), (4, 14, 16)] {
        let text = digest_of(&["skeletons.rrd"], &format!("frame={frame}"));
        let part = |entity: &str, primitive: &str, count: usize| {
            let name = (entity.to_owned(), primitive.to_owned());
            assert_eq!(
                drawn(&text).get(&name),
                Some(&count),
                "{name:?} at {frame}: {text}"
            );
        };
        for entity in ["/flat/skeleton", "/space/skeleton"] {
            part(entity, "lines", edges);
            part(entity, "points", joints);
        }
    }
}

#[test]
fn files_of_one_recording_are_the_same_in_any_order() {
    let (a, b, c) = ("files-a.rrd", "files-b.rrd", "files-c.rrd");
    let all = digest_of(&[a, b, c], "frame=9");
    assert_eq!(plotted(&all), [("/scalar/one", 30), ("/scalar/two", 20)], "{all}");
    assert!(
        all.contains("draws /space/one ") && all.contains("draws /space/two "),
        "{all}"
    );
    for order in [[a, c, b], [c, b, a], [b, a, c]] {
        assert_eq!(digest_of(&order, "frame=9"), all, "{order:?}");
    }
    let alone = digest_of(&[a], "frame=9");
    assert_eq!(plotted(&alone), [("/scalar/one", 20)]);
    // Another recording, and one of another application, stay what they are.
    for other in ["files-d.rrd", "files-e.rrd"] {
        assert_eq!(digest_of(&[a, other], "frame=9"), alone, "{other}");
    }
}

#[test]
fn what_counts_instances_is_what_an_archetype_requires() {
    let output = run(&[&case("counts.rrd"), "--digest"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = [
        ("/p/one", "lines", 4),
        ("/p/two", "lines", 8),
        ("/w/arrows", "arrows", 1),
        ("/w/points", "points", 2),
        ("/w/round", "ellipsoids", 3),
        ("/w/three", "boxes", 3),
        ("/w/turned", "boxes", 3),
        ("/w/two", "boxes", 2),
    ];
    for (entity, primitive, count) in expected {
        let name = (entity.to_owned(), primitive.to_owned());
        assert_eq!(drawn(&text).get(&name), Some(&count), "{name:?}: {text}");
    }
    assert_eq!(report(&["counts.rrd"], &[]).len(), expected.len());
}
