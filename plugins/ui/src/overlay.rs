//! Dialogs over the viewer: centered in its rectangle, with all of it behind them dimmed and out of reach.
//! What lies around the viewer stays as it is.

use egui::{Align2, Color32, Frame, Id, Key, Order, Sense, UiKind, Vec2};

use crate::pass::Place;

/// How strongly what lies behind is dimmed.
const DIMMED: Color32 = Color32::from_black_alpha(100);

/// What a dialog answered.
pub(crate) struct Answer<R> {
    /// What its content returned.
    pub(crate) inner: R,
    /// Whether it is to be closed: by escape, or by a click beside it.
    pub(crate) should_close: bool,
}

/// Draws a dialog, its upper edge or its middle where `align` says.
pub(crate) fn show<R>(
    ctx: &egui::Context,
    place: &Place,
    name: &str,
    align: Align2,
    offset: Vec2,
    content: impl FnOnce(&mut egui::Ui) -> R,
) -> Answer<R> {
    let id = place.id.with(name);
    let is_popup_open = egui::Popup::is_any_open(ctx);
    let backdrop = egui::Area::new(id.with("backdrop"))
        .kind(UiKind::Modal)
        .order(Order::Foreground)
        .fixed_pos(place.rect.min)
        .constrain_to(place.rect)
        .fade_in(false)
        .show(ctx, |ui| {
            // It takes the clicks, and no focus.
            let (rect, response) = ui.allocate_exact_size(place.rect.size(), Sense::CLICK | Sense::DRAG);
            ui.painter().rect_filled(rect, 0.0, DIMMED);
            response
        })
        .inner;
    let dialog = egui::Area::new(id)
        .kind(UiKind::Modal)
        .order(Order::Foreground)
        .sense(Sense::hover())
        .anchor(align, offset)
        .constrain_to(place.rect);
    // Whatever is pressed last, the dialog stays before its backdrop.
    ctx.set_sublayer(backdrop.layer_id, dialog.layer());
    if place.is_whole_context {
        // Nothing else can have the focus then.
        ctx.memory_mut(|memory| memory.set_modal_layer(dialog.layer()));
    }
    let shown = dialog.show(ctx, |ui| {
        ui.scope_builder(egui::UiBuilder::new().sense(Sense::CLICK | Sense::DRAG), |ui| {
            Frame::popup(ui.style()).show(ui, content).inner
        })
        .inner
    });
    let is_escaped = place.has_keys && !is_popup_open && ctx.input(|input| input.key_pressed(Key::Escape));
    Answer {
        inner: shown.inner,
        should_close: backdrop.clicked() || shown.response.should_close() || is_escaped,
    }
}

/// The layers of a dialog: its backdrop and itself.
pub(crate) fn layers(place: &Place, name: &str) -> [egui::LayerId; 2] {
    let id: Id = place.id.with(name);
    [
        egui::LayerId::new(Order::Foreground, id.with("backdrop")),
        egui::LayerId::new(Order::Foreground, id),
    ]
}
