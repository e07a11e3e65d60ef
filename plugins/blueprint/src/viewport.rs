//! The content of a blueprint: views, the containers that hold them, panels and the time panel.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_store::{EntityPath, TimeRange};
use chronoscope_types::enums::{ContainerKind, LoopMode, PanelState, PlayState};

use crate::{
    ContainerId, Contents, Panel, ViewClassId, ViewId,
    contents::{ContentsFilter, ResolvedContents},
    error::{BlueprintProblem, BlueprintReport},
};

/// The greatest nesting of containers. More is of no use on a screen, and would make recursive drawing unsafe.
pub const MAX_CONTAINER_DEPTH: usize = 32;

/// All that a blueprint says of the viewer's surface, but for overrides and properties of views, which are looked up where
/// they are needed.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewportBlueprint {
    /// The outermost container; `None` where there is no layout yet.
    pub root: Option<ContainerId>,
    /// The containers that can be reached from the root. They form a tree, see [`Self::normalize`].
    pub containers: BTreeMap<ContainerId, ContainerBlueprint>,
    /// All views, whether or not they have a place in the layout.
    pub views: BTreeMap<ViewId, ViewBlueprint>,
    /// The one view that fills the viewport. In what stands in the store, it may be one that heuristics add.
    pub maximized: Option<ViewId>,
    /// Whether the layout is made anew when views come or go.
    pub auto_layout: bool,
    /// Whether views are added for data that no view shows.
    pub auto_views: bool,
    /// The recommended views that were removed and must not come back: see [`ViewId::recommendation_hash`].
    pub past_recommendations: BTreeSet<u64>,
    /// Which panels are open.
    pub panels: PanelStates,
    /// What the time panel plays, and how.
    pub time_panel: TimePanelBlueprint,
    /// The parts of all this that come from heuristics and are not in the store.
    pub derived: Derived,
}

impl Default for ViewportBlueprint {
    /// Says nothing: views and layout are left to the heuristics.
    fn default() -> Self {
        Self {
            root: None,
            containers: BTreeMap::new(),
            views: BTreeMap::new(),
            maximized: None,
            auto_layout: true,
            auto_views: true,
            past_recommendations: BTreeSet::new(),
            panels: PanelStates::default(),
            time_panel: TimePanelBlueprint::default(),
            derived: Derived::default(),
        }
    }
}

/// The parts of a [`ViewportBlueprint`] that come from heuristics. An edit writes them down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Views that are recommended.
    pub views: BTreeSet<ViewId>,
    /// Whether the containers, the root among them, are.
    pub layout: bool,
}

/// A container of the layout.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerBlueprint {
    /// Its id.
    pub id: ContainerId,
    /// The arrangement of its items.
    pub kind: ContainerKind,
    /// The name that a user gave it.
    pub name: Option<String>,
    /// Its items, in order.
    pub contents: Vec<Contents>,
    /// The share of the width of each item (horizontal) or column (grid). Where numbers are missing, 1.
    pub col_shares: Vec<f32>,
    /// The share of the height of each item (vertical) or row (grid). Where numbers are missing, 1.
    pub row_shares: Vec<f32>,
    /// The tab in front. `None` means the first.
    pub active_tab: Option<Contents>,
    /// The columns of a grid. `None` means as many as look good.
    pub grid_columns: Option<u32>,
    /// Whether it is shown.
    pub visible: bool,
}

impl ContainerBlueprint {
    /// An unnamed container with equal shares.
    pub fn new(id: ContainerId, kind: ContainerKind, contents: impl IntoIterator<Item = Contents>) -> Self {
        Self {
            id,
            kind,
            name: None,
            contents: contents.into_iter().collect(),
            col_shares: Vec::new(),
            row_shares: Vec::new(),
            active_tab: None,
            grid_columns: None,
            visible: true,
        }
    }

    /// Sets the share of each item of a horizontal or vertical container.
    #[must_use]
    pub fn with_shares(mut self, shares: impl IntoIterator<Item = f32>) -> Self {
        let shares = shares.into_iter().collect();
        match self.kind {
            ContainerKind::Vertical => self.row_shares = shares,
            _ => self.col_shares = shares,
        }
        self
    }

