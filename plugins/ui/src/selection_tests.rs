//! Instances, and what a host hears of clicks and of the selection.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bevy::ecs::message::Messages;
use chronoscope_blueprint::{BlueprintCommand, Contents, ViewClassId, ViewId, ViewportBlueprint};
use chronoscope_frame::{
    ActiveBlueprint, AppFallbackExt, AppVisualizerExt, DiffLog, Item, Recordings, Report, Selection,
    ViewOverrides, ViewerCommand, ViewerCommands, Visual, Visualizer, VisualizerInfo, VisualizerInput,
    selection::{ClickSource, EntityClicked, SelectionChanged},
    visualizer::QueryMode,
};
use chronoscope_store::StoreId;
use chronoscope_types::{AsComponents, Component, Points3D, Rgba, components, log_chunk};
use chronoscope_views::{AppViewUiExt, ViewUi, ViewUiContext};

use egui::{Event, Key, Modifiers};

use crate::{icons, testing::Stage, theme::size, view_command_tests::by_palette};

const CLOUD: &str = "/cloud";

/// A stage with three points, of which all have one color.
fn stage() -> Stage {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    let points =
        Points3D::new([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [7.25, 0.0, 0.0]]).with_colors([0xff00_00ff]);
    let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
    let entry = recordings.open(&StoreId::recording("test app", "first"));
    entry
        .recording
        .insert(log_chunk(CLOUD, [], &points).unwrap())
        .unwrap();
    stage.draw();
    stage
}

fn item(stage: &Stage, instance: Option<u32>) -> Item {
    Item::DataResult {
        view: stage.first_view(),
        entity: CLOUD.into(),
        instance,
    }
}

fn command(stage: &mut Stage, command: ViewerCommand) {
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(command);
}

fn drain<M: bevy::ecs::message::Message>(stage: &mut Stage) -> Vec<M> {
    stage
        .app
        .world_mut()
        .resource_mut::<Messages<M>>()
        .drain()
        .collect()
}

/// Shows points without drawing any.
struct Dots;

struct Drawn;

