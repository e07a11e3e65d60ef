//! The user interface: viewport tiles, panels, palette, theme.
//!
//! It reads the products of the frame and emits commands; it writes nothing else but the tiles' sizes. Add [`UiPlugin`], and
//! a camera with `bevy_egui`'s primary context, in a window or for an image.
//!
//! # The look
//! [`theme`] has every colour and size, [`fonts`] the faces, [`icons`] one glyph per thing, [`widgets`] the small parts that all
//! panels are made of.
//!
//! # A pass
//! `plugin` runs the pass in the engine. `pass` is what all panels read and emit, `state` what the interface itself remembers,
//! `shell` lays the panels out. [`commands`] are the things that can be done by name, by key, in menus and in the palette;
//! `edits` words what a panel wants of the blueprint.
//!
//! # The panels
//! `top_bar` with `palette` and `notifications`, `left_panel` with recordings and blueprint, `viewport` with the tiles,
//! `selection_panel`, `time_panel`.

pub mod fonts;
pub mod icons;
pub mod theme;
pub mod widgets;

mod pass;
mod plugin;
mod shell;
mod state;

pub mod commands;
mod edits;

mod left_panel;
mod notifications;
mod palette;
mod selection_panel;
mod time_panel;
mod top_bar;
mod viewport;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use commands::UiCommand;
pub use plugin::{UiPlugin, UiSettings, run_pass};
