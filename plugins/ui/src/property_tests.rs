//! The properties of a view, as they are read, edited and taken back in the selection panel.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_blueprint::{
    BLUEPRINT_TIMELINE, BlueprintCommand, BlueprintQuery, ViewClassId, ViewId, view_property,
};
use chronoscope_frame::{Item, Recordings, TimeCommand, ViewerCommand, ViewerCommands};
use chronoscope_store::{
    StoreId, TimeType, Timeline,
    arrow::{Array, ArrayRef},
};
use chronoscope_types::{
    AsComponents, Component, ComponentName, DataType, ReadError, TimeBoundary,
    blueprint::{EyeControls3D, LineGrid3D, PlotLegend, TimeAxis, VisibleTimeRanges},
    components::{
        Position3D,
        blueprint::{GridSpacing, TimeRange, VisibleTimeRange},
    },
    format_time, log_chunk,
};
use chronoscope_views::{AppViewUiExt, ViewUi, ViewUiContext};
use egui::{Event, Key, Modifiers, vec2};

use crate::{AppComponentEditorExt, ComponentEditor, icons, testing::Stage};

/// A class with two properties: one is listed, with this value by default, and the class draws the other itself.
struct GridUi(ViewClassId, f32);

impl ViewUi for GridUi {
    fn class(&self) -> ViewClassId {
        self.0.clone()
    }

    fn icon(&self) -> &'static str {
        icons::VIEW_UNKNOWN
    }

    fn ui(&self, _: &mut egui::Ui, _: &mut ViewUiContext<'_>) {}

    fn drawn_properties(&self) -> &'static [ComponentName] {
        &[PlotLegend::VISIBLE, TimeAxis::VIEW_RANGE]
    }

    fn properties(&self, _: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        vec![(LineGrid3D::SPACING, GridSpacing::build(vec![self.1]))]
    }
}

/// A stage with a view of that class, which is selected.
fn stage() -> (Stage, ViewId) {
    let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
    stage.app.add_view_ui(GridUi("TimeSeries".into(), 2.5));
    stage.draw();
    let view = stage.first_view();
    command(&mut stage, ViewerCommand::Select(vec![Item::View(view)]));
    stage.draw();
    (stage, view)
}

fn command(stage: &mut Stage, command: ViewerCommand) {
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(command);
}

fn set(stage: &mut Stage, view: ViewId, property: &impl AsComponents) -> Vec<String> {
    let edit = BlueprintCommand::set_property(view, property);
    command(stage, ViewerCommand::Blueprint(edit));
    command(stage, ViewerCommand::EndGesture);
    stage.draw()
}

/// What the blueprint says of a property.
fn said(stage: &Stage, view: ViewId, property: &str) -> Option<ArrayRef> {
    let recordings = stage.app.world().resource::<Recordings>();
    let (entry, blueprints) = recordings.active_blueprint()?;
    let at = blueprints.undo.query_time();
    let query = BlueprintQuery::new(entry.store(), &entry.recording.cache, at);
    Some(view_property(&query, view, property)?.cell())
}

fn spacing(stage: &Stage, view: ViewId) -> Option<f32> {
    let cell = said(stage, view, &LineGrid3D::SPACING)?;
    GridSpacing::read(&cell).unwrap().first().copied()
}

fn click_reset(stage: &mut Stage) -> Vec<String> {
    let row = stage.find("spacing");
    let reset = stage.find_near(icons::RESET, row);
    assert!((reset.y - row.y).abs() < 8.0, "of the row");
    stage.click(reset);
    stage.draw()
}

#[track_caller]
fn assert_source(texts: &[String], wanted: &str) {
    for source in ["set", "default", "fallback"] {
        let count = texts.iter().filter(|text| *text == source).count();
        assert_eq!(count, usize::from(source == wanted), "{source} in {texts:?}");
    }
}

