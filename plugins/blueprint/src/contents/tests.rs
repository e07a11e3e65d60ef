//! What contents expressions match, in tables and against a naive evaluation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

/// Checks what a filter for a view at `/world` says of paths: `+/a` is shown, `-/b` is not.
fn check(filter: &str, expected: &[&str]) {
    let resolved = ContentsFilter::parse(filter).resolve(&"/world".into());
    for line in expected {
        let (sign, path) = line.split_at(1);
        assert_eq!(
            resolved.matches(&path.into()),
            sign == "+",
            "{filter:?} on {path}"
        );
    }
}

#[test]
fn the_most_specific_rule_wins() {
    check("", &["-/", "-/a"]);
    check(
        "/**",
        &["+/", "+/a", "+/a/b", "-/__properties", "-/__properties/x"],
    );
    check("**", &["+/", "+/a"]);
    check(
        "+ /a/**\n- /a\n- /a/b/**\n+ /a/b/c",
        &["-/", "-/a", "+/a/x", "-/a/b", "-/a/b/d", "+/a/b/c", "-/a/b/c/d"],
    );
    check("+ /a/b\n- /a/**", &["+/a/b", "-/a/b/c", "-/a"]);
    check("+ /a\n- /a", &["-/a"]);
    check("- /a\n+ /a", &["+/a"]);
    check("/a/**", &["+/a", "-/ab", "-/a-b"]);
}

#[test]
fn variables_and_properties() {
    check("$origin/**", &["+/world", "+/world/a", "-/other"]);
    check("${origin}/a", &["-/world", "+/world/a", "-/world/a/b"]);
    check("$origin\n- /world", &["-/world"]);
    check(r"/\$origin", &["-/world"]);
    check("/**\n+ /__properties/**", &["+/__properties/x"]);
    check(
        "/**\n+ /__properties/x",
        &["+/__properties/x", "-/__properties/y"],
    );
    check("/__properties", &["+/__properties", "-/__properties/x"]);
}

#[test]
fn blanks_comments_and_signs() {
    let parsed = |text: &str| ContentsFilter::parse(text).to_string();
    assert_eq!(parsed("  + /a   -   /b /c"), "+ /a\n- /b\n+ /c");
    assert_eq!(parsed("# all\n/a/** # but\n\n-/b # not"), "+ /a/**\n- /b");
    assert_eq!(parsed(r"+ /a\ b"), r"+ /a\ b");
    assert_eq!(parsed("+ # nothing\n+\n-\n#"), "");
    assert_eq!(parsed("-\n/a"), "+ /a");
    assert_eq!(
        ContentsFilter::from_expressions(["+ $origin/**", "- /world/a b/**"]).to_string(),
        "+ $origin/**\n- /world/a\\ b/**"
    );
    assert_eq!(parsed("/a#b"), r"+ /a\#b");
    assert_eq!(parsed("/a\n/b\n- /a"), "+ /b\n- /a");
    assert_eq!(parsed("+é -ö"), "+ é\n- ö");
}

#[test]
fn paths_mean_the_same_however_they_are_escaped() {
    for (written, entity) in [
        ("/camera:front/**", "/camera:front/lidar"),
        ("/pts (1)", "/pts (1)"),
        ("$origin/a b", "/world/a b"),
    ] {
        let written = ContentsRule::parse(written).unwrap();
        assert_eq!(ContentsRule::parse(&written.to_string()), Some(written.clone()));
        let filter: ContentsFilter = [written].into_iter().collect();
        assert_eq!(ContentsFilter::parse(&filter.to_string()), filter);
        let matches = |origin: &str| {
            filter
                .resolve(&origin.into())
                .matches(&entity.replace(' ', "\\ ").as_str().into())
        };
        assert!(matches("/world"), "{filter}");
    }
    let view = crate::ViewBlueprint::new(crate::ViewId::hashed(["v"]), "3D", "camera:front");
    assert!(view.resolved_contents().matches(&r"/camera\:front/lidar".into()));
    assert_eq!(view.title(), "camera:front");
    let rule = ContentsRule::parse("/pts (1)/**").unwrap();
    assert_eq!(rule.to_string(), r"+ /pts\ \(1\)/**");
}

