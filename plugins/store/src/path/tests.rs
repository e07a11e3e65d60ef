//! Tests of paths: one form whoever wrote them, their order, and the limits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn check(input: &str, expected: &str) {
    assert_eq!(EntityPath::parse(input).as_str(), expected);
}

#[test]
fn canonical_form() {
    check("", "/");
    check("/", "/");
    check("world", "/world");
    check("//world///robot/", "/world/robot");
    check(r"a\/b/c", r"/a\/b/c");
    check(r"a\\/b", r"/a\\/b");
}

#[test]
fn a_plain_text_is_what_it_would_become() {
    // All texts of a few characters, and those around the limits.
    let characters = ['/', '\\', 'a', '-', '.', '_', '!', 'ü'];
    let mut texts: Vec<String> = (0..8_usize.pow(5))
        .map(|mut number| {
            let mut text = String::new();
            while number > 0 {
                text.push(characters[number % 8]);
                number /= 8;
            }
            text
        })
        .collect();
    for depth in [MAX_PATH_DEPTH, MAX_PATH_DEPTH + 1] {
        texts.push("/a".repeat(depth));
    }
    for bytes in [MAX_PATH_BYTES, MAX_PATH_BYTES + 1] {
        texts.push(format!("/{}", "a".repeat(bytes - 1)));
    }
    let mut num_plain = 0;
    for text in &texts {
        if is_plain(text) {
            num_plain += 1;
            assert_eq!(canonical(text), (text.clone(), None));
        }
    }
    assert!(num_plain > 100);
    let of_last = |at: usize| is_plain(&texts[texts.len() - at]);
    assert_eq!([4, 3, 2, 1].map(of_last), [true, false, true, false]);
}

#[test]
fn paths_order_by_their_parts() {
    // All paths of a few characters, among which one comes before the slash and one behind it.
    let characters = ['/', '\\', 'a', '-', 'b', '!'];
    let texts = (0..6_usize.pow(5)).map(|mut number| {
        let mut text = String::new();
        while number > 0 {
            text.push(characters[number % 6]);
            number /= 6;
        }
        text
    });
    let mut paths: Vec<EntityPath> = texts.map(|text| EntityPath::parse(&text)).collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 2_000);
    assert!(paths.is_sorted_by(|a, b| a.parts().cmp(b.parts()).is_lt()));
    for (at, path) in paths.iter().enumerate().step_by(37) {
        for (other_at, other) in paths.iter().enumerate().step_by(11) {
            assert_eq!(path.cmp(other), at.cmp(&other_at), "{path} {other}");
        }
    }
}

#[test]
fn one_path_has_one_text_whoever_wrote_it() {
    for text in [
        "camera:front",
        "/camera:front/",
        r"/camera\:front",
        r"camera\u{3A}front",
    ] {
        check(text, r"/camera\:front");
    }
    // As `rerun.escape_entity_path_part` of SDK 0.41 does.
    check("tab\tnew\nline", r"/tab\tnew\nline");
    check(r"tab\tnew\nline", r"/tab\tnew\nline");
    check("camera/\u{1F600}", r"/camera/\u{1F600}");
    check(r"camera/\u{1F600}", r"/camera/\u{1F600}");
    check("e\u{301}", r"/e\u{0301}");
    check("Größe/传感器", "/Größe/传感器");
    check("pts (1)", r"/pts\ \(1\)");
    check("**/$origin", r"/\*\*/\$origin");
    check(r"\u{apa}", r"/\\u\{apa\}");
    check(r"\u{}/\u{110000}/\u{", r"/\\u\{\}/\\u\{110000\}/\\u\{");
    check("end\\", r"/end\\");
    check(r"C:\Users", r"/C\:Users");
    for text in [r"a\/b", "传 感", "\u{1}", "x\\"] {
        let path = EntityPath::parse(text);
        assert_eq!(EntityPath::parse(path.as_str()), path);
        assert_eq!(EntityPath::parse(&escape_part(text)).depth(), 1);
    }
}

#[test]
fn names_are_shown_without_escapes() {
    let shown = |text: &str| EntityPath::parse(text).ui_name();
    assert_eq!(shown(r"/x/camera\:front"), "camera:front");
    assert_eq!(shown(r"a\/b"), "a/b");
    assert_eq!(shown(r"\u{262E}"), "\u{262E}");
    assert_eq!(shown(r"tab\tnew\nline"), r"tab\tnew\nline");
    assert_eq!(shown("/"), "/");
    let path = |text: &str| EntityPath::parse(text).ui_path();
    assert_eq!(path(r"/can/angle\ \[deg\]"), "/can/angle [deg]");
    assert_eq!(path(r"/x\/y/new\nline"), r"/x/y/new\nline");
    assert_eq!(path("/"), "/");
}

#[test]
fn a_path_that_is_too_deep_or_too_long_is_an_error_that_names_it() {
    let deep = "near/".repeat(20_000);
    let error = EntityPath::try_parse(&deep).unwrap_err();
    assert!(matches!(error, EntityPathError::TooDeep { .. }) && error.to_string().contains("/near/near/"));
    assert_eq!(EntityPath::parse(&deep).depth(), MAX_PATH_DEPTH);
    let long = format!("label/{}", "ü".repeat(500_000));
    let error = EntityPath::try_parse(&long).unwrap_err();
    assert!(matches!(error, EntityPathError::TooLong { .. }) && error.to_string().len() < 200);
    assert_eq!(EntityPath::parse(&long).as_str(), "/label");
    assert!(EntityPath::try_parse(&"a/".repeat(MAX_PATH_DEPTH)).is_ok());
}

#[test]
fn the_paths_above_share_the_text() {
    let path = EntityPath::parse(r"/a\/b/c\\/d");
    let parents: Vec<_> = path.ancestors().collect();
    assert!(
        parents[..3]
            .iter()
            .all(|parent| Arc::ptr_eq(&parent.text, &path.text))
    );
    assert_eq!(parents[2], EntityPath::parse(r"a\/b"));
    assert_eq!(parents[2].stable_hash(), EntityPath::parse(r"a\/b").stable_hash());
    assert_eq!(parents[1].last_part(), Some(r"c\\"));
}

#[test]
fn parents_and_order() {
    let path = EntityPath::parse("/a/b/c");
    let up: Vec<String> = path.ancestors().map(|p| p.to_string()).collect();
    assert_eq!(up, ["/a/b/c", "/a/b", "/a", "/"]);
    assert!(path.is_descendant_of(&"/a".into()));
    assert!(!EntityPath::parse("/ab").starts_with(&"/a".into()));
    // By parts, not by bytes: '-' sorts before '/', yet `/a/b` stands before `/a-b`.
    assert!(EntityPath::parse("/a/b") < EntityPath::parse("/a-b"));
    assert_eq!(
        EntityPath::parse("/a/b/c").common_ancestor(&"/a/b/d".into()),
        "/a/b".into()
    );
    assert_eq!(EntityPath::parse(r"/x/my\ name").ui_name(), "my name");
    assert_eq!(EntityPath::root().child("a").join(&"b/c".into()), "/a/b/c".into());
}
