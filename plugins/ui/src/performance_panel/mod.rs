//! What frames cost: phases over the last seconds, work, queries, memory, garbage collection, and where a
//! goal is missed. All of it is read from [`FrameDiagnostics`] and [`WorkCounters`], which any system may
//! read as well.
//!
//! The panel asks for no frames: while the viewer rests, it shows what the last frame left.

mod chart;
mod summary;

use bevy::ecs::{prelude::*, system::InMut};
use chronoscope_frame::{FrameDiagnostics, FrameSample, FrameSystems, WorkCounters};
use chronoscope_types::format_bytes;
use egui::{Align, Key, KeyboardShortcut, Layout, Modifiers, RichText, Sense, Ui, Vec2};

use self::summary::{FRAME_GOAL_MS, Goal, Times, goal_of};
use crate::{
    icons,
    named_panels::NamedPanel,
    theme::{Theme, size},
    widgets::{elided_label, elided_small, grouped, section_header},
};

/// The panel.
pub(crate) fn panel() -> NamedPanel {
    let shortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::M);
    NamedPanel::new("Performance", show)
        .closed()
        .with_icon(icons::PERFORMANCE)
        .with_shortcut(shortcut)
}

fn show(
    InMut(ui): InMut<Ui>,
    diagnostics: Option<Res<FrameDiagnostics>>,
    counters: Option<Res<WorkCounters>>,
) {
    let Some(diagnostics) = diagnostics else {
        return;
    };
    ui.spacing_mut().item_spacing.y = 0.0;
    show_frames(ui, &diagnostics);
    if let Some(counters) = counters {
        show_work(ui, &counters);
    }
    show_queries(ui, &diagnostics);
    show_memory(ui, &diagnostics);
    show_collection(ui, &diagnostics);
}

fn show_frames(ui: &mut Ui, diagnostics: &FrameDiagnostics) {
    let count = diagnostics.history().len();
    section_header(ui, "Frames", |ui| {
        elided_small(ui, &format!("the last {count}, in ms"));
    });
    chart::show(ui, diagnostics);
    ui.add_space(size::GRID);
    columns(ui, ["last", "median", "95 %"], None, |ui| {
        elided_small(ui, "");
    });
    let total = Times::of(diagnostics, FrameSample::total_ms);
    let frame_goal = Goal::AtMost(f64::from(FRAME_GOAL_MS), "ms");
    times_row(
        ui,
        "All of it",
        "Phases and user interface",
        total,
        Some(frame_goal),
    );
    for phase in FrameSystems::ALL {
        let times = Times::of(diagnostics, |sample| sample.phase_ms(phase));
        times_row(
            ui,
            &format!("{phase:?}"),
            phase.scope_name(),
            times,
            goal_of(phase),
        );
    }
    let ui_times = Times::of(diagnostics, |sample| sample.ui_ms);
    let ui_goal = Goal::AtMost(6.0, "ms");
    times_row(
        ui,
        "User interface",
        "Passes over panels and views",
        ui_times,
        Some(ui_goal),
    );
}

fn times_row(ui: &mut Ui, name: &str, hint: &str, times: Times, goal: Option<Goal>) {
    let texts = [times.last, times.median, times.p95].map(ms);
    let missed = goal.filter(|goal| goal.is_missed_by(f64::from(times.p95)));
    let response = columns(ui, [&texts[0], &texts[1], &texts[2]], missed, |ui| {
        elided_label(ui, name);
    });
    let mut tooltip = format!("{hint}\nWorst: {} ms", ms(times.worst));
    if let Some(goal) = goal {
        tooltip = format!("{tooltip}\n{}, in 95 % of the frames", goal.text());
    }
    response.on_hover_text(tooltip);
}

/// Milliseconds to the hundredth.
fn ms(value: f32) -> String {
    format!("{value:.2}")
}

fn show_work(ui: &mut Ui, counters: &WorkCounters) {
    section_header(ui, "Work in the last frame", |_| {});
    let mut is_idle = true;
    for (work, items) in counters.iter() {
        is_idle = false;
        let name = work.name().replace('_', " ");
        figure_row(ui, &sentence(&name), &grouped(items), None);
    }
    if is_idle {
        elided_small(ui, "None: nothing changed.");
    }
}

/// The text with its first letter as at the beginning of a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn show_queries(ui: &mut Ui, diagnostics: &FrameDiagnostics) {
    section_header(ui, "Queries", |_| {});
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    if let Some(rate) = diagnostics.queries.hit_rate() {
        let goal = Goal::AtLeast(90.0, "%");
        figure_row(
            ui,
            "Found without a search",
            &percent(rate),
            Some((rate * 100.0, goal)),
        );
    }
    let memory = &diagnostics.memory;
    if memory.data_bytes > 0 {
        let share = memory.query_cache_bytes as f64 / memory.data_bytes as f64;
        let goal = Goal::AtMost(10.0, "%");
        figure_row(
            ui,
            "Cache, of the data",
            &percent(share),
            Some((share * 100.0, goal)),
        );
    }
    let most = diagnostics.history().map(|sample| sample.invalidations).max();
    let most = most.unwrap_or(0);
    let goal = Goal::AtMost(1_000.0, "in a frame");
    let figure = Some((f64::from(most), goal));
    figure_row(ui, "Most invalidations in a frame", &grouped(most.into()), figure);
}