impl Visual for Drawn {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for Dots {
    type Visual = Drawn;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Dots",
        required: &[Points3D::POSITIONS.name],
        optional: &[Points3D::COLORS.name, Points3D::RADII.name, Points3D::LABELS.name],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(_: &VisualizerInput<'_>) -> Result<Option<Drawn>, Report> {
        Ok(Some(Drawn))
    }
}

#[test]
fn values_that_the_recording_does_not_give_are_shown_with_their_sources() {
    let mut stage = stage();
    let of_cloud = item(&stage, None);
    let view = of_cloud.view().unwrap();
    let class = viewport(&stage).views[&view].class.clone();
    stage
        .app
        .add_visualizer::<Dots>(&[class.as_str()])
        .add_fallback(Points3D::RADII.name, |_| components::Radius::build(vec![0.125]));
    let default = Points3D::default().with_labels(["a default"]);
    let default = BlueprintCommand::SetDefault(view, default.components());
    command(&mut stage, ViewerCommand::Blueprint(default));
    command(&mut stage, ViewerCommand::EndGesture);
    // Visualizers are asked about entities that are new to them.
    let more = Points3D::new([[0.0, 0.0, 0.0]]);
    let more = log_chunk("/more", [], &more).unwrap();
    let id = StoreId::recording("test app", "first");
    stage
        .app
        .world_mut()
        .resource_scope(|world, mut log: bevy::ecs::world::Mut<DiffLog>| {
            world
                .resource_mut::<Recordings>()
                .insert(&mut log, &id, more)
                .unwrap();
        });
    stage.draw();
    let more = Item::DataResult {
        view,
        entity: "/more".into(),
        instance: None,
    };
    command(&mut stage, ViewerCommand::Select(vec![more]));
    let texts = stage.draw();
    let says = |wanted: &str| texts.iter().any(|text| text.contains(wanted));
    assert!(says("Shown as Dots"), "{texts:?}");
    assert!(says("0.125") && says("fallback"), "{texts:?}");
    assert!(says("a default") && says("view default"), "{texts:?}");
    // It is taken back where it is shown.
    let default = texts.iter().find(|text| text.contains("view default")).unwrap();
    let default = stage.find(default);
    let reset = stage.find_near(icons::RESET, default);
    stage.click(reset);
    let texts = stage.draw();
    assert!(
        !texts.iter().any(|text| text.contains("view default")),
        "{texts:?}"
    );
    command(&mut stage, ViewerCommand::Undo);
    assert!(stage.draw().iter().any(|text| text.contains("view default")));
}

/// A stage whose view draws points, and that view.
fn stage_with_dots() -> (Stage, ViewId) {
    let mut stage = stage();
    let view = item(&stage, None).view().unwrap();
    let class = viewport(&stage).views[&view].class.clone();
    stage.app.add_visualizer::<Dots>(&[class.as_str()]);
    (stage, view)
}

/// Selects what was logged there, as the view shows it.
fn select_more(stage: &mut Stage, view: ViewId) {
    let more = Item::DataResult {
        view,
        entity: "/more".into(),
        instance: None,
    };
    command(stage, ViewerCommand::Select(vec![more]));
    stage.draw();
}

/// Three points with a radius each.
fn log_radii(stage: &mut Stage) {
    let points = Points3D::new([[0.0; 3]; 3]).with_radii([0.125, 0.25, 0.5]);
    stage.insert([log_chunk("/more", [], &points).unwrap()]);
}

#[test]
fn each_of_several_values_is_edited_and_the_others_stay() {
    let (mut stage, view) = stage_with_dots();
    log_radii(&mut stage);
    stage.draw();
    select_more(&mut stage, view);
    let row = stage.find("radii");
    let unfold = stage.find_near(icons::COLLAPSED, row);
    assert!((unfold.y - row.y).abs() < 8.0, "of the row");
    stage.click(unfold);
    let texts = stage.draw();
    let starting = |texts: &[String], wanted: &str| -> Option<String> {
        texts.iter().find(|text| text.starts_with(wanted)).cloned()
    };
    let second = starting(&texts, "0.25").unwrap();
    let place = stage.find(&second);
    stage.drag(place, place + egui::vec2(60.0, 0.0));
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text == "override"), "{texts:?}");
    assert_eq!(starting(&texts, &second), None);
    for other in ["0.125", "0.5"] {
        assert!(starting(&texts, other).is_some(), "{other} in {texts:?}");
    }
    command(&mut stage, ViewerCommand::Undo);
    let texts = stage.draw();
    assert_eq!(starting(&texts, "0.25"), Some(second));
    assert!(!texts.iter().any(|text| text == "override"), "{texts:?}");
}

