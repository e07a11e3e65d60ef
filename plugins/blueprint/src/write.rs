//! From a change of the model to rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_array::BooleanArray;
use chronoscope_store::{
    Chunk, ChunkBuilder, ComponentDescriptor, EntityPath, RowId, Timeline, arrow::ArrayRef,
};
use chronoscope_types::{
    Clear, Component, ComponentName, blueprint as archetypes,
    components::{self, blueprint as bp},
};

use crate::{
    BlueprintError, ContainerBlueprint, ContainerId, Contents, OverrideTarget, Panel, ViewBlueprint, ViewId,
    ViewportBlueprint,
    read::panel_component,
    vocabulary::{
        VIEWPORT_PATH, contents_path, defaults_path, instruction_path, old_override_path, override_path,
        panel_path,
    },
};

/// Components with their instances, as they are written in one row.
pub type Components = Vec<(ComponentDescriptor, ArrayRef)>;

/// What a command meant, beyond what it changed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Views that are written down if they were not.
    pub(crate) views: BTreeSet<ViewId>,
    /// Containers that are.
    pub(crate) containers: BTreeSet<ContainerId>,
    /// Views of which everything is forgotten first.
    pub(crate) reset: BTreeSet<ViewId>,
}

/// Rows that the model does not hold: properties, defaults, overrides.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    clears: Vec<(EntityPath, bool)>,
    rows: BTreeMap<EntityPath, Components>,
}

impl Extra {
    pub(crate) fn add(&mut self, path: EntityPath, descriptor: ComponentDescriptor, array: ArrayRef) {
        let row = self.rows.entry(path).or_default();
        row.retain(|(other, _)| other.component != descriptor.component);
        row.push((descriptor, array));
    }

    pub(crate) fn add_defaults(&mut self, view: ViewId, components: &Components) {
        for (descriptor, array) in components {
            self.add(defaults_path(view), descriptor.clone(), Arc::clone(array));
        }
    }

    pub(crate) fn add_overrides(
        &mut self,
        view: ViewId,
        entity: &EntityPath,
        target: &OverrideTarget,
        components: &Components,
    ) {
        let base = override_path(view, entity);
        let path = match target {
            OverrideTarget::Entity => base,
            OverrideTarget::Visualizer { id, active } => {
                let ids = active
                    .iter()
                    .map(|instruction| instruction.id.to_bytes())
                    .collect();
                self.add(
                    base,
                    archetypes::ActiveVisualizers::INSTRUCTION_IDS.descriptor(),
                    bp::VisualizerInstructionId::build(ids),
                );
                for instruction in active {
                    let name = archetypes::VisualizerInstruction::VISUALIZER_TYPE;
                    let array = bp::VisualizerType::build(vec![instruction.visualizer.to_string()]);
                    self.add(
                        instruction_path(view, entity, instruction.id),
                        name.descriptor(),
                        array,
                    );
                }
                instruction_path(view, entity, *id)
            }
        };
        for (descriptor, array) in components {
            self.add(path.clone(), descriptor.clone(), Arc::clone(array));
        }
    }

    /// The instructions lie below the entity's own overrides. Where old SDKs wrote, the entities below lie there too.
    pub(crate) fn clear_overrides(&mut self, view: ViewId, entity: &EntityPath) {
        self.clears.push((override_path(view, entity), true));
        self.clears.push((old_override_path(view, entity), false));
    }
}

/// The rows that lead from one blueprint to another. Both hold just what stands in the store.
pub(crate) fn write_changes(
    before: &ViewportBlueprint,
    after: &ViewportBlueprint,
    touched: &Touched,
    extra: Extra,
) -> Rows {
    let mut rows = Rows::from(extra);
    let removed = before.views.keys().filter(|id| !after.views.contains_key(id));
    let cleared: BTreeSet<&ViewId> = removed.chain(&touched.reset).collect();
    for id in cleared {
        rows.clears.push((id.entity_path(), true));
    }
    for id in before
        .containers
        .keys()
        .filter(|id| !after.containers.contains_key(id))
    {
        rows.clears.push((id.entity_path(), false));
    }
    for view in after.views.values() {
        rows.view(
            view,
            before
                .views
                .get(&view.id)
                .filter(|_| !touched.reset.contains(&view.id)),
        );
    }
    for container in after.containers.values() {
        rows.container(container, before.containers.get(&container.id));
    }
    rows.viewport(before, after);
    rows.panels(before, after);
    rows
}