#[test]
fn a_property_is_edited_taken_back_and_undone() {
    let (mut stage, view) = stage();
    // What the settings of the class draw is not listed again.
    let texts = set(&mut stage, view, &PlotLegend::default().with_visible(false));
    let says = |wanted: &str| texts.iter().any(|text| text == wanted);
    assert!(says("LineGrid3D") && says("spacing"), "{texts:?}");
    assert!(!says("PlotLegend"), "{texts:?}");
    assert_source(&texts, "fallback");
    let value = texts.iter().find(|text| text.starts_with("2.5")).unwrap();
    let value = stage.find(value);
    stage.drag(value, value + vec2(60.0, 0.0));
    assert_source(&stage.draw(), "set");
    let edited = spacing(&stage, view).unwrap();
    assert!(edited > 2.5, "{edited}");
    command(&mut stage, ViewerCommand::Undo);
    assert_source(&stage.draw(), "fallback");
    assert_eq!(spacing(&stage, view), None, "a drag is one step");
    command(&mut stage, ViewerCommand::Redo);
    assert_source(&stage.draw(), "set");
    assert_source(&click_reset(&mut stage), "fallback");
    assert_eq!(spacing(&stage, view), None);
    command(&mut stage, ViewerCommand::Undo);
    stage.draw();
    assert_eq!(spacing(&stage, view), Some(edited));
}

#[test]
fn a_property_is_reset_to_what_was_sent_and_then_to_nothing() {
    let (mut stage, view) = stage();
    let mut recordings = stage.app.world_mut().resource_mut::<Recordings>();
    let sent = StoreId::blueprint("test app", "sent");
    let path = view.entity_path().child("LineGrid3D");
    let time = (Timeline::sequence(BLUEPRINT_TIMELINE), 0);
    let chunk = log_chunk(path, [time], &LineGrid3D::default().with_spacing(7.5_f32)).unwrap();
    recordings.open(&sent).recording.insert(chunk).unwrap();
    recordings.blueprints_mut(&"test app".into()).default = Some(sent);
    let texts = set(&mut stage, view, &LineGrid3D::default().with_spacing(7.5_f32));
    assert_source(&texts, "default");
    let texts = set(&mut stage, view, &LineGrid3D::default().with_spacing(9.0_f32));
    assert_source(&texts, "set");
    assert_source(&click_reset(&mut stage), "default");
    assert_eq!(spacing(&stage, view), Some(7.5));
    assert_source(&click_reset(&mut stage), "fallback");
    assert_eq!(spacing(&stage, view), None);
}

#[test]
fn what_is_set_of_another_class_is_told_and_taken_back() {
    let (mut stage, view) = stage();
    let grid = LineGrid3D::default().with_visible(false);
    let texts = set(&mut stage, view, &grid);
    let says = |texts: &[String], wanted: &str| texts.iter().any(|text| text == wanted);
    assert!(says(&texts, "visible"), "{texts:?}");
    let row = stage.find("visible");
    let reset = stage.find_near(icons::RESET, row);
    stage.click(reset);
    let texts = stage.draw();
    assert!(!says(&texts, "visible"), "{texts:?}");
}

/// A class that lists from where its views look.
struct EyeUi(ViewClassId, [f32; 3]);

impl ViewUi for EyeUi {
    fn class(&self) -> ViewClassId {
        self.0.clone()
    }

    fn icon(&self) -> &'static str {
        icons::VIEW_UNKNOWN
    }

    fn ui(&self, _: &mut egui::Ui, _: &mut ViewUiContext<'_>) {}

    fn properties(&self, _: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        let position = Position3D::build(vec![self.1]);
        vec![(EyeControls3D::POSITION, position)]
    }
}

#[test]
fn an_eye_that_is_typed_is_one_step_to_undo_by_its_name() {
    let (mut stage, view) = stage();
    stage.app.add_view_ui(EyeUi("TimeSeries".into(), [1.5, 2.5, 3.5]));
    stage.draw();
    let eye = |stage: &Stage| {
        let cell = said(stage, view, &EyeControls3D::POSITION)?;
        Some(Position3D::read(&cell).unwrap().to_vec())
    };
    let steps = |stage: &Stage| {
        let recordings = stage.app.world().resource::<Recordings>();
        let undo = &recordings.active_blueprint().unwrap().1.undo;
        (undo.undo_steps(), undo.undo_name())
    };
    let type_in = |stage: &mut Stage, shown: &str, text: &str| {
        let field = stage.find(shown);
        stage.click(field);
        stage.press(Key::A, Modifiers::COMMAND);
        for letter in text.chars() {
            stage.draw_with(vec![Event::Text(letter.to_string())]);
            stage.draw();
        }
        stage.press(Key::Enter, Modifiers::NONE);
        stage.draw();
    };
    type_in(&mut stage, "1.50", "64");
    assert_eq!(eye(&stage), Some(vec![[64.0, 2.5, 3.5]]));
    assert_eq!(steps(&stage), (1, Some("change eye")));
    type_in(&mut stage, "3.50", "87");
    assert_eq!(eye(&stage), Some(vec![[64.0, 2.5, 87.0]]));
    assert_eq!(steps(&stage), (2, Some("change eye")), "each field is a step");
    // What a gesture in the view does is none.
    let flown = EyeControls3D::default().with_position([5.0, 5.0, 5.0]);
    set(&mut stage, view, &flown);
    assert_eq!((eye(&stage), steps(&stage).0), (Some(vec![[5.0; 3]]), 2));
    stage.press(Key::Z, Modifiers::COMMAND);
    stage.draw();
    assert_eq!(eye(&stage), Some(vec![[64.0, 2.5, 3.5]]));
    stage.press(Key::Z, Modifiers::COMMAND);
    stage.draw();
    assert_eq!((eye(&stage), steps(&stage).0), (None, 0));
}

