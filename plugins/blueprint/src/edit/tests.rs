//! Edits, navigation, resets and undo against a model.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use arrow_array::{Int32Array, cast::AsArray as _, types::Int32Type};
use chronoscope_store::{ComponentDescriptor, StoreId};
use chronoscope_types::log_chunk;
use proptest::{prelude::*, test_runner::RngSeed};

use super::*;
use crate::{
    ContainerKind, Contents, RecommendedView, ViewBlueprint, read_viewport, view_property, with_heuristics,
    write::tests::command,
};

const DRAGGED: &str = "PlotLegend:corner";
const EYE: &str = "EyeControls3D:position";

fn property(view: ViewId, component: &str, value: i32) -> BlueprintCommand {
    let array = Arc::new(Int32Array::from(vec![value])) as ArrayRef;
    BlueprintCommand::SetProperty(view, vec![(ComponentDescriptor::partial(component), array)])
}

/// The state that a user sees at a time, without navigation, which undo leaves alone.
#[derive(Clone, Debug, PartialEq)]
struct State {
    shown: ViewportBlueprint,
    dragged: BTreeMap<ViewId, i32>,
}

struct App {
    recording: Recording,
    undo: UndoState,
    recommended: Vec<ViewBlueprint>,
}

impl App {
    fn new(max_gestures: usize) -> Self {
        let view = |origin: &&str| RecommendedView::subtree("3D", (*origin).into()).into_view();
        Self {
            recording: Recording::new(StoreId::blueprint("app", "active")),
            undo: UndoState::with_max_gestures(-1, max_gestures),
            recommended: ["/a", "/b", "/c/d"].iter().map(view).collect(),
        }
    }

    fn shown_at(&self, at: i64) -> ViewportBlueprint {
        let (stored, _) = read_viewport(&self.recording.store, &self.recording.cache, at);
        with_heuristics(&stored, &self.recommended)
    }

    fn shown(&self) -> ViewportBlueprint {
        self.shown_at(self.undo.query_time())
    }

    fn value(&self, view: ViewId, component: &str, at: i64) -> Option<i32> {
        let query = BlueprintQuery::new(&self.recording.store, &self.recording.cache, at);
        let hit = view_property(&query, view, component)?;
        Some(hit.cell().as_primitive::<Int32Type>().value(0))
    }

    fn state_at(&self, at: i64) -> State {
        let mut shown = self.shown_at(at);
        shown.derived = crate::Derived::default();
        shown.maximized = None;
        shown.time_panel.play_state = None;
        let dragged = shown.views.keys();
        let dragged = dragged
            .filter_map(|view| Some((*view, self.value(*view, DRAGGED, at)?)))
            .collect();
        State { shown, dragged }
    }

    fn run(&mut self, command: &BlueprintCommand) -> Result<(), BlueprintError> {
        let shown = self.shown();
        let before = self.num_rows();
        let result = edit_blueprint(&mut self.recording, &mut self.undo, &shown, command);
        if result.is_err() {
            assert_eq!((self.shown(), self.num_rows()), (shown, before));
        }
        result.map(|_| ())
    }

    fn num_rows(&self) -> usize {
        let chunks = self.recording.store.chunks();
        chunks.map(|(_, body)| body.unwrap().num_rows()).sum()
    }
}

/// A blueprint of another with one view.
fn source() -> Recording {
    let mut app = App::new(1);
    app.recommended.clear();
    let view = ViewBlueprint::new(ViewId::hashed(["sent"]), "3D", "/sent");
    let id = view.id;
    app.run(&BlueprintCommand::AddView(view, None)).unwrap();
    app.run(&property(id, DRAGGED, -7)).unwrap();
    app.recording
}

