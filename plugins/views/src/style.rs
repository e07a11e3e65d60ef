//! What views take from the theme and the settings. These belong to the user interface, which writes this resource.

use bevy::ecs::prelude::*;
use chronoscope_types::TimeZone;
use egui::Color32;

/// What the theme and the settings give to views.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ViewStyle {
    /// Behind everything that a view draws.
    pub background: Color32,
    /// Grid lines and axes.
    pub grid: Color32,
    /// Text over data.
    pub text: Color32,
    /// Less important text.
    pub secondary_text: Color32,
    /// Behind labels that lie over data.
    pub label_background: Color32,
    /// The time cursor, the same in every view.
    pub cursor: Color32,
    /// What the pointer is over.
    pub hovered: Color32,
    /// What is selected.
    pub selected: Color32,
    /// Warnings.
    pub warning: Color32,
    /// Errors.
    pub error: Color32,
    /// Success.
    pub success: Color32,
    /// The zone in which times of day are written.
    pub time_zone: TimeZone,
}

impl ViewStyle {
    /// That of an app; the default where it has none.
    pub(crate) fn of(world: &World) -> Self {
        world.get_resource::<Self>().cloned().unwrap_or_default()
    }
}

impl Default for ViewStyle {
    /// Plain values for an app that brings no theme.
    fn default() -> Self {
        Self {
            background: Color32::BLACK,
            grid: Color32::DARK_GRAY,
            text: Color32::WHITE,
            secondary_text: Color32::LIGHT_GRAY,
            label_background: Color32::from_black_alpha(160),
            cursor: Color32::WHITE,
            hovered: Color32::WHITE,
            selected: Color32::LIGHT_BLUE,
            warning: Color32::YELLOW,
            error: Color32::LIGHT_RED,
            success: Color32::LIGHT_GREEN,
            time_zone: TimeZone::Utc,
        }
    }
}
