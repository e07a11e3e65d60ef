#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod random;

use arrow_array::{Float32Array, StringArray, cast::AsArray as _, types};
use chronoscope_store::{ComponentDescriptor, Recording, StoreId, TimeRange, arrow::ArrayRef};
use chronoscope_types::{
    AsComponents as _, Points3D, StoreSource, VisibleTimeRange, Vocabulary,
    blueprint::{EntityBehavior, EyeControls3D, VisibleTimeRanges},
    own::Lighting3D,
};
use proptest::prelude::*;

use self::random::Random;
use super::*;
use crate::{
    BlueprintCommand, ContainerKind, Contents, EYE_POSITION_REST, LoopMode, MAX_CONTAINER_DEPTH, PanelState,
    UndoState, edit_blueprint, read_viewport,
};

const TEXT: &str = r#"(
    version: 1,
    layout: Horizontal(
        columns: [2.0, 1.0],
        contents: [
            View(
                class: "3D",
                name: "World",
                origin: "/world",
                properties: {
                    "EyeControls3D:position": [[1.0, 2.0, 3.0]],
                    "VisibleTimeRanges:ranges": [{
                        "timeline": "frame",
                        "range": {"start": {"CursorRelative": -5}, "end": {"Infinite": ()}},
                    }],
                    "Custom:strength": (type: "list<item: float>", values: [[0.5, None], []]),
                },
                defaults: {"Points3D:radii": [0.25]},
                overrides: {
                    "/world/roads": (values: {"EntityBehavior:visible": [false]}),
                    "/world/points": (
                        visualizers: [
                            (visualizer: "Points3D", values: {"Points3D:colors": [4278190335]}),
                            (visualizer: "Points3D"),
                        ],
                    ),
                    "/world/hidden": (visualizers: []),
                },
            ),
            Tabs(name: "Rest", active_tab: 1, contents: [
                View(class: "TimeSeries", origin: "/plots", visible: false),
                View(class: "2D", origin: "/camera", contents: ["$origin/**", "- /camera/mask"]),
            ]),
        ],
    ),
    views: [(class: "TextLog")],
    panels: (selection: Hidden),
    time: (timeline: "frame", loop_mode: All, selection: (3, 9)),
)"#;

fn store_id() -> StoreId {
    StoreId::blueprint("app", "blueprint")
}

/// A store with the document's rows, and the document that is read out of it.
fn through_a_store(document: &BlueprintDocument) -> (Recording, BlueprintDocument) {
    let mut recording = Recording::new(store_id());
    for chunk in document.chunks(0).unwrap() {
        recording.insert(chunk).unwrap();
    }
    let read = read_document(&recording);
    (recording, read)
}

fn read_document(recording: &Recording) -> BlueprintDocument {
    let (store, cache) = (&recording.store, &recording.cache);
    let (viewport, reports) = read_viewport(store, cache, i64::MAX);
    assert_eq!(reports, []);
    BlueprintDocument::new(&viewport, &BlueprintQuery::new(store, cache, i64::MAX))
}

/// It is one that heuristics add, and without them there is none.
#[test]
fn a_maximized_view_that_is_not_there_is_left_out() {
    let viewport = ViewportBlueprint {
        maximized: Some(ViewId::hashed(["automatic"])),
        ..ViewportBlueprint::default()
    };
    let nothing = Recording::new(StoreId::blueprint("app", "nothing"));
    let query = BlueprintQuery::new(&nothing.store, &nothing.cache, i64::MAX);
    let document = BlueprintDocument::new(&viewport, &query);
    let text = document.to_ron().unwrap();
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document);
}

