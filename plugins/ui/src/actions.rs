//! Commands in action: run by name and by key.

mod time_steps;

use std::collections::BTreeSet;

use chronoscope_blueprint::{BlueprintCommand, Contents, Panel, PanelState, ViewBlueprint, ViewId};
use chronoscope_frame::{
    FileKinds, Item, LoopMode, PlayState, Report, TimeCommand, TimeControls, ViewOverrides, ViewTile,
    ViewerCommand,
};
use chronoscope_store::EntityPath;
use egui::{KeyboardShortcut, Modifiers};

use self::time_steps::{Direction, Step};
use crate::{
    arrange::{self, ShowIn},
    commands::{NamedCommands, RegisteredCommand, UiCommand, next_loop_mode, one_view},
    desktop_dialog::DesktopDialog,
    dialogs::OpenKind,
    edits,
    named_panels::NamedPanels,
    palette::PaletteMode,
    panels::panel_state,
    pass::Pass,
    save_dialog::SaveKind,
    selection_panel,
    state::UiState,
    time_panel::{remove_loop, switch_timeline},
    tree_steps::TreeStep,
    view_commands,
    widgets::container_title,
};

/// Does what a command says, where that is possible now.
pub(crate) fn run_named(at: usize, ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    let commands: &NamedCommands = pass.world.resource();
    let Some(command) = commands.get(at) else {
        debug_assert!(false, "commands are replaced, never removed");
        return;
    };
    match command.built_in() {
        Some(command) => run(command, ctx, pass, state),
        None => command.run(pass, state),
    }
}

