//! Commands that are done in views, and what leads to views and moves them, with the keys and the pointer of a user.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};

use chronoscope_blueprint::{
    BlueprintCommand, ContainerId, ContainerKind, Contents, ViewClassId, ViewId, ViewportBlueprint,
};
use chronoscope_frame::{
    ActiveBlueprint, AppVisualizerExt, Item, LoopMode, Recordings, Selection, TimeCommand, TimeControls,
    View, ViewOverrides, ViewerCommand, ViewerCommands,
};
use chronoscope_store::{RowId, Timeline};
use chronoscope_types::{Points3D, log_chunk};
use chronoscope_views::{AppViewUiExt, ViewAction, ViewUi, ViewUiContext, view_action};
use egui::{Event, Key, Modifiers, Pos2, Rect};

use crate::{
    UiState,
    testing::{Lines, Stage},
};

/// What views were asked for, and which were to frame everything.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    actions: Arc<Mutex<Vec<(ViewId, ViewAction)>>>,
    framed: Arc<Mutex<Vec<ViewId>>>,
}

impl Asked {
    pub(crate) fn take(&self) -> Vec<(ViewId, ViewAction)> {
        std::mem::take(&mut self.actions.lock().unwrap())
    }

    /// How often something was asked for until now.
    pub(crate) fn count(&self) -> [usize; 2] {
        [
            self.actions.lock().unwrap().len(),
            self.framed.lock().unwrap().len(),
        ]
    }
}

impl ViewUi for Asked {
    fn class(&self) -> ViewClassId {
        ViewClassId::new("TimeSeries")
    }

    fn icon(&self) -> &'static str {
        "plot"
    }

    fn actions(&self) -> &'static [ViewAction] {
        const ALL: [ViewAction; 19] = [
            ViewAction::Focus,
            ViewAction::Follow,
            ViewAction::Measure,
            ViewAction::ResetLook,
            ViewAction::IsolateSeries,
            ViewAction::ToggleSeries,
            ViewAction::ToggleLegend,
            ViewAction::CopyTable,
            ViewAction::CopyRows,
            ViewAction::RowAbove,
            ViewAction::RowBelow,
            ViewAction::ExtendAbove,
            ViewAction::ExtendBelow,
            ViewAction::PanLeft,
            ViewAction::PanRight,
            ViewAction::PanUp,
            ViewAction::PanDown,
            ViewAction::ZoomIn,
            ViewAction::ZoomOut,
        ];
        &ALL
    }

    fn frame_all(&self, context: &mut ViewUiContext<'_>) -> bool {
        let view = context.get::<View>().expect("a view").id;
        self.framed.lock().unwrap().push(view);
        true
    }

    fn ui(&self, ui: &mut egui::Ui, context: &mut ViewUiContext<'_>) {
        let view = context.get::<View>().expect("a view").id;
        if let Some(action) = view_action::take(ui.ctx(), view) {
            self.actions.lock().unwrap().push((view, action));
        }
    }
}

pub(crate) fn stage(paths: &[&str]) -> (Stage, Asked) {
    let mut stage = Stage::with_entities(1400.0, 900.0, paths);
    let asked = Asked::default();
    stage
        .app
        .add_view_ui(asked.clone())
        .add_visualizer::<Lines>(&["TimeSeries"]);
    stage.draw();
    (stage, asked)
}

pub(crate) fn viewport(stage: &Stage) -> &ViewportBlueprint {
    stage.app.world().resource::<ActiveBlueprint>().viewport()
}

pub(crate) fn views(stage: &Stage) -> Vec<ViewId> {
    viewport(stage).views_in_order()
}

pub(crate) fn push(stage: &mut Stage, command: ViewerCommand) {
    stage
        .app
        .world_mut()
        .resource_mut::<ViewerCommands>()
        .push(command);
    stage.draw();
}

pub(crate) fn select(stage: &mut Stage, item: Item) {
    push(stage, ViewerCommand::Select(vec![item]));
}

fn selected(stage: &Stage) -> Vec<Item> {
    stage.app.world().resource::<Selection>().selected.clone()
}

pub(crate) fn press(stage: &mut Stage, key: Key, modifiers: Modifiers) {
    stage.press(key, modifiers);
    stage.draw();
}

pub(crate) fn by_palette(stage: &mut Stage, name: &str) {
    press(stage, Key::P, Modifiers::COMMAND);
    stage.draw_with(vec![Event::Text(name.to_owned())]);
    stage.draw();
    press(stage, Key::Enter, Modifiers::NONE);
}

fn rect_of(stage: &Stage, view: ViewId) -> Option<Rect> {
    stage.app.world().resource::<UiState>().view_rect(view)
}

