//! The user interface: viewport tiles, panels, palette, theme.
