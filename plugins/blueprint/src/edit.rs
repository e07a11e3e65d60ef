//! Carrying commands out in the store of the active blueprint, with undo.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use arrow_array::BooleanArray;
use chronoscope_store::{
    ChunkBuilder, ComponentDescriptor, EntityPath, Recording, RowId, StoreEvent, Timeline, arrow::ArrayRef,
};
use chronoscope_types::{Clear, blueprint as archetypes, own::SecondScalarAxis};

use crate::{
    BlueprintCommand, BlueprintEdit, BlueprintError, BlueprintQuery, Gesture, UndoState, ViewId,
    ViewportBlueprint,
    command::Components,
    rows::{drop_rows_after, drop_superseded, latest_clear},
    snapshot::{copied_settings, snapshot},
};

/// What an edit changed.
#[derive(Debug, Default)]
pub struct BlueprintChange {
    /// What changed in the store.
    pub events: Vec<StoreEvent>,
    /// See [`BlueprintEdit::stored`].
    pub stored: Option<ViewportBlueprint>,
}

/// Carries a command out on the active blueprint. `current` is the blueprint as it is shown, see [`crate::with_heuristics`].
///
/// Edits make undo steps. Each sample of a gesture replaces the one before. Navigation ([`BlueprintCommand::is_navigation`]) makes no
/// step: its rows lie below all undo points that there are, so that undo and redo leave the eye where it is.
///
/// # Errors
/// As [`BlueprintCommand::apply`]; nothing has changed then.
pub fn edit_blueprint(
    blueprint: &mut Recording,
    undo: &mut UndoState,
    current: &ViewportBlueprint,
    command: &BlueprintCommand,
) -> Result<BlueprintChange, BlueprintError> {
    let navigated = navigate(blueprint, undo, current, command)?;
    let mut next = None;
    let mut events = Vec::new();
    let BlueprintEdit { chunks, stored } = match navigated {
        Some(edit) => edit,
        None => {
            let next = next.insert(undo.clone());
            let edit = next.edit(gesture_of(command), command.name());
            let mut made = command.edit(current, edit.time)?;
            for part in command.parts() {
                if let BlueprintCommand::CopyView { of, id } = part {
                    let at = BlueprintQuery::new(&blueprint.store, &blueprint.cache, undo.query_time());
                    made.chunks.extend(copied_settings(&at, *of, *id, edit.time)?);
                }
            }
            if let Some(time) = edit.drop_after {
                events = drop_rows_after(blueprint, time)?;
            }
            made
        }
    };
    let written: BTreeSet<EntityPath> = chunks.iter().map(|chunk| chunk.entity_path().clone()).collect();
    for chunk in chunks {
        events.extend(blueprint.insert(chunk)?);
    }
    let ground = undo.ground();
    if let Some(next) = next {
        *undo = next;
    }
    let forgot_points = undo.ground() != ground;
    let only = (!forgot_points).then_some(&written);
    events.extend(drop_superseded(blueprint, only, &undo.points())?);
    // What was just written is what the next command must see.
    blueprint.apply_pending();
    Ok(BlueprintChange { events, stored })
}

/// Replaces what the active blueprint says by what another says, or by nothing, as one undo step of this name. Static rows stay.
///
/// # Errors
/// Where the store does not take the rows.
pub fn reset_blueprint(
    blueprint: &mut Recording,
    undo: &mut UndoState,
    source: Option<&Recording>,
    name: &'static str,
) -> Result<Vec<StoreEvent>, BlueprintError> {
    let edit = undo.edit(None, name);
    let mut events = Vec::new();
    if let Some(time) = edit.drop_after {
        events = drop_rows_after(blueprint, time)?;
    }
    let when = [(Timeline::blueprint(), edit.time)];
    let clear = (
        Clear::IS_RECURSIVE.descriptor(),
        Arc::new(BooleanArray::from(vec![true])) as ArrayRef,
    );
    let clear = ChunkBuilder::new(EntityPath::root()).with_row(RowId::new(), when, vec![clear]);
    events.extend(blueprint.insert(clear.build()?)?);
    if let Some(source) = source {
        let query = BlueprintQuery::new(&source.store, &source.cache, i64::MAX);
        for chunk in snapshot(&query, edit.time)? {
            events.extend(blueprint.insert(chunk)?);
        }
    }
    blueprint.apply_pending();
    Ok(events)
}

/// What a command writes that is to make no undo step.
fn navigate(
    blueprint: &Recording,
    undo: &UndoState,
    current: &ViewportBlueprint,
    command: &BlueprintCommand,
) -> Result<Option<BlueprintEdit>, BlueprintError> {
    let Some(view) = command.navigated_view() else {
        return Ok(None);
    };
    if view.is_some_and(|view| current.derived.views.contains(&view)) {
        // The view is written down, which must not reach into other states: it belongs to the last step.
        return match undo.can_redo() {
            true => Ok(None),
            false => command.edit(current, undo.newest()).map(Some),
        };
    }
    let planned = command.rows(current)?;
    let until = undo.query_time();
    let query = BlueprintQuery::new(&blueprint.store, &blueprint.cache, until);
    let mut time = undo.ground();
    for (entity, components) in planned.rows.temporal() {
        let written = components
            .iter()
            .filter_map(|(descriptor, _)| query.hit(entity, &descriptor.component)?.data_time());
        let cleared = latest_clear(blueprint, entity, until);
        time = written.chain(cleared).fold(time, i64::max);
    }
    planned.edit(time).map(Some)
}

