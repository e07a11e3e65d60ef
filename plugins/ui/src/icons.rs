//! One icon per thing, the same in every panel, from the one set that is bundled.
//!
//! An icon is text: it takes the color and the size of what it is written in,
//! [`size::ICON`](crate::theme::size::ICON) by default.

use chronoscope_blueprint::ContainerKind;
use egui_phosphor::regular as phosphor;

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
/// A command of an app.
pub const COMMAND: &str = phosphor::PUZZLE_PIECE;
/// A timeline.
pub const TIMELINE: &str = phosphor::CLOCK;
/// An application that logs.
pub const APPLICATION: &str = phosphor::SQUARES_FOUR;
/// A recording.
pub const RECORDING: &str = phosphor::FILM_STRIP;
/// A blueprint.
pub const BLUEPRINT: &str = phosphor::BLUEPRINT;

/// Visible.
pub const VISIBLE: &str = phosphor::EYE;
/// Hidden.
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
/// To the beginning.
pub const BEGIN: &str = phosphor::SKIP_BACK;
/// To the end.
pub const END: &str = phosphor::SKIP_FORWARD;

/// Let a tile fill the viewport.
pub const MAXIMIZE: &str = phosphor::CORNERS_OUT;
/// Put a tile back.
pub const MINIMIZE: &str = phosphor::CORNERS_IN;
/// Let a view show all its data.
pub const FRAME: &str = phosphor::FRAME_CORNERS;
/// Less, larger.
pub const ZOOM_IN: &str = phosphor::MAGNIFYING_GLASS_PLUS;
/// More, smaller.
pub const ZOOM_OUT: &str = phosphor::MAGNIFYING_GLASS_MINUS;
/// How far it is.
pub const MEASURE: &str = phosphor::RULER;
/// What is what in a plot.
pub const LIST: &str = phosphor::LIST_DASHES;
/// The palette, which finds all there is.
pub const PALETTE: &str = phosphor::MAGNIFYING_GLASS;
/// Settings.
pub const SETTINGS: &str = phosphor::GEAR;
/// Open a file.
pub const OPEN: &str = phosphor::FOLDER_OPEN;
/// A picture of the window.
pub const SCREENSHOT: &str = phosphor::CAMERA;
/// Save to a file.
pub const SAVE: &str = phosphor::FLOPPY_DISK;
/// Put on the clipboard.
pub const COPY: &str = phosphor::COPY;
/// Take from the clipboard.
pub const PASTE: &str = phosphor::CLIPBOARD_TEXT;
/// Add.
pub const ADD: &str = phosphor::PLUS;
/// All commands.
pub const MENU: &str = phosphor::LIST;
/// Notifications.
pub const NOTIFICATIONS: &str = phosphor::BELL;
/// What frames cost.
pub const PERFORMANCE: &str = phosphor::GAUGE;
/// Let the viewer choose.
pub const HEURISTICS: &str = phosphor::MAGIC_WAND;
/// Select nothing.
pub const CLEAR_SELECTION: &str = phosphor::SELECTION_SLASH;
/// The dark theme.
pub const THEME_DARK: &str = phosphor::MOON;
/// The light theme.
pub const THEME_LIGHT: &str = phosphor::SUN;
/// The system's theme.
pub const THEME_SYSTEM: &str = phosphor::MONITOR;

/// Warning.
pub const WARNING: &str = phosphor::WARNING;
/// Error.
pub const ERROR: &str = phosphor::WARNING_CIRCLE;
/// Information.
pub const INFO: &str = phosphor::INFO;
/// Success, or switched on.
pub const SUCCESS: &str = phosphor::CHECK;
/// Waits for its turn, or for an answer.
pub const CONNECTING: &str = phosphor::PLUGS;
/// Open, without an end.
pub const LIVE: &str = phosphor::BROADCAST;
/// In progress.
pub const LOADING: &str = phosphor::HOURGLASS;

/// A table of values.
pub const TABLE: &str = phosphor::TABLE;
/// Rows that match.
pub const FILTER: &str = phosphor::FUNNEL;
/// Keys and gestures.
pub const KEYBOARD: &str = phosphor::KEYBOARD;
/// Give a name.
pub const RENAME: &str = phosphor::PENCIL_SIMPLE;
/// Make a copy in the same place.
pub const DUPLICATE: &str = phosphor::COPY_SIMPLE;
/// One kind for another.
pub const SWAP: &str = phosphor::SWAP;
/// Remove for good.
pub const REMOVE: &str = phosphor::TRASH;
/// What was done before.
pub const HISTORY: &str = phosphor::CLOCK_COUNTER_CLOCKWISE;
/// Back to what was shown before.
pub const BACK: &str = phosphor::ARROW_LEFT;
/// Forward again.
pub const FORWARD: &str = phosphor::ARROW_RIGHT;
/// Slower.
pub const SLOWER: &str = phosphor::CARET_DOUBLE_LEFT;
/// Faster.
pub const FASTER: &str = phosphor::CARET_DOUBLE_RIGHT;
/// Leave out what is empty.
pub const FOLD: &str = phosphor::ARROWS_IN_LINE_HORIZONTAL;

/// Leave the program.
pub const QUIT: &str = phosphor::SIGN_OUT;
/// Close or remove.
pub const CLOSE: &str = phosphor::X;
/// The row above.
pub const ROW_ABOVE: &str = phosphor::ARROW_UP;
/// The row below.
pub const ROW_BELOW: &str = phosphor::ARROW_DOWN;
/// A window of its own.
pub const OWN_WINDOW: &str = phosphor::ARROW_SQUARE_OUT;
/// Back to the default.
pub const RESET: &str = phosphor::ARROW_COUNTER_CLOCKWISE;
/// Undo.
pub const UNDO: &str = phosphor::ARROW_U_UP_LEFT;
/// Redo.
pub const REDO: &str = phosphor::ARROW_U_UP_RIGHT;
/// Expanded.
pub const EXPANDED: &str = phosphor::CARET_DOWN;
/// Collapsed.
pub const COLLAPSED: &str = phosphor::CARET_RIGHT;

/// Shows or hides the left panel.
pub const PANEL_LEFT: &str = phosphor::SIDEBAR_SIMPLE;
/// Shows or hides the right panel. The set has a sidebar at the left only, so this one is its counterpart by
/// meaning.
pub const PANEL_RIGHT: &str = phosphor::SQUARE_HALF;
/// Shows or hides the panel of time.
pub const PANEL_BOTTOM: &str = phosphor::SQUARE_HALF_BOTTOM;

/// The icon of a container kind.
pub fn container(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Tabs => CONTAINER_TABS,
        ContainerKind::Horizontal => CONTAINER_HORIZONTAL,
        ContainerKind::Vertical => CONTAINER_VERTICAL,
        ContainerKind::Grid => CONTAINER_GRID,
    }
}
