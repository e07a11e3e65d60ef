//! What tests of several views share.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bevy::{app::App, ecs::prelude::*};
use chronoscope_blueprint::honored_properties;
use chronoscope_frame::{DiffLog, Recordings, View, ViewerClick, ViewerCommands};
use chronoscope_store::{
    Chunk, StoreId,
    arrow::{Array as _, ArrayRef},
};
use chronoscope_types::{ComponentName, Vocabulary, own::EyeControls3DRest};
use egui::{
    Event, FontData, FontDefinitions, FontFamily, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape,
    Vec2, vec2,
};

use crate::{ViewUiContext, ViewUis};

/// Puts a chunk into the recording of a test.
pub(crate) fn log(app: &mut App, chunk: Chunk) {
    let world = app.world_mut();
    world.resource_scope(|world, mut log: Mut<'_, DiffLog>| {
        let mut recordings = world.resource_mut::<Recordings>();
        let id = StoreId::recording("app", "recording");
        recordings.insert(&mut log, &id, chunk).unwrap();
    });
}

/// What a host hears of clicks.
#[derive(Resource, Default)]
pub(crate) struct HeardClicks(pub(crate) Vec<ViewerClick>);

/// Has a host listen to clicks.
pub(crate) fn hear_clicks(app: &mut App) {
    app.init_resource::<HeardClicks>().add_observer(
        |click: On<ViewerClick>, mut heard: ResMut<HeardClicks>| {
            heard.0.push(click.event().clone());
        },
    );
}

/// What was heard since this was asked last.
pub(crate) fn heard_clicks(app: &mut App) -> Vec<ViewerClick> {
    std::mem::take(&mut app.world_mut().resource_mut::<HeardClicks>().0)
}

/// The properties that a view lists, with their fallbacks. Each that the class honors must be drawn by its settings or be among these,
/// with one value of its type, and only once.
#[track_caller]
pub(crate) fn listed_properties(world: &World, view: Entity) -> Vec<(ComponentName, ArrayRef)> {
    let class = &world.get::<View>(view).unwrap().class;
    let ui = world.resource::<ViewUis>().get(class).unwrap();
    let listed = ui.properties(&ViewUiContext {
        world,
        view,
        commands: &mut ViewerCommands::default(),
    });
    for (name, fallback) in &listed {
        let datatype = Vocabulary::get().datatype(name.component_type).unwrap();
        assert_eq!((fallback.len(), fallback.data_type()), (1, datatype), "{name}");
    }
    let names = listed.iter().map(|(name, _)| name);
    let mut shown: Vec<&str> = names.chain(ui.drawn_properties()).map(|name| name.name).collect();
    // These belong to others.
    let is_rest = |name: &&str| name.starts_with(EyeControls3DRest::ARCHETYPE);
    let mut honored: Vec<&str> = honored_properties(class).filter(|name| !is_rest(name)).collect();
    shown.sort_unstable();
    honored.sort_unstable();
    assert_eq!(shown, honored, "{class}");
    listed
}

/// Draws the settings of a view, has what they ask for carried out in the next frame, and returns the texts with their places.
pub(crate) fn draw_settings(
    app: &mut App,
    egui: &egui::Context,
    view: Entity,
    size: Vec2,
    events: Vec<Event>,
) -> Vec<(String, Pos2)> {
    let mut commands = ViewerCommands::default();
    let world = app.world();
    let class = &world.get::<View>(view).unwrap().class;
    let ui_of_class = world.resource::<ViewUis>().get(class).unwrap();
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        events,
        ..RawInput::default()
    };
    let mut output = egui.run_ui(input, |ui| {
        ui_of_class.settings_ui(
            ui,
            &mut ViewUiContext {
                world,
                view,
                commands: &mut commands,
            },
        );
    });
    output.textures_delta.clear();
    let mut asked = app.world_mut().resource_mut::<ViewerCommands>();
    asked.append(&mut commands);
    let shapes = output.shapes.iter();
    shapes.flat_map(|clipped| placed_texts(&clipped.shape)).collect()
}

/// The texts of a shape, with their places.
pub(crate) fn placed_texts(shape: &Shape) -> Vec<(String, Pos2)> {
    match shape {
        Shape::Text(text) => vec![(text.galley.text().to_owned(), text.pos)],
        Shape::Vec(shapes) => shapes.iter().flat_map(placed_texts).collect(),
        _ => Vec::new(),
    }
}

/// Clicks on a text that is drawn.
#[track_caller]
pub(crate) fn click_on_text(wanted: &str, mut draw: impl FnMut(Vec<Event>) -> Vec<(String, Pos2)>) {
    draw(Vec::new());
    let texts = draw(Vec::new());
    let found = texts.iter().find(|(text, _)| text == wanted);
    let place = found.unwrap_or_else(|| panic!("{wanted} in {texts:?}")).1 + vec2(3.0, 3.0);
    click_at(place, |events| drop(draw(events)));
}

/// Clicks on a place, and leaves it.
pub(crate) fn click_at(place: Pos2, mut draw: impl FnMut(Vec<Event>)) {
    draw(vec![Event::PointerMoved(place)]);
    for pressed in [true, false] {
        draw(vec![Event::PointerButton {
            pos: place,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        }]);
    }
    draw(vec![Event::PointerGone]);
}

/// A context with a font for texts and one for icons. In one without fonts all texts are without size.
pub(crate) fn context_with_fonts() -> egui::Context {
    let ctx = egui::Context::default();
    let mut fonts = FontDefinitions::empty();
    let faces: [(&str, &'static [u8]); 2] = [
        ("text", include_bytes!("../../../assets/fonts/Inter-Regular.otf")),
        ("icons", egui_phosphor::Variant::Regular.font_bytes()),
    ];
    for (name, bytes) in faces {
        let data = Arc::new(FontData::from_static(bytes));
        fonts.font_data.insert(name.to_owned(), data);
        for family in [FontFamily::Proportional, FontFamily::Monospace] {
            fonts.families.entry(family).or_default().push(name.to_owned());
        }
    }
    ctx.set_fonts(fonts);
    ctx
}