/// Does what a command of the viewer says, or the one of an app that replaced it, where that is possible now.
pub(crate) fn run(command: UiCommand, ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    let commands: &NamedCommands = pass.world.resource();
    if let Some(at) = commands.replacing(command) {
        return run_named(at, ctx, pass, state);
    }
    if !command.is_enabled(pass) {
        return;
    }
    match command {
        UiCommand::Open => open_files(OpenKind::Files, ctx, pass, state),
        UiCommand::OpenBlueprint => open_files(OpenKind::Blueprints, ctx, pass, state),
        UiCommand::SaveBlueprint => save(SaveKind::Blueprint, ctx, pass, state),
        UiCommand::SaveScreenshot => save(SaveKind::Screenshot, ctx, pass, state),
        UiCommand::SaveView => {
            if let Some(view) = one_view(pass) {
                save(SaveKind::View(view), ctx, pass, state);
            }
        }
        UiCommand::SaveSeries => save(SaveKind::Series, ctx, pass, state),
        UiCommand::SaveRange => {
            if let Some(range) = time_steps::range_to_save(pass) {
                save(SaveKind::Times(range), ctx, pass, state);
            }
        }
        UiCommand::Settings => state.settings.toggle(),
        UiCommand::CloseRecording => {
            if let Some(entry) = pass.active() {
                pass.push(ViewerCommand::CloseRecording(entry.id().clone()));
            }
        }
        UiCommand::Palette => state.palette.toggle(PaletteMode::Everything),
        UiCommand::Add => state.palette.toggle(PaletteMode::Add),
        UiCommand::ChangeClass => state.palette.toggle(PaletteMode::ChangeClass),
        UiCommand::History => state.history.toggle(),
        UiCommand::Rename => {
            let selected = pass.selection().selected.first();
            if let Some(contents) = selected.and_then(arrange::contents_of) {
                state.rename.open(pass, contents);
            }
        }
        UiCommand::Duplicate => arrange::duplicate(pass, &arrange::movable_selection(pass)),
        UiCommand::ToggleVisible => toggle_visible(pass),
        UiCommand::Remove => arrange::remove(pass, &pass.selection().selected),
        UiCommand::ShowInView => {
            let entities = arrange::selected_entities(pass);
            arrange::show_in(pass, &entities, ShowIn::Selected, None);
        }
        UiCommand::CopyPath => ctx.copy_text(copied_paths(pass)),
        UiCommand::CopyPicture => {
            if let Some(view) = one_view(pass) {
                pass.push(ViewerCommand::CopyPicture(view));
            }
        }
        UiCommand::CopyValue => ctx.copy_text(selection_panel::values_text(pass)),
        UiCommand::CopyTable if !view_commands::is_for_some_view(pass, command) => {
            ctx.copy_text(selection_panel::tables_text(pass));
        }
        UiCommand::CopyTable
        | UiCommand::CopyRows
        | UiCommand::ResetLook
        | UiCommand::FocusSelection
        | UiCommand::FollowEntity
        | UiCommand::Measure
        | UiCommand::IsolateSeries
        | UiCommand::ToggleSeries
        | UiCommand::ToggleLegend
        | UiCommand::PanLeft
        | UiCommand::PanRight
        | UiCommand::PanUp
        | UiCommand::PanDown
        | UiCommand::ZoomIn
        | UiCommand::ZoomOut => {
            view_commands::act(command, ctx, pass);
            state.repaint_requested = true;
        }
        UiCommand::NextView => view_commands::go_to_neighbor(pass, true),
        UiCommand::PreviousView => view_commands::go_to_neighbor(pass, false),
        UiCommand::MoveEarlier => view_commands::move_selected(pass, false),
        UiCommand::MoveLater => view_commands::move_selected(pass, true),
        UiCommand::OverrideValue => selection_panel::keep_selected_value(pass, false),
        UiCommand::UseAsDefault => selection_panel::keep_selected_value(pass, true),
        UiCommand::RemoveOverrides => arrange::remove_overrides(pass),
        UiCommand::ItemMenu => state.item_menu.open(pass),
        UiCommand::ExpandAll => set_all_rows(true, pass, state),
        UiCommand::CollapseAll => set_all_rows(false, pass, state),
        UiCommand::RowAbove => step(TreeStep::Previous, ctx, pass, state),
        UiCommand::RowBelow => step(TreeStep::Next, ctx, pass, state),
        UiCommand::ExpandRow => step(TreeStep::Expand, ctx, pass, state),
        UiCommand::CollapseRow => step(TreeStep::Collapse, ctx, pass, state),
        UiCommand::SelectBack => state.selection_history.go(pass, true),
        UiCommand::SelectForward => state.selection_history.go(pass, false),
        UiCommand::Maximize => pass.edit(edits::maximize(one_view(pass))),
        UiCommand::OwnWindow => match state.only {
            Some(only) => state.own_windows.push((only, false)),
            None => {
                for item in arrange::movable_selection(pass) {
                    let is_own = pass.own_windows().is_some_and(|windows| windows.contains(item));
                    state.own_windows.push((item, !is_own));
                }
            }
        },
        UiCommand::FilterTrees => {
            state.left_panel.open_filter();
            state.time_panel.open_filter();
            state.repaint_requested = true;
        }
        UiCommand::Undo => pass.push(ViewerCommand::Undo),
        UiCommand::Redo => pass.push(ViewerCommand::Redo),
        UiCommand::CopyBlueprint => copy_blueprint(ctx, pass, state),
        UiCommand::PasteBlueprint => state.paste_requested = true,
        UiCommand::ResetBlueprint => pass.push(ViewerCommand::ResetBlueprint),
        UiCommand::ResetToHeuristics => pass.push(ViewerCommand::ResetToHeuristics),
        UiCommand::ResetLayout => pass.edit(BlueprintCommand::ResetLayout),
        UiCommand::ToggleAutoViews => {
            pass.edit(BlueprintCommand::SetAutoViews(!pass.viewport().auto_views));
        }
        UiCommand::ClearSelection if pass.viewport().maximized.is_some() => {
            pass.edit(edits::maximize(None));
        }
        UiCommand::ClearSelection => pass.push(ViewerCommand::Select(Vec::new())),
        UiCommand::FrameAll => frame_all(pass),
        UiCommand::RestoreTile => pass.edit(edits::maximize(None)),
        UiCommand::ToggleLeftPanel => toggle_panel(pass, Panel::Blueprint),
        UiCommand::ToggleSelectionPanel => toggle_panel(pass, Panel::Selection),
        UiCommand::ToggleTimePanel => toggle_panel(pass, Panel::Time),
        UiCommand::ToggleNotifications => state.notifications.toggle_list(),
        UiCommand::TogglePlay => pass.time(TimeCommand::TogglePlay),
        UiCommand::Follow => {
            let following = pass
                .time_control()
                .is_some_and(|time| time.play_state() == PlayState::Following);
            pass.time(if following {
                TimeCommand::Pause
            } else {
                TimeCommand::Follow
            });
        }
        UiCommand::StepBack => pass.time(TimeCommand::StepBack),
        UiCommand::StepForward => pass.time(TimeCommand::StepForward),
        UiCommand::SmallStepBack => time_steps::step(pass, Step::Small, Direction::Back),
        UiCommand::SmallStepForward => time_steps::step(pass, Step::Small, Direction::Forward),
        UiCommand::LargeStepBack => time_steps::step(pass, Step::Large, Direction::Back),
        UiCommand::LargeStepForward => time_steps::step(pass, Step::Large, Direction::Forward),
        UiCommand::PreviousEvent => time_steps::step_to_event(pass, Direction::Back),
        UiCommand::NextEvent => time_steps::step_to_event(pass, Direction::Forward),
        UiCommand::Slower => time_steps::change_speed(pass, Some(0.5)),
        UiCommand::Faster => time_steps::change_speed(pass, Some(2.0)),
        UiCommand::NormalSpeed => time_steps::change_speed(pass, None),
        UiCommand::ToggleGaps => {
            // Written after the pass.
            pass.settings.fold_gaps = !pass.settings.fold_gaps;
            state.repaint_requested = true;
        }
        UiCommand::ToggleLocalTime => {
            pass.settings.local_time = !pass.settings.local_time;
            state.repaint_requested = true;
        }
        UiCommand::Begin => pass.time(TimeCommand::Begin),
        UiCommand::End => pass.time(TimeCommand::End),
        UiCommand::CycleLoop => {
            let mode = pass
                .time_control()
                .map_or(LoopMode::Off, chronoscope_frame::TimeControl::loop_mode);
            pass.time(TimeCommand::SetLoop(next_loop_mode(mode)));
        }
        UiCommand::LoopFrom => time_steps::repeat(pass, Direction::Forward),
        UiCommand::LoopTo => time_steps::repeat(pass, Direction::Back),
        UiCommand::RemoveLoop => remove_loop(pass),
        UiCommand::NextTimeline => next_timeline(pass),
        UiCommand::ResetTimeZoom => state.time_panel.reset_zoom(),
        UiCommand::ThemeDark => set_theme(pass, state, egui::ThemePreference::Dark),
        UiCommand::ThemeLight => set_theme(pass, state, egui::ThemePreference::Light),
        UiCommand::ThemeSystem => set_theme(pass, state, egui::ThemePreference::System),
        UiCommand::Gestures => state.gestures.toggle(),
        UiCommand::About => state.about.open(),
        UiCommand::Quit => state.quit_requested = true,
    }
}

