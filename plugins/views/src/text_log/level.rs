//! Log levels: their order and their colors.

use egui::Color32;

use crate::ViewStyle;

/// The levels that everybody uses, most severe first.
pub(crate) const KNOWN: [&str; 6] = ["CRITICAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// The color of a level; that of plain text for an unknown one.
pub(crate) fn color(level: &str, style: &ViewStyle) -> Color32 {
    match level.to_ascii_uppercase().as_str() {
        "CRITICAL" | "FATAL" | "ERROR" => style.error,
        "WARN" | "WARNING" => style.warning,
        "INFO" => style.success,
        "DEBUG" | "TRACE" => style.secondary_text,
        _ => style.text,
    }
}

/// Orders levels: those that everybody uses by severity, then others by name.
pub(crate) fn order(level: &str) -> (usize, &str) {
    (
        KNOWN
            .iter()
            .position(|known| *known == level)
            .unwrap_or(KNOWN.len()),
        level,
    )
}
