//! What tests of several views share.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bevy::{app::App, ecs::prelude::*};
use chronoscope_frame::{DiffLog, Recordings, ViewerClick};
use chronoscope_store::{Chunk, StoreId};
use egui::{FontData, FontDefinitions, FontFamily};

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
