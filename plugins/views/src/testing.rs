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
use egui::{FontData, FontDefinitions, FontFamily};

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