/// The one view and a duplicate of it.
fn with_duplicate(stage: &mut Stage) -> [ViewId; 2] {
    let first = views(stage)[0];
    select(stage, Item::View(first));
    press(stage, Key::D, Modifiers::COMMAND);
    views(stage).try_into().expect("two views")
}

const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

#[test]
fn keys_and_the_palette_reach_the_selected_view() {
    let (mut stage, asked) = stage(&["/a"]);
    let view = views(&stage)[0];
    select(&mut stage, Item::View(view));
    let keys = [
        (Key::T, ViewAction::Follow),
        (Key::M, ViewAction::Measure),
        (Key::A, ViewAction::PanLeft),
        (Key::D, ViewAction::PanRight),
        (Key::W, ViewAction::PanUp),
        (Key::S, ViewAction::PanDown),
        (Key::E, ViewAction::ZoomIn),
        (Key::Q, ViewAction::ZoomOut),
    ];
    for (key, action) in keys {
        press(&mut stage, key, Modifiers::NONE);
        assert_eq!(asked.take(), [(view, action)], "{key:?}");
    }
    let names = [
        ("Reset where the view looks", ViewAction::ResetLook),
        ("Show or hide the legend", ViewAction::ToggleLegend),
        ("Copy as table", ViewAction::CopyTable),
        ("Zoom in", ViewAction::ZoomIn),
    ];
    for (name, action) in names {
        by_palette(&mut stage, name);
        assert_eq!(asked.take(), [(view, action)], "{name}");
    }
    // Who types means the field.
    press(&mut stage, Key::F, Modifiers::COMMAND);
    press(&mut stage, Key::A, Modifiers::NONE);
    assert_eq!(asked.take(), []);
}

#[test]
fn of_rows_in_several_views_those_of_the_first_that_can_are_copied() {
    let (mut stage, asked) = stage(&["/a"]);
    let [away, shown] = with_duplicate(&mut stage);
    let fill = BlueprintCommand::SetMaximized(Some(shown));
    push(&mut stage, ViewerCommand::Blueprint(fill));
    let row = |view| Item::Row {
        view,
        entity: "/a".into(),
        row: RowId::new(),
        instance: None,
    };
    push(&mut stage, ViewerCommand::Select(vec![row(away), row(shown)]));
    assert_eq!(asked.take(), []);
    by_palette(&mut stage, "Copy selected lines");
    assert_eq!(asked.take(), [(shown, ViewAction::CopyRows)]);
}

#[test]
fn what_concerns_the_selection_is_done_where_it_is_shown() {
    let (mut stage, asked) = stage(&["/a"]);
    let view = views(&stage)[0];
    press(&mut stage, Key::F, Modifiers::NONE);
    assert_eq!(asked.take(), [], "nothing is selected");
    select(&mut stage, Item::Entity("/a".into()));
    press(&mut stage, Key::F, Modifiers::NONE);
    assert_eq!(asked.take(), [(view, ViewAction::Focus)]);
    press(&mut stage, Key::H, Modifiers::SHIFT);
    assert_eq!(asked.take(), [(view, ViewAction::IsolateSeries)]);
    by_palette(&mut stage, "Show or hide the selected series");
    assert_eq!(asked.take(), [(view, ViewAction::ToggleSeries)]);
}

#[test]
fn of_several_views_the_one_under_the_pointer_is_meant() {
    let (mut stage, asked) = stage(&["/a"]);
    let [first, second] = with_duplicate(&mut stage);
    let root = viewport(&stage).root.unwrap();
    let beside = BlueprintCommand::SetContainerKind(root, ContainerKind::Horizontal);
    push(&mut stage, ViewerCommand::Blueprint(beside));
    push(&mut stage, ViewerCommand::Select(Vec::new()));
    press(&mut stage, Key::A, Modifiers::NONE);
    assert_eq!(asked.take(), [], "neither is meant");
    select(&mut stage, Item::View(first));
    let place = rect_of(&stage, second).unwrap().center();
    stage.draw_with(vec![Event::PointerMoved(place)]);
    press(&mut stage, Key::A, Modifiers::NONE);
    assert_eq!(asked.take(), [(second, ViewAction::PanLeft)]);
    stage.draw_with(vec![Event::PointerGone]);
    press(&mut stage, Key::A, Modifiers::NONE);
    assert_eq!(asked.take(), [(first, ViewAction::PanLeft)]);
}

#[test]
fn the_menu_of_a_view_has_what_its_class_does() {
    let (mut stage, asked) = stage(&["/a"]);
    let view = views(&stage)[0];
    let place = rect_of(&stage, view).unwrap().center();
    stage.right_click(place);
    let row = stage.find("Measure between two places");
    stage.click(row);
    stage.draw();
    assert_eq!(asked.take(), [(view, ViewAction::Measure)]);
}

