//! Panels by title: those of the viewer, and those that an app adds.
//!
//! In a pass, `fill` draws what is in the places of the viewer's own; of those of an app, `reserve` lays them out and leaves the room for what is in them; once the pass has no more use for the world,
//! `draw` runs the system of each, which may change anything.

use std::{borrow::Cow, collections::BTreeSet};

use bevy::{
    app::App,
    ecs::{
        prelude::*,
        system::{BoxedSystem, InMut, SystemId},
    },
};
use chronoscope_blueprint::Panel;
use chronoscope_frame::Report;
use egui::{KeyboardShortcut, Rect, Ui};

use crate::{
    commands::{AppCommandExt, NamedCommand, UiCommand},
    icons,
    pass::{Pass, Place},
    theme::{Theme, size},
    widgets::{icon_button, padded, section_header},
};

/// Where a panel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PanelSide {
    /// Beside recordings and blueprint.
    Left,
    /// Beside the selection.
    #[default]
    Right,
    /// Above the time panel.
    Bottom,
}

/// A panel: a title, and a system that draws what is in it.
///
/// See [`AppPanelExt::add_panel`].
pub struct NamedPanel {
    title: Cow<'static, str>,
    icon: &'static str,
    side: PanelSide,
    size: Option<f32>,
    is_open: bool,
    shortcut: Option<KeyboardShortcut>,
    content: NewContent,
}

enum NewContent {
    BuiltIn,
    System(BoxedSystem<InMut<'static, Ui>>),
}

/// What is in a panel.
#[derive(Clone, Copy)]
enum Content {
    /// What the viewer has there.
    BuiltIn,
    System(SystemId<InMut<'static, Ui>>),
}

impl NamedPanel {
    /// A panel at the right side, open at first. The system gets the [`Ui`] to draw into, and whatever else it asks for.
    pub fn new<M>(
        title: impl Into<Cow<'static, str>>,
        system: impl IntoSystem<InMut<'static, Ui>, (), M>,
    ) -> Self {
        let system: BoxedSystem<InMut<'static, Ui>> = Box::new(IntoSystem::into_system(system));
        Self::with_content(title, NewContent::System(system))
    }

    fn with_content(title: impl Into<Cow<'static, str>>, content: NewContent) -> Self {
        Self {
            title: title.into(),
            icon: icons::PANEL_RIGHT,
            side: PanelSide::default(),
            size: None,
            is_open: true,
            shortcut: None,
            content,
        }
    }

    /// Puts it somewhere else.
    #[must_use]
    pub fn at(mut self, side: PanelSide) -> Self {
        self.side = side;
        self
    }

    /// Has it closed at first.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.is_open = false;
        self
    }

    /// Says how wide it is at first; at the bottom, how high. In points.
    #[must_use]
    pub fn with_size(mut self, size: f32) -> Self {
        self.size = Some(size);
        self
    }

    /// Gives the command that opens and closes it an icon.
    #[must_use]
    pub fn with_icon(mut self, icon: &'static str) -> Self {
        self.icon = icon;
        self
    }