    /// The share of an item (horizontal, vertical) or a column (grid).
    pub fn share(&self, at: usize) -> f32 {
        let shares = if self.kind == ContainerKind::Vertical {
            &self.row_shares
        } else {
            &self.col_shares
        };
        shares.get(at).copied().unwrap_or(1.0)
    }

    /// The shares that go with the items one by one; `None` where the container has none or they belong to columns.
    pub(crate) fn item_shares_mut(&mut self) -> Option<&mut Vec<f32>> {
        match self.kind {
            ContainerKind::Horizontal => Some(&mut self.col_shares),
            ContainerKind::Vertical => Some(&mut self.row_shares),
            ContainerKind::Tabs | ContainerKind::Grid => None,
        }
    }

    /// Puts an item in, with the mean share. A position past the end is the end.
    pub(crate) fn insert_item(&mut self, item: Contents, position: usize) {
        let position = position.min(self.contents.len());
        let count = self.contents.len();
        self.contents.insert(position, item);
        if let Some(shares) = self.item_shares_mut().filter(|shares| !shares.is_empty()) {
            shares.resize(count, 1.0);
            let mean = if count == 0 {
                1.0
            } else {
                shares.iter().sum::<f32>() / count as f32
            };
            shares.insert(position.min(shares.len()), mean);
        }
    }

    /// Takes an item out, with its share. Returns whether it was there.
    pub(crate) fn remove_item(&mut self, item: Contents) -> bool {
        let Some(at) = self.contents.iter().position(|other| *other == item) else {
            return false;
        };
        self.contents.remove(at);
        if let Some(shares) = self.item_shares_mut().filter(|shares| at < shares.len()) {
            shares.remove(at);
        }
        if self.active_tab == Some(item) {
            self.active_tab = None;
        }
        true
    }
}

/// A view: its contents and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewBlueprint {
    /// Its id.
    pub id: ViewId,
    /// The view class.
    pub class: ViewClassId,
    /// The name that a user gave it.
    pub name: Option<String>,
    /// The entity whose frame the view shows things in, and the meaning of `$origin`.
    pub origin: EntityPath,
    /// Which entities it shows.
    pub contents: ContentsFilter,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it has a bar with its title, where it lies in no tabs with others.
    pub title_bar: bool,
}

impl ViewBlueprint {
    /// A view of the origin and all below it.
    pub fn new(id: ViewId, class: impl Into<ViewClassId>, origin: impl Into<EntityPath>) -> Self {
        Self {
            id,
            class: class.into(),
            name: None,
            origin: origin.into(),
            contents: ContentsFilter::origin_subtree(),
            visible: true,
            title_bar: true,
        }
    }

    /// Which entities it shows, with the origin filled in.
    pub fn resolved_contents(&self) -> ResolvedContents {
        self.contents.resolve(&self.origin)
    }

    /// The title above the view: its name, or its origin without escapes and without the first slash.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None if self.origin.is_root() => "/".to_owned(),
            None => {
                let named = self.origin.ancestors().filter(|path| !path.is_root());
                let mut names: Vec<String> = named.map(|path| path.ui_name()).collect();
                names.reverse();
                names.join("/")
            }
        }
    }
}

/// How far each panel is open; `None` where the blueprint leaves it to the viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PanelStates {
    /// Above.
    pub top: Option<PanelState>,
    /// On the left.
    pub blueprint: Option<PanelState>,
    /// On the right.
    pub selection: Option<PanelState>,
    /// Below.
    pub time: Option<PanelState>,
}

impl PanelStates {
    /// How far this panel is open.
    pub fn get(&self, panel: Panel) -> Option<PanelState> {
        match panel {
            Panel::Top => self.top,
            Panel::Blueprint => self.blueprint,
            Panel::Selection => self.selection,
            Panel::Time => self.time,
        }
    }

