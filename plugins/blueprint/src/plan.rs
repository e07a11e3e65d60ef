//! Carrying a command out: on the model, and as rows.

use std::sync::Arc;

use chronoscope_store::Chunk;

use crate::{
    BlueprintCommand, BlueprintError, ContainerBlueprint, ContainerId, ContainerKind, Contents,
    MAX_CONTAINER_DEPTH, ViewBlueprint, ViewId, ViewportBlueprint,
    heuristics::relayout,
    overrides::property_path,
    write::{Extra, Rows, Touched, write_changes},
};

/// The result of a command.
#[derive(Clone, Debug)]
pub struct BlueprintEdit {
    /// The rows, a chunk per entity.
    pub chunks: Vec<Chunk>,
    /// What [`read_viewport`](crate::read_viewport) gives then; `None` where it gives what it gave before, as for a property of
    /// a view. What is shown is that [with the heuristics](crate::with_heuristics).
    pub stored: Option<ViewportBlueprint>,
}

impl BlueprintCommand {
    /// Does it to the model.
    ///
    /// # Errors
    /// Where something that it names is not there, or the result would not be a layout. The model is then unchanged.
    pub fn apply(&self, blueprint: &mut ViewportBlueprint) -> Result<(), BlueprintError> {
        *blueprint = self.plan(blueprint)?.after;
        Ok(())
    }

    /// Carries it out on the blueprint as it is shown (see [`crate::with_heuristics`]): the rows of it for the active blueprint's
    /// store, at this blueprint time ([`crate::Edit::time`]), and what reading the store gives then.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn edit(&self, current: &ViewportBlueprint, at: i64) -> Result<BlueprintEdit, BlueprintError> {
        self.rows(current)?.edit(at)
    }

    /// As [`Self::edit`], before it is known at which time.
    pub(crate) fn rows(&self, current: &ViewportBlueprint) -> Result<PlannedRows, BlueprintError> {
        let is_written_down =
            |id: ViewId| current.views.contains_key(&id) && !current.derived.views.contains(&id);
        if self.settings_of().is_some_and(is_written_down) {
            // They change nothing of the viewport.
            let mut extra = Extra::default();
            self.add_settings(&mut extra)?;
            return Ok(PlannedRows {
                rows: extra.into(),
                stored: None,
            });
        }
        let plan = self.plan(current)?;
        let before = current.without_derived();
        let after = plan.after.without_derived();
        let rows = write_changes(&before, &after, &plan.touched, plan.extra);
        let stored = (after != before).then_some(after);
        Ok(PlannedRows { rows, stored })
    }

    /// The view of which it sets properties, defaults or overrides, and nothing else.
    fn settings_of(&self) -> Option<ViewId> {
        match self {
            Self::SetProperty(view, _)
            | Self::SetDefault(view, _)
            | Self::SetOverride { view, .. }
            | Self::ClearOverrides { view, .. } => Some(*view),
            _ => None,
        }
    }

    /// The rows of properties, defaults and overrides.
    fn add_settings(&self, extra: &mut Extra) -> Result<(), BlueprintError> {
        match self {
            Self::SetProperty(view, components) => {
                for (descriptor, array) in components {
                    let component = &descriptor.component;
                    let no_archetype = || BlueprintError::NoArchetype {
                        component: component.to_string(),
                    };
                    let path = property_path(*view, component).ok_or_else(no_archetype)?;
                    extra.add(path, descriptor.clone(), Arc::clone(array));
                }
            }
            Self::SetDefault(view, components) => extra.add_defaults(*view, components),
            Self::SetOverride {
                view,
                entity,
                target,
                components,
            } => extra.add_overrides(*view, entity, target, components),
            Self::ClearOverrides { view, entity } => extra.clear_overrides(*view, entity),
            _ => {}
        }
        Ok(())
    }

    fn plan(&self, current: &ViewportBlueprint) -> Result<Plan, BlueprintError> {
        let mut plan = Plan {
            after: current.clone(),
            touched: Touched::default(),
            layout: false,
            extra: Extra::default(),
        };
        plan.execute(self)?;
        plan.settle(current);
        Ok(plan)
    }
}

