//! The user interface: viewport tiles, panels, palette, theme.

pub mod fonts;
pub mod icons;
pub mod theme;
pub mod widgets;
