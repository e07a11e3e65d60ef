//! One icon per thing, the same in every panel, from the one set that is bundled.
//!
//! An icon is text: it takes the colour and the size of what it is written in, [`size::ICON`](crate::theme::size::ICON) by
//! default.

use chronoscope_blueprint::ContainerKind;
use egui_phosphor::regular as phosphor;

/// A spatial view in three dimensions.
pub const VIEW_3D: &str = phosphor::CUBE;
/// A spatial view in two dimensions.
pub const VIEW_2D: &str = phosphor::IMAGE_SQUARE;
/// Plots over time.
pub const VIEW_TIME_SERIES: &str = phosphor::CHART_LINE;
/// Log messages.
pub const VIEW_TEXT_LOG: &str = phosphor::LIST_DASHES;
/// One document.
pub const VIEW_TEXT_DOCUMENT: &str = phosphor::ARTICLE;
/// A view of a class that this viewer does not have.
pub const VIEW_UNKNOWN: &str = phosphor::QUESTION;

/// A container that shows one of its children.
pub const CONTAINER_TABS: &str = phosphor::TABS;
/// A container with its children side by side.
pub const CONTAINER_HORIZONTAL: &str = phosphor::COLUMNS;
/// A container with its children one below another.
pub const CONTAINER_VERTICAL: &str = phosphor::ROWS;
/// A container with its children in a grid.
pub const CONTAINER_GRID: &str = phosphor::GRID_FOUR;

/// An entity with data of its own.
pub const ENTITY: &str = phosphor::SHAPES;
/// A part of a path, with data only below.
pub const ENTITY_EMPTY: &str = phosphor::CIRCLE_DASHED;
/// A component that changes over time.
pub const COMPONENT: &str = phosphor::DIAMOND;
/// A component that lies on no timeline.
pub const COMPONENT_STATIC: &str = phosphor::PUSH_PIN;
/// A timeline.
pub const TIMELINE: &str = phosphor::CLOCK;
/// An application that logs.
pub const APPLICATION: &str = phosphor::SQUARES_FOUR;
/// A recording.
pub const RECORDING: &str = phosphor::FILM_STRIP;
/// A blueprint.
pub const BLUEPRINT: &str = phosphor::BLUEPRINT;

/// It is shown.
pub const VISIBLE: &str = phosphor::EYE;
/// It is not shown.
pub const HIDDEN: &str = phosphor::EYE_SLASH;

/// Let time run.
pub const PLAY: &str = phosphor::PLAY;
/// Hold time.
pub const PAUSE: &str = phosphor::PAUSE;
/// Keep the cursor at the newest data.
pub const FOLLOW: &str = phosphor::FAST_FORWARD;
/// Stop at the end.
pub const LOOP_OFF: &str = phosphor::ARROW_LINE_RIGHT;
/// Begin again at the end.
pub const LOOP_ALL: &str = phosphor::REPEAT;
/// Begin again at the end of the selected range.
pub const LOOP_SELECTION: &str = phosphor::SELECTION;
/// One step back.
pub const STEP_BACK: &str = phosphor::CARET_LEFT;
/// One step forward.
pub const STEP_FORWARD: &str = phosphor::CARET_RIGHT;
/// To the begin.
pub const BEGIN: &str = phosphor::SKIP_BACK;
/// To the end.
pub const END: &str = phosphor::SKIP_FORWARD;