/// What [`BlueprintCommand::edit`] gives at any time.
pub(crate) struct PlannedRows {
    pub(crate) rows: Rows,
    stored: Option<ViewportBlueprint>,
}

impl PlannedRows {
    /// The rows at this blueprint time.
    pub(crate) fn edit(self, at: i64) -> Result<BlueprintEdit, BlueprintError> {
        Ok(BlueprintEdit {
            chunks: self.rows.into_chunks(at)?,
            stored: self.stored,
        })
    }
}

/// A blueprint after a command, and what the command meant.
struct Plan {
    after: ViewportBlueprint,
    touched: Touched,
    /// Whether the layout was edited.
    layout: bool,
    extra: Extra,
}

impl Plan {
    fn execute(&mut self, command: &BlueprintCommand) -> Result<(), BlueprintError> {
        use BlueprintCommand as C;
        match command {
            C::SetName(Contents::View(id), name) => self.view(*id)?.name.clone_from(name),
            C::SetName(Contents::Container(id), name) => self.container(*id)?.name.clone_from(name),
            C::SetVisible(Contents::View(id), visible) => self.view(*id)?.visible = *visible,
            C::SetVisible(Contents::Container(id), visible) => self.container(*id)?.visible = *visible,
            C::SetTitleBar(id, title_bar) => self.view(*id)?.title_bar = *title_bar,
            C::SetOrigin(id, origin) => self.view(*id)?.origin = origin.clone(),
            C::SetContents(id, contents) => self.view(*id)?.contents = contents.clone(),
            C::AddView(view, place) => self.add_view(view, *place)?,
            C::CopyView { of, id } => self.copy_view(*of, *id)?,
            C::SetClass(id, class) => self.view(*id)?.class = class.clone(),
            C::RemoveView(id) => self.remove_view(*id)?,
            C::ResetView(id) => {
                let view = self.view(*id)?;
                (view.name, view.visible, view.title_bar) = (None, true, true);
                self.touched.reset.insert(*id);
            }
            C::SetMaximized(view) => {
                // The view is not edited. One that heuristics add has the same id always, so that it need not be written down.
                if let Some(id) = view.filter(|id| !self.after.views.contains_key(id)) {
                    return Err(BlueprintError::NoSuchView(id));
                }
                self.after.maximized = *view;
            }
            C::AddContainer {
                id,
                kind,
                parent,
                position,
            } => self.add_container(*id, *kind, *parent, *position)?,
            C::RemoveContainer(id) => self.remove_container(*id)?,
            C::SetContainerKind(id, kind) => self.set_kind(*id, *kind)?,
            C::SetGridColumns(id, columns) => {
                self.container(*id)?.grid_columns = columns.filter(|columns| *columns > 0);
            }
            C::SetShares { id, columns, rows } => self.set_shares(*id, columns, rows)?,
            C::SetActiveTab(id, tab) => {
                let container = self.container(*id)?;
                if !container.contents.contains(tab) {
                    return Err(BlueprintError::NotInContainer {
                        item: *tab,
                        container: *id,
                    });
                }
                container.active_tab = Some(*tab);
            }
            C::MoveContents {
                item,
                parent,
                position,
            } => self.move_contents(*item, *parent, *position)?,
            C::SetLayout { root, containers } => {
                self.after.root = Some(*root);
                self.after.containers = containers
                    .iter()
                    .map(|container| (container.id, container.clone()))
                    .collect();
                self.container(*root)?;
                self.after.normalize();
            }
            C::ResetLayout => {
                self.after.auto_layout = true;
                relayout(&mut self.after);
            }
            C::SetAutoViews(on) => {
                self.after.auto_views = *on;
                if !on {
                    self.after = self.after.without_derived();
                    self.after.forget_lost_maximized();
                }
            }
            C::SetPanel(panel, state) => self.after.panels.set(*panel, Some(*state)),
            C::SetProperty(view, _)
            | C::SetDefault(view, _)
            | C::SetOverride { view, .. }
            | C::ClearOverrides { view, .. } => {
                self.view(*view)?;
                command.add_settings(&mut self.extra)?;
            }
            C::Group { commands, .. } => {
                for command in commands {
                    self.execute(command)?;
                }
            }
            C::WriteAll(blueprint) => {
                self.after = (**blueprint).clone();
                self.after.derived = crate::Derived::default();
                self.after.normalize();
            }
        }
        Ok(())
    }