    /// Opens or closes this panel.
    pub fn set(&mut self, panel: Panel, state: Option<PanelState>) {
        *match panel {
            Panel::Top => &mut self.top,
            Panel::Blueprint => &mut self.blueprint,
            Panel::Selection => &mut self.selection,
            Panel::Time => &mut self.time,
        } = state;
    }
}

/// What the time panel plays, and how; `None` where the blueprint leaves it to the viewer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimePanelBlueprint {
    /// The timeline's name.
    pub timeline: Option<Arc<str>>,
    /// How much faster than the clock timelines of durations and timestamps are played.
    pub playback_speed: Option<f64>,
    /// How many steps a second timelines of sequences are played with.
    pub fps: Option<f64>,
    /// Whether the cursor moves. Not part of what can be undone.
    pub play_state: Option<PlayState>,
    /// Whether playing begins again.
    pub loop_mode: Option<LoopMode>,
    /// The selected times, in the unit of the timeline.
    pub time_selection: Option<TimeRange>,
}

impl ViewportBlueprint {
    /// The container that holds an item, and the item's position.
    pub fn parent_of(&self, item: Contents) -> Option<(ContainerId, usize)> {
        self.containers.values().find_map(|container| {
            Some((
                container.id,
                container.contents.iter().position(|other| *other == item)?,
            ))
        })
    }

    /// The number of containers around an item; zero for the root.
    pub fn depth_of(&self, item: Contents) -> usize {
        // The containers form a tree, so that this ends; the bound is for those that are not normalized.
        std::iter::successors(self.parent_of(item), |(parent, _)| {
            self.parent_of(Contents::Container(*parent))
        })
        .take(MAX_CONTAINER_DEPTH + 1)
        .count()
    }

    /// An item and everything in it, containers before their items.
    pub fn subtree(&self, item: Contents) -> Vec<Contents> {
        let mut found = BTreeSet::from([item]);
        let mut order = Vec::new();
        let mut stack = vec![item];
        while let Some(item) = stack.pop() {
            order.push(item);
            if let Contents::Container(id) = item
                && let Some(container) = self.containers.get(&id)
            {
                stack.extend(
                    container
                        .contents
                        .iter()
                        .rev()
                        .copied()
                        .filter(|inner| found.insert(*inner)),
                );
            }
        }
        order
    }