/// Runs the commands whose keys were pressed, unless somebody types or the keys are meant for others.
pub(crate) fn handle_shortcuts(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    if !pass.settings.shortcuts || !pass.place.has_keys {
        return;
    }
    // Escape takes the focus from a text field before anybody sees the key, which belongs to the field all
    // the same.
    let is_typing = ctx.text_edit_focused() || state.was_typing;
    let is_modal = state.is_dialog_open();
    if !is_typing
        && !is_modal
        && UiCommand::PasteBlueprint.is_enabled(pass)
        && let Some(text) = take_pasted(ctx)
    {
        pass.push(ViewerCommand::PasteBlueprint(text));
    }
    let is_key = |event: &egui::Event| matches!(event, egui::Event::Key { pressed: true, .. });
    if !ctx.input(|input| input.events.iter().any(is_key)) {
        return;
    }
    let commands: &NamedCommands = pass.world.resource();
    let mut shortcuts: Vec<(KeyboardShortcut, usize, &RegisteredCommand)> = commands
        .iter()
        .flat_map(|(at, command)| {
            command
                .shortcuts
                .iter()
                .map(move |shortcut| (*shortcut, at, command))
        })
        .collect();
    // A shortcut with fewer modifiers also matches the keys of one with more, so those come first; the app's before the
    // viewer's own.
    shortcuts.sort_by_key(|(shortcut, _, command)| {
        let is_of_app = command.built_in().is_none();
        std::cmp::Reverse((num_modifiers(shortcut.modifiers), is_of_app))
    });
    for (shortcut, at, command) in shortcuts {
        let allowed = match command.built_in() {
            // The keys that open something close it, also while its own text field has the focus.
            Some(UiCommand::Palette) => true,
            Some(UiCommand::Gestures) if state.gestures.is_open() => true,
            Some(UiCommand::History) if state.history.is_open() => true,
            // These keys are for what has the focus, or lead from there to others.
            Some(
                UiCommand::Maximize
                | UiCommand::RowAbove
                | UiCommand::RowBelow
                | UiCommand::ExpandRow
                | UiCommand::CollapseRow
                | UiCommand::ExpandAll
                | UiCommand::CollapseAll,
            ) => {
                !is_typing
                    && !is_modal
                    && !egui::Popup::is_any_open(ctx)
                    && ctx.memory(egui::Memory::focused).is_none()
            }
            Some(UiCommand::ClearSelection) => {
                !is_typing && !is_modal && !egui::Popup::is_any_open(ctx) && ctx.dragged_id().is_none()
            }
            _ => !is_typing && !is_modal,
        };
        // What cannot be done now must not become what the key does with fewer modifiers.
        let is_taken = shortcut.modifiers.any() || command.is_enabled(pass);
        if allowed && is_taken && ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
            run_named(at, ctx, pass, state);
        }
    }
}