#[derive(Clone, Debug)]
enum Step {
    Edit(u8, usize, usize),
    Drag(usize, i32),
    Navigate(usize, i32),
    EndGesture,
    Undo,
    Redo,
    Reset(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<u8>(), 0_usize..1000, 0_usize..1000).prop_map(|(kind, a, b)| Step::Edit(kind, a, b)),
        6 => (0_usize..3, 0..100).prop_map(|(view, value)| Step::Drag(view, value)),
        4 => (0_usize..3, 0..100).prop_map(|(view, value)| Step::Navigate(view, value)),
        1 => Just(Step::EndGesture),
        4 => Just(Step::Undo),
        3 => Just(Step::Redo),
        1 => any::<bool>().prop_map(Step::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, rng_seed: RngSeed::Fixed(31), ..ProptestConfig::default() })]

    #[test]
    fn each_undo_point_shows_what_was_seen_then(steps in prop::collection::vec(step(), 1..50)) {
        let source = source();
        let mut app = App::new(6);
        let mut model = vec![app.state_at(i64::MAX)];
        let mut at = 0_usize;
        let mut open = None;
        for step in steps {
            let steps_before = (app.undo.undo_steps(), app.undo.redo_steps());
            let mut gesture = None;
            let mut is_edit = false;
            match step {
                Step::Edit(kind, a, b) => {
                    let command = command(&app.shown(), kind, a, b);
                    gesture = gesture_of(&command);
                    let done = app.run(&command).is_ok();
                    let steps = (app.undo.undo_steps(), app.undo.redo_steps());
                    let makes_none = command.is_navigation() && steps == steps_before;
                    is_edit = done && !makes_none;
                    if !is_edit { gesture = open; }
                }
                Step::Drag(view, value) => {
                    if let Some(view) = app.shown().views.keys().nth(view).copied() {
                        let command = property(view, DRAGGED, value);
                        gesture = gesture_of(&command);
                        app.run(&command).unwrap();
                        is_edit = true;
                    }
                }
                Step::Navigate(view, value) => {
                    gesture = open;
                    let shown = app.shown();
                    if let Some(view) = shown.views.keys().nth(view).copied() {
                        app.run(&property(view, EYE, value)).unwrap();
                        prop_assert_eq!(app.value(view, EYE, app.undo.query_time()), Some(value));
                        is_edit = shown.derived.views.contains(&view) && steps_before.1 > 0;
                        if is_edit {
                            gesture = gesture_of(&property(view, EYE, value));
                        } else {
                            prop_assert_eq!((app.undo.undo_steps(), app.undo.redo_steps()), steps_before);
                        }
                    }
                }
                Step::EndGesture => app.undo.end_gesture(),
                Step::Undo => {
                    prop_assert_eq!(app.undo.undo(), at > 0);
                    at = at.saturating_sub(1);
                }
                Step::Redo => {
                    prop_assert_eq!(app.undo.redo(), at + 1 < model.len());
                    at = (at + 1).min(model.len() - 1);
                }
                Step::Reset(with_source) => {
                    let source = with_source.then_some(&source);
                    reset_blueprint(&mut app.recording, &mut app.undo, source, "reset blueprint").unwrap();
                    is_edit = true;
                    let shown = app.state_at(i64::MAX);
                    let sent = ViewId::hashed(["sent"]);
                    prop_assert_eq!(shown.shown.views.contains_key(&sent), with_source);
                    prop_assert_eq!(shown.dragged.get(&sent).copied(), with_source.then_some(-7));
                }
            }
            if is_edit {
                let goes_on = gesture.is_some() && gesture == open;
                model.truncate(at + usize::from(!goes_on));
                model.push(app.state_at(i64::MAX));
                if model.len() > 7 {
                    model.remove(0);
                }
                at = model.len() - 1;
            }
            open = gesture;
            prop_assert_eq!((app.undo.undo_steps(), app.undo.redo_steps()), (at, model.len() - 1 - at));
            prop_assert_eq!(&app.state_at(app.undo.query_time()), &model[at]);
            for (point, expected) in app.undo.points().into_iter().zip(&model) {
                prop_assert_eq!(&app.state_at(point), expected);
            }
        }
    }
}

#[test]
fn a_drag_and_a_flight_leave_one_row_each() {
    let mut app = App::new(10);
    let view = app.recommended[0].id;
    app.run(&BlueprintCommand::SetVisible(Contents::View(view), false))
        .unwrap();
    app.run(&property(view, DRAGGED, 0)).unwrap();
    app.run(&property(view, EYE, 0)).unwrap();
    let rows = app.num_rows();
    for value in 1..50 {
        app.run(&property(view, DRAGGED, value)).unwrap();
        app.run(&property(view, EYE, value)).unwrap();
    }
    assert_eq!((app.num_rows(), app.undo.undo_steps()), (rows, 2));
    assert_eq!(app.undo.undo_name(), Some("change legend"));

    app.run(&BlueprintCommand::SetMaximized(Some(view))).unwrap();
    assert_eq!((app.shown().maximized, app.undo.undo_steps()), (Some(view), 2));

    // Undo takes the drag back, and leaves the eye where it is.
    app.undo.undo();
    let at = app.undo.query_time();
    assert_eq!(
        (app.value(view, DRAGGED, at), app.value(view, EYE, at)),
        (None, Some(49))
    );
    assert_eq!(app.undo.undo_name(), Some("hide view"));
}

