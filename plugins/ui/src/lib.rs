//! The user interface: viewport tiles, panels, palette, theme.
//!
//! It reads the products of the frame and emits commands; it writes nothing else but the tiles' sizes. Add
//! [`UiPlugin`], and a camera with `bevy_egui`'s primary context, in a window or for an image.
//!
//! # The look
//! [`theme`] has every color and size, [`fonts`] the faces, [`icons`] one glyph per thing, [`widgets`] the small parts that all
//! panels are made of.
//!
//! # A pass
//! `pass` is what all panels read and emit. [`commands`] are the things that can be done by name, by key, in menus and in the palette;
//! `edits` are the changes that panels make to the blueprint, `panels` tells which of them are open.
//!
//! # The panels
//! `top_bar` with `menu`, `palette`, `notifications` and `dialogs`, `left_panel` with recordings and blueprint, `viewport` with the
//! tiles, `selection_panel`, `time_panel`.
//!
//! # All together
//! `state` is what the panels remember, `actions` runs commands, `shell` lays the panels out, `plugin` runs the pass in the engine.

pub mod fonts;
pub mod icons;
pub mod theme;
pub mod widgets;

mod pass;
mod settings;

pub mod commands;
mod edits;
mod panels;

mod dialogs;
mod left_panel;
mod menu;
mod notifications;
mod palette;
mod selection_panel;
mod time_panel;
mod top_bar;
mod viewport;

mod state;

mod actions;
mod plugin;
mod shell;

#[cfg(test)]
mod selection_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use commands::UiCommand;
pub use plugin::{UiPlugin, run_pass};
pub use settings::UiSettings;
