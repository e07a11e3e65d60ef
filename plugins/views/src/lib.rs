//! The view classes, a folder each, with their user interface and visualizers.
//!
//! # What every view has
//! [`view_ui`] is how a view draws its tile: it reads products and emits commands. [`style`] has the colours that the theme
//! gives to views, [`colors`] those that data gets.
//!
//! # The views

pub mod colors;
pub mod style;
pub mod view_ui;

pub use style::ViewStyle;
pub use view_ui::{AppViewUiExt, ViewUi, ViewUiContext, ViewUis};