#[test]
fn problems_are_told() {
    let problem = |text: &str| {
        ContentsRule::parse(text)
            .unwrap()
            .problem()
            .map(|problem| problem.to_string())
    };
    assert_eq!(problem("$origin/**"), None);
    assert_eq!(problem("**"), None);
    assert_eq!(
        problem("$here/**").unwrap(),
        "unknown variable $here: only $origin is defined"
    );
    assert_eq!(problem("/a/*/b"), None);
}

#[test]
fn stars_stand_for_what_is_not_said() {
    check(
        "/a/*/x",
        &["+/a/b/x", "+/a/c/x", "-/a/x", "-/a/b", "-/a/b/c/x", "-/a/b/x/y"],
    );
    check("/a/*/x/**", &["+/a/b/x", "+/a/b/x/y/z", "-/a/b"]);
    check(
        "/**/cam",
        &["+/cam", "+/a/cam", "+/a/b/cam", "-/a/cam/b", "-/__properties/cam"],
    );
    check("/__properties/*", &["+/__properties/x", "-/x", "-/__properties"]);
    check(
        "/plots/wheel_*",
        &["+/plots/wheel_1", "+/plots/wheel_", "-/plots/wheel", "-/plots/a"],
    );
    check("/*_*/v*", &["+/a_b/v", "+/_/vw", "-/ab/v", "-/a_b/w"]);
    check("$origin/*", &["+/world/a", "-/world", "-/world/a/b", "-/a"]);
    check(r"/pts\ (*", &[r"+/pts\ \(1\)", "-/pts"]);
    check(r"/a\*", &[r"+/a\*", "-/ab"]);
    // The most specific wins, without stars before with stars.
    check("/a/**\n- /a/*/x", &["+/a/b", "-/a/b/x", "+/a/b/x/y"]);
    check("/a/**\n- /a/*/x/**\n/a/b/x", &["+/a/b/x", "-/a/b/x/y", "-/a/c/x"]);
    check("- /a/*\n/a/b", &["+/a/b", "-/a/c"]);
    check("/a/b\n- /a/*", &["+/a/b", "-/a/c"]);
    check("/a/*\n- /*/b", &["-/a/b", "+/a/c"]);
    let written = ContentsFilter::parse(r"+ /pts\ (*)/** - /**/a*b*");
    assert_eq!(written.to_string(), "+ /pts\\ \\(*\\)/**\n- /**/a*b*");
    assert_eq!(ContentsFilter::parse(&written.to_string()), written);
    // What a star shows can be taken out, and back in.
    let mut edited = ContentsFilter::parse("/a/*/x");
    let (origin, path) = (EntityPath::root(), EntityPath::parse("/a/b/x"));
    edited.set(&origin, &path, true, RuleEffect::Exclude);
    assert!(!edited.resolve(&origin).matches(&path));
    assert!(edited.resolve(&origin).matches(&"/a/c/x".into()));
    edited.set(&origin, &path, true, RuleEffect::Include);
    assert_eq!(edited.to_string(), "+ /a/*/x\n+ /a/b/x/**");
}

#[test]
fn subtrees() {
    let state = |filter: &str, path: &str| {
        ContentsFilter::parse(filter)
            .resolve(&"/world".into())
            .subtree(&path.into())
    };
    assert_eq!(state("$origin/**", "/"), SubtreeMatch::Mixed);
    assert_eq!(state("$origin/**", "/world"), SubtreeMatch::All);
    assert_eq!(state("$origin/**", "/world/a"), SubtreeMatch::All);
    assert_eq!(state("$origin/**", "/other"), SubtreeMatch::None);
    assert_eq!(state("$origin/**\n- /world/a", "/world"), SubtreeMatch::Mixed);
    assert_eq!(state("$origin/**\n- /world/a", "/world/b"), SubtreeMatch::All);
    assert_eq!(state("$origin/**\n+ /world/a", "/world"), SubtreeMatch::All);
    assert_eq!(
        state("/**", "/"),
        SubtreeMatch::Mixed,
        "the properties are not shown"
    );
}

#[test]
fn one_filter_covers_another() {
    let covers = |a: &str, b: &str| {
        let resolve = |text: &str| ContentsFilter::parse(text).resolve(&"/world".into());
        resolve(a).covers(&resolve(b))
    };
    assert!(covers("/**", "$origin/**"));
    assert!(!covers("$origin/**", "/**"));
    assert!(covers("/a/**\n/b/**", "/a\n/b/c"));
    assert!(!covers("/a/**\n- /a/b", "/a/**"));
    assert!(covers("/a/**\n- /a/b", "/a/**\n- /a/b/**"));
    assert!(covers("", ""));
}

