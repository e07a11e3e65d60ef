//! Counts and problems of a view, gathered anew only when something happened: they are a walk over all its
//! entities.

use std::collections::BTreeMap;

use chronoscope_blueprint::ViewId;
use chronoscope_frame::{DataResults, DiffLog, RecordingEntry, Report, Reports, Visualizers};
use chronoscope_store::EntityPath;
use chronoscope_views::without_visualizer;

use crate::pass::Pass;

/// Problems that are kept of a view: more would be read by nobody.
const MAX_REPORTS: usize = 50;

/// The summaries of the views that are selected.
#[derive(Default)]
pub(super) struct ViewSummaries {
    made_of: Option<MadeOf>,
    views: BTreeMap<ViewId, ViewSummary>,
}

/// Counts and problems of a view.
#[derive(Default)]
pub(super) struct ViewSummary {
    /// Entities that match the view's contents.
    pub(super) num_entities: usize,
    /// Those among them that hold data of the view's kind that no visualizer shows, with the archetypes.
    pub(super) without_visualizer: Vec<(EntityPath, Vec<&'static str>)>,
    /// The first of the problems.
    pub(super) reports: Vec<Report>,
    /// The number of the others.
    pub(super) num_more_reports: usize,
}

/// All that summaries depend on, in short.
#[derive(Clone, Copy, PartialEq, Eq)]
struct MadeOf {
    changes: u64,
    blueprint: u64,
    reports: usize,
}

impl ViewSummaries {
    /// The summary of a view.
    pub(super) fn of(&mut self, pass: &Pass<'_>, view: ViewId) -> &ViewSummary {
        let made_of = MadeOf {
            changes: pass.world.resource::<DiffLog>().next_number(),
            blueprint: pass.blueprint().generation(),
            reports: pass.world.resource::<Reports>().total(),
        };
        if self.made_of != Some(made_of) {
            self.made_of = Some(made_of);
            self.views.clear();
        }
        self.views
            .entry(view)
            .or_insert_with(|| ViewSummary::new(pass, view))
    }
}

impl ViewSummary {
    fn new(pass: &Pass<'_>, view: ViewId) -> Self {
        let results = pass.of_view::<DataResults>(view);
        let without_visualizer = pass
            .blueprint()
            .entity(view)
            .map(|entity| without_visualizer(pass.world, entity))
            .unwrap_or_default();
        let mut reports = reports(pass, view, results);
        let num_more_reports = reports.len().saturating_sub(MAX_REPORTS);
        reports.truncate(MAX_REPORTS);
        Self {
            num_entities: results.map_or(0, DataResults::len),
            without_visualizer,
            reports,
            num_more_reports,
        }
    }
}

fn reports(pass: &Pass<'_>, view: ViewId, results: Option<&DataResults>) -> Vec<Report> {
    let path = view.entity_path();
    let of_blueprint = pass.blueprint().reports().iter();
    let mut reports: Vec<Report> = of_blueprint
        .filter(|report| report.path.starts_with(&path))
        .map(|report| Report::warning("blueprint", report.problem.to_string()))
        .collect();
    reports.extend(pass.world.resource::<Visualizers>().reports(pass.world, view));
    let store = pass.recording_of(view).map(RecordingEntry::store);
    if let Some((store, results)) = store.zip(results) {
        let in_view = |report: &&Report| {
            let entity = report.entity.as_ref().and_then(|path| store.entity_id(path));
            entity.is_some_and(|entity| results.get(entity).is_some())
        };
        reports.extend(pass.world.resource::<Reports>().iter().filter(in_view).cloned());
    }
    reports
}