#[test]
fn maximizing_a_view_leaves_those_beside_it_to_the_heuristics() {
    let mut app = App::new(10);
    let new = app.recommended.pop().unwrap();
    let shown = app.shown();
    let views = shown.views_in_order();
    // The layout is the user's own, and the new view is at its end.
    app.run(&BlueprintCommand::MoveContents {
        item: Contents::View(views[1]),
        parent: shown.root.unwrap(),
        position: 0,
    })
    .unwrap();
    app.recommended.push(new.clone());
    for maximized in [Some(views[0]), None] {
        app.run(&BlueprintCommand::SetMaximized(maximized)).unwrap();
        let shown = app.shown();
        assert_eq!((shown.maximized, shown.views.len()), (maximized, 3));
        assert!(shown.derived.views.contains(&new.id));
    }
    // It goes with what it was recommended for.
    app.recommended.pop();
    assert_eq!(app.shown().views.len(), 2);
}

#[test]
fn maximizing_an_automatic_view_writes_no_view_down() {
    let mut app = App::new(10);
    let late = app.recommended.split_off(1);
    // The layout is the user's own, and the new views are at its end.
    let root = app.shown().root.unwrap();
    app.run(&BlueprintCommand::SetContainerKind(root, ContainerKind::Vertical))
        .unwrap();
    app.recommended.extend(late.iter().cloned());
    let before = app.shown();
    let last = late[1].id;
    assert!(before.derived.views.contains(&last));
    for maximized in [Some(last), None, Some(last)] {
        app.run(&BlueprintCommand::SetMaximized(maximized)).unwrap();
        let shown = app.shown();
        assert_eq!(shown.maximized, maximized);
        assert_eq!(
            (&shown.derived, &shown.containers),
            (&before.derived, &before.containers)
        );
    }
    assert_eq!(app.undo.undo_steps(), 1);
    // It is there while its data is.
    app.recommended.pop();
    assert_eq!(app.shown().maximized, None);
    app.recommended.push(late[1].clone());
    assert_eq!(app.shown().maximized, Some(last));
    app.run(&BlueprintCommand::SetAutoViews(false)).unwrap();
    let (viewport, reports) = read_viewport(&app.recording.store, &app.recording.cache, i64::MAX);
    assert_eq!((viewport.maximized, reports), (None, Vec::new()));
}

/// What is typed is undone by its name, to where the eye was; what is flown after that belongs to it.
#[test]
fn an_eye_that_is_typed_is_a_step_and_one_that_is_flown_is_none() {
    let mut app = App::new(10);
    let view = app.recommended[0].id;
    app.run(&BlueprintCommand::SetVisible(Contents::View(view), false))
        .unwrap();
    let eye = |app: &App| app.value(view, EYE, app.undo.query_time());
    let fly = |app: &mut App, value| app.run(&property(view, EYE, value)).unwrap();
    let type_over = |app: &mut App, value| {
        let BlueprintCommand::SetProperty(view, components) = property(view, EYE, value) else {
            unreachable!("it is a property")
        };
        app.run(&BlueprintCommand::edit_property(view, components))
            .unwrap();
    };
    fly(&mut app, 1);
    assert_eq!(app.undo.undo_steps(), 1);
    type_over(&mut app, 2);
    type_over(&mut app, 3);
    assert_eq!(
        (app.undo.undo_steps(), app.undo.undo_name()),
        (2, Some("change eye"))
    );
    app.undo.end_gesture();
    type_over(&mut app, 4);
    fly(&mut app, 5);
    assert_eq!((app.undo.undo_steps(), eye(&app)), (3, Some(5)));
    app.undo.undo();
    assert_eq!(eye(&app), Some(3));
    app.undo.undo();
    assert_eq!((eye(&app), app.undo.undo_name()), (Some(1), Some("hide view")));
    fly(&mut app, 6);
    assert_eq!((eye(&app), app.undo.redo_steps()), (Some(6), 2));
    app.undo.redo();
    app.undo.redo();
    assert_eq!(eye(&app), Some(5));
}