    /// Gives the command that opens and closes it a key.
    #[must_use]
    pub fn with_shortcut(mut self, shortcut: KeyboardShortcut) -> Self {
        self.shortcut = Some(shortcut);
        self
    }
}

impl From<Panel> for NamedPanel {
    /// A panel of the viewer's own.
    fn from(panel: Panel) -> Self {
        Self::with_content(panel.name(), NewContent::BuiltIn)
    }
}

/// Adds panels.
pub trait AppPanelExt {
    /// Adds a panel, and a command that opens and closes it; one of the same title is replaced. All panels of the viewer are added
    /// by this call, too, so that each can be replaced.
    ///
    /// One that is called as a [`Panel`] of the viewer has its place, its size, and its command; the blueprint opens and closes
    /// it. It gets all of the room, without a title or a bar to scroll by: in the bar above, and in the place of the time panel
    /// while that is collapsed, the height of a button. Side, size and icon mean nothing there. With that [`Panel`] itself, the
    /// viewer's own is back.
    ///
    /// ```
    /// # use bevy::{ecs::system::InMut, prelude::*};
    /// # use chronoscope_ui::{AppPanelExt, NamedPanel};
    /// #[derive(Resource, Default)]
    /// struct Wind(f32);
    ///
    /// fn wind_panel(InMut(ui): InMut<egui::Ui>, mut wind: ResMut<Wind>) {
    ///     ui.add(egui::Slider::new(&mut wind.0, 0.0..=20.0).text("m/s"));
    /// }
    ///
    /// App::new().init_resource::<Wind>().add_panel(NamedPanel::new("Wind", wind_panel));
    /// ```
    fn add_panel(&mut self, panel: impl Into<NamedPanel>) -> &mut Self;
}

impl AppPanelExt for App {
    fn add_panel(&mut self, panel: impl Into<NamedPanel>) -> &mut Self {
        let panel = panel.into();
        let command = toggle_command(&panel);
        let world = self.world_mut();
        let panel = RegisteredPanel {
            place: place_of(&panel.title),
            title: panel.title,
            side: panel.side,
            size: panel.size,
            is_open: panel.is_open,
            content: match panel.content {
                NewContent::BuiltIn => Content::BuiltIn,
                NewContent::System(system) => Content::System(world.register_boxed_system(system)),
            },
        };
        world.init_resource::<NamedPanels>();
        let replaced = world.resource_mut::<NamedPanels>().add(panel);
        if let Some(Content::System(system)) = replaced.map(|replaced| replaced.content) {
            // It is nobody else's, and was not running.
            _ = world.unregister_system(system);
        }
        if let Some(command) = command {
            self.add_command(command);
        }
        self
    }
}

/// The place of the viewer's own panel of this title.
fn place_of(title: &str) -> Option<Panel> {
    Panel::ALL.into_iter().find(|panel| panel.name() == title)
}

/// The command that opens and closes a panel. That of a place is there already, and gets no more than a key.
fn toggle_command(panel: &NamedPanel) -> Option<NamedCommand> {
    let command = match place_of(&panel.title) {
        None => NamedCommand::toggle_panel(panel.title.clone()).with_icon(panel.icon),
        Some(_) if panel.shortcut.is_none() => return None,
        Some(Panel::Top) => return None,
        Some(Panel::Blueprint) => UiCommand::ToggleLeftPanel.into(),
        Some(Panel::Selection) => UiCommand::ToggleSelectionPanel.into(),
        Some(Panel::Time) => UiCommand::ToggleTimePanel.into(),
    };
    Some(match panel.shortcut {
        Some(shortcut) => command.with_shortcut(shortcut),
        None => command,
    })
}

/// The panels, in the order in which they are laid out.
#[derive(Resource, Default)]
pub(crate) struct NamedPanels(Vec<RegisteredPanel>);

struct RegisteredPanel {
    title: Cow<'static, str>,
    /// The place of a panel of the viewer's own, which it has instead of a side.
    place: Option<Panel>,
    side: PanelSide,
    size: Option<f32>,
    is_open: bool,
    content: Content,
}

impl NamedPanels {
    /// Adds a panel. Returns the one of the same title, whose place it takes.
    fn add(&mut self, panel: RegisteredPanel) -> Option<RegisteredPanel> {
        match self.0.iter_mut().find(|known| known.title == panel.title) {
            Some(known) => Some(std::mem::replace(known, panel)),
            None => {
                self.0.push(panel);
                None
            }
        }
    }

    /// Adds the panels of another, which replace those of the same titles.
    pub(crate) fn take_over(&mut self, other: Self) {
        for panel in other.0 {
            self.add(panel);
        }
    }

    /// What is in a place of the viewer's own, and where in the list it is.
    fn in_place(&self, place: Panel) -> Option<(usize, Content)> {
        let at = self.0.iter().position(|panel| panel.place == Some(place))?;
        Some((at, self.0[at].content))
    }

    /// Whether a panel of the viewer's own is there, and no app replaced it.
    pub(crate) fn is_built_in(&self, place: Panel) -> bool {
        matches!(self.in_place(place), Some((_, Content::BuiltIn)))
    }
}

/// What an instance of the interface remembers of these panels.
#[derive(Default)]
pub(crate) struct NamedPanelsState {
    /// Those that are open though closed at first, or the other way round.
    toggled: BTreeSet<Cow<'static, str>>,
    /// The room of what is in them, in this pass.
    rooms: Vec<(usize, Rect)>,
    /// Those whose failure was told.
    failed: BTreeSet<Cow<'static, str>>,
}

impl NamedPanelsState {
    pub(crate) fn toggle(&mut self, title: &str) {
        if !self.toggled.remove(title) {
            self.toggled.insert(title.to_owned().into());
        }
    }