#[test]
fn a_text_written_by_hand_is_read_in_full() {
    let document = BlueprintDocument::from_ron(TEXT).unwrap();
    let viewport = &document.viewport;
    assert_eq!(
        (
            viewport.views.len(),
            viewport.containers.len(),
            viewport.auto_views
        ),
        (4, 2, false)
    );
    let root = &viewport.containers[&viewport.root.unwrap()];
    assert_eq!(
        (root.kind, root.share(0), root.share(5)),
        (ContainerKind::Horizontal, 2.0, 1.0)
    );
    let [Contents::View(world), Contents::Container(tabs)] = root.contents[..] else {
        panic!("a view and a container")
    };
    let tabs = &viewport.containers[&tabs];
    assert_eq!(tabs.active_tab, Some(tabs.contents[1]));
    assert_eq!(viewport.panels.selection, Some(PanelState::Hidden));
    assert_eq!(viewport.time_panel.loop_mode, Some(LoopMode::All));
    assert_eq!(viewport.time_panel.time_selection, Some(TimeRange::new(3, 9)));

    let settings = &document.views[&world];
    assert_eq!(document.views.len(), 1);
    let value = |components: &Components, name: &str| -> (ComponentDescriptor, ArrayRef) {
        components
            .iter()
            .find(|(descriptor, _)| *descriptor.component == *name)
            .unwrap()
            .clone()
    };
    let (descriptor, position) = value(&settings.properties, &EyeControls3D::POSITION);
    assert_eq!(descriptor, EyeControls3D::POSITION.descriptor());
    let position = position.as_fixed_size_list().values().clone();
    assert_eq!(
        position.as_primitive::<types::Float32Type>().values()[..],
        [1.0, 2.0, 3.0]
    );
    let (_, ranges) = value(&settings.properties, &VisibleTimeRanges::RANGES);
    let ranges: Vec<VisibleTimeRange> = bp::VisibleTimeRange::read(&ranges).unwrap();
    assert_eq!(ranges.len(), 1);
    let (custom, _) = value(&settings.properties, "Custom:strength");
    assert_eq!(custom, ComponentDescriptor::partial("Custom:strength"));
    assert_eq!(settings.defaults.len(), 1);
    let entities: Vec<&str> = settings.overrides.keys().map(EntityPath::as_str).collect();
    assert_eq!(entities, ["/world/hidden", "/world/points", "/world/roads"]);
    let points = settings.overrides[&EntityPath::parse("/world/points")]
        .visualizers
        .clone()
        .unwrap();
    assert_ne!(points[0].id, points[1].id);
    assert_eq!(
        value(&points[0].values, &Points3D::COLORS).0,
        Points3D::COLORS.descriptor()
    );
}

#[test]
fn what_was_read_is_written_in_full_and_goes_through_a_store() {
    let document = BlueprintDocument::from_ron(TEXT).unwrap();
    let text = document.to_ron().unwrap();
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document, "{text}");
    let (_, stored) = through_a_store(&document);
    assert_eq!(stored.to_ron().unwrap(), text);
    assert_eq!(
        BlueprintDocument::from_ron("(version: 1)").unwrap(),
        BlueprintDocument::default()
    );
}

#[test]
fn settings_of_our_own_are_part_of_the_text() {
    let text = r#"(version: 1, views: [(class: "3D", properties: {
        "chronoscope.blueprint.archetypes.Lighting3D:shadows": [true],
    })])"#;
    let document = BlueprintDocument::from_ron(text).unwrap();
    let [settings] = document.views.values().collect::<Vec<_>>()[..] else {
        panic!("one view")
    };
    let expected = Lighting3D::default().with_shadows(true).components();
    assert_eq!(settings.properties, expected);
    let (_, stored) = through_a_store(&document);
    let text = stored.to_ron().unwrap();
    assert!(text.contains(Lighting3D::SHADOWS.name), "{text}");
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document, "{text}");
}

