//! What is recommended for recordings, and how it is laid out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use chronoscope_store::{Chunk, ChunkBuilder, ChunkStore, ComponentDescriptor, RowId, StoreId};
use proptest::{prelude::*, test_runner::RngSeed};

use super::{recommendations::without_covered, *};
use crate::{ContainerBlueprint, ContainerId, ContainerKind, ViewClassId};

mod own;

/// The heuristics of a class of this crate.
struct BuiltIn {
    class: &'static str,
    recommend: fn(&Schema) -> Vec<RecommendedView>,
    affects: fn(&Schema, &SchemaDelta, &[RecommendedView]) -> bool,
}

impl ViewHeuristic for &BuiltIn {
    fn class(&self) -> ViewClassId {
        self.class.into()
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        (self.recommend)(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        (self.affects)(schema, delta, said)
    }
}

const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        class: ViewClassId::SPATIAL_3D,
        recommend: rules::recommend_3d,
        affects: rules::affects_3d,
    },
    BuiltIn {
        class: ViewClassId::SPATIAL_2D,
        recommend: rules::recommend_2d,
        affects: rules::affects_2d,
    },
    BuiltIn {
        class: ViewClassId::TIME_SERIES,
        recommend: rules::recommend_time_series,
        affects: rules::affects_time_series,
    },
    BuiltIn {
        class: ViewClassId::BAR_CHART,
        recommend: rules::recommend_bar_charts,
        affects: rules::affects_bar_charts,
    },
    BuiltIn {
        class: ViewClassId::TEXT_LOG,
        recommend: rules::recommend_text_log,
        affects: rules::affects_text_log,
    },
    BuiltIn {
        class: ViewClassId::TEXT_DOCUMENT,
        recommend: rules::recommend_text_documents,
        affects: rules::affects_text_documents,
    },
];

