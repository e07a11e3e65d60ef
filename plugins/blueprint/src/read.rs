//! From rows to a [`ViewportBlueprint`], whatever the rows say.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, EntityPath, QueryCache};
use chronoscope_types::{
    Component, ComponentName, blueprint as archetypes,
    components::{self, blueprint as bp},
};

use crate::{
    BlueprintProblem, BlueprintReport, ContainerBlueprint, ContainerId, ContainerKind, Contents,
    ContentsFilter, ContentsRule, Panel, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
    query::BlueprintQuery,
    viewport::{PanelStates, TimePanelBlueprint},
    vocabulary::{CONTAINERS_PATH, VIEWPORT_PATH, VIEWS_PATH, contents_path, panel_path},
};

/// Reads what a blueprint says at a blueprint time (`i64::MAX` for the newest). What makes no sense is left out and
/// reported; there is always something to show. Reports are ordered by what was read first, views before containers.
pub fn read_viewport(
    store: &ChunkStore,
    cache: &QueryCache,
    at: i64,
) -> (ViewportBlueprint, Vec<BlueprintReport>) {
    let mut reader = Reader {
        query: BlueprintQuery::new(store, cache, at),
        reports: Vec::new(),
    };
    let mut viewport = ViewportBlueprint::default();
    for path in reader.children(VIEWS_PATH) {
        if let Some(view) = reader.read_view(&path) {
            viewport.views.insert(view.id, view);
        }
    }
    for path in reader.children(CONTAINERS_PATH) {
        if let Some(container) = reader.read_container(&path) {
            viewport.containers.insert(container.id, container);
        }
    }
    reader.read_viewport(&mut viewport);
    viewport.panels = reader.read_panels();
    viewport.time_panel = reader.read_time_panel();
    let mut reports = reader.reports;
    reports.extend(viewport.normalize());
    (viewport, reports)
}

struct Reader<'a> {
    query: BlueprintQuery<'a>,
    reports: Vec<BlueprintReport>,
}

