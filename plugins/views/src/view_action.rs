//! What is done in a view by name: from the palette, the menus and by keys. The interface around the view asks for it, and the
//! view's tile does it when it is drawn next.

use chronoscope_blueprint::ViewId;
use egui::{Context, Id};
use glam::DVec2;

/// How far a key moves what is seen, as a share of the tile.
const PAN_SHARE: f64 = 0.1;

/// How much larger a key makes what is seen.
const ZOOM_FACTOR: f64 = 1.25;

/// Passes in which what was asked for is done. A tile that is not drawn until then does not do it later.
const MAX_PASSES: u64 = 2;

/// Something that can be done in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViewAction {
    /// Looks at what is selected.
    Focus,
    /// Follows what the pointer is over, else what is selected; nothing any more where that is nothing.
    Follow,
    /// Begins to measure, or ends it.
    Measure,
    /// Shows what the view shows by itself, as if nobody had moved it.
    ResetLook,
    /// Shows the selected series alone; all where that is so already.
    IsolateSeries,
    /// Shows or hides the selected series.
    ToggleSeries,
    /// Shows or hides the legend.
    ToggleLegend,
    /// Copies what is shown, as lines of values with tabs between them.
    CopyTable,
    /// Copies the selected lines.
    CopyRows,
    /// Selects the line above the one that was selected last.
    RowAbove,
    /// Selects the line below.
    RowBelow,
    /// Selects all lines from the one that was selected first up to the one above the last.
    ExtendAbove,
    /// Selects all lines up to the one below.
    ExtendBelow,
    /// Looks farther to the left.
    PanLeft,
    /// Looks farther to the right.
    PanRight,
    /// Looks farther up.
    PanUp,
    /// Looks farther down.
    PanDown,
    /// Shows less, larger.
    ZoomIn,
    /// Shows more, smaller.
    ZoomOut,
}

impl ViewAction {
    /// The directions and the two ways to zoom.
    pub const MOVES: [Self; 6] = [
        Self::PanLeft,
        Self::PanRight,
        Self::PanUp,
        Self::PanDown,
        Self::ZoomIn,
        Self::ZoomOut,
    ];

    /// How far it looks to the right and down, as shares of the tile; `None` where it does not pan.
    pub(crate) fn pan(self) -> Option<DVec2> {
        let direction = match self {
            Self::PanLeft => DVec2::NEG_X,
            Self::PanRight => DVec2::X,
            Self::PanUp => DVec2::NEG_Y,
            Self::PanDown => DVec2::Y,
            _ => return None,
        };
        Some(direction * PAN_SHARE)
    }

    /// How much larger it makes things; `None` where it does not zoom.
    pub(crate) fn zoom(self) -> Option<f64> {
        match self {
            Self::ZoomIn => Some(ZOOM_FACTOR),
            Self::ZoomOut => Some(1.0 / ZOOM_FACTOR),
            _ => None,
        }
    }
}

/// What was asked for, and in which pass.
type Asked = Option<(u64, ViewAction)>;

fn asked(view: ViewId) -> Id {
    Id::new(("view action", view))
}

/// Has the tile of a view do something when it is drawn next.
pub fn ask(ctx: &Context, view: ViewId, action: ViewAction) {
    let pass = ctx.cumulative_pass_nr();
    let asked_now: Asked = Some((pass, action));
    ctx.data_mut(|data| data.insert_temp(asked(view), asked_now));
}

/// What the tile of a view is to do now. It is told once.
pub fn take(ctx: &Context, view: ViewId) -> Option<ViewAction> {
    let pass = ctx.cumulative_pass_nr();
    let (since, action) = ctx.data_mut(|data| data.remove_temp::<Asked>(asked(view)))??;
    (pass.saturating_sub(since) <= MAX_PASSES).then_some(action)
}

fn keys() -> Id {
    Id::new("view that has the keys")
}

/// Says for which view keys are meant in this pass.
pub fn set_key_view(ctx: &Context, view: Option<ViewId>) {
    ctx.data_mut(|data| data.insert_temp(keys(), view));
}

/// The view that keys are meant for.
pub fn key_view(ctx: &Context) -> Option<ViewId> {
    ctx.data(|data| data.get_temp::<Option<ViewId>>(keys())).flatten()
}

/// Whether keys are meant for a view.
pub(crate) fn has_keys(ctx: &Context, view: ViewId) -> bool {
    key_view(ctx) == Some(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_done_once_and_soon() {
        let ctx = Context::default();
        let [view, other] = [ViewId::unique(), ViewId::unique()];
        let passes = |num: u32, action: &mut dyn FnMut(&Context)| {
            for _ in 0..num {
                let mut output = ctx.run_ui(egui::RawInput::default(), |ui| action(ui.ctx()));
                output.textures_delta.clear();
            }
        };
        passes(1, &mut |ctx| ask(ctx, view, ViewAction::Focus));
        passes(1, &mut |ctx| {
            assert_eq!(take(ctx, other), None);
            assert_eq!(take(ctx, view), Some(ViewAction::Focus));
            assert_eq!(take(ctx, view), None);
            ask(ctx, view, ViewAction::PanUp);
        });
        passes(5, &mut |_| {});
        passes(1, &mut |ctx| {
            assert_eq!(take(ctx, view), None, "the tile was not drawn in time");
        });
    }

    #[test]
    fn keys_are_meant_for_one_view() {
        let ctx = Context::default();
        let [view, other] = [ViewId::unique(), ViewId::unique()];
        assert!(!has_keys(&ctx, view));
        set_key_view(&ctx, Some(view));
        assert!(has_keys(&ctx, view) && !has_keys(&ctx, other));
        set_key_view(&ctx, None);
        assert!(!has_keys(&ctx, view));
    }
}