fn open_files(kind: OpenKind, ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let asks_desktop = pass.settings.desktop_dialogs;
    let kinds = kind.kinds(pass.world.resource::<FileKinds>());
    state.open_dialog.open(kind, || {
        asks_desktop
            .then(|| DesktopDialog::open_files(ctx, &kinds))
            .flatten()
    });
}

/// Hides what is shown of the selection; shows it where all is hidden.
fn toggle_visible(pass: &mut Pass<'_>) {
    let viewport = pass.viewport();
    let is_visible = |contents: &Contents| arrange::is_visible(viewport, *contents);
    let items = arrange::movable_selection(pass);
    // Of several rows and instances it is once the same.
    let entities: BTreeSet<(ViewId, EntityPath, bool)> = pass
        .selection()
        .selected
        .iter()
        .filter_map(|item| {
            let (view, entity) = item.in_view()?;
            let store = pass.recording_of(view)?.store();
            let overrides = pass.of_view::<ViewOverrides>(view);
            let is_visible = overrides.is_none_or(|overrides| {
                store
                    .entity_id(entity)
                    .is_none_or(|entity| overrides.is_visible(entity))
            });
            Some((view, entity.clone(), is_visible))
        })
        .collect();
    let any_visible = items.iter().any(is_visible) || entities.iter().any(|(_, _, is_visible)| *is_visible);
    let views = items
        .into_iter()
        .map(|contents| edits::visible(contents, !any_visible));
    let entities = entities
        .into_iter()
        .map(|(view, entity, _)| edits::entity_visible(view, entity, !any_visible));
    let name = if any_visible { "hide" } else { "show" };
    let commands: Vec<BlueprintCommand> = views.chain(entities).collect();
    if !commands.is_empty() {
        pass.edit_as_step(BlueprintCommand::group(name, commands));
    }
}

/// Moves the selection among the lines of a log, where it is there, else in the tree that it is in: that of the streams, or that of
/// the blueprint. Not where an app has another panel in the place of that tree.
fn step(step: TreeStep, ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut UiState) {
    let is_up = match step {
        TreeStep::Previous => Some(true),
        TreeStep::Next => Some(false),
        _ => None,
    };
    let extends = ctx.input(|input| input.modifiers.shift);
    if is_up.is_some_and(|is_up| view_commands::step_in_rows(is_up, extends, ctx, pass)) {
        state.repaint_requested = true;
        return;
    }
    let selected = pass.selection().selected.first();
    let panels: &NamedPanels = pass.world.resource();
    let to = match (selected, pass.store()) {
        (Some(item @ (Item::Entity(_) | Item::Component { .. })), Some(store)) => panels
            .is_built_in(Panel::Time)
            .then(|| state.time_panel.step(store, item, step))
            .flatten(),
        _ => panels
            .is_built_in(Panel::Blueprint)
            .then(|| state.left_panel.step(selected, step))
            .flatten(),
    };
    if let Some(item) = to {
        pass.push(ViewerCommand::Select(vec![item]));
    }
    state.repaint_requested = true;
}

/// Opens or shuts all rows of the tree that the selection is in: that of the streams, or that of the blueprint.
fn set_all_rows(expanded: bool, pass: &Pass<'_>, state: &mut UiState) {
    let selected = pass.selection().selected.first();
    match (selected, pass.store()) {
        (Some(Item::Entity(_) | Item::Component { .. }), Some(store)) => {
            state.time_panel.set_all(store, expanded);
        }
        _ => state.left_panel.set_all(expanded),
    }
    state.repaint_requested = true;
}

