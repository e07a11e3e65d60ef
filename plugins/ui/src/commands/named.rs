//! Commands as menus, palette and keys know them: those of the viewer, and those that an app adds.

use std::borrow::Cow;

use bevy::{
    app::App,
    ecs::{
        prelude::*,
        system::{BoxedSystem, SystemId},
    },
};
use egui::{Key, KeyboardShortcut, ModifierNames};

use super::{CommandGroup, UiCommand};
use crate::{icons, pass::Pass, state::UiState};

/// A command: a name that menus and the palette show, and what it does.
///
/// See [`AppCommandExt::add_command`].
pub struct NamedCommand {
    name: Cow<'static, str>,
    icon: &'static str,
    group: CommandGroup,
    shortcuts: Vec<KeyboardShortcut>,
    is_enabled: Option<Condition>,
    is_on: Option<Condition>,
    action: NewAction,
}

/// A question to the world.
type Condition = Box<dyn Fn(&World) -> bool + Send + Sync>;

enum NewAction {
    BuiltIn(UiCommand),
    System(BoxedSystem),
    TogglePanel(Cow<'static, str>),
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
enum Action {
    BuiltIn(UiCommand),
    System(SystemId),
    TogglePanel(Cow<'static, str>),
}

impl NamedCommand {
    /// A command that runs a system, after the pass in which it was chosen.
    pub fn new<M>(name: impl Into<Cow<'static, str>>, system: impl IntoSystem<(), (), M>) -> Self {
        let system: BoxedSystem = Box::new(IntoSystem::into_system(system));
        Self::with_action(name, NewAction::System(system))
    }

    /// A command that opens and closes a panel.
    pub(crate) fn toggle_panel(title: Cow<'static, str>) -> Self {
        Self {
            group: CommandGroup::View,
            ..Self::with_action(format!("{title} panel"), NewAction::TogglePanel(title))
        }
    }

    fn with_action(name: impl Into<Cow<'static, str>>, action: NewAction) -> Self {
        Self {
            name: name.into(),
            icon: icons::COMMAND,
            group: CommandGroup::App,
            shortcuts: Vec::new(),
            is_enabled: None,
            is_on: None,
            action,
        }
    }

    /// Gives it an icon: a glyph of [`icons`](crate::icons), or any character of the bundled faces.
    #[must_use]
    pub fn with_icon(mut self, icon: &'static str) -> Self {
        self.icon = icon;
        self
    }

    /// Adds keys that run it. They win over those of the viewer's own commands.
    #[must_use]
    pub fn with_shortcut(mut self, shortcut: KeyboardShortcut) -> Self {
        self.shortcuts.push(shortcut);
        self
    }

    /// Puts it into another part of the menu than that of the app.
    #[must_use]
    pub fn in_group(mut self, group: CommandGroup) -> Self {
        self.group = group;
        self
    }

    /// Enables it only where this holds.
    #[must_use]
    pub fn enabled_if(mut self, condition: impl Fn(&World) -> bool + Send + Sync + 'static) -> Self {
        self.is_enabled = Some(Box::new(condition));
        self
    }

    /// Shows it as a switch, which is on where this holds.
    #[must_use]
    pub fn on_if(mut self, condition: impl Fn(&World) -> bool + Send + Sync + 'static) -> Self {
        self.is_on = Some(Box::new(condition));
        self
    }

    fn register(self, world: &mut World) -> RegisteredCommand {
        let action = match self.action {
            NewAction::BuiltIn(command) => Action::BuiltIn(command),
            NewAction::System(system) => Action::System(world.register_boxed_system(system)),
            NewAction::TogglePanel(title) => Action::TogglePanel(title),
        };
        RegisteredCommand {
            name: self.name,
            icon: self.icon,
            group: self.group,
            shortcuts: self.shortcuts,
            is_enabled: self.is_enabled,
            is_on: self.is_on,
            action,
        }
    }
}

impl From<UiCommand> for NamedCommand {
    fn from(command: UiCommand) -> Self {
        Self {
            icon: command.icon(),
            group: command.group(),
            shortcuts: command.shortcuts().to_vec(),
            ..Self::with_action(command.name(), NewAction::BuiltIn(command))
        }
    }
}

/// Adds commands.
pub trait AppCommandExt {
    /// Adds a command to the menu, the palette, the list of keys, and the keys themselves; one of the same name is replaced.
    /// All commands of the viewer are added by this call, too, so that each can be replaced.
    ///
    /// ```
    /// # use bevy::prelude::*;
    /// # use chronoscope_ui::{AppCommandExt, NamedCommand};
    /// #[derive(Resource, Default)]
    /// struct Gravity(f32);
    ///
    /// let turn = |mut gravity: ResMut<Gravity>| gravity.0 = -gravity.0;
    /// let keys = egui::KeyboardShortcut::new(egui::Modifiers::NONE, egui::Key::G);
    /// App::new()
    ///     .init_resource::<Gravity>()
    ///     .add_command(NamedCommand::new("Turn gravity around", turn).with_shortcut(keys));
    /// ```
    fn add_command(&mut self, command: impl Into<NamedCommand>) -> &mut Self;
}

impl AppCommandExt for App {
    fn add_command(&mut self, command: impl Into<NamedCommand>) -> &mut Self {
        let world = self.world_mut();
        let command = command.into().register(world);
        world.init_resource::<NamedCommands>();
        let replaced = world.resource_mut::<NamedCommands>().add(command);
        if let Some(Action::System(system)) = replaced.map(|replaced| replaced.action) {
            // It is nobody else's, and was not running.
            _ = world.unregister_system(system);
        }
        self
    }
}

/// The commands, in the order of the menu and the palette.
#[derive(Resource, Default)]
pub(crate) struct NamedCommands(Vec<RegisteredCommand>);

/// A command whose system is registered.
pub(crate) struct RegisteredCommand {
    pub(crate) name: Cow<'static, str>,
    pub(crate) icon: &'static str,
    pub(crate) group: CommandGroup,
    pub(crate) shortcuts: Vec<KeyboardShortcut>,
    is_enabled: Option<Condition>,
    is_on: Option<Condition>,
    action: Action,
}

impl NamedCommands {
    /// Adds a command. Returns the one of the same name, whose place it takes.
    fn add(&mut self, command: RegisteredCommand) -> Option<RegisteredCommand> {
        match self.0.iter_mut().find(|known| known.name == command.name) {
            Some(known) => Some(std::mem::replace(known, command)),
            None => {
                self.0.push(command);
                None
            }
        }
    }

    /// Adds the commands of another, which replace those of the same names.
    pub(crate) fn take_over(&mut self, other: Self) {
        for command in other.0 {
            self.add(command);
        }
    }

    /// All commands with their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &RegisteredCommand)> {
        self.0.iter().enumerate()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&RegisteredCommand> {
        self.0.get(at)
    }

    /// The place of the command of an app that replaced one of the viewer's.
    pub(crate) fn replacing(&self, command: UiCommand) -> Option<usize> {
        let at = self.0.iter().position(|known| known.name == command.name())?;
        (self.0[at].built_in() != Some(command)).then_some(at)
    }
}

impl RegisteredCommand {
    /// The command of the viewer that it is, if one.
    pub(crate) fn built_in(&self) -> Option<UiCommand> {
        match self.action {
            Action::BuiltIn(command) => Some(command),
            _ => None,
        }
    }

    /// The name, with what would be undone or redone now.
    pub(crate) fn label(&self, pass: &Pass<'_>) -> Cow<'_, str> {
        match self.built_in() {
            Some(command) => command.label(pass),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// Whether it has an effect now.
    pub(crate) fn is_enabled(&self, pass: &Pass<'_>) -> bool {
        let is_possible = self.built_in().is_none_or(|command| command.is_enabled(pass));
        is_possible && self.is_enabled.as_ref().is_none_or(|holds| holds(pass.world))
    }

    /// State of the switch that it turns; `None` for other commands.
    pub(crate) fn is_on(&self, pass: &Pass<'_>) -> Option<bool> {
        match &self.action {
            Action::BuiltIn(command) => command.is_on(pass),
            Action::TogglePanel(title) => Some(pass.open_panels.contains(title)),
            Action::System(_) => self.is_on.as_ref().map(|holds| holds(pass.world)),
        }
    }

    /// The first of its shortcuts, as it is written.
    pub(crate) fn shortcut_text(&self) -> Option<String> {
        self.shortcuts.first().map(shortcut_text)
    }

    /// Does what an app says. A command of the viewer's own does nothing here.
    pub(crate) fn run(&self, pass: &Pass<'_>, state: &mut UiState) {
        if !self.is_enabled(pass) {
            return;
        }
        match &self.action {
            Action::BuiltIn(_) => {}
            Action::System(system) => state.systems.push((self.name.clone(), *system)),
            Action::TogglePanel(title) => state.panels.toggle(title),
        }
        state.repaint_requested = true;
    }
}

/// A shortcut as it is written: `Ctrl+P`.
pub(super) fn shortcut_text(shortcut: &KeyboardShortcut) -> String {
    let text = shortcut.format(&ModifierNames::NAMES, cfg!(target_os = "macos"));
    let key = shortcut.logical_key;
    match (key, text.strip_suffix(key.name())) {
        // Their names are read more easily than they are, above all after a plus.
        (Key::Comma | Key::Period | Key::Plus | Key::Minus, _) | (_, None) => text,
        (_, Some(modifiers)) => match key.symbol_or_name() {
            // A picture of an arrow, which its name says better.
            symbol if symbol.is_ascii() => format!("{modifiers}{symbol}"),
            _ => text,
        },
    }
}
