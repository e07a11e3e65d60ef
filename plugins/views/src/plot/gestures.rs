//! What a user does to the part of the data that a plot shows: the same gestures in all plots.

use egui::{PointerButton, Pos2, Rect, Response, Ui};

use super::{
    axes::position_of,
    window::{AxisWindow, ValueWindow},
};
use crate::{ViewAction, ViewStyle};

/// What of the data a plot shows: all of it, unless somebody moved or zoomed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlotWindow<X> {
    /// The part of the horizontal axis; all of it where there is none.
    pub(crate) x: Option<X>,
    /// The range of values; those that the part of the axis needs where there is none.
    pub(crate) values: Option<ValueWindow>,
    /// The range of values of the second axis.
    pub(crate) right: Option<ValueWindow>,
}

/// What a plot shows, whether somebody asked for it or it follows from the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shown<X> {
    /// The part of the horizontal axis.
    pub(crate) x: X,
    /// The range of values.
    pub(crate) values: ValueWindow,
    /// The range of values of the second axis, where there is one.
    pub(crate) right: Option<ValueWindow>,
}

impl<X> Default for PlotWindow<X> {
    fn default() -> Self {
        Self {
            x: None,
            values: None,
            right: None,
        }
    }
}

/// The axes that zooming leaves alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ZoomLocks {
    /// The horizontal axis.
    pub(crate) x: bool,
    /// The axis of values.
    pub(crate) values: bool,
}

/// Pans by dragging, zooms by scrolling and by dragging a box with the secondary button, shows all at a double click.
///
/// `asked` is the window without what follows from the data. Both axes of values move together.
pub(crate) fn navigate<X: AxisWindow>(
    ui: &Ui,
    response: &Response,
    plot: &Rect,
    shown: &Shown<X>,
    asked: PlotWindow<X>,
    locks: ZoomLocks,
) -> Option<PlotWindow<X>> {
    let (across, values, right) = (shown.x, shown.values, shown.right);
    if response.double_clicked() {
        return (asked != PlotWindow::default()).then(PlotWindow::default);
    }
    let mut window = asked;
    if response.dragged_by(PointerButton::Primary) {
        let delta = response.drag_delta();
        if delta.x != 0.0 {
            window.x = Some(across.panned(-f64::from(delta.x / plot.width())));
        }
        // Values that fit by themselves go on doing so.
        if delta.y != 0.0 {
            let panned = |values: ValueWindow| values.panned(f64::from(delta.y / plot.height()));
            window.values = asked.values.map(panned);
            window.right = asked.right.map(panned);
        }
    }
    // On release the pointer no longer knows where it was pressed.
    let box_id = response.id.with("box");
    if response.dragged_by(PointerButton::Secondary)
        && let Some(rect) = dragged_box(ui, response)
    {
        ui.data_mut(|data| data.insert_temp(box_id, [rect.min, rect.max]));
    }
    if response.drag_stopped_by(PointerButton::Secondary)
        && let Some(selected) = ui
            .data_mut(|data| data.remove_temp::<[Pos2; 2]>(box_id))
            .map(|[min, max]| Rect::from_min_max(min, max).intersect(*plot))
        && selected.width() > 4.0
        && selected.height() > 4.0
    {
        let y = |y: f32| f64::from(plot.bottom() - y) / f64::from(plot.height());
        if !locks.x {
            let positions = [selected.left(), selected.right()].map(|x| position_of(plot, x));
            window.x = Some(across.part(positions[0], positions[1]));
        }
        if !locks.values {
            let part = |values: ValueWindow| values.part(y(selected.bottom()), y(selected.top()));
            window.values = Some(part(values));
            window.right = right.map(part);
        }
    }
    if let Some(pointer) = response.hover_pos() {
        let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let shift = ui.input(|input| input.modifiers.shift);
        let factor = |scroll: f32| f64::from((scroll / 200.0).exp());
        let anchor_y = f64::from(plot.bottom() - pointer.y) / f64::from(plot.height());
        // Plain scrolling goes along the axis; with control or shift it goes up and down.
        if scroll.y != 0.0 && !shift && !locks.x {
            window.x = Some(across.zoomed(position_of(plot, pointer.x), factor(scroll.y)));
        }
        let vertical = f64::from(zoom) * if shift { factor(scroll.x + scroll.y) } else { 1.0 };
        if vertical != 1.0 && !locks.values {
            window.values = Some(values.zoomed(anchor_y, vertical));
            window.right = right.map(|right| right.zoomed(anchor_y, vertical));
        }
        if scroll.x != 0.0 && !shift {
            window.x = Some(
                window
                    .x
                    .unwrap_or(across)
                    .panned(-f64::from(scroll.x / plot.width())),
            );
        }
    }
    (window != asked).then_some(window)
}

/// What a plot shows after an action, where that pans or zooms. As the wheel does, it zooms along the horizontal axis.
pub(crate) fn moved_by<X: AxisWindow>(
    action: ViewAction,
    shown: &Shown<X>,
    asked: PlotWindow<X>,
    locks: ZoomLocks,
) -> Option<PlotWindow<X>> {
    let mut window = asked;
    if let Some(share) = action.pan() {
        if share.x != 0.0 {
            window.x = Some(shown.x.panned(share.x));
        } else {
            window.values = Some(shown.values.panned(-share.y));
            window.right = shown.right.map(|right| right.panned(-share.y));
        }
    }
    if let Some(factor) = action.zoom().filter(|_| !locks.x) {
        window.x = Some(shown.x.zoomed(0.5, factor));
    }
    (window != asked).then_some(window)
}

/// The box that is being dragged with the secondary button.
fn dragged_box(ui: &Ui, response: &Response) -> Option<Rect> {
    let to = response.interact_pointer_pos()?;
    let from = ui
        .input(|input| input.pointer.press_origin())
        .or_else(|| response.total_drag_delta().map(|delta| to - delta))?;
    Some(Rect::from_two_pos(from, to))
}

/// Draws the box that is being dragged.
pub(crate) fn draw_box(
    ui: &Ui,
    painter: &egui::Painter,
    response: &Response,
    style: &ViewStyle,
    plot: &Rect,
) {
    if response.dragged_by(PointerButton::Secondary)
        && let Some(rect) = dragged_box(ui, response)
    {
        let rect = rect.intersect(*plot);
        painter.rect_filled(rect, 0.0, style.selected.gamma_multiply(0.15));
        painter.rect_stroke(rect, 0.0, (1.0, style.selected), egui::StrokeKind::Inside);
    }
}