/// The paths and names of what is selected, a line each.
fn copied_paths(pass: &Pass<'_>) -> String {
    let viewport = pass.viewport();
    let lines = pass.selection().selected.iter().map(|item| match item {
        Item::Store(id) => format!("{}/{}", id.application_id, id.recording_id),
        Item::View(id) => viewport
            .views
            .get(id)
            .map_or_else(String::new, ViewBlueprint::title),
        Item::Container(id) => viewport
            .containers
            .get(id)
            .map_or_else(String::new, container_title),
        Item::Entity(entity) => entity.to_string(),
        Item::DataResult { entity, instance, .. } | Item::Row { entity, instance, .. } => match instance {
            Some(instance) => format!("{entity}[{instance}]"),
            None => entity.to_string(),
        },
        Item::Component { entity, component } => format!("{entity}:{component}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) fn save(kind: SaveKind, ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let application = pass.recordings().active_application();
    let name = kind.file_name(application.map_or("chronoscope", |name| name));
    let asks_desktop = pass.settings.desktop_dialogs;
    state.save_dialog.open(kind, name, |file| {
        asks_desktop
            .then(|| DesktopDialog::save_file(ctx, file))
            .flatten()
    });
}

/// Has the selected views frame all that is in them; where none is selected, all that are shown.
fn frame_all(pass: &mut Pass<'_>) {
    let selected: BTreeSet<ViewId> = pass.selection().selected.iter().filter_map(Item::view).collect();
    let is_shown = |view: &ViewId| pass.of_view::<ViewTile>(*view).is_some_and(|tile| tile.shown);
    let views: Vec<ViewId> = if selected.is_empty() {
        pass.viewport().views.keys().copied().filter(is_shown).collect()
    } else {
        selected.into_iter().collect()
    };
    for view in views {
        pass.push(ViewerCommand::FrameAll(view));
    }
}

/// Takes a text out of the input that was pasted, where the clipboard is read elsewhere. The keys that pasted
/// it are not to paste it again.
fn take_pasted(ctx: &egui::Context) -> Option<String> {
    ctx.input_mut(|input| {
        let is_pasted = |event: &egui::Event| matches!(event, egui::Event::Paste(_));
        let at = input.events.iter().position(is_pasted)?;
        let egui::Event::Paste(text) = input.events.remove(at) else {
            return None;
        };
        for shortcut in UiCommand::PasteBlueprint.shortcuts() {
            input.consume_shortcut(shortcut);
        }
        Some(text)
    })
}

fn copy_blueprint(ctx: &egui::Context, pass: &Pass<'_>, state: &mut UiState) {
    let times = pass.world.resource::<TimeControls>();
    let Some(document) = pass.blueprint().document(pass.recordings(), times) else {
        return;
    };
    match document.to_ron() {
        Ok(text) => ctx.copy_text(text),
        Err(error) => state.reports.push(Report::error("clipboard", error.to_string())),
    }
}

fn num_modifiers(modifiers: Modifiers) -> u8 {
    u8::from(modifiers.command || modifiers.ctrl) + u8::from(modifiers.shift) + u8::from(modifiers.alt)
}

fn toggle_panel(pass: &mut Pass<'_>, panel: Panel) {
    let closed = if panel == Panel::Time {
        PanelState::Collapsed
    } else {
        PanelState::Hidden
    };
    let open = panel_state(pass, panel) == PanelState::Expanded;
    pass.edit(edits::panel(
        panel,
        if open { closed } else { PanelState::Expanded },
    ));
}

fn next_timeline(pass: &mut Pass<'_>) {
    let (Some(store), Some(cursor)) = (pass.store(), pass.cursor()) else {
        return;
    };
    let timelines: Vec<_> = store.timelines().collect();
    let at = timelines
        .iter()
        .position(|timeline| Some(*timeline) == cursor.timeline)
        .map_or(0, |at| at + 1);
    if let Some(next) = timelines.get(at % timelines.len().max(1)) {
        switch_timeline(pass, *next);
    }
}

fn set_theme(pass: &mut Pass<'_>, state: &mut UiState, theme: egui::ThemePreference) {
    // Written after the pass.
    pass.settings.theme = theme;
    state.repaint_requested = true;
}
