//! What is shown where nothing is open: how files are opened, and how programs connect.

use std::path::{Path, PathBuf};

use chronoscope_frame::{FileKinds, ListenLink, OffersDemo, RecentFiles, ViewerCommand};
use egui::{Align, Layout, RichText, Ui};

use crate::{
    choices::Choice,
    commands::UiCommand,
    fonts, icons,
    names::short_name,
    pass::Pass,
    settings::UiSettings,
    theme::{Theme, size},
    widgets::{elided_small, empty_state, icon_button, link_label},
};

const TITLE: &str = "Welcome to Chronoscope";
/// The link that SDKs connect to by themselves.
const DEFAULT_LINK: &str = "rerun+http://127.0.0.1:9876/proxy";
/// The width of the column.
const WIDTH: f32 = 140.0 * size::GRID;

/// Draws the page.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>) {
    let hint = how_to_open(&pass.settings, pass.world.resource::<FileKinds>());
    let link = pass
        .world
        .get_resource::<ListenLink>()
        .and_then(|link| link.0.clone());
    let buttons = Buttons::of(pass);
    if link.is_none() && buttons == Buttons::default() {
        empty_state(ui, icons::OPEN, TITLE, &hint);
        return;
    }
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let width = WIDTH.min(rect.width() - 2.0 * size::PADDING);
    let recent = recent_files(pass);
    let least = if link.is_some() { HEIGHT } else { SHORT_HEIGHT };
    let height = least + recent.len() as f32 * size::ROW;
    let scroll = egui::ScrollArea::vertical().id_salt("welcome").auto_shrink(false);
    scroll.show(ui, |ui| {
        ui.add_space(((rect.height() - height) / 2.0).max(size::ROW));
        ui.horizontal(|ui| {
            ui.add_space(((rect.width() - width) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_max_width(width);
                ui.spacing_mut().item_spacing.y = size::GRID;
                ui.label(
                    RichText::new(TITLE)
                        .font(fonts::medium(ui, size::TITLE))
                        .color(theme.text),
                );
                ui.add(egui::Label::new(RichText::new(hint).size(size::SMALL).color(theme.secondary)).wrap());
                buttons.show(ui, pass);
                show_recent(ui, pass, &recent);
                if let Some(link) = &link {
                    show_how_to_log(ui, &theme, link);
                }
            });
        });
    });
}

/// The files that were opened last, as many as a page has room for, where files are opened at all.
fn recent_files(pass: &Pass<'_>) -> Vec<PathBuf> {
    if pass.world.resource::<FileKinds>().0.is_empty() {
        return Vec::new();
    }
    let recent = pass.world.resource::<RecentFiles>().0.iter();
    recent.take(MAX_RECENT).cloned().collect()
}

/// A link to each, with the folder that it is in.
fn show_recent(ui: &mut Ui, pass: &mut Pass<'_>, recent: &[PathBuf]) {
    if recent.is_empty() {
        return;
    }
    ui.add_space(size::PADDING);
    ui.label(RichText::new("Recent files").font(fonts::medium(ui, size::BODY)));
    for path in recent {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = size::PADDING;
            let text = path.display().to_string();
            if link_label(ui, short_name(&text)).on_hover_text(&text).clicked() {
                pass.choose(Choice::OpenFile(path.clone()));
            }
            if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
                elided_small(ui, &folder.display().to_string());
            }
        });
    }
}

/// How programs log to this viewer.
fn show_how_to_log(ui: &mut Ui, theme: &Theme, link: &str) {
    ui.add_space(size::ROW);
    ui.label(RichText::new("Log from a running program").font(fonts::medium(ui, size::BODY)));
    ui.label(
        RichText::new("The Rerun SDKs connect to this address, and what they log appears here.")
            .size(size::SMALL)
            .color(theme.secondary),
    );
    show_text(ui, theme, "Address", link);
    for (language, text) in snippets(link) {
        show_text(ui, theme, language, &text);
    }
}