#[test]
fn edits_of_overrides_and_properties_are_part_of_the_text() {
    let document = BlueprintDocument::from_ron(TEXT).unwrap();
    let (mut recording, _) = through_a_store(&document);
    let mut undo = UndoState::new(0);
    let view = *document.views.keys().next().unwrap();
    let entity = EntityPath::parse("/world/cars");
    let behavior = EntityBehavior::default().with_visible(false);
    let (_, rest) = EyeControls3D::default()
        .with_position([0.5, 0.0, 0.0])
        .components()
        .remove(0);
    let commands = [
        BlueprintCommand::override_entity(view, entity.clone(), &behavior),
        BlueprintCommand::SetProperty(view, vec![(EYE_POSITION_REST.descriptor(), rest)]),
        BlueprintCommand::ClearOverrides {
            view,
            entity: EntityPath::parse("/world/points"),
        },
    ];
    for command in commands {
        let (current, _) = read_viewport(&recording.store, &recording.cache, i64::MAX);
        edit_blueprint(&mut recording, &mut undo, &current, &command).unwrap();
    }
    let edited = read_document(&recording);
    let settings = &edited.views[&view];
    let entities: Vec<&str> = settings.overrides.keys().map(EntityPath::as_str).collect();
    assert_eq!(entities, ["/world/cars", "/world/hidden", "/world/roads"]);
    let text = edited.to_ron().unwrap();
    assert!(text.contains(EYE_POSITION_REST.name), "{text}");
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), edited, "{text}");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_was_expected() {
    let check = |text: &str, line: usize, parts: &[&str]| {
        let error = BlueprintDocument::from_ron(text).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("line {line}, column ")),
            "{text}: {error}"
        );
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    };
    check("", 1, &[]);
    check(
        "(version: 1,\n layout: Diagonal())",
        2,
        &["Diagonal", "Horizontal"],
    );
    check("(\nversion: 2)", 2, &["version 2", "version 1"]);
    check("(version: 1,\n\ncolour: 3)", 3, &["colour", "layout"]);
    check(
        "(version: 1,\npanels: (top: Ajar))",
        2,
        &["Hidden, Collapsed, Expanded"],
    );
    check("(version: 1, views: [\n(name: \"x\")])", 2, &["class", "View"]);
    check(
        "(version: 1, views: [(class: \"3D\",\n\nid: \"7\")])",
        3,
        &["UUID", "\"7\""],
    );
    check("(version: 1, maximized:\n\"7\")", 2, &["UUID"]);
    check(
        "(version: 1, layout: Horizontal(\ncolumns: [-1.0]))",
        2,
        &["-1", "positive"],
    );
    check("(version: 1, layout: Grid(\ncolumns: [NaN]))", 2, &["positive"]);
    check("(version: 1,\ntime: (fps: 0.0))", 2, &["speed"]);
    check("(version: 1,\ntime: (playback_speed: inf))", 2, &["speed"]);
    check("(version: 1,\ntime: (selection: (1, \"two\")))", 2, &["integer"]);
    let id = ViewId::hashed(["a"]);
    let twice = format!(
        "(version: 1, maximized: \"{id}\",\nviews: [(class: \"3D\", id: \"{id}\"),\n(class: \"2D\", id: \"{id}\")])"
    );
    check(&twice, 3, &["twice"]);
    check(&format!("(version: 1,\nmaximized: \"{id}\")"), 2, &["no view"]);
    let path = format!(
        "(version: 1, views: [(class: \"3D\",\norigin: \"{}\")])",
        "a/".repeat(1000)
    );
    check(&path, 2, &["more than 256 parts"]);

    let values = |values: &str, parts: &[&str]| {
        let text = format!("(version: 1, views: [(class: \"3D\",\nproperties: {{{values}}})])");
        check(&text, 2, parts);
    };
    values(
        "\"EyeControls3D:position\": [[1.0, 2.0]]",
        &["2", "3 values", "Float32"],
    );
    values(
        "\"EyeControls3D:position\": [[1.0, 2.0, 3.0, 4.0]]",
        &["3 values"],
    );
    values("\"EyeControls3D:position\": [[1.0, \"two\", 3.0]]", &["Float32"]);
    values("\"EyeControls3D:position\": 7", &["list of values"]);
    values("\"Background:kind\": [300]", &["UInt8"]);
    values(
        "\"Background:colour\": [1]",
        &["Background:colour", "type", "not a known component"],
    );
    values("\"color\": [1]", &["no property", "archetype"]);
    values("\"Background:kind\": [1], \"Background:kind\": [1]", &["twice"]);
    values(
        "\"X:y\": (type: \"floats\", values: [1.0])",
        &["floats", "not a type"],
    );
    values(
        "\"X:y\": (values: [1.0], type: \"float\")",
        &["`type` before `values`"],
    );
    values("\"X:y\": (type: \"float\")", &["values"]);
    // What comes too late to be obeyed is not passed over.
    for late in [
        "\"Points3D:radii\": (values: [1.0], type: \"double\")",
        "\"Points3D:radii\": (values: [1.0], component_type: \"rerun.components.Length\")",
    ] {
        values(late, &["Points3D:radii", "behind `values`"]);
    }
    values(
        "\"X:y\": (type: \"float\", type: \"double\", values: [1.0])",
        &["`type` of X:y appears twice"],
    );
    values(
        "\"Points3D:radii\": (values: [1.0], values: [2.0])",
        &["`values` of Points3D:radii appears twice"],
    );
    values(
        "\"VisualBounds2D:range\": [{\"x_range\": [0.0, 1.0]}]",
        &["y_range", "missing"],
    );
    values(
        "\"VisualBounds2D:range\": [{\"z\": 0.0}]",
        &["\"z\"", "x_range, y_range"],
    );
    let ranges =
        |range: &str| format!("\"VisibleTimeRanges:ranges\": [{{\"timeline\": \"t\", \"range\": {range}}}]");
    values(&ranges("{\"start\": {\"Soon\": 1}}"), &["Soon", "CursorRelative"]);
    values(&ranges("{\"start\": {}}"), &["one of"]);

    let overrides = "(version: 1, views: [(class: \"3D\", overrides: {\n\"/a\": (),\n\"a\": ()})])";
    check(overrides, 3, &["/a appears twice"]);
}