/// The components that say from where a view is looked at.
const NAVIGATION: [&str; 8] = [
    crate::EYE_POSITION_REST.name,
    crate::EYE_TARGET_REST.name,
    archetypes::EyeControls3D::POSITION.name,
    archetypes::EyeControls3D::LOOK_TARGET.name,
    archetypes::EyeControls3D::EYE_UP.name,
    archetypes::VisualBounds2D::RANGE.name,
    archetypes::ScalarAxis::RANGE.name,
    SecondScalarAxis::RANGE.name,
];

impl BlueprintCommand {
    /// Whether it only moves the user about: the eye of a view, the part of a plot, the maximized view.
    pub fn is_navigation(&self) -> bool {
        match self {
            Self::SetMaximized(_) => true,
            Self::SetProperty(_, components) => components
                .iter()
                .all(|(descriptor, _)| NAVIGATION.contains(&&*descriptor.component)),
            _ => false,
        }
    }

    /// Sets properties of a view as a step to undo, also where that only moves the user about: what is typed is an edit, and what a
    /// gesture in the view does is none.
    pub fn edit_property(view: ViewId, components: Components) -> Self {
        let command = Self::SetProperty(view, components);
        match command.is_navigation() {
            true => Self::group(command.name(), [command]),
            false => command,
        }
    }

    /// The view that is navigated, where one is named; `None` for what is no navigation.
    fn navigated_view(&self) -> Option<Option<ViewId>> {
        self.is_navigation().then_some(match self {
            Self::SetProperty(view, _) => Some(*view),
            _ => None,
        })
    }

    /// What it does, for a menu: "hide view", as in "Undo: hide view".
    pub fn name(&self) -> &'static str {
        use crate::Contents::{Container, View};
        match self {
            Self::SetName(View(_), _) => "rename view",
            Self::SetName(Container(_), _) => "rename container",
            Self::SetVisible(View(_), true) => "show view",
            Self::SetVisible(View(_), false) => "hide view",
            Self::SetVisible(Container(_), true) => "show container",
            Self::SetVisible(Container(_), false) => "hide container",
            Self::SetTitleBar(_, true) => "show title bar",
            Self::SetTitleBar(_, false) => "hide title bar",
            Self::SetOrigin(..) => "change origin",
            Self::SetContents(..) => "change contents",
            Self::AddView(..) => "add view",
            Self::CopyView { .. } => "duplicate view",
            Self::SetClass(..) => "change view class",
            Self::RemoveView(_) => "remove view",
            Self::ResetView(_) => "reset view",
            Self::SetMaximized(Some(_)) => "maximize view",
            Self::SetMaximized(None) => "restore layout",
            Self::AddContainer { .. } => "add container",
            Self::RemoveContainer(_) => "remove container",
            Self::SetContainerKind(..) => "change container",
            Self::SetGridColumns(..) => "change columns",
            Self::SetShares { .. } => "resize",
            Self::SetActiveTab(..) => "switch tab",
            Self::MoveContents { .. } => "move",
            Self::SetLayout { .. } => "change layout",
            Self::ResetLayout => "reset layout",
            Self::SetAutoViews(_) => "change automatic views",
            Self::SetPanel(..) => "open or close panel",
            Self::SetProperty(_, components) => name_of_properties(components),
            Self::SetDefault(..) => "change view default",
            Self::SetOverride { .. } => "change override",
            Self::ClearOverrides { .. } => "clear overrides",
            Self::Group { name, .. } => name,
            Self::WriteAll(_) => "replace blueprint",
        }
    }
}

/// What a change of properties does, by the archetype of the first.
fn name_of_properties(components: &[(ComponentDescriptor, ArrayRef)]) -> &'static str {
    let first = components.first();
    match first.map_or("", |(descriptor, _)| descriptor.archetype_of_name()) {
        "Background" => "change background",
        "EyeControls3D" | "EyeControls3DRest" | "EyeLens3D" | "NearClipPlane" => "change eye",
        "Lighting3D" => "change light",
        "LineGrid3D" => "change grid",
        "PlotBackground" | "PlotInteraction" => "change plot",
        "PlotLegend" => "change legend",
        "QueryContext" => "change query context",
        "ScalarAxis" | "ScalarAxisScale" | "SecondScalarAxis" | "TimeAxis" => "change axis",
        "TextLogColumns" | "TextLogFormat" | "TextLogRows" => "change log",
        "TextDocumentFormat" => "change document",
        "VisualBounds2D" => "change bounds",
        "VisibleTimeRanges" => "change visible time range",
        _ => "change view property",
    }
}

/// Edits that come in streams, as a drag makes them, are undone together; all others one by one.
fn gesture_of(command: &BlueprintCommand) -> Option<Gesture> {
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(command).hash(&mut hasher);
    match command {
        // A property may come with others in the same drag.
        BlueprintCommand::SetProperty(view, _) | BlueprintCommand::SetDefault(view, _) => {
            (view, command.name()).hash(&mut hasher);
        }
        // Properties that are a step though they could be navigation.
        BlueprintCommand::Group { commands, .. } => match commands.as_slice() {
            [BlueprintCommand::SetProperty(view, _)] => (view, command.name()).hash(&mut hasher),
            _ => return None,
        },
        // All series of a plot but one are hidden by a gesture.
        BlueprintCommand::SetOverride { view, .. } => view.hash(&mut hasher),
        BlueprintCommand::SetShares { id, .. } => id.hash(&mut hasher),
        _ => return None,
    }
    Some(Gesture(hasher.finish()))
}

#[cfg(test)]
mod tests;