/// The recommended views, in the order of the classes above.
fn recommended(schema: &Schema) -> Vec<ViewBlueprint> {
    let mut views = Recommendations::of(schema, BUILT_IN).views().to_vec();
    views.sort_by_key(|view| {
        BUILT_IN
            .iter()
            .position(|class| class.class == view.class.as_str())
    });
    views
}

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
    let views = recommended(&schema(text));
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
        "/cam Pinhole:image_from_camera\n/cam/a Image:buffer\n/cam/b Image:buffer",
        &[
            "3D /: + $origin/**",
            "2D /cam/a: + $origin/**",
            "2D /cam/b: + $origin/**",
        ],
    );
    check(
        "/cam Pinhole:image_from_camera ViewCoordinates:xyz\n/cam/depth DepthImage:buffer",
        &["3D /: + $origin/**", "2D /cam: + $origin/**"],
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
fn bar_charts() {
    check(
        "/a BarChart:values\n/a/b BarChart:values\n/c Scalars:scalars",
        &[
            "TimeSeries /c: + $origin",
            "BarChart /a: + $origin",
            "BarChart /a/b: + $origin",
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
        name: None,
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
    let views = recommended(&schema(SCENE));
    assert_eq!(views, recommended(&schema(SCENE)));
    let ids: BTreeSet<ViewId> = views.iter().map(|view| view.id).collect();
    assert_eq!(ids.len(), views.len());
}

#[test]
fn layouts() {
    let views = recommended(&schema(SCENE));
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
fn no_tile_is_too_small_to_be_read() {
    let plots: Vec<ViewBlueprint> = (0..150)
        .map(|at| RecommendedView::subtree("TimeSeries", format!("/p{at}").into()).into_view())
        .collect();
    let layout = auto_layout(&plots);
    let root = &layout.containers[&layout.root.unwrap()];
    assert!(root.contents.len() <= 9);
    let mut viewport = ViewportBlueprint::default();
    viewport
        .views
        .extend(plots.iter().map(|view| (view.id, view.clone())));
    relayout(&mut viewport);
    assert_eq!(viewport.normalize(), []);
    let order = viewport.views_in_order();
    assert_eq!(order.len(), 150);
    let origins: Vec<&str> = order[..3]
        .iter()
        .map(|id| viewport.views[id].origin.as_str())
        .collect();
    assert_eq!(origins, ["/p0", "/p1", "/p2"]);
    assert!(
        viewport
            .containers
            .values()
            .all(|container| !container.contents.is_empty())
    );
}

#[test]
fn names_order_as_people_read_them() {
    let mut names = [
        "/arm_10", "/arm_2/x", "/arm_100", "/arm_2", "/b", "/arm_02", "/arm",
    ];
    names.sort_by(|a, b| natural_order(a, b));
    assert_eq!(
        names,
        [
            "/arm", "/arm_02", "/arm_2", "/arm_2/x", "/arm_10", "/arm_100", "/b"
        ]
    );
    let mut names = [
        "arm_10", "arm_1", "arm", "arm_2b", "arm_2", "Arm", "7", "07", "arm_100", "é1",
    ];
    names.sort_by(|a, b| natural_order(a, b));
    assert_eq!(
        names,
        [
            "07", "7", "Arm", "arm", "arm_1", "arm_2", "arm_2b", "arm_10", "arm_100", "é1"
        ]
    );
}

#[test]
fn heuristics_leave_room_for_what_users_made() {
    let views = recommended(&schema(SCENE));
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

/// A step of a history: an entity gets components, or loses all, or the size of its picture becomes known.
#[derive(Clone, Debug)]
enum Step {
    Add(&'static str, &'static str),
    Remove(&'static str),
    Size(&'static str, Option<[u32; 2]>),
    Update,
}

fn step() -> impl Strategy<Value = Step> {
    let path = || {
        prop::sample::select(
            &[
                "/",
                "/a",
                "/a/b",
                "/a/b/c",
                "/a/c",
                "/a/d",
                "/b",
                "/b/cam",
                "/b/cam/x",
                "/b/cam/y",
                "/b/x",
                "/c",
                "/c/d/e",
                "/__properties/x",
            ][..],
        )
    };
    let component = prop::sample::select(
        &[
            "Own:thing",
            "Own:other",
            "Points3D:positions",
            "Boxes3D:half_sizes",
            "Pinhole:image_from_camera",
            "ViewCoordinates:xyz",
            "Image:buffer",
            "DepthImage:buffer",
            "SegmentationImage:buffer",
            "Points2D:positions",
            "BarChart:values",
            "Boxes2D:half_sizes",
            "Scalars:scalars",
            "TextLog:text",
            "TextDocument:text",
            "Unknown:thing",
        ][..],
    );
    let size = prop::sample::select(&[None, Some([1, 1]), Some([2, 1])][..]);
    prop_oneof![
        8 => (path(), component).prop_map(|(path, component)| Step::Add(path, component)),
        2 => path().prop_map(Step::Remove),
        1 => (path(), size).prop_map(|(path, size)| Step::Size(path, size)),
        4 => Just(Step::Update),
    ]
}

/// Visualizers of nearly all classes: nothing draws depth pictures, and boxes need colors.
fn visualizers() -> Vec<SchemaVisualizer> {
    let visualizer = |class: &str, required: &[&str]| SchemaVisualizer {
        classes: vec![class.into()],
        required: required.iter().map(|name| (*name).into()).collect(),
    };
    vec![
        visualizer("3D", &["Points3D:positions"]),
        visualizer("3D", &["Boxes3D:half_sizes", "Unknown:thing"]),
        visualizer("2D", &["Image:buffer"]),
        visualizer("2D", &["SegmentationImage:buffer"]),
        visualizer("2D", &["Points2D:positions"]),
        visualizer("2D", &["Boxes2D:half_sizes", "Unknown:thing"]),
        visualizer("TimeSeries", &["Scalars:scalars"]),
        visualizer("TextLog", &["TextLog:text"]),
        visualizer("3D", &["Own:thing"]),
        visualizer("2D", &["Own:thing", "Own:other"]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(71), ..ProptestConfig::default() })]

    #[test]
    fn recommendations_after_any_history_are_those_from_scratch(
        steps in prop::collection::vec(step(), 1..60),
        has_visualizers in any::<bool>(),
    ) {
        let mut schema = Schema::new();
        if has_visualizers {
            schema.set_visualizers(visualizers());
        }
        let mut recommendations = Recommendations::default();
        for step in steps.into_iter().chain([Step::Update]) {
            match step {
                Step::Add(path, component) => _ = schema.add(&path.into(), [component]),
                Step::Remove(path) => schema.set(&path.into(), None),
                Step::Size(path, size) => _ = schema.set_image_size(&path.into(), size),
                Step::Update => {
                    let delta = schema.take_delta();
                    recommendations.update(&schema, &delta, BUILT_IN);
                    let mut scratch = Schema::new();
                    if has_visualizers {
                        scratch.set_visualizers(visualizers());
                    }
                    for (path, entity) in schema.iter() {
                        scratch.add(path, entity.components());
                        scratch.set_image_size(path, entity.image_size());
                    }
                    prop_assert_eq!(&scratch, &schema);
                    prop_assert_eq!(Recommendations::of(&scratch, BUILT_IN), recommendations.clone());
                }
            }
        }
    }
}

#[test]
fn more_of_the_same_affects_no_class() {
    let mut schema = schema(SCENE);
    schema.add(&"/world/camera".into(), ["Pinhole:image_from_camera"]);
    let mut recommendations = Recommendations::of(&schema, BUILT_IN);
    _ = schema.take_delta();
    for (path, component) in [
        ("/world/robot/new", "Points3D:positions"),
        ("/camera/shapes/new", "Points2D:positions"),
        ("/plots/new", "Scalars:scalars"),
        ("/world/new", "Transform3D:translation"),
    ] {
        schema.add(&path.into(), [component]);
        let delta = schema.take_delta();
        for class in BUILT_IN {
            let said = (class.recommend)(&schema);
            assert!(
                !(class.affects)(&schema, &delta, &said),
                "{path} affects {}",
                class.class
            );
        }
        assert!(!recommendations.update(&schema, &delta, BUILT_IN));
    }
}

#[test]
fn a_schema_follows_its_store() {
    let chunk = |path: &str, component: &str| -> Chunk {
        let cells = vec![(
            ComponentDescriptor::partial(component),
            std::sync::Arc::new(arrow_array::Int32Array::from(vec![1])) as chronoscope_store::arrow::ArrayRef,
        )];
        ChunkBuilder::new(path.into())
            .with_row(RowId::new(), [], cells)
            .build()
            .unwrap()
    };
    let mut store = ChunkStore::new(StoreId::recording("app", "test"));
    let mut schema = Schema::new();
    for (path, component) in [
        ("/b", "B:b"),
        ("/a/x", "A:a"),
        ("/a", "A:a"),
        ("/__properties/x", "A:a"),
        ("/b", "A:a"),
    ] {
        store.insert(chunk(path, component)).unwrap();
        let entity = store.entity_id(&path.into()).unwrap();
        schema.update(&store, [entity]);
    }
    let told: Vec<String> = schema
        .iter()
        .map(|(path, entity)| format!("{path} {:?}", entity.components().collect::<BTreeSet<_>>()))
        .collect();
    assert_eq!(told, ["/a {\"A:a\"}", "/a/x {\"A:a\"}", "/b {\"A:a\", \"B:b\"}"]);
    let mut at_once = Schema::new();
    at_once.update(&store, store.entities());
    assert_eq!(at_once, schema);
    let chunks: Vec<_> = store.chunks().map(|(meta, _)| meta.id).collect();
    store.drop_chunks(chunks);
    schema.update(
        &store,
        store.tree().descend(store.tree().root()).collect::<Vec<_>>(),
    );
    assert_eq!(schema, Schema::new());
}