    /// The titles of those that are open.
    pub(crate) fn open(&self, panels: &NamedPanels) -> BTreeSet<Cow<'static, str>> {
        let panels = panels.0.iter().filter(|panel| panel.place.is_none());
        panels
            .filter(|panel| panel.is_open != self.toggled.contains(&panel.title))
            .map(|panel| panel.title.clone())
            .collect()
    }
}

/// Draws what the viewer has in one of its own places, or leaves the room to what took that place.
pub(crate) fn fill(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    state: &mut NamedPanelsState,
    place: Panel,
    built_in: impl FnOnce(&mut Ui, &mut Pass<'_>),
) {
    match pass.world.resource::<NamedPanels>().in_place(place) {
        Some((_, Content::BuiltIn)) => built_in(ui, pass),
        Some((at, Content::System(_))) => {
            state.rooms.push((at, ui.available_rect_before_wrap()));
            ui.take_available_space();
        }
        None => {}
    }
}

/// Lays out the open panels of a side.
pub(crate) fn reserve(ui: &mut Ui, pass: &Pass<'_>, state: &mut NamedPanelsState, side: PanelSide) {
    let panels = pass.world.resource::<NamedPanels>().0.iter().enumerate();
    for (at, panel) in panels.filter(|(_, panel)| panel.side == side) {
        if !pass.open_panels.contains(&panel.title) {
            continue;
        }
        let mut is_closed = false;
        let frame = egui::Frame::new().fill(Theme::of(ui).panel);
        let shown = layout(&pass.place, panel).frame(frame).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            padded(ui, |ui| {
                section_header(ui, &panel.title, |ui| {
                    is_closed = icon_button(ui, icons::CLOSE, "Close", None).clicked();
                });
            });
            let (edges, top) = (ui.max_rect().x_range(), ui.cursor().top());
            ui.painter().hline(edges, top, Theme::of(ui).hairline_stroke());
            let room = ui.available_rect_before_wrap();
            ui.take_available_space();
            room
        });
        state.rooms.push((at, shown.inner));
        if is_closed {
            state.toggle(&panel.title);
        }
    }
}

fn layout(place: &Place, panel: &RegisteredPanel) -> egui::Panel {
    let id = place.id.with(("named_panel", &*panel.title));
    let (layout, all, share, usual) = match panel.side {
        PanelSide::Left => (egui::Panel::left(id), place.rect.width(), 0.2, 200.0..=320.0),
        PanelSide::Right => (egui::Panel::right(id), place.rect.width(), 0.24, 240.0..=360.0),
        PanelSide::Bottom => (egui::Panel::bottom(id), place.rect.height(), 0.24, 120.0..=280.0),
    };
    let usual = (all * share).clamp(*usual.start(), *usual.end());
    // Two panels together never take more than two thirds, so that something is left for the tiles in a small window.
    let most = (all / 3.0).max(81.0);
    layout
        .resizable(true)
        .default_size(panel.size.unwrap_or(usual).min(most))
        .size_range(80.0..=most)
}

/// Draws what is in the panels that were laid out. Returns what went wrong.
pub(crate) fn draw(ui: &mut Ui, world: &mut World, state: &mut NamedPanelsState) -> Vec<Report> {
    let mut reports = Vec::new();
    for (at, room) in state.rooms.drain(..) {
        let panel = world
            .get_resource::<NamedPanels>()
            .and_then(|panels| panels.0.get(at));
        let Some(panel) = panel else { continue };
        let Content::System(system) = panel.content else {
            continue;
        };
        let (title, place) = (panel.title.clone(), panel.place);
        let builder = egui::UiBuilder::new()
            .id_salt(("named_panel", &*title))
            .max_rect(room);
        let layout = match place {
            Some(Panel::Top) => egui::Layout::left_to_right(egui::Align::Center),
            _ => egui::Layout::top_down(egui::Align::Min),
        };
        let mut inner = ui.new_child(builder.layout(layout));
        inner.shrink_clip_rect(room);
        let mut run = |ui: &mut Ui| world.run_system_with::<InMut<'static, Ui>, ()>(system, ui);
        let ran = if place.is_some() {
            run(&mut inner)
        } else {
            let list = egui::ScrollArea::vertical().auto_shrink([false, false]);
            let shown = list.show(&mut inner, |ui| {
                padded(ui, |ui| {
                    ui.add_space(size::GRID);
                    run(ui)
                })
            });
            shown.inner
        };
        if let Err(error) = ran
            && state.failed.insert(title.clone())
        {
            reports.push(Report::error(title.to_string(), error.to_string()));
        }
    }
    reports
}