/// What can be opened without leaving the page.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Buttons {
    opens_files: bool,
    has_demo: bool,
}

impl Buttons {
    fn of(pass: &Pass<'_>) -> Self {
        Self {
            opens_files: !pass.world.resource::<FileKinds>().0.is_empty(),
            has_demo: pass.world.resource::<OffersDemo>().0,
        }
    }

    fn show(self, ui: &mut Ui, pass: &mut Pass<'_>) {
        if self == Self::default() {
            return;
        }
        ui.add_space(size::PADDING);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = size::PADDING;
            if self.opens_files && ui.button("Open a file").clicked() {
                pass.choose(Choice::Command(UiCommand::Open));
            }
            if self.has_demo && ui.button("Open the demo").clicked() {
                pass.push(ViewerCommand::OpenDemo);
            }
        });
    }
}

/// Files that the page lists. The menu has all.
const MAX_RECENT: usize = 6;

/// The height of the page, as far as it can be known before it is drawn.
const HEIGHT: f32 = 120.0 * size::GRID;
/// Likewise, where nothing is said of programs.
const SHORT_HEIGHT: f32 = 30.0 * size::GRID;

/// How a program connects, by its language.
fn snippets(link: &str) -> [(&'static str, String); 3] {
    let is_default = link == DEFAULT_LINK;
    let given = |by_default: &str, function: &str| {
        if is_default {
            by_default.to_owned()
        } else {
            format!("{function}(\"{link}\")")
        }
    };
    let python = [
        "import rerun as rr",
        "",
        "rr.init(\"my_app\")",
        &format!("rr.{}", given("connect_grpc()", "connect_grpc")),
        "rr.log(\"points\", rr.Points3D([[1, 2, 3]]))",
    ];
    let rust = [
        "let rec = rerun::RecordingStreamBuilder::new(\"my_app\")",
        &format!("    .{}?;", given("connect_grpc()", "connect_grpc_opts")),
        "rec.log(\"points\", &rerun::Points3D::new([(1.0, 2.0, 3.0)]))?;",
    ];
    let cpp = [
        "const auto rec = rerun::RecordingStream(\"my_app\");",
        &format!(
            "rec.{}.exit_on_failure();",
            given("connect_grpc()", "connect_grpc")
        ),
        "rec.log(\"points\", rerun::Points3D({{1.0f, 2.0f, 3.0f}}));",
    ];
    [
        ("Python", python.join("\n")),
        ("Rust", rust.join("\n")),
        ("C++", cpp.join("\n")),
    ]
}

/// A text in a frame, with its title, and a button that copies it.
fn show_text(ui: &mut Ui, theme: &Theme, title: &str, text: &str) {
    ui.add_space(size::GRID);
    let frame = egui::Frame::new()
        .fill(theme.raised)
        .corner_radius(size::RADIUS)
        .inner_margin(size::PADDING);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(title).size(size::SMALL).color(theme.secondary));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, icons::COPY, &format!("Copy: {title}"), None).clicked() {
                    ui.copy_text(text.to_owned());
                }
            });
        });
        let code = RichText::new(text).monospace().size(size::MONO).color(theme.text);
        ui.add(egui::Label::new(code).wrap().selectable(true));
    });
}

/// How a file is opened, as far as the settings allow it, and which kinds of files there are.
fn how_to_open(settings: &UiSettings, kinds: &FileKinds) -> String {
    let ways = [
        settings.take_drops.then_some("drop a file here"),
        settings.shortcuts.then_some("press Ctrl+O"),
        // Only the program may end itself.
        settings.can_quit.then_some("run: chronoscope FILE"),
    ];
    let ways: Vec<&str> = ways.into_iter().flatten().collect();
    let text = match ways.as_slice() {
        [] => "Recordings appear here once there is data.".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    };
    let mut letters = text.chars();
    let mut text: String = letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    });
    if !ways.is_empty() && !kinds.0.is_empty() {
        text.push_str("\nOpens ");
        text.push_str(&kinds.extensions());
    }
    text
}