fn show_memory(ui: &mut Ui, diagnostics: &FrameDiagnostics) {
    let memory = &diagnostics.memory;
    section_header(ui, "Memory", |_| {});
    let used = memory.total_bytes();
    let limit = memory.limit_bytes.map(|limit| {
        let goal = Goal::AtMost(limit as f64, "bytes");
        (used as f64, goal)
    });
    figure_row(ui, "All that is counted", &format_bytes(used), limit);
    if let Some(limit) = memory.limit_bytes {
        figure_row(ui, "Limit", &format_bytes(limit), None);
    }
    for (name, bytes) in [
        ("Data", memory.data_bytes),
        ("Query caches", memory.query_cache_bytes),
        ("Read ahead", memory.queued_bytes),
    ] {
        figure_row(ui, name, &format_bytes(bytes), None);
    }
    for cache in &memory.caches {
        let response = figure_row(ui, cache.name, &format_bytes(cache.size.bytes), None);
        if cache.size.idle_bytes > 0 {
            let idle = format_bytes(cache.size.idle_bytes);
            response.on_hover_text(format!("{idle} of it is not on screen, and goes first."));
        }
    }
}

fn show_collection(ui: &mut Ui, diagnostics: &FrameDiagnostics) {
    section_header(ui, "Garbage collection", |_| {});
    let goal = Goal::AtMost(3.5, "ms");
    let pause = |ui: &mut Ui, name: &str, ms_value: f32| {
        let text = format!("{} ms", ms(ms_value));
        figure_row(ui, name, &text, Some((f64::from(ms_value), goal)));
    };
    let to_ms = |time: std::time::Duration| time.as_secs_f32() * 1_000.0;
    pause(ui, "Pause in the last frame", to_ms(diagnostics.gc_pause));
    pause(ui, "Worst pause ever", to_ms(diagnostics.worst_gc_pause));
    let count = diagnostics.history().len();
    if count > 0 {
        let collecting = diagnostics.history().filter(|sample| sample.gc_ms > 0.0).count();
        let percent = collecting as f64 / count as f64 * 100.0;
        let goal = Goal::AtMost(10.0, "% of the frames");
        figure_row(
            ui,
            "Frames with a pause",
            &format!("{percent:.0} %"),
            Some((percent, goal)),
        );
    }
}

/// A name and a figure, with a mark where the goal is missed.
fn figure_row(ui: &mut Ui, name: &str, text: &str, goal: Option<(f64, Goal)>) -> egui::Response {
    let missed = goal.filter(|(value, goal)| goal.is_missed_by(*value));
    let response = columns(ui, [text], missed.map(|(_, goal)| goal), |ui| {
        elided_label(ui, name);
    });
    match goal {
        Some((_, goal)) => response.on_hover_text(goal.text()),
        None => response,
    }
}

/// Width of a figure among several.
const COLUMN: f32 = 14.0 * size::GRID;

/// A row with figures at its right end, and a mark before them where a goal is missed.
fn columns<const N: usize>(
    ui: &mut Ui,
    figures: [&str; N],
    missed: Option<Goal>,
    name: impl FnOnce(&mut Ui),
) -> egui::Response {
    let theme = Theme::of(ui);
    let row = Vec2::new(ui.available_width(), ROW);
    let inner = ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(ROW);
        ui.spacing_mut().item_spacing.x = size::GRID;
        for (at, figure) in figures.iter().enumerate().rev() {
            // The last of several is the one that the goal is about.
            let is_missed = missed.is_some() && at + 1 == N;
            let color = if is_missed { theme.warning } else { theme.text };
            let text = RichText::new(*figure).monospace().color(color);
            let width = if N > 1 { COLUMN } else { 0.0 };
            ui.allocate_ui_with_layout(
                Vec2::new(width, ROW),
                Layout::right_to_left(Align::Center),
                |ui| {
                    ui.set_min_width(width);
                    ui.label(text);
                },
            );
        }
        if missed.is_some() {
            ui.label(RichText::new(icons::WARNING).color(theme.warning));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), name);
    });
    ui.interact(inner.response.rect, inner.response.id.with("row"), Sense::hover())
}

/// Height of a row: figures stand closer than what is clicked on.
const ROW: f32 = 5.0 * size::GRID;

#[cfg(test)]
mod tests {
    use egui::{Key, Modifiers};

    use super::*;
    use crate::testing::Stage;

    #[test]
    fn the_panel_says_what_frames_cost_and_asks_for_none() {
        let mut stage = Stage::with_entities(1_400.0, 1_200.0, &["/a"]);
        assert!(!stage.draw().contains(&"Performance".to_owned()));
        stage.press(Key::M, Modifiers::COMMAND | Modifiers::SHIFT);
        let texts = stage.draw();
        for expected in [
            "Performance",
            "All of it",
            "Visualizers",
            "User interface",
            "None: nothing changed.",
            "Cache, of the data",
            "Diff log",
            "Worst pause ever",
        ] {
            assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
        }
        assert!(!stage.wants_repaint());
        stage.log(&["/b"]);
        let texts = stage.draw_with(Vec::new());
        assert!(texts.iter().any(|text| text == "Entities walked"), "{texts:?}");
        stage.press(Key::M, Modifiers::COMMAND | Modifiers::SHIFT);
        assert!(!stage.draw().contains(&"Performance".to_owned()));
    }

    #[test]
    fn names_begin_as_sentences_do() {
        assert_eq!(sentence("looked up"), "Looked up");
        assert_eq!(sentence(""), "");
    }
}