#[test]
fn hostile_texts_end_in_an_error() {
    let deep = |levels: usize| {
        format!(
            "(version: 1, layout: {}{})",
            "Tabs(contents: [".repeat(levels),
            "])".repeat(levels)
        )
    };
    let error = BlueprintDocument::from_ron(&deep(MAX_CONTAINER_DEPTH + 1)).unwrap_err();
    assert!(error.to_string().contains("32 levels"), "{error}");
    let depth = MAX_CONTAINER_DEPTH;
    let document = BlueprintDocument::from_ron(&deep(depth)).unwrap();
    assert_eq!(document.viewport.containers.len(), depth);
    assert_eq!(
        BlueprintDocument::from_ron(&document.to_ron().unwrap()).unwrap(),
        document
    );
    // Deeper than any parser should follow.
    let abyss = format!("(version: 1, layout: {}", "Tabs(contents: [".repeat(100_000));
    assert!(BlueprintDocument::from_ron(&abyss).is_err());
    let lists = format!(
        "(version: 1, views: [(class: \"3D\", defaults: {{\"x\": (type: \"{}float{}\", values: {}",
        "list<item: ".repeat(30),
        ">".repeat(30),
        "[".repeat(100_000)
    );
    assert!(BlueprintDocument::from_ron(&lists).is_err());
    // A few letters that ask for gigabytes.
    let nulls = "(version: 1, views: [(class: \"3D\", defaults: {\"x\": (type: \
                 \"fixed_size_list<item: fixed_size_list<item: double>[60000]>[60000]\", values: [None])})])";
    let error = BlueprintDocument::from_ron(nulls).unwrap_err().to_string();
    assert!(error.contains("more than 1048576 values"), "{error}");
    // Nor may many ask for a little less each.
    let some = "(type: \"fixed_size_list<item: float>[1000]\", values: [None])";
    let many = |count: usize| {
        let defaults: Vec<String> = (0..count).map(|at| format!("\"x{at}\": {some}")).collect();
        let defaults = defaults.join(", ");
        BlueprintDocument::from_ron(&format!(
            "(version: 1, views: [(class: \"3D\", defaults: {{{defaults}}})])"
        ))
    };
    let error = many(1_100).unwrap_err().to_string();
    assert!(error.contains("more than 1048576 values"), "{error}");
    // The next document begins anew.
    assert!(many(1_000).is_ok() && many(1_000).is_ok());
    let long = " ".repeat(MAX_DOCUMENT_BYTES + 1);
    assert!(matches!(
        BlueprintDocument::from_ron(&long),
        Err(BlueprintError::RonTooLong { .. })
    ));
    // Every beginning of a text is an error, and none a panic.
    for (end, _) in TEXT.char_indices().skip(1) {
        assert!(BlueprintDocument::from_ron(&TEXT[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_text_may_name_its_application() {
    let application = |text| BlueprintDocument::from_ron(text).unwrap().application;
    assert_eq!(application("(version: 1)"), None);
    let named = application("(version: 1, application: \"a \\\"robot\\\"\")");
    assert_eq!(named.as_deref(), Some("a \"robot\""));
    let document = BlueprintDocument {
        application: named,
        ..BlueprintDocument::default()
    };
    let text = document.to_ron().unwrap();
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document);
}

#[test]
fn a_text_is_messages_that_show_the_blueprint() {
    let document = BlueprintDocument::from_ron(TEXT).unwrap();
    let info = StoreInfo {
        source: StoreSource::File,
        ..StoreInfo::new(store_id())
    };
    let messages = document.messages(info).unwrap();
    assert!(messages.iter().all(|message| *message.store() == store_id()));
    assert!(matches!(&messages[0], LogMessage::StoreInfo(info) if info.source == StoreSource::File));
    assert!(matches!(
        messages.last().unwrap(),
        LogMessage::ActivateBlueprint {
            make_active: true,
            make_default: true,
            ..
        }
    ));
    let mut recording = Recording::new(store_id());
    for chunk in messages.iter().filter_map(LogMessage::chunk) {
        recording.insert(Arc::clone(chunk)).unwrap();
    }
    assert_eq!(
        read_document(&recording),
        BlueprintDocument::from_ron(TEXT).unwrap()
    );
}

#[test]
fn every_component_of_the_vocabulary_has_a_text() {
    let mut random = Random::new(7);
    let mut defaults: Components = Vec::new();
    for archetype in Vocabulary::get().archetypes() {
        for field in &archetype.fields {
            let descriptor = ComponentDescriptor {
                component: Arc::clone(&field.component),
                archetype: Some(Arc::clone(&archetype.name)),
                component_type: Some(field.component_type.into()),
            };
            defaults.push((descriptor, random.instances(&field.datatype)));
        }
    }
    defaults.sort_by(|(a, _), (b, _)| a.component.cmp(&b.component));
    let mut document = BlueprintDocument::from_ron("(version: 1, views: [(class: \"3D\")])").unwrap();
    let view = *document.viewport.views.keys().next().unwrap();
    document.views.insert(
        view,
        ViewSettings {
            defaults,
            ..ViewSettings::default()
        },
    );
    let text = document.to_ron().unwrap();
    // No type has to be said.
    assert!(!text.contains("type: \""), "{text}");
    assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document);
}

#[test]
fn values_of_other_types_than_the_vocabulary_says_keep_them() {
    let check = |name: &str, archetype: Option<&str>, component_type: Option<&str>, array: ArrayRef| {
        let mut document = BlueprintDocument::from_ron("(version: 1, views: [(class: \"3D\")])").unwrap();
        let view = *document.viewport.views.keys().next().unwrap();
        let descriptor = ComponentDescriptor {
            component: name.into(),
            archetype: archetype.map(Into::into),
            component_type: component_type.map(Into::into),
        };
        document.views.insert(
            view,
            ViewSettings {
                defaults: vec![(descriptor, array)],
                ..ViewSettings::default()
            },
        );
        let text = document.to_ron().unwrap();
        assert_eq!(BlueprintDocument::from_ron(&text).unwrap(), document, "{text}");
        text
    };
    let floats = || Arc::new(Float32Array::from(vec![Some(1.5), None])) as ArrayRef;
    let texts = || Arc::new(StringArray::from(vec![Some("None"), None, Some("")])) as ArrayRef;
    let radius = Some("rerun.components.Radius");
    let points = Some("rerun.archetypes.Points3D");
    assert!(!check("Points3D:radii", points, radius, floats()).contains("type"));
    assert!(check("Points3D:radii", points, radius, texts()).contains("type: \"string\""));
    assert!(check("Points3D:radii", None, None, floats()).contains("archetype: \"\""));
    assert!(!check("mine", None, radius, floats()).contains(" type:"));
    check("mine", Some("my.Archetype"), Some("my.Type"), texts());
    check("with \"quotes\"\nand lines", None, None, texts());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_blueprint_comes_back_from_its_text_and_from_its_store(seed: u64) {
        let document = Random::new(seed).document();
        let text = document.to_ron().unwrap();
        let read = BlueprintDocument::from_ron(&text).unwrap();
        prop_assert_eq!(&read, &document, "{}", text);
        prop_assert_eq!(read.to_ron().unwrap(), text.clone());
        let (_, stored) = through_a_store(&document);
        prop_assert_eq!(stored.to_ron().unwrap(), text);
    }

    #[test]
    fn a_damaged_text_is_an_error_or_another_blueprint_and_never_a_panic(seed: u64, at: prop::sample::Index, byte: u8) {
        let mut text = Random::new(seed).document().to_ron().unwrap().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(text) = String::from_utf8(text)
            && let Ok(document) = BlueprintDocument::from_ron(&text)
        {
            prop_assert!(document.to_ron().is_ok());
            let _ = document.chunks(0);
        }
    }
}