    /// Decides what of the derived is written down, and makes the layout anew where it is left to the heuristics.
    fn settle(&mut self, current: &ViewportBlueprint) {
        if self.layout {
            self.after.derived.layout = false;
            self.after.auto_layout = false;
            if let Some(root) = self.after.place_views() {
                self.touched.containers.insert(root);
            }
        }
        let after = &mut self.after;
        let mut written = self.touched.views.clone();
        // A derived view gives way to one that shows the same. One that is shown stays whatever the command makes others show.
        for changed in after.views.values().filter(|view| {
            !current.views.get(&view.id).is_some_and(|before| {
                before.origin == view.origin && before.contents == view.contents && before.class == view.class
            })
        }) {
            let contents = changed.resolved_contents();
            let is_covered = |id: &&ViewId| {
                after.views.get(*id).is_some_and(|view| {
                    view.class == changed.class && contents.covers(&view.resolved_contents())
                })
            };
            written.extend(after.derived.views.iter().filter(is_covered));
        }
        if !after.derived.layout {
            // A view lies among others: what holds it is written, and so are the derived views beside it, for their order.
            for container in after.containers.values() {
                let edited = self.touched.containers.contains(&container.id)
                    || (current.derived.layout && self.layout)
                    || container
                        .contents
                        .iter()
                        .any(|item| matches!(item, Contents::View(id) if written.contains(id)));
                if edited {
                    written.extend(container.contents.iter().filter_map(|item| match item {
                        Contents::View(id) => Some(*id),
                        Contents::Container(_) => None,
                    }));
                }
            }
        }
        after
            .derived
            .views
            .retain(|id| after.views.contains_key(id) && !written.contains(id));
        if after.root.is_none() || after.derived.layout {
            relayout(after);
        }
    }

    fn view(&mut self, id: ViewId) -> Result<&mut ViewBlueprint, BlueprintError> {
        self.touched.views.insert(id);
        self.after
            .views
            .get_mut(&id)
            .ok_or(BlueprintError::NoSuchView(id))
    }

    fn container(&mut self, id: ContainerId) -> Result<&mut ContainerBlueprint, BlueprintError> {
        self.layout = true;
        self.touched.containers.insert(id);
        self.after
            .containers
            .get_mut(&id)
            .ok_or(BlueprintError::NoSuchContainer(id))
    }

    fn add_view(
        &mut self,
        view: &ViewBlueprint,
        place: Option<(ContainerId, usize)>,
    ) -> Result<(), BlueprintError> {
        if self.after.views.contains_key(&view.id) {
            return Err(BlueprintError::AlreadyThere(Contents::View(view.id)));
        }
        match (place, self.after.root) {
            (Some((parent, position)), _) => self
                .container(parent)?
                .insert_item(Contents::View(view.id), position),
            (None, Some(root)) if !self.after.derived.layout => {
                self.container(root)?
                    .insert_item(Contents::View(view.id), usize::MAX);
            }
            _ => {}
        }
        self.after.views.insert(view.id, view.clone());
        self.after
            .past_recommendations
            .remove(&view.id.recommendation_hash());
        self.touched.views.insert(view.id);
        Ok(())
    }

    /// What the store says of it beyond the model is copied by [`crate::edit_blueprint`].
    fn copy_view(&mut self, of: ViewId, id: ViewId) -> Result<(), BlueprintError> {
        let mut copy = self.view(of)?.clone();
        copy.id = id;
        if let Some(name) = &mut copy.name {
            name.push_str(" (copy)");
        }
        let place = self.after.parent_of(Contents::View(of));
        self.add_view(&copy, place.map(|(parent, at)| (parent, at + 1)))
    }

    fn remove_view(&mut self, id: ViewId) -> Result<(), BlueprintError> {
        self.after
            .views
            .remove(&id)
            .ok_or(BlueprintError::NoSuchView(id))?;
        self.after.past_recommendations.insert(id.recommendation_hash());
        if self.after.maximized == Some(id) {
            self.after.maximized = None;
        }
        let containers = self.after.containers.values_mut();
        let held: Vec<ContainerId> = containers
            .filter_map(|container| container.remove_item(Contents::View(id)).then_some(container.id))
            .collect();
        for container in held {
            self.after.remove_if_empty(container);
        }
        Ok(())
    }

