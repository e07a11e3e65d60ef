//! The user interface: viewport tiles, panels, palette, theme.
//!
//! It reads the products of the frame and emits commands; it writes nothing else but the tiles' sizes and its
//! own settings. [`show`] draws all of it into an [`egui::Ui`] of any host, in any rectangle of any context.
//! [`PrimaryUiPlugin`] is a thin shell over it, for apps that are a viewer: it draws into all of
//! `bevy_egui`'s primary context, in a window or for an image.
//!
//! # The look
//! [`theme`] has every color and size, [`fonts`] the faces, [`icons`] one glyph per thing, [`widgets`] the
//! small parts that all panels are made of. `look` gives them to a context for the time in which the viewer
//! is drawn, `system_fonts` finds faces for scripts that the bundled ones lack.
//!
//! # A pass
//! `pass` is what all panels read and emit. [`commands`] are the things that can be done by name, by key, in
//! menus and in the palette; `choices` are those and others that menus and the palette offer, `context_menu` has
//! those of an item. `edits` are the changes that panels make to the blueprint, `arrange` those of views and
//! containers as a whole, [`editors`] change values of components. `panels` tells which of them are open, `looks` says in words where a view looks,
//! `names` shortens paths and addresses, `find` reads what somebody looks for, `own_windows` are views that stand apart,
//! `tree_steps` leads through trees by keys, `view_commands` through views, `undrawn` says why a view draws nothing of an entity.
//!
//! # The panels
//! `top_bar` with `menu`, `palette`, `notifications`, `save_dialog` and `dialogs`, of which some are the desktop's
//! (`desktop_dialog`), `rename`, `history` of edits, `gestures`, `settings_dialog`; `left_panel` with recordings, sources and blueprint, `viewport` with the tiles,
//! `selection_panel`, `time_panel`, `performance_panel`; all are in the list of `named_panels`, as those of an app are. `entity_drag` is what can be dragged from one to
//! another.
//!
//! # What can be left out
//! The editors of the vocabulary's types, the performance panel, the series in the tree of the blueprint, and the desktop's dialogs
//! are Cargo features: `component_editors`, `performance_panel`, `time_series`, `file_dialog`.
//!
//! # All together
//! [`UiState`] is what the panels of one instance remember, `actions` runs commands, `overlay` is what
//! dialogs are made of, `shell` lays everything out, `shown` tells the views where they are, `key_order` gives keys the
//! modifiers that were held, `plugin` runs the pass in the engine.
//!
//! # Glossary
//! - **Context**: an `egui::Context`, with its fonts, styles and input; one per window or image.
//! - **Instance**: the interface as it is shown in one place, with a [`UiState`]. Instances share recordings,
//!   blueprint and cursor.
//! - **Pass**: one run over the interface. egui may repeat it.
//! - **Place**: rectangle and ids of an instance.

pub mod fonts;
pub mod icons;
pub mod theme;
pub mod widgets;

mod look;
mod looks;
mod pass;
mod settings;
mod system_fonts;

mod arrange;
mod choices;
pub mod commands;
mod context_menu;
pub mod editors;
mod edits;
mod find;
mod named_panels;
mod names;
mod overlay;
mod own_windows;
mod panels;
mod tree_steps;
mod undrawn;
mod view_commands;

mod desktop_dialog;
mod dialogs;
mod entity_drag;
mod gestures;
mod history;
mod left_panel;
mod menu;
mod notifications;
mod palette;
#[cfg(feature = "performance_panel")]
mod performance_panel;
mod rename;
mod save_dialog;
mod selection_history;
mod selection_panel;
mod settings_dialog;
mod time_panel;
mod top_bar;
mod viewport;

mod state;

mod actions;
mod key_order;
mod plugin;
mod shell;
mod shown;

#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod extension_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod host_tests;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod log_row_tests;
#[cfg(test)]
mod panel_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod query_context_tests;
#[cfg(test)]
mod selection_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod view_command_tests;
#[cfg(test)]
mod workbench_tests;

pub use commands::{AppCommandExt, CommandGroup, NamedCommand, UiCommand};
pub use editors::{AppComponentEditorExt, ComponentEditor, ComponentEditors};
pub use named_panels::{AppPanelExt, NamedPanel, PanelSide};
pub use own_windows::OwnWindows;
pub use plugin::{PrimaryUiPlugin, UiPlugin, UiSystems, context_of, show_over_context};
pub use settings::{AllowedPanels, Look, PanelSizes, UiSettings};
pub use shell::show;
pub use state::UiState;