    /// The views in the order of the layout, then those that have no place in it.
    pub fn views_in_order(&self) -> Vec<ViewId> {
        let placed: Vec<ViewId> = self
            .root
            .map(|root| self.subtree(Contents::Container(root)))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|item| match item {
                Contents::View(id) => Some(id),
                Contents::Container(_) => None,
            })
            .collect();
        let known: BTreeSet<ViewId> = placed.iter().copied().collect();
        let rest: Vec<ViewId> = self
            .views
            .keys()
            .filter(|id| !known.contains(id))
            .copied()
            .collect();
        placed.into_iter().chain(rest).collect()
    }

    /// Puts each view without a place below the root. Returns the root where there was one to place.
    pub(crate) fn place_views(&mut self) -> Option<ContainerId> {
        let root_id = self.root?;
        let placed: BTreeSet<Contents> = self.subtree(Contents::Container(root_id)).into_iter().collect();
        let root = self.containers.get_mut(&root_id)?;
        let mut any = None;
        for item in self.views.keys().map(|id| Contents::View(*id)) {
            if !placed.contains(&item) {
                root.insert_item(item, usize::MAX);
                any = Some(root_id);
            }
        }
        any
    }

    /// Removes a container that holds nothing, and those that held nothing else; never the root.
    pub(crate) fn remove_if_empty(&mut self, id: ContainerId) {
        let mut next = Some(id).filter(|id| self.root != Some(*id));
        while let Some(id) = next.take() {
            let is_empty = self
                .containers
                .get(&id)
                .is_some_and(|container| container.contents.is_empty());
            if is_empty {
                self.containers.remove(&id);
                let item = Contents::Container(id);
                if let Some((parent, _)) = self.parent_of(item)
                    && let Some(container) = self.containers.get_mut(&parent)
                {
                    container.remove_item(item);
                    next = Some(parent).filter(|parent| self.root != Some(*parent));
                }
            }
        }
    }

    /// The content of the store, without what heuristics added.
    #[must_use]
    pub fn without_derived(&self) -> Self {
        let mut stored = self.clone();
        let derived = std::mem::take(&mut stored.derived);
        if derived.layout {
            stored.root = None;
            stored.containers.clear();
        }
        stored.views.retain(|id, _| !derived.views.contains(id));
        for container in stored.containers.values_mut() {
            for view in &derived.views {
                container.remove_item(Contents::View(*view));
            }
        }
        stored
    }

    /// Maximizes none where the maximized view is not there.
    pub(crate) fn forget_lost_maximized(&mut self) {
        self.maximized = self.maximized.filter(|view| self.views.contains_key(view));
    }

    /// Makes the containers a tree: removes items that do not exist, that are in two places or in themselves, or that are nested
    /// too deep, each with a report. Containers that cannot be reached go without one, since they show nothing.
    pub fn normalize(&mut self) -> Vec<BlueprintReport> {
        let mut reports = Vec::new();
        if let Some(root) = self.root
            && !self.containers.contains_key(&root)
        {
            reports.push(report_viewport(BlueprintProblem::Dangling(Contents::Container(
                root,
            ))));
            self.root = None;
        }
        // Where views are automatic, it may be one of these: `with_heuristics` knows.
        if let Some(view) = self.maximized
            && !self.auto_views
            && !self.views.contains_key(&view)
        {
            reports.push(report_viewport(BlueprintProblem::Dangling(Contents::View(view))));
            self.maximized = None;
        }

        let mut kept: BTreeMap<ContainerId, ContainerBlueprint> = BTreeMap::new();
        let mut placed: BTreeSet<Contents> = self.root.map(Contents::Container).into_iter().collect();
        let mut stack: Vec<(ContainerId, usize)> = self.root.map(|root| (root, 1)).into_iter().collect();
        while let Some((id, depth)) = stack.pop() {
            let Some(mut container) = self.containers.remove(&id) else {
                continue;
            };
            let mut report = |problem| {
                reports.push(BlueprintReport {
                    path: id.entity_path(),
                    problem,
                });
            };
            let mut inner = Vec::new();
            let mut keep = Vec::with_capacity(container.contents.len());
            for &item in &container.contents {
                let problem = match item {
                    _ if placed.contains(&item) => Some(BlueprintProblem::TwiceInLayout(item)),
                    Contents::View(view) if !self.views.contains_key(&view) => {
                        Some(BlueprintProblem::Dangling(item))
                    }
                    Contents::Container(other) if !self.containers.contains_key(&other) => {
                        Some(BlueprintProblem::Dangling(item))
                    }
                    Contents::Container(_) if depth >= MAX_CONTAINER_DEPTH => {
                        Some(BlueprintProblem::TooDeep {
                            item,
                            limit: MAX_CONTAINER_DEPTH,
                        })
                    }
                    Contents::View(_) => None,
                    Contents::Container(other) => {
                        inner.push((other, depth + 1));
                        None
                    }
                };
                keep.push(problem.is_none());
                match problem {
                    None => {
                        placed.insert(item);
                    }
                    Some(problem) => report(problem),
                }
            }
            retain_by(&mut container.contents, &keep);
            let count = container.contents.len();
            if let Some(shares) = container.item_shares_mut() {
                retain_by(shares, &keep);
                shares.truncate(count);
            }
            if let Some(tab) = container.active_tab
                && !container.contents.contains(&tab)
            {
                report(BlueprintProblem::ForeignTab(tab));
                container.active_tab = None;
            }
            kept.insert(id, container);
            stack.extend(inner.into_iter().rev());
        }
        self.containers = kept;
        reports
    }
}

/// Keeps what has a `true` at its position, and what is past the end of `keep`.
fn retain_by<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        keep.get(at - 1).copied().unwrap_or(true)
    });
}

fn report_viewport(problem: BlueprintProblem) -> BlueprintReport {
    BlueprintReport {
        path: EntityPath::parse(crate::vocabulary::VIEWPORT_PATH),
        problem,
    }
}