#[test]
fn a_key_opens_the_menu_of_the_selection_whose_rows_have_the_focus() {
    let (mut stage, _) = stage(&["/a"]);
    let says = |stage: &mut Stage, wanted: &str| stage.draw().iter().any(|text| text == wanted);
    select(&mut stage, Item::Entity("/a".into()));
    assert!(!says(&mut stage, "Show in a new view"));
    press(&mut stage, Key::F10, Modifiers::SHIFT);
    assert!(says(&mut stage, "Show in a new view"));
    press(&mut stage, Key::Escape, Modifiers::NONE);
    assert!(!says(&mut stage, "Show in a new view"));
    assert_eq!(views(&stage).len(), 1);
    press(&mut stage, Key::F10, Modifiers::SHIFT);
    press(&mut stage, Key::Enter, Modifiers::NONE);
    assert!(!says(&mut stage, "Show in a new view"), "a choice closes it");
    assert_eq!(views(&stage).len(), 2);
}

#[test]
fn keys_lead_from_view_to_view_also_to_those_behind_tabs() {
    let (mut stage, _) = stage(&["/a"]);
    let [first, second] = with_duplicate(&mut stage);
    for (modifiers, view) in [
        (Modifiers::NONE, first),
        (Modifiers::NONE, second),
        (Modifiers::SHIFT, first),
        (Modifiers::SHIFT, second),
    ] {
        press(&mut stage, Key::F6, modifiers);
        assert_eq!(selected(&stage), [Item::View(view)]);
    }
    let root = viewport(&stage).root.unwrap();
    let tabs = BlueprintCommand::SetContainerKind(root, ContainerKind::Tabs);
    push(&mut stage, ViewerCommand::Blueprint(tabs));
    for view in [first, second] {
        press(&mut stage, Key::F6, Modifiers::NONE);
        assert_eq!(selected(&stage), [Item::View(view)]);
        assert!(rect_of(&stage, view).is_some(), "it is in front");
    }
}

#[test]
fn keys_move_a_view_past_others_and_in_and_out_of_containers() {
    let (mut stage, _) = stage(&["/a"]);
    let [first, second] = with_duplicate(&mut stage);
    let parent = |stage: &Stage, view: ViewId| viewport(stage).parent_of(Contents::View(view)).unwrap();
    select(&mut stage, Item::View(first));
    press(&mut stage, Key::PageDown, CTRL_SHIFT);
    assert_eq!(views(&stage), [second, first]);
    press(&mut stage, Key::PageUp, CTRL_SHIFT);
    assert_eq!(views(&stage), [first, second]);
    press(&mut stage, Key::Z, Modifiers::COMMAND);
    assert_eq!(views(&stage), [second, first], "a step to undo");

    // A container stands before what is moved now.
    let (root, at) = parent(&stage, first);
    assert_eq!(at, 1);
    let inner = ContainerId::unique();
    let add = BlueprintCommand::AddContainer {
        id: inner,
        kind: ContainerKind::Vertical,
        parent: Some(root),
        position: 1,
    };
    push(&mut stage, ViewerCommand::Blueprint(add));
    select(&mut stage, Item::View(first));
    press(&mut stage, Key::PageUp, CTRL_SHIFT);
    assert_eq!(parent(&stage, first), (inner, 0));
    press(&mut stage, Key::PageUp, CTRL_SHIFT);
    assert_eq!(parent(&stage, first), (root, 1));
    press(&mut stage, Key::PageUp, CTRL_SHIFT);
    assert_eq!(parent(&stage, first), (root, 0));
}

#[test]
fn keys_select_the_times_that_are_repeated() {
    let (mut stage, _) = stage(&["/a"]);
    let looped = |stage: &Stage| {
        let world = stage.app.world();
        let key = world.resource::<Recordings>().active().unwrap().key();
        let control = world.resource::<TimeControls>().get(key);
        let range = control
            .loop_selection("frame")
            .map(|range| [range.min, range.max]);
        (range, control.loop_mode())
    };
    push(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(10)));
    press(&mut stage, Key::OpenBracket, Modifiers::COMMAND);
    assert_eq!(looped(&stage), (Some([10, 20]), LoopMode::Selection));
    push(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(15)));
    press(&mut stage, Key::CloseBracket, Modifiers::COMMAND);
    assert_eq!(looped(&stage), (Some([10, 15]), LoopMode::Selection));
    push(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(5)));
    press(&mut stage, Key::CloseBracket, Modifiers::COMMAND);
    assert_eq!(looped(&stage), (Some([0, 5]), LoopMode::Selection));
    press(&mut stage, Key::Backslash, Modifiers::COMMAND);
    assert_eq!(looped(&stage), (None, LoopMode::Off));
}

