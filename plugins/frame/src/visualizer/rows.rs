//! Visuals of all rows in a range of times: each row is made as the cursor would show it there, and they are joined.

use std::sync::Arc;

use chronoscope_store::{RowId, TimeRange};
use rayon::prelude::*;

use super::{
    Visual as _, VisualOfRow, Visualizer,
    input::{RowPlace, VisualizerInput},
    selection::Selections,
};
use crate::Report;

/// The visuals of single rows, in the order of (time, row id).
pub(super) struct RowVisuals<T> {
    rows: Vec<RowVisual<T>>,
    /// The rows that were made, and not taken over from before.
    pub(super) num_made: usize,
}

struct RowVisual<T> {
    time: i64,
    row_id: RowId,
    /// What tells the rows of all components from others.
    hash: u128,
    visual: Option<Arc<T>>,
    /// What is wrong with it.
    report: Option<Report>,
}

impl<T> Default for RowVisuals<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            num_made: 0,
        }
    }
}

impl<T> RowVisuals<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn bytes(&self) -> u64 {
        // What is joined shares what is in it.
        (self.rows.capacity() * (size_of::<RowVisual<T>>() + size_of::<T>())) as u64
    }
}

/// What came of the rows.
pub(super) struct Joined<T> {
    pub(super) visual: Option<Arc<T>>,
    pub(super) report: Option<Report>,
    pub(super) rows: RowVisuals<T>,
}

impl<T> Joined<T> {
    /// What was made in one call.
    pub(super) fn one(visual: Result<Option<T>, Report>) -> Self {
        Self::of(visual.map(|visual| visual.map(Arc::new)))
    }

    /// The same, in the place of a visual that is not needed any more.
    pub(super) fn in_place_of(mut spare: Arc<T>, visual: Result<Option<T>, Report>) -> Self {
        Self::of(visual.map(|visual| {
            visual.map(|visual| match Arc::get_mut(&mut spare) {
                Some(place) => {
                    *place = visual;
                    spare
                }
                None => Arc::new(visual),
            })
        }))
    }

    fn of(visual: Result<Option<Arc<T>>, Report>) -> Self {
        let (visual, report) = match visual {
            Ok(visual) => (visual, None),
            Err(report) => (None, Some(report)),
        };
        Self {
            visual,
            report,
            rows: RowVisuals {
                rows: Vec::new(),
                num_made: 1,
            },
        }
    }
}

/// Makes the visual of all rows of the first required component in a range of times, or of its static row as of the end of the
/// range. A row that cannot be drawn is reported, the rest
/// is drawn. `is_same_data` tells that nothing was added to the entity or taken from it since `previous` was made.
///
/// Cost: the rows that entered are made. Where data changed, it is looked up whether that concerns the others. All are joined.
pub(super) fn visualize_rows<V: Visualizer>(
    input: &VisualizerInput<'_>,
    range: TimeRange,
    previous: RowVisuals<V::Visual>,
    is_same_data: bool,
) -> Joined<V::Visual> {
    // What the blueprint selects of a row is taken when it is made, of the whole row.
    let component = V::INFO.required.first();
    let Some(answer) = component.and_then(|component| input.whole_range(component, range)) else {
        return Joined::one(Ok(None));
    };
    if answer.static_hit().is_some() {
        // It holds at all times, so all of it is shown once, with what else is known at the end of the range: where the cursor
        // is in a range says nothing about it.
        return Joined::one(V::visualize(&input.at_time(range.max)));
    }
    let mut before = previous.rows.into_iter().peekable();
    let mut places = Vec::with_capacity(answer.num_rows());
    for row in answer.rows() {
        while before
            .next_if(|known| (known.time, known.row_id) < (row.time, row.row_id))
            .is_some()
        {}
        let known = before.next_if(|known| (known.time, known.row_id) == (row.time, row.row_id));
        let place = RowPlace {
            chunk: row.chunk,
            row: row.row,
            row_id: row.row_id,
            time: row.time,
        };
        places.push((place, known));
    }
    let make = |(place, known): (RowPlace<'_>, Option<RowVisual<V::Visual>>)| {
        let selections = Selections::default();
        let mut input = input.at(place);
        input.resolver.selections = Some(&selections);
        if is_same_data && let Some(known) = known {
            return (known, false);
        }
        let hash = input.rows_identity(&V::INFO);
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return (known, false);
        }
        let (visual, report) = match V::visualize(&input) {
            Ok(visual) => (visual.map(Arc::new), None),
            Err(report) => (None, Some(report)),
        };
        let row = RowVisual {
            time: place.time,
            row_id: place.row_id,
            hash,
            visual,
            report: report.or_else(|| input.selection_report()),
        };
        (row, true)
    };
    let made: Vec<_> = places.into_par_iter().with_min_len(8).map(make).collect();
    let num_made = made.iter().filter(|(_, is_new)| *is_new).count();
    let rows: Vec<_> = made.into_iter().map(|(row, _)| row).collect();
    let visuals = rows.iter().filter_map(|row| {
        Some(VisualOfRow {
            row: row.row_id,
            visual: row.visual.clone()?,
        })
    });
    let visuals: Vec<_> = visuals.collect();
    // One alone, too: it need not be the row that the cursor would show.
    let visual = match visuals.as_slice() {
        [] => None,
        rows => V::Visual::join(rows).map(Arc::new),
    };
    let report = rows.iter().find_map(|row| row.report.clone());
    Joined {
        visual,
        report,
        rows: RowVisuals { rows, num_made },
    }
}