/// The naive reading: sort by specificity, and take the last that matches.
fn naive(filter: &ContentsFilter, origin: &EntityPath, path: &EntityPath) -> bool {
    let mut rules: Vec<(usize, bool, usize, EntityPath, RuleEffect)> = filter
        .rules()
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let (rule_path, subtree) = rule.resolve(origin);
            (rule_path.depth(), !subtree, at, rule_path, rule.effect)
        })
        .collect();
    rules.sort();
    rules
        .iter()
        .rfind(|(_, exact, _, rule_path, _)| {
            if *exact {
                rule_path == path
            } else {
                path.starts_with(rule_path)
            }
        })
        .is_some_and(|(.., effect)| *effect == RuleEffect::Include)
}

/// Every path of at most four parts named `a`, `b`, and `z`, which no rule names.
fn all_paths() -> Vec<EntityPath> {
    let mut paths = vec![EntityPath::root()];
    let mut from = 0;
    for _ in 0..4 {
        let to = paths.len();
        for at in from..to {
            for part in ["a", "b", "z"] {
                let child = paths[at].child(part);
                paths.push(child);
            }
        }
        from = to;
    }
    paths
}

/// With an origin of one part and paths of two, no rule lies deeper than three parts.
fn any_path() -> impl Strategy<Value = EntityPath> {
    proptest::collection::vec(prop_oneof![Just("a"), Just("b")], 0..3)
        .prop_map(|parts| parts.join("/").into())
}

fn any_origin() -> impl Strategy<Value = EntityPath> {
    prop_oneof![
        Just(EntityPath::root()),
        Just(EntityPath::parse("/a")),
        Just(EntityPath::parse("/b"))
    ]
}

/// Rules with stars, for paths of [`all_paths`].
fn any_starred() -> impl Strategy<Value = ContentsFilter> {
    let part = prop_oneof![
        Just("a"),
        Just("b"),
        Just("*"),
        Just("**"),
        Just("z*"),
        Just("*a*")
    ];
    let path = proptest::collection::vec(part, 1..4).prop_map(|parts| format!("/{}", parts.join("/")));
    let rule = (path, any::<bool>(), any::<bool>()).prop_map(|(path, subtree, include)| {
        let end = if subtree { "/**" } else { "" };
        format!("{} {path}{end}", if include { '+' } else { '-' })
    });
    proptest::collection::vec(rule, 0..5)
        .prop_map(|rules| ContentsFilter::from_expressions(rules.iter().map(String::as_str)))
}

/// Whether parts match a pattern of parts, by trying all.
fn naive_stars(pattern: &[&str], parts: &[&str]) -> bool {
    let of_part = |pattern: &str, part: &str| match pattern {
        "*" => true,
        "z*" => part.starts_with('z'),
        "*a*" => part.contains('a'),
        name => name == part,
    };
    match (pattern, parts) {
        ([], _) => parts.is_empty(),
        (["**", rest @ ..], _) => (0..=parts.len()).any(|skipped| naive_stars(rest, &parts[skipped..])),
        ([first, rest @ ..], [part, more @ ..]) => of_part(first, part) && naive_stars(rest, more),
        ([_, ..], []) => false,
    }
}

/// The naive reading of rules with and without stars: of all that match, the greatest by depth, own rule, name.
fn naive_with_stars(filter: &ContentsFilter, path: &EntityPath) -> bool {
    let parts: Vec<&str> = path.parts().collect();
    let matching = filter.rules().iter().enumerate().filter_map(|(at, rule)| {
        let (pattern, subtree) = match rule.expression().strip_suffix("/**") {
            Some(pattern) => (pattern, true),
            None => (rule.expression(), false),
        };
        let is_named = !pattern.contains('*');
        let pattern: Vec<&str> = split_parts(pattern).collect();
        let least = if subtree { 0 } else { parts.len() };
        let deepest = (least..=parts.len()).rfind(|depth| naive_stars(&pattern, &parts[..*depth]))?;
        Some(((deepest, !subtree, is_named, at), rule.effect))
    });
    let best = matching.max_by_key(|(order, _)| *order);
    best.is_some_and(|(_, effect)| effect == RuleEffect::Include)
}

