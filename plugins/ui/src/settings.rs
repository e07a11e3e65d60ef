//! Settings of the interface.

use bevy::ecs::prelude::*;

/// Settings of the interface.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct UiSettings {
    /// Dark, light, or as the system has it. Where the system has no opinion, dark.
    pub theme: egui::ThemePreference,
    /// Whether the interface may end the app. Off by default: an app that shows a viewer among other things
    /// ends by itself.
    pub can_quit: bool,
}

impl Default for UiSettings {
    fn default() -> Self {
        Self {
            theme: egui::ThemePreference::System,
            can_quit: false,
        }
    }
}