impl Reader<'_> {
    fn read_view(&mut self, path: &EntityPath) -> Option<ViewBlueprint> {
        type A = archetypes::ViewBlueprint;
        // Without a class there is no view: it was removed, or somebody else has the folder.
        let class = self.text::<bp::ViewClass>(path, A::CLASS_IDENTIFIER)?;
        let id = self.id(path, ViewId::from_entity_path)?;
        let origin = self
            .text::<bp::ViewOrigin>(path, A::SPACE_ORIGIN)
            .map_or_else(EntityPath::root, EntityPath::from);
        let contents_path = contents_path(id);
        let contents = self.texts::<bp::QueryExpression>(&contents_path, archetypes::ViewContents::QUERY);
        let contents = contents.map_or_else(ContentsFilter::origin_subtree, |expressions| {
            ContentsFilter::from_expressions(expressions.iter().map(String::as_str))
        });
        for problem in contents.rules().iter().filter_map(ContentsRule::problem) {
            self.report(&contents_path, problem.into());
        }
        Some(ViewBlueprint {
            id,
            class: ViewClassId::new(class),
            name: self.text::<components::Name>(path, A::DISPLAY_NAME),
            origin,
            contents,
            visible: self
                .one::<components::Visible, _>(path, A::VISIBLE, |values| values.first().copied())
                .unwrap_or(true),
            title_bar: self
                .one::<bp::Enabled, _>(path, A::TITLEBAR, |values| values.first().copied())
                .unwrap_or(true),
        })
    }

    fn read_container(&mut self, path: &EntityPath) -> Option<ContainerBlueprint> {
        type A = archetypes::ContainerBlueprint;
        let kind: ContainerKind =
            self.one::<bp::ContainerKind, _>(path, A::CONTAINER_KIND, |values| values.first().copied())?;
        let id = self.id(path, ContainerId::from_entity_path)?;
        let contents = self
            .texts::<bp::IncludedContent>(path, A::CONTENTS)
            .unwrap_or_default();
        let contents: Vec<Contents> = contents
            .iter()
            .filter_map(|text| self.contents(path, text))
            .collect();
        let active_tab = self
            .text::<bp::ActiveTab>(path, A::ACTIVE_TAB)
            .and_then(|text| self.contents(path, &text));
        let col_shares = self
            .one::<bp::ColumnShare, _>(path, A::COL_SHARES, |values| Some(values.to_vec()))
            .unwrap_or_default();
        let row_shares = self
            .one::<bp::RowShare, _>(path, A::ROW_SHARES, |values| Some(values.to_vec()))
            .unwrap_or_default();
        Some(ContainerBlueprint {
            id,
            kind,
            name: self.text::<components::Name>(path, A::DISPLAY_NAME),
            contents,
            col_shares: self.shares(path, A::COL_SHARES, col_shares),
            row_shares: self.shares(path, A::ROW_SHARES, row_shares),
            active_tab,
            grid_columns: self.one::<bp::GridColumns, _>(path, A::GRID_COLUMNS, |values| {
                values.first().copied().filter(|n| *n > 0)
            }),
            visible: self
                .one::<components::Visible, _>(path, A::VISIBLE, |values| values.first().copied())
                .unwrap_or(true),
        })
    }

    fn read_viewport(&mut self, viewport: &mut ViewportBlueprint) {
        type A = archetypes::ViewportBlueprint;
        let path = &EntityPath::parse(VIEWPORT_PATH);
        viewport.root = self.one::<bp::RootContainer, _>(path, A::ROOT_CONTAINER, |ids| {
            ids.first().copied().map(ContainerId::from_bytes)
        });
        viewport.maximized = self.one::<bp::ViewMaximized, _>(path, A::MAXIMIZED, |ids| {
            ids.first().copied().map(ViewId::from_bytes)
        });
        // Somebody who arranged a layout and said no more wants to see that.
        let default = viewport.root.is_none();
        viewport.auto_layout = self
            .one::<bp::AutoLayout, _>(path, A::AUTO_LAYOUT, |values| values.first().copied())
            .unwrap_or(default);
        viewport.auto_views = self
            .one::<bp::AutoViews, _>(path, A::AUTO_VIEWS, |values| values.first().copied())
            .unwrap_or(default);
        let past =
            self.one::<bp::ViewerRecommendationHash, _>(path, A::PAST_VIEWER_RECOMMENDATIONS, |hashes| {
                Some(hashes.iter().copied().collect())
            });
        viewport.past_recommendations = past.unwrap_or_default();
    }

    fn read_panels(&mut self) -> PanelStates {
        let mut panels = PanelStates::default();
        for panel in Panel::ALL {
            let component = panel_component(panel);
            let state = self
                .one::<bp::PanelState, _>(&panel_path(panel), component, |states| states.first().copied());
            panels.set(panel, state);
        }
        panels
    }

    fn read_time_panel(&mut self) -> TimePanelBlueprint {
        type A = archetypes::TimePanelBlueprint;
        let path = &panel_path(Panel::Time);
        let speed =
            self.one::<bp::PlaybackSpeed, _>(path, A::PLAYBACK_SPEED, |values| values.first().copied());
        let fps = self.one::<bp::Fps, _>(path, A::FPS, |values| values.first().copied());
        let selection =
            self.one::<bp::AbsoluteTimeRange, _>(path, A::TIME_SELECTION, |ranges| ranges.first().copied());
        TimePanelBlueprint {
            timeline: self.text::<bp::TimelineName>(path, A::TIMELINE).map(Arc::from),
            playback_speed: self.in_range(path, A::PLAYBACK_SPEED, speed, f64::is_finite),
            fps: self.in_range(path, A::FPS, fps, |fps| fps.is_finite() && fps > 0.0),
            play_state: self.one::<bp::PlayState, _>(path, A::PLAY_STATE, |values| values.first().copied()),
            loop_mode: self.one::<bp::LoopMode, _>(path, A::LOOP_MODE, |values| values.first().copied()),
            time_selection: selection.filter(|range| {
                if range.is_empty() {
                    self.report(path, BlueprintProblem::EmptyTimeSelection);
                }
                !range.is_empty()
            }),
        }
    }

    /// The entities right below a folder, ordered by path.
    fn children(&self, folder: &str) -> Vec<EntityPath> {
        let tree = self.query.store().tree();
        let Some(folder) = tree.find(&EntityPath::parse(folder)) else {
            return Vec::new();
        };
        tree.children(folder).map(|id| tree.path(id).clone()).collect()
    }

    fn id<T>(&mut self, path: &EntityPath, read: impl FnOnce(&EntityPath) -> Option<T>) -> Option<T> {
        let id = read(path);
        if id.is_none() {
            self.report(path, BlueprintProblem::NotAnId { text: path.ui_name() });
        }
        id
    }

    fn contents(&mut self, path: &EntityPath, text: &str) -> Option<Contents> {
        let item = Contents::parse(text);
        if item.is_none() {
            self.report(
                path,
                BlueprintProblem::NotAnId {
                    text: text.to_owned(),
                },
            );
        }
        item
    }

    /// Shares must be positive numbers; what is not becomes 1.
    fn shares(&mut self, path: &EntityPath, component: ComponentName, mut shares: Vec<f32>) -> Vec<f32> {
        for share in shares
            .iter_mut()
            .filter(|share| !(share.is_finite() && **share > 0.0))
        {
            self.report(
                path,
                BlueprintProblem::OutOfRange {
                    component: component.name.to_owned(),
                    value: f64::from(*share),
                },
            );
            *share = 1.0;
        }
        shares
    }

    fn in_range(
        &mut self,
        path: &EntityPath,
        component: ComponentName,
        value: Option<f64>,
        valid: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let value = value?;
        if valid(value) {
            return Some(value);
        }
        self.report(
            path,
            BlueprintProblem::OutOfRange {
                component: component.name.to_owned(),
                value,
            },
        );
        None
    }

    fn text<C>(&mut self, path: &EntityPath, component: ComponentName) -> Option<String>
    where
        C: for<'s> Component<Slice<'s> = chronoscope_types::TextSlices<'s>>,
    {
        self.one::<C, _>(path, component, |texts| texts.first().map(str::to_owned))
    }

    fn texts<C>(&mut self, path: &EntityPath, component: ComponentName) -> Option<Vec<String>>
    where
        C: for<'s> Component<Slice<'s> = chronoscope_types::TextSlices<'s>>,
    {
        self.one::<C, _>(path, component, |texts| {
            Some(texts.iter().flatten().map(str::to_owned).collect())
        })
    }

    /// Reads a row; `None` where there is none, or where it cannot be read, which is reported.
    fn one<C: Component, T>(
        &mut self,
        path: &EntityPath,
        component: ComponentName,
        pick: impl for<'s> FnOnce(C::Slice<'s>) -> Option<T>,
    ) -> Option<T> {
        let cell = self.query.hit(path, &component)?.cell();
        match C::read(&cell) {
            Ok(values) => pick(values),
            Err(error) => {
                self.report(
                    path,
                    BlueprintProblem::Unreadable {
                        component: component.name,
                        error,
                    },
                );
                None
            }
        }
    }

    fn report(&mut self, path: &EntityPath, problem: BlueprintProblem) {
        self.reports.push(BlueprintReport {
            path: path.clone(),
            problem,
        });
    }
}

/// The component with a panel's state.
pub(crate) fn panel_component(panel: Panel) -> ComponentName {
    match panel {
        Panel::Time => archetypes::TimePanelBlueprint::STATE,
        Panel::Top | Panel::Blueprint | Panel::Selection => archetypes::PanelBlueprint::STATE,
    }
}