#[test]
fn what_was_typed_is_a_step_of_its_own_where_its_field_is_gone() {
    let (mut stage, view) = stage();
    stage.app.add_view_ui(EyeUi("TimeSeries".into(), [1.5, 2.5, 3.5]));
    stage.draw();
    let steps = |stage: &Stage| {
        let recordings = stage.app.world().resource::<Recordings>();
        recordings.active_blueprint().unwrap().1.undo.undo_steps()
    };
    let field = stage.find("1.50");
    stage.click(field);
    stage.press(Key::A, Modifiers::COMMAND);
    stage.draw_with(vec![Event::Text("6".to_owned())]);
    stage.draw();
    assert_eq!(steps(&stage), 1);
    command(&mut stage, ViewerCommand::Select(Vec::new()));
    stage.draw();
    // Elsewhere the same is changed again.
    let position = Position3D::build(vec![[5.0; 3]]);
    let components = vec![(EyeControls3D::POSITION.descriptor(), position)];
    let edit = BlueprintCommand::edit_property(view, components);
    command(&mut stage, ViewerCommand::Blueprint(edit));
    stage.draw();
    assert_eq!(steps(&stage), 2);
}

#[test]
fn a_number_that_is_not_shown_in_full_stays_what_it_is_when_its_field_is_left() {
    let (mut stage, view) = stage();
    stage
        .app
        .add_view_ui(EyeUi("TimeSeries".into(), [1.234_56, -2.345_67, 3.5]));
    let texts = stage.draw();
    let shown = texts.iter().find(|text| text.starts_with("1.2")).unwrap();
    assert!(shown.len() < "1.23456".len(), "{shown}");
    let field = stage.find(shown);
    stage.click(field);
    assert!(stage.ctx.text_edit_focused());
    // Through it and the one after it.
    for _ in 0..2 {
        stage.press(Key::Tab, Modifiers::NONE);
        stage.draw();
    }
    assert!(said(&stage, view, &EyeControls3D::POSITION).is_none());
    let recordings = stage.app.world().resource::<Recordings>();
    let steps = recordings
        .active_blueprint()
        .map(|(_, blueprints)| blueprints.undo.undo_steps());
    assert_eq!(steps.unwrap_or_default(), 0);
}

#[test]
fn a_number_alone_that_is_not_shown_in_full_stays_what_it_is_when_its_field_is_left() {
    let (mut stage, view) = stage();
    stage.app.add_view_ui(GridUi("TimeSeries".into(), 1.0 / 3.0));
    let texts = stage.draw();
    let shown = texts.iter().find(|text| text.starts_with("0.33")).unwrap();
    let field = stage.find(shown);
    stage.click(field);
    assert!(stage.ctx.text_edit_focused());
    stage.press(Key::Tab, Modifiers::NONE);
    stage.draw();
    assert_eq!(spacing(&stage, view), None);
    // What is typed is taken as it is.
    stage.type_over(field, "0.25");
    assert_eq!(spacing(&stage, view), Some(0.25));
}

/// The stretch of time that the blueprint gives to the axis.
fn axis(stage: &Stage, view: ViewId) -> Option<[TimeBoundary; 2]> {
    let cell = said(stage, view, &TimeAxis::VIEW_RANGE)?;
    let range = *TimeRange::read(&cell).unwrap().first()?;
    Some([range.start, range.end])
}

/// Opens the list with a text that is nearest to another, and chooses from it.
fn choose(stage: &mut Stage, near: &str, shown: &str, wanted: &str) {
    let near = stage.find(near);
    let list = stage.find_near(shown, near);
    stage.click(list);
    stage.draw();
    let choice = stage.find_near(wanted, list);
    stage.click(choice);
    stage.draw();
}

