//! Entities that are dragged: from the trees into views, onto rows of views, or to where a new view is made; and from one
//! view to another.

use chronoscope_blueprint::ViewId;
use chronoscope_frame::Item;
use chronoscope_store::EntityPath;
use chronoscope_views::DraggedEntities;
use egui::{CornerRadius, DragAndDrop, Rect, Response, StrokeKind, TextStyle, Ui};

use crate::{
    arrange::{self, ShowIn},
    choices::Choice,
    pass::{Pass, TileRects},
    theme::{Theme, size},
    widgets::elided_galley,
};

/// Lets an entity be dragged by its row; with it all that are selected, where it is one of them.
pub(crate) fn drag_source(response: &Response, pass: &Pass<'_>, item: &Item) {
    if !response.drag_started() && !response.dragged() {
        return;
    }
    let Some(entity) = item.entity() else { return };
    let selected = arrange::selected_entities(pass);
    let is_selected = selected.contains(entity);
    let entities = if is_selected {
        selected
    } else {
        vec![entity.clone()]
    };
    response.dnd_set_drag_payload(DraggedEntities { entities, from: None });
}

/// What is to be done with what is dragged: the view that it comes from keeps it where the modifier is held that copies.
fn as_held(ui: &Ui, dragged: &DraggedEntities) -> DraggedEntities {
    let copies = ui.input(|input| input.modifiers.command);
    DraggedEntities {
        from: dragged.from.filter(|_| !copies),
        ..dragged.clone()
    }
}

/// Lets entities be dropped on the row of a view.
pub(crate) fn drop_on_row(ui: &Ui, pass: &mut Pass<'_>, row: &Response, view: ViewId) {
    let dragged = row.dnd_hover_payload::<DraggedEntities>();
    if dragged.is_none_or(|dragged| dragged.from == Some(view)) {
        return;
    }
    paint_target(ui, row.rect);
    if let Some(dropped) = row.dnd_release_payload::<DraggedEntities>() {
        pass.choose(Choice::Drop(as_held(ui, &dropped), ShowIn::View(view)));
    }
}

/// Lets entities be dropped on the tiles: into a view that can show them, else a new one is made.
pub(crate) fn drop_on_tiles(ui: &Ui, pass: &mut Pass<'_>, tiles: &TileRects, all: Rect) {
    let Some(dragged) = DragAndDrop::payload::<DraggedEntities>(ui.ctx()) else {
        return;
    };
    let pointer = ui.input(|input| input.pointer.interact_pos());
    let Some(pointer) = pointer.filter(|at| all.contains(*at)) else {
        return;
    };
    // What lies over the tiles takes what is dropped there.
    if ui
        .ctx()
        .layer_id_at(pointer)
        .is_some_and(|layer| layer != ui.layer_id())
    {
        return;
    }
    let under = tiles.iter().find(|(_, rect)| rect.contains(pointer));
    if dragged.from.is_some() && under.map(|(view, _)| *view) == dragged.from {
        return;
    }
    let into = under.filter(|(view, _)| {
        let can_show = |entity: &EntityPath| arrange::can_show(pass, **view, entity);
        dragged.entities.iter().any(can_show)
    });
    let dragged = as_held(ui, &dragged);
    let (rect, place) = match (into, under) {
        (Some((view, rect)), _) => (*rect, ShowIn::View(*view)),
        (None, Some((_, rect))) => (*rect, ShowIn::New),
        (None, None) => (all, ShowIn::New),
    };
    let text = match (dragged.from, place) {
        (None, ShowIn::View(_)) => "Show here",
        (None, _) => "Show in a new view",
        (Some(_), ShowIn::View(_)) => "Move here",
        (Some(_), _) => "Move to a new view",
    };
    paint_target(ui, rect);
    pass.drop_hint = Some(text);
    if ui.input(|input| input.pointer.any_released())
        && DragAndDrop::take_payload::<DraggedEntities>(ui.ctx()).is_some()
    {
        pass.choose(Choice::Drop(dragged, place));
    }
}

/// The widest that what is dragged is written, in points.
const MAX_WIDTH: f32 = 80.0 * size::GRID;

/// Names what is dragged, beside the pointer, and what happens where it is let go.
pub(crate) fn paint_dragged(ctx: &egui::Context, pass: &Pass<'_>) {
    let Some(dragged) = DragAndDrop::payload::<DraggedEntities>(ctx) else {
        return;
    };
    let Some(pointer) = ctx.pointer_latest_pos() else {
        return;
    };
    let text = match dragged.entities.as_slice() {
        [only] => only.ui_name(),
        several => format!("{} entities", several.len()),
    };
    egui::Area::new(pass.place.id.with("dragged entities"))
        .order(egui::Order::Tooltip)
        .interactable(false)
        .fixed_pos(pointer + egui::vec2(3.0 * size::GRID, 2.0 * size::GRID))
        .show(ctx, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                let theme = Theme::of(ui);
                let lines = [
                    (TextStyle::Body, Some(&*text), theme.text),
                    (TextStyle::Small, pass.drop_hint, theme.secondary),
                ];
                // Laid out here: an area would break lines that are longer than those of the pass before.
                for (style, line, color) in lines {
                    let Some(line) = line else { continue };
                    let font = style.resolve(ui.style());
                    let galley = elided_galley(ui, line, font, color, MAX_WIDTH);
                    ui.label(galley);
                }
            });
        });
}

fn paint_target(ui: &Ui, rect: Rect) {
    let theme = Theme::of(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(size::RADIUS),
        theme.selection(),
        theme.selection_edge(),
        StrokeKind::Inside,
    );
}
