//! Settings of the interface.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::Panel;
use chronoscope_types::TimeZone;
use egui::containers::panel::PanelState;

/// Settings of the interface.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct UiSettings {
    /// Colors, sizes and spacing: the viewer's own, or those of the [`egui::Ui`] that it is shown in.
    pub style: Look,
    /// Dark, light, or as the system has it. Where the system has no opinion, dark. Only for a style of the
    /// viewer's own; the menu writes it.
    pub theme: egui::ThemePreference,
    /// The faces of text: the viewer's own, or those of the host. The viewer's icons and faces are added to
    /// the context in either case, and are the last resort for glyphs that the host's faces lack.
    pub fonts: Look,
    /// Whether fonts of the system are loaded for characters that the bundled faces lack. Off by default: then
    /// text looks the same on every machine. Never with the faces of the host.
    pub system_fonts: bool,
    /// The panels that may be shown at all. Of those, users choose.
    pub panels: AllowedPanels,
    /// Whether keys run commands. They do where the viewer has all of the context, and otherwise while the
    /// pointer is over the viewer or one of its widgets has the focus.
    pub shortcuts: bool,
    /// Whether files that are dropped onto the window are opened.
    pub take_drops: bool,
    /// Whether files to open and to save are chosen in dialogs of the desktop, where it has some; needs the
    /// feature `file_dialog`. Off by default, and where the desktop does not answer: then a path is typed. On
    /// macOS, passes must be drawn on the main thread.
    pub desktop_dialogs: bool,
    /// Whether views in tabs that are not open are kept up to date, too. Off by default: what cannot be seen costs
    /// nothing.
    pub keep_hidden_views: bool,
    /// Whether the time panel leaves out long gaps between data.
    pub fold_gaps: bool,
    /// Whether times of day are those of the system's time zone; else UTC.
    pub local_time: bool,
    /// Whether the interface may end the app. Off by default: an app that shows a viewer among other things
    /// ends by itself.
    pub can_quit: bool,
}

impl UiSettings {
    /// The zone in which times of day are shown.
    pub fn time_zone(&self) -> TimeZone {
        if self.local_time {
            TimeZone::Local
        } else {
            TimeZone::Utc
        }
    }
}

impl Default for UiSettings {
    fn default() -> Self {
        Self {
            style: Look::Own,
            theme: egui::ThemePreference::System,
            fonts: Look::Own,
            system_fonts: false,
            panels: AllowedPanels::default(),
            shortcuts: true,
            take_drops: true,
            desktop_dialogs: false,
            keep_hidden_views: false,
            fold_gaps: true,
            local_time: false,
            can_quit: false,
        }
    }
}

/// Panels that a host allows. It is no edit of the blueprint to leave one out, and nothing that a user could
/// undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowedPanels {
    /// The bar above.
    pub top_bar: bool,
    /// Recordings and blueprint, at the left.
    pub blueprint: bool,
    /// The selection, at the right.
    pub selection: bool,
    /// Time and streams, below.
    pub time: bool,
}

impl AllowedPanels {
    /// No panel: the views alone.
    pub const NONE: Self = Self {
        top_bar: false,
        blueprint: false,
        selection: false,
        time: false,
    };

    pub(crate) fn allow(&self, panel: Panel) -> bool {
        match panel {
            Panel::Top => self.top_bar,
            Panel::Blueprint => self.blueprint,
            Panel::Selection => self.selection,
            Panel::Time => self.time,
        }
    }
}

impl Default for AllowedPanels {
    fn default() -> Self {
        Self {
            top_bar: true,
            blueprint: true,
            selection: true,
            time: true,
        }
    }
}

/// Sizes of the panels as a user dragged them, in points; `None` where they are as the window has room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PanelSizes {
    /// Width of the left panel.
    pub left: Option<f32>,
    /// Width of the right panel.
    pub right: Option<f32>,
    /// Height of the time panel.
    pub time: Option<f32>,
}

impl PanelSizes {
    /// The size that a panel begins with. One that was never dragged follows the window: where `by_itself` is another
    /// than in the last pass, it has that. So it does in the first passes of a window whose scale is not known yet.
    pub(crate) fn initial(size: Option<f32>, ctx: &egui::Context, panel: egui::Id, by_itself: f32) -> f32 {
        let key = panel.with("size by itself");
        ctx.data_mut(|data| {
            let before = data.get_temp::<f32>(key);
            data.insert_temp(key, by_itself);
            if size.is_none() && before != Some(by_itself) {
                data.remove::<PanelState>(panel);
            }
        });
        size.unwrap_or(by_itself)
    }

    /// Takes down the size of a panel whose border is being dragged.
    pub(crate) fn note(size: &mut Option<f32>, ctx: &egui::Context, panel: egui::Id, now: f32) {
        let border = ctx.read_response(panel.with("__resize"));
        if border.is_some_and(|border| border.dragged()) {
            *size = Some(now.round());
        }
    }
}

/// Whose look something has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// The viewer's. The host's part of the context keeps its own.
    #[default]
    Own,
    /// The host's.
    Host,
}