#[test]
fn a_value_is_overridden_in_the_panel_and_that_is_undone() {
    let mut stage = stage();
    let view = item(&stage, None).view().unwrap();
    let class = viewport(&stage).views[&view].class.clone();
    stage
        .app
        .add_visualizer::<Dots>(&[class.as_str()])
        .add_fallback(Points3D::RADII.name, |_| components::Radius::build(vec![0.125]));
    // Visualizers are asked about entities that are new to them.
    stage.insert_and_draw(log_chunk("/more", [], &Points3D::new([[0.0, 0.0, 0.0]])).unwrap());
    let more = Item::DataResult {
        view,
        entity: "/more".into(),
        instance: None,
    };
    command(&mut stage, ViewerCommand::Select(vec![more]));
    let says = |stage: &mut Stage, wanted: &str| stage.draw().iter().any(|text| text.starts_with(wanted));
    assert!(says(&mut stage, "0.125") && !says(&mut stage, "override"));
    let field = stage.find("0.125");
    stage.click(field);
    stage.press(Key::A, Modifiers::COMMAND);
    stage.draw_with(vec![Event::Text("0.75".to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    assert!(says(&mut stage, "0.75") && says(&mut stage, "override"));
    assert!(!says(&mut stage, "0.125"));
    stage.press(Key::Z, Modifiers::COMMAND);
    assert!(says(&mut stage, "0.125") && !says(&mut stage, "override"));
}

#[test]
fn a_selected_value_is_kept_by_name_as_override_and_as_default() {
    let (mut stage, view) = stage_with_dots();
    let green = Points3D::new([[0.0, 0.0, 0.0]]).with_colors([0x00ff_00ff]);
    stage.insert_and_draw(log_chunk("/more", [], &green).unwrap());
    let value = Item::Component {
        entity: "/more".into(),
        component: Points3D::COLORS.name.to_owned(),
    };
    command(&mut stage, ViewerCommand::Select(vec![value]));
    stage.draw();
    let has_overrides = |stage: &Stage| {
        let world = stage.app.world();
        let view = world.resource::<ActiveBlueprint>().entity(view).unwrap();
        let store = world.resource::<Recordings>().active().unwrap().store();
        let entity = store.entity_id(&"/more".into()).unwrap();
        let overrides = world.get::<ViewOverrides>(view);
        let of_entity = overrides.and_then(|overrides| overrides.get(entity));
        of_entity.is_some_and(|overrides| !overrides.all().is_empty())
    };
    let defaults = |stage: &Stage| {
        let world = stage.app.world();
        let active = world.resource::<ActiveBlueprint>();
        let document = active.document(world.resource(), world.resource()).unwrap();
        document.views[&view].defaults.clone()
    };
    by_palette(&mut stage, "Override the selected value");
    assert!(has_overrides(&stage));
    stage.press(Key::Z, Modifiers::COMMAND);
    stage.draw();
    assert!(!has_overrides(&stage));
    by_palette(&mut stage, "Use the selected value as default of the view");
    let kept = defaults(&stage);
    let [(descriptor, array)] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert_eq!(&*descriptor.component, Points3D::COLORS.name);
    assert_eq!(array, &components::Color::build(vec![Rgba(0x00ff_00ff)]));
}

/// The user interface of the view, which is there to show points.
struct CloudUi(ViewClassId);

impl ViewUi for CloudUi {
    fn class(&self) -> ViewClassId {
        self.0.clone()
    }

    fn icon(&self) -> &'static str {
        icons::VIEW_UNKNOWN
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &["Points3D"]
    }

    fn ui(&self, _: &mut egui::Ui, _: &mut ViewUiContext<'_>) {}
}

#[test]
fn only_data_of_the_kind_of_a_view_is_missing_where_nothing_is_drawn() {
    let mut stage = stage();
    let of_cloud = item(&stage, None);
    let view = of_cloud.view().unwrap();
    let class = viewport(&stage).views[&view].class.clone();
    stage.app.add_view_ui(CloudUi(class));
    command(&mut stage, ViewerCommand::Select(vec![of_cloud]));
    let texts = stage.draw();
    assert!(
        texts
            .iter()
            .any(|text| text.contains("no visualizer for Points3D")),
        "{texts:?}"
    );
    let of_plots = Item::DataResult {
        view,
        entity: "/plots".into(),
        instance: None,
    };
    command(&mut stage, ViewerCommand::Select(vec![of_plots]));
    let texts = stage.draw();
    assert!(
        !texts.iter().any(|text| text.contains("no visualizer")),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.contains("draws nothing of this")),
        "{texts:?}"
    );
}

#[test]
fn a_value_becomes_the_default_of_its_view() {
    let mut stage = stage();
    let item = item(&stage, None);
    let view = item.view().unwrap();
    command(&mut stage, ViewerCommand::Select(vec![item]));
    let texts = stage.draw();
    let name = texts.iter().position(|text| text == "colors").unwrap();
    // Name, icon, value.
    let value = &texts[name + 2];
    let row = stage.find("colors");
    let place = stage.find_near(value, row);
    let button = |pressed| Event::PointerButton {
        pos: place,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    stage.draw_with(vec![Event::PointerMoved(place)]);
    stage.draw_with(vec![button(true)]);
    stage.draw_with(vec![button(false)]);
    stage.draw();
    let choice = stage.find("Use as default of the view");
    stage.click(choice);
    stage.draw();
    let world = stage.app.world();
    let active = world.resource::<ActiveBlueprint>();
    let document = active.document(world.resource(), world.resource()).unwrap();
    let defaults = &document.views[&view].defaults;
    let [(descriptor, array)] = &defaults[..] else {
        panic!("{defaults:?}");
    };
    assert_eq!(&*descriptor.component, Points3D::COLORS.name);
    assert_eq!(array, &components::Color::build(vec![Rgba(0xff00_00ff)]));
}

#[test]
fn a_selected_instance_shows_its_own_values() {
    let mut stage = stage();
    let point = item(&stage, Some(2));
    command(&mut stage, ViewerCommand::Select(vec![point.clone()]));
    let texts = stage.draw();
    let says = |wanted: &str| texts.iter().any(|text| text.contains(wanted));
    assert!(says("/cloud[2]") && says("positions[2]"), "{texts:?}");
    assert!(says("7.25") && !says("1.5"), "{texts:?}");
    // There is one color for all.
    assert!(!says("colors["), "{texts:?}");
    let other = item(&stage, Some(1));
    command(&mut stage, ViewerCommand::Select(vec![other.clone()]));
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text.contains("1.5")), "{texts:?}");
    assert_ne!(point, other);
    command(&mut stage, ViewerCommand::ToggleSelected(point.clone()));
    stage.draw();
    assert_eq!(stage.app.world().resource::<Selection>().selected, [other, point]);
}

#[test]
fn values_in_a_list_light_up_their_instances_and_select_them() {
    let mut stage = stage();
    for whole in [item(&stage, None), Item::Entity(CLOUD.into())] {
        command(&mut stage, ViewerCommand::Select(vec![whole]));
        stage.draw();
        let positions = stage.find("positions");
        if !stage.draw().iter().any(|text| text.contains("7.25")) {
            let count = stage.find_near("3values", positions);
            stage.click(count);
        }
        let texts = stage.draw();
        let third = texts.iter().find(|text| text.contains("7.25")).unwrap();
        let third = stage.find(third);
        stage.draw_with(vec![Event::PointerMoved(third)]);
        stage.draw();
        let point = item(&stage, Some(2));
        let hovered = stage.app.world().resource::<Selection>().hovered.clone();
        assert_eq!(hovered, Some(point.clone()));
        stage.click(third);
        stage.draw();
        assert_eq!(stage.app.world().resource::<Selection>().selected, [point]);
    }
}

#[test]
fn a_host_hears_of_clicks_and_of_the_selection() {
    let mut stage = stage();
    drain::<SelectionChanged>(&mut stage);
    let place = stage.find("cloud");
    stage.click(place);
    let clicks = drain::<EntityClicked>(&mut stage);
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    assert_eq!(clicks[0].entity, CLOUD.into());
    assert_eq!((clicks[0].instance, clicks[0].source), (None, ClickSource::Panel));
    let changes = drain::<SelectionChanged>(&mut stage);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].before.is_empty());
    assert_eq!(changes[0].now[0].entity(), Some(&CLOUD.into()));
    // Selecting the same again is no change.
    let now = changes[0].now.clone();
    command(&mut stage, ViewerCommand::Select(now));
    stage.draw_with(Vec::new());
    assert!(drain::<SelectionChanged>(&mut stage).is_empty());
}