/// Rows by entity, one each.
#[derive(Default)]
pub(crate) struct Rows {
    /// Written before all others, and whether they reach what lies below.
    clears: Vec<(EntityPath, bool)>,
    rows: BTreeMap<EntityPath, Components>,
    static_rows: BTreeMap<EntityPath, Components>,
}

impl From<Extra> for Rows {
    fn from(extra: Extra) -> Self {
        Self {
            clears: extra.clears,
            rows: extra.rows,
            ..Self::default()
        }
    }
}

impl Rows {
    fn view(&mut self, view: &ViewBlueprint, before: Option<&ViewBlueprint>) {
        type A = archetypes::ViewBlueprint;
        let path = &view.id.entity_path();
        if before.is_none_or(|before| before.class != view.class) {
            self.put::<bp::ViewClass>(path, A::CLASS_IDENTIFIER, [view.class.to_string()]);
        }
        if before.is_none_or(|before| before.name != view.name) {
            self.put::<components::Name>(path, A::DISPLAY_NAME, view.name.clone());
        }
        if before.is_none_or(|before| before.origin != view.origin) {
            self.put::<bp::ViewOrigin>(path, A::SPACE_ORIGIN, [view.origin.to_string()]);
        }
        if before.is_none_or(|before| before.visible != view.visible) {
            self.put::<components::Visible>(path, A::VISIBLE, [view.visible]);
        }
        if before.is_none_or(|before| before.title_bar) != view.title_bar {
            self.put::<bp::Enabled>(path, A::TITLEBAR, [view.title_bar]);
        }
        if before.is_none_or(|before| before.contents != view.contents) {
            let query = view.contents.expressions();
            self.put::<bp::QueryExpression>(&contents_path(view.id), archetypes::ViewContents::QUERY, query);
        }
    }

    fn container(&mut self, container: &ContainerBlueprint, before: Option<&ContainerBlueprint>) {
        type A = archetypes::ContainerBlueprint;
        let path = &container.id.entity_path();
        if before.is_none_or(|before| before.kind != container.kind) {
            self.put::<bp::ContainerKind>(path, A::CONTAINER_KIND, [container.kind]);
        }
        if before.is_none_or(|before| before.name != container.name) {
            self.put::<components::Name>(path, A::DISPLAY_NAME, container.name.clone());
        }
        if before.is_none_or(|before| before.contents != container.contents) {
            self.put::<bp::IncludedContent>(
                path,
                A::CONTENTS,
                container.contents.iter().map(Contents::to_string),
            );
        }
        if before.is_none_or(|before| before.col_shares != container.col_shares) {
            self.put::<bp::ColumnShare>(path, A::COL_SHARES, container.col_shares.iter().copied());
        }
        if before.is_none_or(|before| before.row_shares != container.row_shares) {
            self.put::<bp::RowShare>(path, A::ROW_SHARES, container.row_shares.iter().copied());
        }
        if before.is_none_or(|before| before.active_tab != container.active_tab) {
            self.put::<bp::ActiveTab>(
                path,
                A::ACTIVE_TAB,
                container.active_tab.map(|tab| tab.to_string()),
            );
        }
        if before.is_none_or(|before| before.grid_columns != container.grid_columns) {
            self.put::<bp::GridColumns>(path, A::GRID_COLUMNS, container.grid_columns);
        }
        if before.is_none_or(|before| before.visible != container.visible) {
            self.put::<components::Visible>(path, A::VISIBLE, [container.visible]);
        }
    }