#[test]
fn all_rows_of_a_tree_are_opened_and_shut() {
    let (mut stage, _) = stage(&["/group/sub/leaf", "/group/sub/twig"]);
    // The tree of the blueprint stands above that of the streams.
    let rows = |stage: &mut Stage, is_above: bool| -> Vec<String> {
        stage.draw();
        let texts = stage.texts(Vec::new()).into_iter();
        let is_there = |rect: &Rect| rect.left() < 230.0 && (rect.top() < 600.0) == is_above;
        let names = ["group", "sub", "leaf", "twig"];
        texts
            .filter(|(text, rect)| is_there(rect) && names.contains(&text.as_str()))
            .map(|(text, _)| text)
            .collect()
    };
    press(&mut stage, Key::Minus, Modifiers::ALT);
    assert_eq!(rows(&mut stage, true), Vec::<String>::new());
    let streams = rows(&mut stage, false);
    press(&mut stage, Key::Plus, Modifiers::ALT);
    let names = rows(&mut stage, true);
    assert!(
        names.iter().any(|name| name == "leaf") && names.iter().any(|name| name == "twig"),
        "{names:?}"
    );
    assert_eq!(rows(&mut stage, false), streams, "the other tree stays");

    select(&mut stage, Item::Entity("/group".into()));
    press(&mut stage, Key::Minus, Modifiers::ALT);
    assert_eq!(rows(&mut stage, false), ["group"]);
    press(&mut stage, Key::Plus, Modifiers::ALT);
    assert_eq!(rows(&mut stage, false), ["group", "sub", "leaf", "twig"]);
}

#[test]
fn the_instances_of_an_entity_are_copied_as_a_table() {
    let (mut stage, _) = stage(&["/a"]);
    let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 2.5, 3.0]]).with_radii([0.75]);
    let chunk = log_chunk("cloud", [(Timeline::sequence("frame"), 0)], &points).unwrap();
    stage.insert_and_draw(chunk);
    select(&mut stage, Item::Entity("/cloud".into()));
    by_palette(&mut stage, "Copy as table");
    let table = stage.copied.take().expect("a table");
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert_eq!(lines[0][0], "/cloud");
    let column = |name: &str| lines[0].iter().position(|column| *column == name).unwrap();
    let (positions, radii) = (column("Points3D:positions"), column("Points3D:radii"));
    assert_eq!([lines[1][0], lines[2][0]], ["0", "1"]);
    assert!(lines[2][positions].contains("2.5"), "{table}");
    assert_eq!(lines[1][radii], lines[2][radii], "one value for all");
    assert!(lines[1][radii].contains("0.75"), "{table}");
}

#[test]
fn overrides_of_the_selection_are_removed_as_one_step() {
    let (mut stage, _) = stage(&["/a"]);
    let view = views(&stage)[0];
    let is_visible = |stage: &Stage| {
        let world = stage.app.world();
        let entity = world.resource::<ActiveBlueprint>().entity(view).unwrap();
        let store = world.resource::<Recordings>().active().unwrap().store();
        let overrides = world.get::<ViewOverrides>(entity);
        overrides.is_none_or(|overrides| overrides.is_visible(store.entity_id(&"/a".into()).unwrap()))
    };
    let item = Item::DataResult {
        view,
        entity: "/a".into(),
        instance: None,
    };
    select(&mut stage, item);
    press(&mut stage, Key::H, Modifiers::NONE);
    assert!(!is_visible(&stage));
    by_palette(&mut stage, "Remove the overrides of the selection");
    assert!(is_visible(&stage));
    press(&mut stage, Key::Z, Modifiers::COMMAND);
    assert!(!is_visible(&stage));
}

/// The keys of a 3D view are for the one that is selected, or under the pointer, and for none while somebody types.
#[test]
fn keys_that_are_held_are_for_one_view() {
    let (mut stage, _) = stage(&["/a"]);
    let view = views(&stage)[0];
    let has_keys = |stage: &Stage| view_action::key_view(&stage.ctx);
    assert_eq!(has_keys(&stage), None);
    let place = rect_of(&stage, view).unwrap().center();
    stage.draw_with(vec![Event::PointerMoved(place)]);
    assert_eq!(has_keys(&stage), Some(view));
    stage.draw_with(vec![Event::PointerMoved(Pos2::new(2.0, 2.0))]);
    assert_eq!(has_keys(&stage), None);
    select(&mut stage, Item::View(view));
    assert_eq!(has_keys(&stage), Some(view));
    press(&mut stage, Key::P, Modifiers::COMMAND);
    assert_eq!(has_keys(&stage), None, "a dialog is open");
}