fn any_filter() -> impl Strategy<Value = ContentsFilter> {
    let rule = (any_path(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(path, subtree, include, at_origin)| {
            let effect = if include {
                RuleEffect::Include
            } else {
                RuleEffect::Exclude
            };
            let rule = ContentsRule::for_entity(effect, &path, subtree);
            if at_origin {
                ContentsRule {
                    expression: format!("$origin{}", rule.expression()).into(),
                    ..rule
                }
            } else {
                rule
            }
        },
    );
    // Up to twelve: some filters are searched rule by rule, others part by part.
    proptest::collection::vec(rule, 0..12).prop_map(|rules| rules.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn matches_like_the_naive_reading(filter in any_filter(), origin in any_origin()) {
        let resolved = filter.resolve(&origin);
        let paths = all_paths();
        for path in &paths {
            prop_assert_eq!(resolved.matches(path), naive(&filter, &origin, path), "{}\non {}", &filter, path);
        }
        for path in paths.iter().filter(|path| path.depth() < 4 && !path.is_root()) {
            let mut below = paths.iter().filter(|other| other.starts_with(path)).map(|other| naive(&filter, &origin, other));
            let first = below.next().unwrap();
            let same = below.all(|other| other == first);
            let expected = match (same, first) {
                (false, _) => SubtreeMatch::Mixed,
                (true, true) => SubtreeMatch::All,
                (true, false) => SubtreeMatch::None,
            };
            prop_assert_eq!(resolved.subtree(path), expected, "{}\non {}", &filter, path);
        }
        prop_assert_eq!(&ContentsFilter::parse(&filter.to_string()), &filter);
    }

    #[test]
    fn stars_match_like_the_naive_reading(filter in any_starred(), other in any_starred()) {
        let root = EntityPath::root();
        let (resolved, of_other) = (filter.resolve(&root), other.resolve(&root));
        let paths = all_paths();
        for path in &paths {
            let expected = naive_with_stars(&filter, path);
            prop_assert_eq!(resolved.matches(path), expected, "{}\non {}", &filter, path);
            let below = || paths.iter().filter(|below| below.starts_with(path));
            match resolved.subtree(path) {
                SubtreeMatch::All => prop_assert!(below().all(|path| naive_with_stars(&filter, path))),
                SubtreeMatch::None => prop_assert!(!below().any(|path| naive_with_stars(&filter, path))),
                SubtreeMatch::Mixed => {}
            }
        }
        let includes_all = || paths.iter().all(|path| !of_other.matches(path) || resolved.matches(path));
        prop_assert!(!resolved.covers(&of_other) || includes_all(), "{}\ncovers\n{}", &filter, &other);
        prop_assert_eq!(&ContentsFilter::parse(&filter.to_string()), &filter);
    }

    #[test]
    fn covers_like_the_naive_reading(a in any_filter(), b in any_filter(), origin in any_origin()) {
        let expected = all_paths().iter().all(|path| !naive(&b, &origin, path) || naive(&a, &origin, path));
        prop_assert_eq!(a.resolve(&origin).covers(&b.resolve(&origin)), expected);
    }

    #[test]
    fn edits_change_what_they_mean_and_nothing_else(
        filter in any_filter(), origin in any_origin(), path in any_path(), subtree in any::<bool>(), include in any::<bool>(),
    ) {
        let mut edited = filter.clone();
        edited.set(&origin, &path, subtree, if include { RuleEffect::Include } else { RuleEffect::Exclude });
        let (before, after) = (filter.resolve(&origin), edited.resolve(&origin));
        for other in all_paths() {
            let meant = if subtree { other.starts_with(&path) } else { other == path };
            let expected = if meant { include } else { before.matches(&other) };
            prop_assert_eq!(after.matches(&other), expected, "{}\nedited to {}\non {}", &filter, &edited, other);
        }
    }
}

#[test]
fn a_rule_means_the_same_entity_however_it_is_escaped() {
    let data = EntityPath::parse(r"/world/camera\:front");
    let meant = |text: &str| ContentsRule::parse(text).unwrap().resolve(&data);
    for text in [
        "+ world/camera:front/**",
        r"+ /world/camera\:front/**",
        "+ $origin/**",
        "+ ${origin}/**",
    ] {
        assert_eq!(meant(text), (data.clone(), true), "{text}");
    }
    // A name that looks like a variable, or like a star.
    assert_eq!(meant(r"+ /\$origin").0, EntityPath::parse("/$origin"));
    assert_eq!(ContentsRule::parse(r"+ /\*\*").unwrap().problem(), None);
}