    fn add_container(
        &mut self,
        id: ContainerId,
        kind: ContainerKind,
        parent: Option<ContainerId>,
        position: usize,
    ) -> Result<(), BlueprintError> {
        let item = Contents::Container(id);
        if self.after.containers.contains_key(&id) {
            return Err(BlueprintError::AlreadyThere(item));
        }
        match parent.or(self.after.root) {
            None => self.after.root = Some(id),
            Some(parent) => {
                self.container(parent)?.insert_item(item, position);
                if self.after.depth_of(item) >= MAX_CONTAINER_DEPTH {
                    return Err(BlueprintError::TooDeep {
                        container: id,
                        limit: MAX_CONTAINER_DEPTH,
                    });
                }
            }
        }
        self.after
            .containers
            .insert(id, ContainerBlueprint::new(id, kind, []));
        self.container(id).map(drop)
    }

    fn remove_container(&mut self, id: ContainerId) -> Result<(), BlueprintError> {
        self.container(id)?;
        if self.after.root == Some(id) {
            return Err(BlueprintError::IsRoot(id));
        }
        if let Some((parent, _)) = self.after.parent_of(Contents::Container(id)) {
            self.container(parent)?.remove_item(Contents::Container(id));
        }
        for item in self.after.subtree(Contents::Container(id)) {
            match item {
                Contents::View(view) => self.remove_view(view)?,
                Contents::Container(container) => {
                    self.after.containers.remove(&container);
                }
            }
        }
        Ok(())
    }

    fn set_kind(&mut self, id: ContainerId, kind: ContainerKind) -> Result<(), BlueprintError> {
        let container = self.container(id)?;
        if container.kind != kind {
            // Shares of columns mean nothing to rows.
            container.kind = kind;
            container.col_shares.clear();
            container.row_shares.clear();
        }
        Ok(())
    }

    fn set_shares(&mut self, id: ContainerId, columns: &[f32], rows: &[f32]) -> Result<(), BlueprintError> {
        if let Some(share) = columns
            .iter()
            .chain(rows)
            .find(|share| !(share.is_finite() && **share > 0.0))
        {
            return Err(BlueprintError::BadShare { share: *share });
        }
        let container = self.container(id)?;
        container.col_shares = columns.to_vec();
        container.row_shares = rows.to_vec();
        let count = container.contents.len();
        if let Some(shares) = container.item_shares_mut() {
            shares.truncate(count);
        }
        Ok(())
    }

    fn move_contents(
        &mut self,
        item: Contents,
        parent: ContainerId,
        position: usize,
    ) -> Result<(), BlueprintError> {
        let limit = MAX_CONTAINER_DEPTH;
        self.container(parent)?;
        match item {
            Contents::View(id) => {
                self.view(id)?;
            }
            Contents::Container(id) => {
                self.container(id)?;
                if self.after.root == Some(id) {
                    return Err(BlueprintError::IsRoot(id));
                }
                let inside = self.after.subtree(item);
                if inside.contains(&Contents::Container(parent)) {
                    return Err(BlueprintError::ContainsItself(id));
                }
                let above = self.after.depth_of(item);
                let containers = inside
                    .iter()
                    .filter(|inner| matches!(inner, Contents::Container(_)));
                let height = containers
                    .map(|inner| self.after.depth_of(*inner))
                    .max()
                    .unwrap_or(above)
                    .saturating_sub(above);
                if self.after.depth_of(Contents::Container(parent)) + 1 + height >= limit {
                    return Err(BlueprintError::TooDeep { container: id, limit });
                }
            }
        }
        let old = self.after.parent_of(item).map(|(old, _)| old);
        if let Some(old) = old {
            self.container(old)?.remove_item(item);
        }
        self.container(parent)?.insert_item(item, position);
        if let Some(old) = old {
            self.after.remove_if_empty(old);
        }
        Ok(())
    }
}