fn viewport(stage: &Stage) -> std::sync::Arc<ViewportBlueprint> {
    std::sync::Arc::clone(stage.app.world().resource::<ActiveBlueprint>().viewport())
}

#[test]
fn a_container_takes_more_views_and_containers_and_a_number_of_columns() {
    let mut stage = stage();
    let text = "(version: 1, layout: Grid(contents: [View(class: \"TimeSeries\")]))";
    command(&mut stage, ViewerCommand::PasteBlueprint(text.to_owned()));
    stage.draw();
    let root = viewport(&stage).root.unwrap();
    let select = |stage: &mut Stage| {
        command(stage, ViewerCommand::Select(vec![Item::Container(root)]));
        stage.draw();
    };
    for (name, num_items) in [("Time series view", 2), ("Vertical", 3)] {
        // What was added is selected.
        select(&mut stage);
        let header = stage.find("Contents");
        let button = stage.find_near(icons::ADD, header);
        stage.click(button);
        stage.draw();
        let entry = stage.find_near(name, button);
        stage.click(entry);
        stage.draw();
        assert_eq!(
            viewport(&stage).containers[&root].contents.len(),
            num_items,
            "{name}"
        );
    }
    select(&mut stage);
    let field = stage.find("automatic");
    stage.click(field);
    stage.draw_with(vec![Event::Text("3".to_owned())]);
    stage.press(Key::Enter, Modifiers::NONE);
    stage.draw();
    assert_eq!(viewport(&stage).containers[&root].grid_columns, Some(3));
}

