//! What is recommended for recordings, and how it is laid out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::ContainerKind;

/// A schema from lines like `/camera/image Image:buffer 160x120`.
fn schema(text: &str) -> Schema {
    let mut schema = Schema::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let path = EntityPath::parse(words.next().unwrap());
        for word in words {
            match word
                .split_once('x')
                .and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]))
            {
                Some(size) => schema.set_image_size(&path, Some(size)),
                None => schema.add(&path, [word]),
            };
        }
    }
    schema
}

/// Checks the recommended views, as lines like `3D /world: + $origin/**`.
fn check(text: &str, expected: &[&str]) {
    let views = heuristic_views(&schema(text), &built_in_heuristics());
    let told: Vec<String> = views
        .iter()
        .map(|view| {
            format!(
                "{} {}: {}",
                view.class,
                view.origin,
                view.contents.to_string().replace('\n', " ")
            )
        })
        .collect();
    assert_eq!(told, expected);
}

const SCENE: &str = "
    / AnnotationContext:context
    /about TextDocument:text
    /camera/image Image:buffer 160x120
    /camera/mask SegmentationImage:buffer 160x120
    /camera/ball Boxes2D:half_sizes Boxes2D:centers
    /logs TextLog:text
    /plots/sine Scalars:scalars
    /plots/cosine Scalars:scalars
    /plots/noise Scalars:scalars
    /world ViewCoordinates:xyz
    /world/floor Boxes3D:half_sizes
    /world/robot Transform3D:translation
    /world/robot/lidar Points3D:positions
    /world/trail LineStrips3D:strips
    /__properties RecordingInfo:start_time
    /__properties/x Scalars:scalars";

#[test]
fn a_typical_scene() {
    check(
        SCENE,
        &[
            "3D /world: + $origin/**",
            "2D /camera: + $origin/**",
            "TimeSeries /plots: + $origin/**",
            "TextLog /: + $origin/**",
            "TextDocument /about: + $origin",
        ],
    );
}

#[test]
fn spaces() {
    check(
        "/a Points3D:positions\n/b Points3D:positions",
        &["3D /: + $origin/**"],
    );
    check(
        "/a/b Points3D:positions\n/a/c Points3D:positions",
        &["3D /a: + $origin/**"],
    );
    check("/ Points3D:positions", &["3D /: + $origin/**"]);
    check(
        "/a ViewCoordinates:xyz\n/a/b ViewCoordinates:xyz Points3D:positions",
        &["3D /a: + $origin/**"],
    );
    check(
        "/a ViewCoordinates:xyz Points3D:positions\n/b Points3D:positions\n/c Points3D:positions",
        &["3D /: + $origin/** - /a/**", "3D /a: + $origin/**"],
    );
    check("/a ViewCoordinates:xyz\n/b Points3D:colors", &[]);
}

#[test]
fn pictures() {
    check(
        "/a Image:buffer 10x10\n/b Image:buffer 10x10",
        &["2D /a: + $origin/**", "2D /b: + $origin/**"],
    );
    check(
        "/a Image:buffer 10x10\n/b SegmentationImage:buffer 10x10",
        &["2D /: + $origin/**"],
    );
    check(
        "/a Image:buffer 10x10\n/b SegmentationImage:buffer 20x10",
        &["2D /a: + $origin/**", "2D /b: + $origin/**"],
    );
    check(
        "/a Image:buffer\n/b Image:buffer\n/c Boxes2D:half_sizes\n/d/e Points2D:positions",
        &[
            "2D /: + /c/** + /d/**",
            "2D /a: + $origin/**",
            "2D /b: + $origin/**",
        ],
    );
    check(
        "/a Image:buffer\n/a/b Image:buffer",
        &["2D /a: + $origin", "2D /a/b: + $origin/**"],
    );
    check(
        "/w/cam Pinhole:image_from_camera\n/w/cam/image Image:buffer\n/w/flat Points2D:positions\n/w/boxes Boxes2D:half_sizes",
        &[
            "3D /w: + $origin/**",
            "2D /w: + $origin/** - /w/cam/**",
            "2D /w/cam: + $origin/**",
        ],
    );
}

