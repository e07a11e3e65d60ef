//! What keys and gestures do, over everything.

use egui::{Align2, RichText, Vec2};

use crate::{
    commands::{CommandGroup, NamedCommands},
    fonts, overlay,
    pass::Pass,
    theme::{Theme, size},
    widgets::scrolled_list,
};

/// The name of the list's layer.
pub(crate) const GESTURES: &str = "gestures";

/// Whether the list is open.
#[derive(Default)]
pub(crate) struct GesturesState {
    is_open: bool,
}

impl GesturesState {
    pub(crate) fn toggle(&mut self) {
        self.is_open = !self.is_open;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Gestures, by place.
const PLACES: [(&str, &[(&str, &str)]); 7] = [
    (
        "In all views",
        &[
            ("click", "selects what is under the pointer"),
            ("Ctrl + click", "adds it to the selection, or takes it out"),
            ("double click", "frames everything, or what is under the pointer"),
            ("right click", "opens the menu of what is under the pointer"),
        ],
    ),
    (
        "3D views",
        &[
            ("drag", "orbits"),
            ("right drag", "pans"),
            ("wheel", "zooms"),
            ("W A S D Q E", "fly; faster with Shift"),
            ("I J K L", "turn"),
        ],
    ),
    (
        "2D views",
        &[
            ("drag", "pans"),
            ("wheel", "zooms"),
            ("rest", "enlarges the pixels there, of all pictures"),
        ],
    ),
    (
        "Plots",
        &[
            (
                "drag",
                "pans; the time cursor is dragged by its line, or in the axis",
            ),
            ("wheel", "zooms; with Shift up and down"),
            ("right drag", "zooms into a box"),
            ("Shift + drag", "measures between two times"),
            (
                "click in a legend",
                "hides a series; a double click shows it alone",
            ),
            (
                "drag from a legend",
                "moves a series to another plot; with Ctrl it stays, too",
            ),
        ],
    ),
    (
        "Text logs",
        &[
            ("click on a line", "selects it; with Shift all up to it"),
            ("click on a time", "moves the cursor there"),
            (
                "up, down",
                "selects the line above or below; with Shift that one, too",
            ),
        ],
    ),
    (
        "Time panel",
        &[
            ("drag", "moves the cursor; with Alt to where something was logged"),
            (
                "Shift + drag",
                "selects times to repeat; their ends can be dragged",
            ),
            ("Ctrl + wheel", "zooms"),
            ("right drag", "pans"),
            ("double click", "shows all times"),
        ],
    ),
    (
        "Trees and tiles",
        &[
            (
                "drag a row",
                "moves a view or a container; an entity is shown where it is dropped",
            ),
            ("Shift + click on a row", "selects all rows up to it"),
            ("drag a title", "moves the tile"),
            ("double click on a title", "maximizes the view"),
        ],
    ),
];

/// Draws the list while it is open.
pub(crate) fn show(ctx: &egui::Context, pass: &Pass<'_>, state: &mut GesturesState) {
    if !state.is_open {
        return;
    }
    let place = &pass.place;
    let commands: &NamedCommands = pass.world.resource();
    let answer = overlay::show(ctx, place, GESTURES, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        ui.set_width(place.width_for(190.0 * size::GRID));
        ui.label(RichText::new("Keys and gestures").font(fonts::medium(ui, size::TITLE)));
        let room = (place.rect.height() - 4.0 * size::TOOLBAR).max(4.0 * size::ROW);
        let list = scrolled_list(room).auto_shrink([false, true]);
        list.show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let half = (ui.available_width() - size::PADDING) / 2.0;
            if half > 70.0 * size::GRID {
                ui.horizontal_top(|ui| {
                    column(ui, half, show_gestures);
                    column(ui, half, |ui| show_keys(ui, commands));
                });
            } else {
                show_gestures(ui);
                show_keys(ui, commands);
            }
        });
    });
    if answer.should_close {
        state.is_open = false;
    }
}

fn column(ui: &mut egui::Ui, width: f32, content: impl FnOnce(&mut egui::Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        content(ui);
    });
}

fn show_gestures(ui: &mut egui::Ui) {
    for (title, gestures) in PLACES {
        heading(ui, title);
        for (gesture, effect) in gestures {
            line(ui, gesture, effect);
        }
    }
}

fn show_keys(ui: &mut egui::Ui, commands: &NamedCommands) {
    // What an app adds is new to those who know the viewer.
    let others = CommandGroup::ALL
        .into_iter()
        .filter(|group| *group != CommandGroup::App);
    for group in std::iter::once(CommandGroup::App).chain(others) {
        let of_group = commands.iter().filter(|(_, command)| command.group == group);
        let with_keys = of_group.filter_map(|(_, command)| Some((command.shortcut_text()?, &command.name)));
        for (at, (keys, name)) in with_keys.enumerate() {
            if at == 0 {
                heading(ui, group.name());
            }
            line(ui, &keys, name.trim_end_matches('…'));
        }
    }
}

fn heading(ui: &mut egui::Ui, text: &str) {
    ui.add_space(size::PADDING);
    ui.label(RichText::new(text).font(fonts::medium(ui, size::BODY)));
}

fn line(ui: &mut egui::Ui, keys: &str, effect: &str) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        let width = 32.0 * size::GRID;
        let layout = egui::Layout::left_to_right(egui::Align::Min);
        ui.allocate_ui_with_layout(Vec2::new(width, size::ROW * 0.75), layout, |ui| {
            ui.set_min_width(width);
            let keys = RichText::new(keys)
                .monospace()
                .size(size::SMALL)
                .color(theme.secondary);
            ui.add(egui::Label::new(keys).wrap());
        });
        ui.add(egui::Label::new(RichText::new(effect).size(size::SMALL)).wrap());
    });
}