#[test]
fn a_view_is_reset() {
    let mut stage = stage();
    let view = stage.first_view();
    let name = BlueprintCommand::SetName(Contents::View(view), Some("mine".to_owned()));
    command(&mut stage, ViewerCommand::Blueprint(name));
    command(&mut stage, ViewerCommand::Select(vec![Item::View(view)]));
    stage.draw();
    assert_eq!(viewport(&stage).views[&view].name.as_deref(), Some("mine"));
    let button = stage.find("Reset view");
    stage.click(button);
    stage.draw();
    assert_eq!(viewport(&stage).views[&view].name, None);
}

#[test]
fn what_is_overridden_of_an_entity_can_be_taken_back() {
    let mut stage = stage();
    let item = item(&stage, None);
    let view = stage.first_view();
    command(&mut stage, ViewerCommand::Select(vec![item]));
    let says_clear = |stage: &mut Stage| stage.draw().iter().any(|text| text == "Clear overrides");
    assert!(!says_clear(&mut stage));
    let hide = crate::edits::entity_visible(view, CLOUD.into(), false);
    command(&mut stage, ViewerCommand::Blueprint(hide));
    assert!(says_clear(&mut stage));
    let button = stage.find("Clear overrides");
    stage.click(button);
    assert!(!says_clear(&mut stage));
}

#[test]
fn the_numbers_of_a_value_have_room_side_by_side() {
    let (mut stage, view) = stage_with_dots();
    let point = Points3D::new([[0.5, -12.548, 100.25]]);
    stage.insert_and_draw(log_chunk("/more", [], &point).unwrap());
    select_more(&mut stage, view);
    let texts = stage.texts(Vec::new());
    let in_panel = || texts.iter().filter(|(_, rect)| rect.left() > 1_000.0);
    let (_, row) = in_panel().find(|(text, _)| text == "positions").unwrap();
    let numbers: Vec<f32> = in_panel()
        .filter(|(text, rect)| row.y_range().contains(rect.center().y) && text.parse::<f32>().is_ok())
        .map(|(_, rect)| rect.right())
        .collect();
    assert_eq!(numbers.len(), 3, "{texts:?}");
    let end = 1_400.0 - size::PADDING;
    assert!(numbers.iter().all(|right| *right < end), "{numbers:?}");
}

#[test]
fn a_long_text_goes_on_in_further_lines() {
    let mut stage = stage();
    let source = "/home/somebody/recordings/a whole day/through the town and back.rrd";
    let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
    let entry = recordings.open(&StoreId::recording("test app", "first"));
    entry.source_name = source.into();
    stage.draw();
    let texts = stage.texts(Vec::new());
    let height = |wanted: &str| {
        let mut in_panel = texts.iter().filter(|(_, rect)| rect.left() > 1_000.0);
        in_panel.find(|(text, _)| text == wanted).unwrap().1.height()
    };
    assert!(height(source) > 1.8 * height("test app"), "{texts:?}");
}

#[test]
fn only_views_that_draw_an_entity_are_said_to_show_it() {
    let mut stage = stage();
    let view = item(&stage, None).view().unwrap();
    let class = viewport(&stage).views[&view].class.clone();
    let shown_in = |stage: &mut Stage, path: &str| {
        command(stage, ViewerCommand::Select(vec![Item::Entity(path.into())]));
        stage.draw().iter().any(|text| text == "Shown in")
    };
    assert!(!shown_in(&mut stage, CLOUD), "it is among those of the view");
    stage.app.add_visualizer::<Dots>(&[class.as_str()]);
    let point = Points3D::new([[0.0, 0.0, 0.0]]);
    stage.insert_and_draw(log_chunk("/more", [], &point).unwrap());
    assert!(shown_in(&mut stage, "/more"));
}