/// Types into the field with a text that is nearest to another.
fn type_over(stage: &mut Stage, near: &str, shown: &str, text: &str) {
    let near = stage.find(near);
    let field = stage.find_near(shown, near);
    stage.type_over(field, text);
}

#[test]
fn each_end_of_a_time_axis_is_typed_relative_to_the_cursor_or_at_a_time() {
    use TimeBoundary::{Absolute, CursorRelative, Infinite};
    let (mut stage, view) = stage();
    command(&mut stage, ViewerCommand::Time(TimeCommand::SetTime(10)));
    stage.draw();
    choose(&mut stage, "Time axis", "As it is moved", "Between two times");
    assert_eq!(axis(&stage, view), Some([Absolute(0), Absolute(20)]));
    type_over(&mut stage, "To", &format_time(TimeType::Sequence, 20), "17");
    assert_eq!(axis(&stage, view), Some([Absolute(0), Absolute(17)]));
    choose(&mut stage, "To", "Time", "Cursor");
    assert_eq!(axis(&stage, view), Some([Absolute(0), CursorRelative(7)]));
    type_over(&mut stage, "To", "+7", "-2");
    assert_eq!(axis(&stage, view), Some([Absolute(0), CursorRelative(-2)]));
    choose(&mut stage, "From", "Time", "No end");
    assert_eq!(axis(&stage, view), Some([Infinite, CursorRelative(-2)]));
    // Each is a step.
    command(&mut stage, ViewerCommand::Undo);
    stage.draw();
    assert_eq!(axis(&stage, view), Some([Absolute(0), CursorRelative(-2)]));
    command(&mut stage, ViewerCommand::Undo);
    stage.draw();
    assert_eq!(axis(&stage, view), Some([Absolute(0), CursorRelative(7)]));
}

#[test]
fn what_is_no_time_is_not_taken() {
    let (mut stage, view) = stage();
    choose(&mut stage, "Time axis", "As it is moved", "Between two times");
    let before = axis(&stage, view);
    type_over(&mut stage, "To", &format_time(TimeType::Sequence, 20), "soon");
    let texts = stage.draw();
    assert!(
        texts.iter().any(|text| text.starts_with("This is no time")),
        "{texts:?}"
    );
    assert_eq!(axis(&stage, view), before);
}

#[test]
fn a_visible_range_stands_between_two_times_too() {
    let (mut stage, view) = stage();
    choose(
        &mut stage,
        "Visible time range",
        "As the view class",
        "Between two times",
    );
    let cell = said(&stage, view, &VisibleTimeRanges::RANGES).unwrap();
    let ranges = VisibleTimeRange::read(&cell).unwrap();
    let [range] = &ranges[..] else {
        panic!("{ranges:?}");
    };
    assert_eq!(range.timeline, "frame");
    let ends = [range.range.start, range.range.end];
    assert_eq!(ends, [TimeBoundary::Absolute(0), TimeBoundary::Absolute(20)]);
}

/// A spacing as an app would have it edited.
struct Doubled;

impl Component for Doubled {
    const TYPE: &'static str = GridSpacing::TYPE;

    type Value = f32;
    type Slice<'a> = <GridSpacing as Component>::Slice<'a>;

    fn datatype() -> DataType {
        GridSpacing::datatype()
    }

    fn read_range(array: &dyn Array, range: std::ops::Range<usize>) -> Result<Self::Slice<'_>, ReadError> {
        GridSpacing::read_range(array, range)
    }

    fn build(values: Vec<f32>) -> ArrayRef {
        GridSpacing::build(values)
    }
}

impl ComponentEditor for Doubled {
    fn first(values: Self::Slice<'_>) -> Option<f32> {
        values.first().copied()
    }

    fn edit(ui: &mut egui::Ui, value: &mut f32) -> bool {
        let is_clicked = ui.button(format!("twice {value}")).clicked();
        if is_clicked {
            *value *= 2.0;
        }
        is_clicked
    }
}

#[test]
fn an_editor_of_an_app_takes_the_place_of_the_one_for_the_same_values() {
    let (mut stage, view) = stage();
    stage.app.add_component_editor::<Doubled>();
    stage.draw();
    let button = stage.find("twice 2.5");
    stage.click(button);
    let texts = stage.draw();
    assert_eq!(spacing(&stage, view), Some(5.0));
    assert!(texts.iter().any(|text| text == "twice 5"), "{texts:?}");
}