#[test]
fn properties_are_undone_by_the_names_of_what_they_are_of() {
    let check = |component: &str, expected: &str| {
        let command = property(ViewId::hashed(["v"]), component, 1);
        assert_eq!(command.name(), expected, "{component}");
    };
    check("LineGrid3D:spacing", "change grid");
    check(&chronoscope_types::own::EyeLens3D::DEPTH_SHADING, "change eye");
    check("TextLogRows:filter_by_log_level", "change log");
    check("VisualBounds2D:range", "change bounds");
    check("SpatialInformation:target_frame", "change view property");
    check("Unknown", "change view property");
}

#[test]
fn where_a_view_looks_is_a_step_of_its_own_name() {
    let mut app = App::new(10);
    let view = app.recommended[0].id;
    let settings = crate::QueryContextSettings {
        time: crate::ContextTime::Offset(5),
        ..crate::QueryContextSettings::default()
    };
    app.run(&property(view, DRAGGED, 1)).unwrap();
    app.run(&BlueprintCommand::SetProperty(view, settings.properties()))
        .unwrap();
    assert_eq!(
        (app.undo.undo_name(), app.undo.undo_steps()),
        (Some("change query context"), 2)
    );
    app.undo.undo();
    assert_eq!(app.undo.undo_name(), Some("change legend"));
    assert_eq!(app.undo.redo_name(), Some("change query context"));
}

#[test]
fn forgotten_undo_points_leave_no_rows() {
    let mut app = App::new(3);
    let view = app.recommended[0].id;
    for value in 0..40 {
        app.undo.end_gesture();
        app.run(&property(view, DRAGGED, value)).unwrap();
    }
    let rows = app.num_rows();
    for value in 0..40 {
        app.undo.end_gesture();
        app.run(&property(view, DRAGGED, value)).unwrap();
    }
    assert_eq!(app.num_rows(), rows);
    while app.undo.undo() {}
    assert_eq!(app.value(view, DRAGGED, app.undo.query_time()), Some(36));
}

#[test]
fn a_reset_is_one_step_that_can_be_undone() {
    let mut app = App::new(10);
    let view = app.recommended[0].id;
    app.run(&BlueprintCommand::SetName(
        Contents::View(view),
        Some("mine".to_owned()),
    ))
    .unwrap();
    app.run(&property(view, DRAGGED, 5)).unwrap();
    let before = app.shown();
    reset_blueprint(&mut app.recording, &mut app.undo, None, "reset blueprint").unwrap();
    assert_eq!(
        app.shown(),
        with_heuristics(&ViewportBlueprint::default(), &app.recommended)
    );
    assert_eq!(
        (app.value(view, DRAGGED, i64::MAX), app.undo.undo_name()),
        (None, Some("reset blueprint"))
    );
    app.run(&property(view, EYE, 1)).unwrap();
    assert_eq!(app.value(view, EYE, i64::MAX), Some(1));
    app.undo.undo();
    assert_eq!(app.shown(), before);
    assert_eq!(app.value(view, DRAGGED, app.undo.query_time()), Some(5));
}

#[test]
fn a_title_bar_is_taken_away_by_what_is_sent_and_by_a_command() {
    let mut app = App::new(10);
    let view = app.recommended[0].id;
    app.run(&BlueprintCommand::SetTitleBar(view, false)).unwrap();
    assert_eq!(app.undo.undo_name(), Some("hide title bar"));
    assert!(!app.shown().views[&view].title_bar);
    app.run(&BlueprintCommand::ResetView(view)).unwrap();
    assert!(app.shown().views[&view].title_bar, "a reset gives it back");

    let sent = archetypes::ViewBlueprint::default()
        .with_class_identifier("3D")
        .with_titlebar(false);
    let at = [(Timeline::blueprint(), 0)];
    let mut recording = Recording::new(StoreId::blueprint("app", "sent"));
    recording
        .insert(log_chunk(view.entity_path(), at, &sent).unwrap())
        .unwrap();
    recording.apply_pending();
    let (viewport, reports) = read_viewport(&recording.store, &recording.cache, i64::MAX);
    assert_eq!(reports, []);
    assert!(!viewport.views[&view].title_bar);
}