#[test]
fn plots() {
    check("/tick Scalars:scalars", &["TimeSeries /tick: + $origin"]);
    check(
        "/a Scalars:scalars\n/b Scalars:scalars",
        &["TimeSeries /: + /a + /b"],
    );
    check(
        "/p/a Scalars:scalars\n/p/b Scalars:scalars\n/p/q/c Scalars:scalars\n/p/q/d Scalars:scalars",
        &[
            "TimeSeries /p: + $origin/** - /p/q/**",
            "TimeSeries /p/q: + $origin/**",
        ],
    );
    check(
        "/p/a Scalars:scalars\n/p/b Scalars:scalars\n/p/a/x Scalars:scalars",
        &["TimeSeries /p: + /p/a + /p/b", "TimeSeries /p/a/x: + $origin"],
    );
}

#[test]
fn covered_views_go_and_ids_stay() {
    let view = |class: &str, origin: &str, contents: &str| RecommendedView {
        class: class.into(),
        origin: origin.into(),
        contents: ContentsFilter::parse(contents),
    };
    let kept = without_covered(vec![
        view("A", "/a", "$origin/**"),
        view("A", "/a/b", "$origin/**"),
        view("A", "/a/c", "/a/**"),
        view("A", "/d", "- /d"),
        view("A", "/e", "/e\n/f"),
    ]);
    assert_eq!(
        kept.iter()
            .map(|view| view.origin.as_str().to_owned())
            .collect::<Vec<_>>(),
        ["/a", "/e"]
    );
    let views = heuristic_views(&schema(SCENE), &built_in_heuristics());
    assert_eq!(views, heuristic_views(&schema(SCENE), &built_in_heuristics()));
    let ids: BTreeSet<ViewId> = views.iter().map(|view| view.id).collect();
    assert_eq!(ids.len(), views.len());
}

#[test]
fn layouts() {
    let views = heuristic_views(&schema(SCENE), &built_in_heuristics());
    let layout = auto_layout(&views);
    let root = &layout.containers[&layout.root.unwrap()];
    assert_eq!(root.kind, ContainerKind::Horizontal);
    assert_eq!(
        root.contents[0],
        Contents::View(views[0].id),
        "the space comes first"
    );
    let Contents::Container(rest) = root.contents[1] else {
        panic!("a container")
    };
    assert_eq!(layout.containers[&rest].kind, ContainerKind::Vertical);
    assert_eq!(layout.containers[&rest].contents.len(), 3);
    let mut reversed: Vec<_> = views.iter().collect();
    reversed.reverse();
    assert_eq!(
        auto_layout(reversed),
        layout,
        "the order of the views does not matter"
    );

    assert_eq!(auto_layout([]).root, None);
    let kind = |count: usize| {
        let layout = auto_layout(&views[..count]);
        layout.containers[&layout.root.unwrap()].kind
    };
    assert_eq!(
        (kind(1), kind(2)),
        (ContainerKind::Tabs, ContainerKind::Horizontal)
    );
    let plots: Vec<ViewBlueprint> = (0..7)
        .map(|at| RecommendedView::subtree("TimeSeries", format!("/p{at}").into()).into_view())
        .collect();
    let layout = auto_layout(&plots);
    assert_eq!(layout.containers[&layout.root.unwrap()].kind, ContainerKind::Grid);
}

#[test]
fn heuristics_leave_room_for_what_users_made() {
    let views = heuristic_views(&schema(SCENE), &built_in_heuristics());
    let mut shown = with_heuristics(&ViewportBlueprint::default(), &views);
    assert_eq!(shown.views.len(), 5);
    assert!(shown.derived.layout && shown.root.is_some());
    assert_eq!(shown.normalize(), []);

    // A view of the user's own that shows the plots, and one that was removed.
    let mut stored = ViewportBlueprint::default();
    let own = ViewBlueprint::new(ViewId::hashed(["own"]), "TimeSeries", "/");
    stored.views.insert(own.id, own.clone());
    let about = views.iter().find(|view| view.origin == "/about".into()).unwrap();
    stored.past_recommendations.insert(about.id.recommendation_hash());
    let shown = with_heuristics(&stored, &views);
    assert_eq!(shown.views.len(), 4);
    assert!(!shown.views.contains_key(&about.id) && !shown.derived.views.contains(&own.id));

    // A layout of the user's own gets what is new at its end.
    let root = ContainerBlueprint::new(
        ContainerId::hashed(["root"]),
        ContainerKind::Vertical,
        [Contents::View(own.id)],
    );
    stored.root = Some(root.id);
    stored.containers.insert(root.id, root.clone());
    let shown = with_heuristics(&stored, &views);
    assert!(!shown.derived.layout);
    assert_eq!(shown.containers[&root.id].contents.len(), 4);
    stored.auto_views = false;
    assert_eq!(with_heuristics(&stored, &views), stored);
}

use crate::{ContainerBlueprint, ContainerId};