    fn viewport(&mut self, before: &ViewportBlueprint, after: &ViewportBlueprint) {
        type A = archetypes::ViewportBlueprint;
        let path = &EntityPath::parse(VIEWPORT_PATH);
        // What is automatic where nobody says so depends on whether there is a root: the three go together.
        let layout =
            |blueprint: &ViewportBlueprint| (blueprint.root, blueprint.auto_layout, blueprint.auto_views);
        if layout(before) != layout(after) {
            self.put::<bp::RootContainer>(path, A::ROOT_CONTAINER, after.root.map(ContainerId::to_bytes));
            self.put::<bp::AutoLayout>(path, A::AUTO_LAYOUT, [after.auto_layout]);
            self.put::<bp::AutoViews>(path, A::AUTO_VIEWS, [after.auto_views]);
        }
        if before.maximized != after.maximized {
            self.put::<bp::ViewMaximized>(path, A::MAXIMIZED, after.maximized.map(ViewId::to_bytes));
        }
        if before.past_recommendations != after.past_recommendations {
            let hashes = after.past_recommendations.iter().copied();
            self.put::<bp::ViewerRecommendationHash>(path, A::PAST_VIEWER_RECOMMENDATIONS, hashes);
        }
    }

    fn panels(&mut self, before: &ViewportBlueprint, after: &ViewportBlueprint) {
        type A = archetypes::TimePanelBlueprint;
        for panel in Panel::ALL {
            if before.panels.get(panel) != after.panels.get(panel) {
                self.put::<bp::PanelState>(
                    &panel_path(panel),
                    panel_component(panel),
                    after.panels.get(panel),
                );
            }
        }
        let path = &panel_path(Panel::Time);
        let (before, after) = (&before.time_panel, &after.time_panel);
        if before.timeline != after.timeline {
            self.put::<bp::TimelineName>(path, A::TIMELINE, after.timeline.as_deref().map(str::to_owned));
        }
        if before.playback_speed != after.playback_speed {
            self.put::<bp::PlaybackSpeed>(path, A::PLAYBACK_SPEED, after.playback_speed);
        }
        if before.fps != after.fps {
            self.put::<bp::Fps>(path, A::FPS, after.fps);
        }
        if before.loop_mode != after.loop_mode {
            self.put::<bp::LoopMode>(path, A::LOOP_MODE, after.loop_mode);
        }
        if before.time_selection != after.time_selection {
            self.put::<bp::AbsoluteTimeRange>(path, A::TIME_SELECTION, after.time_selection);
        }
        if before.play_state != after.play_state {
            // Static, as SDKs write it: undo does not start or stop time.
            let array = bp::PlayState::build(after.play_state.into_iter().collect());
            self.static_rows
                .entry(path.clone())
                .or_default()
                .push((A::PLAY_STATE.descriptor(), array));
        }
    }

    fn put<C: Component>(
        &mut self,
        path: &EntityPath,
        name: ComponentName,
        values: impl IntoIterator<Item = C::Value>,
    ) {
        let array = C::build(values.into_iter().collect());
        self.rows
            .entry(path.clone())
            .or_default()
            .push((name.descriptor(), array));
    }

    /// The entities of which components are written at a blueprint time, and the components.
    pub(crate) fn temporal(&self) -> impl Iterator<Item = (&EntityPath, &Components)> {
        self.rows.iter()
    }

    /// A chunk per entity at this blueprint time, ordered by path, after those of the clears.
    pub(crate) fn into_chunks(self, at: i64) -> Result<Vec<Chunk>, BlueprintError> {
        let when = || [(Timeline::blueprint(), at)];
        let mut chunks = Vec::with_capacity(self.clears.len() + self.rows.len() + self.static_rows.len());
        for (path, recursive) in self.clears {
            let cells = vec![(
                Clear::IS_RECURSIVE.descriptor(),
                Arc::new(BooleanArray::from(vec![recursive])) as ArrayRef,
            )];
            chunks.push(
                ChunkBuilder::new(path)
                    .with_row(RowId::new(), when(), cells)
                    .build()?,
            );
        }
        for (path, cells) in self.rows {
            chunks.push(
                ChunkBuilder::new(path)
                    .with_row(RowId::new(), when(), cells)
                    .build()?,
            );
        }
        for (path, cells) in self.static_rows {
            chunks.push(
                ChunkBuilder::new(path)
                    .with_row(RowId::new(), [], cells)
                    .build()?,
            );
        }
        Ok(chunks)
    }
}

#[cfg(test)]
pub(crate) mod tests;
