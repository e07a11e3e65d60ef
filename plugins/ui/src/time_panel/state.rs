//! State of the panel.

use std::sync::Arc;

use chronoscope_frame::{Item, RecordingKey};
use chronoscope_store::{ChunkStore, TimeRange, TimelineId};

use super::{
    axis::AxisView,
    density::DensityCache,
    folds::FoldsCache,
    rows::{self, Expansion, Row},
    streams,
};
use crate::{find::CursorAnswers, pass::Pass, tree_steps::TreeStep, widgets::FilterField};

/// State of the panel.
#[derive(Default)]
pub(crate) struct TimePanelState {
    /// The part of a timeline that is shown, where it is not all of it.
    pub(super) zoom: Option<Zoom>,
    pub(super) streams: StreamsState,
    /// The counts of each part of the axis between two gaps.
    pub(super) density: Vec<DensityCache>,
    pub(super) folds: FoldsCache,
}

/// The part of a timeline that is shown.
pub(super) struct Zoom {
    pub(super) recording: RecordingKey,
    pub(super) timeline: TimelineId,
    pub(super) view: AxisView,
}

/// Expansion, layout and pointer state of the list of streams.
#[derive(Default)]
pub(super) struct StreamsState {
    pub(super) expansion: Expansion,
    /// Grows with each row that is expanded or collapsed.
    pub(super) version: u64,
    pub(super) made_of: Option<MadeOf>,
    /// How long the rows stay what the filter finds at the cursor.
    pub(super) found_at: Option<CursorAnswers>,
    pub(super) rows: Arc<Vec<Row>>,
    /// The selected item whose row was last scrolled to.
    pub(super) revealed: Option<Item>,
    /// The part of the list that was on the screen, in points from its top.
    pub(super) on_screen: Option<egui::Rangef>,
    /// Start of a selection of times that is being dragged.
    pub(super) selecting_from: Option<i64>,
    pub(super) press: Option<Press>,
    pub(super) column_width: Option<f32>,
    pub(super) filter: FilterField,
}

/// All that the rows depend on, in short, but for the cursor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MadeOf {
    pub(super) recording: RecordingKey,
    pub(super) schema: u64,
    pub(super) expansion: u64,
    pub(super) filter: u64,
}

/// The first press of what may become a double click.
#[derive(Clone, Copy)]
pub(super) struct Press {
    /// Time of the press, in seconds.
    pub(super) at: f64,
    /// The time cursor before the press.
    pub(super) cursor: i64,
}

impl TimePanelState {
    /// Shows all of the timeline.
    pub(crate) fn reset_zoom(&mut self) {
        self.zoom = None;
    }

    /// Goes a step in the list of streams. Returns what is to be selected.
    pub(crate) fn step(&mut self, store: &ChunkStore, selected: &Item, by: TreeStep) -> Option<Item> {
        streams::step_from(&mut self.streams, store, selected, by)
    }

    /// Opens or shuts all rows. Cost: all entities.
    pub(crate) fn set_all(&mut self, store: &ChunkStore, expanded: bool) {
        self.streams.expansion = rows::all(store, expanded);
        self.streams.version += 1;
    }

    /// Opens the field that filters the streams.
    pub(crate) fn open_filter(&mut self) {
        self.streams.filter.open();
    }

    /// Whether marks will change without any input, because they are still being counted.
    pub(crate) fn is_counting(&self) -> bool {
        self.density.iter().any(DensityCache::is_counting) || self.folds.is_outdated()
    }
}

/// All times of the shown timeline, with data on it.
pub(super) fn data_range(pass: &Pass<'_>) -> Option<(TimelineId, TimeRange)> {
    let timeline = pass.cursor()?.timeline?;
    let range = pass.store()?.time_range(timeline);
    (!range.is_empty()).then_some((timeline, range))
}