/// Let a tile fill the viewport.
pub const MAXIMIZE: &str = phosphor::CORNERS_OUT;
/// Put a tile back.
pub const MINIMIZE: &str = phosphor::CORNERS_IN;
/// Let a view show all its data.
pub const FRAME: &str = phosphor::FRAME_CORNERS;
/// Look for something.
pub const SEARCH: &str = phosphor::MAGNIFYING_GLASS;
/// The command palette.
pub const PALETTE: &str = phosphor::COMMAND;
/// Settings.
pub const SETTINGS: &str = phosphor::GEAR;
/// Times, counts and memory of the frame.
pub const PERFORMANCE: &str = phosphor::GAUGE;
/// Open a file.
pub const OPEN: &str = phosphor::FOLDER_OPEN;
/// Write a file.
pub const SAVE: &str = phosphor::FLOPPY_DISK;
/// Take a picture.
pub const SCREENSHOT: &str = phosphor::CAMERA;
/// Put a value on the clipboard.
pub const COPY: &str = phosphor::COPY;
/// All commands.
pub const MENU: &str = phosphor::LIST;
/// What went wrong, and what is worth knowing.
pub const NOTIFICATIONS: &str = phosphor::BELL;
/// Let the viewer choose.
pub const HEURISTICS: &str = phosphor::MAGIC_WAND;
/// Select nothing.
pub const CLEAR_SELECTION: &str = phosphor::SELECTION_SLASH;
/// What it lies in.
pub const PARENT: &str = phosphor::ARROW_UP;
/// The dark theme.
pub const THEME_DARK: &str = phosphor::MOON;
/// The light theme.
pub const THEME_LIGHT: &str = phosphor::SUN;
/// The system's theme.
pub const THEME_SYSTEM: &str = phosphor::MONITOR;
/// Further commands.
pub const MORE: &str = phosphor::DOTS_THREE;

/// It works, but look at it.
pub const WARNING: &str = phosphor::WARNING;
/// It does not work.
pub const ERROR: &str = phosphor::WARNING_CIRCLE;
/// Worth knowing.
pub const INFO: &str = phosphor::INFO;
/// It worked.
pub const SUCCESS: &str = phosphor::CHECK;
/// It is on its way.
pub const LOADING: &str = phosphor::HOURGLASS;

/// Close or remove.
pub const CLOSE: &str = phosphor::X;
/// Add.
pub const ADD: &str = phosphor::PLUS;
/// Back to the default.
pub const RESET: &str = phosphor::ARROW_COUNTER_CLOCKWISE;
/// Take back.
pub const UNDO: &str = phosphor::ARROW_U_UP_LEFT;
/// Do again.
pub const REDO: &str = phosphor::ARROW_U_UP_RIGHT;
/// Rename.
pub const RENAME: &str = phosphor::PENCIL_SIMPLE;
/// What is below is shown.
pub const EXPANDED: &str = phosphor::CARET_DOWN;
/// What is below is not shown.
pub const COLLAPSED: &str = phosphor::CARET_RIGHT;

/// Shows or hides the left panel.
pub const PANEL_LEFT: &str = phosphor::SIDEBAR_SIMPLE;
/// Shows or hides the right panel. The set has a sidebar at the left only, so this one is its counterpart by meaning.
pub const PANEL_RIGHT: &str = phosphor::SQUARE_HALF;
/// Shows or hides the panel of time.
pub const PANEL_BOTTOM: &str = phosphor::SQUARE_HALF_BOTTOM;

/// The icon of a view class, by the identifier that blueprints give it.
pub fn view_class(identifier: &str) -> &'static str {
    match identifier {
        "3D" => VIEW_3D,
        "2D" => VIEW_2D,
        "TimeSeries" => VIEW_TIME_SERIES,
        "TextLog" => VIEW_TEXT_LOG,
        "TextDocument" => VIEW_TEXT_DOCUMENT,
        _ => VIEW_UNKNOWN,
    }
}

/// The icon of a container kind.
pub fn container(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Tabs => CONTAINER_TABS,
        ContainerKind::Horizontal => CONTAINER_HORIZONTAL,
        ContainerKind::Vertical => CONTAINER_VERTICAL,
        ContainerKind::Grid => CONTAINER_GRID,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_class_has_an_icon_of_its_own() {
        let icons = [
            "3D",
            "2D",
            "TimeSeries",
            "TextLog",
            "TextDocument",
            "anything else",
        ]
        .map(view_class);
        for (index, icon) in icons.iter().enumerate() {
            assert!(!icons[..index].contains(icon), "{icon} is there twice");
        }
    }
}
