//! Which commands have an effect now, which switches are on, and what undo would undo.

use std::borrow::Cow;

use chronoscope_blueprint::{Panel, UndoState};
use chronoscope_frame::{Item, LoopMode};

use super::UiCommand;
use crate::{arrange, panels::is_open, pass::Pass, selection_panel, settings::Look, view_commands};

impl UiCommand {
    /// The name, with what would be undone or redone now: "Undo hide view".
    pub(crate) fn label(self, pass: &Pass<'_>) -> Cow<'static, str> {
        let what = match self {
            Self::Undo => undo_state(pass).and_then(UndoState::undo_name),
            Self::Redo => undo_state(pass).and_then(UndoState::redo_name),
            _ => None,
        };
        match what {
            Some(what) => format!("{} {what}", self.name()).into(),
            None => self.name().into(),
        }
    }

    /// Whether the command has an effect now.
    pub(crate) fn is_enabled(self, pass: &Pass<'_>) -> bool {
        let selected = &pass.selection().selected;
        let has_entity = || selected.iter().any(|item| item.entity().is_some());
        match self {
            Self::Open
            | Self::SaveScreenshot
            | Self::Palette
            | Self::Settings
            | Self::Gestures
            | Self::ToggleNotifications
            | Self::ToggleGaps
            | Self::ToggleLocalTime
            | Self::About => true,
            Self::ToggleLeftPanel => pass.settings.panels.blueprint,
            Self::ThemeDark | Self::ThemeLight | Self::ThemeSystem => pass.settings.style == Look::Own,
            Self::Quit => pass.settings.can_quit,
            Self::Undo => undo_state(pass).is_some_and(UndoState::can_undo),
            Self::Redo => undo_state(pass).is_some_and(UndoState::can_redo),
            Self::History => undo_state(pass).is_some_and(|undo| undo.can_undo() || undo.can_redo()),
            Self::SelectBack => pass.selection_steps.can_go_back,
            Self::SelectForward => pass.selection_steps.can_go_forward,
            // Escape leaves a maximized view first.
            Self::ClearSelection => !selected.is_empty() || pass.viewport().maximized.is_some(),
            Self::RestoreTile => pass.viewport().maximized.is_some(),
            Self::Maximize => pass.viewport().maximized.is_none() && one_view(pass).is_some(),
            Self::Rename => matches!(selected.as_slice(), [only] if arrange::contents_of(only).is_some()),
            Self::ChangeClass | Self::SaveView | Self::CopyPicture => one_view(pass).is_some(),
            Self::Duplicate => !arrange::movable_selection(pass).is_empty(),
            Self::Remove => {
                // A line of a log is data, and the whole log is not meant by it.
                let is_shown = |item: &Item| matches!(item, Item::DataResult { .. });
                !arrange::movable_selection(pass).is_empty() || selected.iter().any(is_shown)
            }
            Self::ToggleVisible => {
                let is_in_view = |item: &Item| item.in_view().is_some();
                !arrange::movable_selection(pass).is_empty() || selected.iter().any(is_in_view)
            }
            Self::OwnWindow => {
                pass.own_windows().is_some()
                    && (pass.only.is_some() || !arrange::movable_selection(pass).is_empty())
            }
            Self::ShowInView | Self::CopyValue => has_entity(),
            Self::SaveSeries => arrange::are_series_selected(pass),
            Self::CopyPath | Self::ItemMenu => !selected.is_empty(),
            Self::OverrideValue | Self::UseAsDefault => selection_panel::has_selected_value(pass),
            Self::CopyTable => has_entity() || view_commands::is_for_some_view(pass, self),
            Self::CopyRows => view_commands::is_for_some_view(pass, self),
            Self::RemoveOverrides => {
                let is_in_view = |item: &Item| item.in_view().is_some();
                selected.iter().any(is_in_view)
            }
            Self::MoveEarlier => view_commands::move_beside(pass, false).is_some(),
            Self::MoveLater => view_commands::move_beside(pass, true).is_some(),
            Self::FocusSelection | Self::IsolateSeries | Self::ToggleSeries => {
                has_entity() && view_commands::is_for_some_view(pass, self)
            }
            Self::ResetLook
            | Self::FollowEntity
            | Self::Measure
            | Self::ToggleLegend
            | Self::PanLeft
            | Self::PanRight
            | Self::PanUp
            | Self::PanDown
            | Self::ZoomIn
            | Self::ZoomOut => view_commands::is_for_some_view(pass, self),
            Self::NextView | Self::PreviousView => {
                pass.only.is_none() && pass.viewport().views.values().any(|view| view.visible)
            }
            Self::RemoveLoop => pass.selected_times().is_some(),
            Self::Add
            | Self::RowAbove
            | Self::RowBelow
            | Self::ExpandRow
            | Self::CollapseRow
            | Self::ExpandAll
            | Self::CollapseAll
            | Self::FilterTrees
            | Self::FrameAll
            | Self::CloseRecording
            | Self::OpenBlueprint
            | Self::SaveBlueprint
            | Self::CopyBlueprint
            | Self::PasteBlueprint
            | Self::ResetBlueprint
            | Self::ResetToHeuristics
            | Self::ToggleAutoViews => pass.active().is_some(),
            Self::ResetLayout => pass.active().is_some() && !pass.viewport().auto_layout,
            Self::ToggleSelectionPanel => pass.settings.panels.selection && pass.active().is_some(),
            Self::ToggleTimePanel => pass.settings.panels.time && pass.active().is_some(),
            Self::PreviousEvent | Self::NextEvent => has_timeline(pass) && has_entity(),
            Self::TogglePlay
            | Self::Follow
            | Self::StepBack
            | Self::StepForward
            | Self::SmallStepBack
            | Self::SmallStepForward
            | Self::LargeStepBack
            | Self::LargeStepForward
            | Self::Begin
            | Self::End
            | Self::Slower
            | Self::Faster
            | Self::NormalSpeed
            | Self::CycleLoop
            | Self::LoopFrom
            | Self::LoopTo
            | Self::NextTimeline
            | Self::SaveRange
            | Self::ResetTimeZoom => has_timeline(pass),
        }
    }

    /// State of the switch that the command turns; `None` for other commands.
    pub(crate) fn is_on(self, pass: &Pass<'_>) -> Option<bool> {
        let theme = |theme| pass.settings.style == Look::Own && pass.settings.theme == theme;
        match self {
            Self::ToggleLeftPanel => Some(is_open(pass, Panel::Blueprint)),
            Self::ToggleSelectionPanel => Some(is_open(pass, Panel::Selection)),
            Self::ToggleTimePanel => Some(is_open(pass, Panel::Time)),
            Self::ToggleAutoViews => Some(pass.active().is_some() && pass.viewport().auto_views),
            Self::ToggleGaps => Some(pass.settings.fold_gaps),
            Self::ToggleLocalTime => Some(pass.settings.local_time),
            Self::ThemeDark => Some(theme(egui::ThemePreference::Dark)),
            Self::ThemeLight => Some(theme(egui::ThemePreference::Light)),
            Self::ThemeSystem => Some(theme(egui::ThemePreference::System)),
            _ => None,
        }
    }
}

fn has_timeline(pass: &Pass<'_>) -> bool {
    pass.cursor().is_some_and(|cursor| cursor.timeline.is_some())
}

/// The view that is selected, where it is one alone.
pub(crate) fn one_view(pass: &Pass<'_>) -> Option<chronoscope_blueprint::ViewId> {
    match pass.selection().selected.as_slice() {
        [only] => only
            .view()
            .filter(|view| pass.viewport().views.contains_key(view)),
        _ => None,
    }
}

pub(crate) fn undo_state<'a>(pass: &Pass<'a>) -> Option<&'a UndoState> {
    let (_, blueprints) = pass.recordings().active_blueprint()?;
    Some(&blueprints.undo)
}

/// Next loop mode in the cycle.
pub(crate) const fn next_loop_mode(mode: LoopMode) -> LoopMode {
    match mode {
        LoopMode::Off => LoopMode::All,
        LoopMode::All => LoopMode::Selection,
        LoopMode::Selection => LoopMode::Off,
    }
}
