//! The lines of each plot: which series there are, what they are called and which colors they have. Made when that changes, so that
//! drawing a plot makes no strings.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{ViewClassId, ViewId, natural_order};
use chronoscope_frame::{
    DataResults, InstructionIndex, QueryContext, RecordingEntry, RecordingKey, Recordings, ResultKey, View,
    ViewTile, Visualizer, Visuals, Work, WorkCounters,
};
use chronoscope_store::{EntityId, EntityPath};
use chronoscope_types::enums::AxisSide;
use egui::Color32;
use rustc_hash::FxHashMap;

use super::{
    measurements::Measurements,
    series::EntitySeries,
    style::SeriesStyle,
    visualizers::{SeriesLines, SeriesPoints},
};
use crate::{
    colors::DistinctColors,
    plot::names::{Naming, display_names},
};

/// The lines of all time series views.
#[derive(Resource, Debug, Default)]
pub struct PlotLines {
    by_view: BTreeMap<ViewId, ViewLines>,
}

/// The lines of one view, in the natural order of the paths of its entities, as its tree has them.
#[derive(Debug, Default)]
pub(super) struct ViewLines {
    lines: Vec<NamedLine>,
    made_from: Vec<MadeFrom>,
    /// The recording that the entities are of. Ids of one mean nothing in another.
    recording: Option<RecordingKey>,
    is_made: bool,
}

/// A series of an entity as a plot calls it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedLine {
    pub(super) entity: EntityId,
    pub(super) instruction: InstructionIndex,
    pub(super) visualizer: &'static str,
    /// Its position among the series of its entity.
    pub(super) index: usize,
    pub(super) name: Arc<str>,
    pub(super) color: Color32,
    /// By which axis of values it is plotted.
    pub(super) side: AxisSide,
}

impl NamedLine {
    /// The data result that it belongs to.
    pub(super) fn result(&self) -> ResultKey {
        ResultKey {
            entity: self.entity,
            instruction: self.instruction,
        }
    }
}

/// What the names and colors of an entity's series were made from.
#[derive(Debug)]
struct MadeFrom {
    result: ResultKey,
    visualizer: &'static str,
    series: Vec<Described>,
}

/// What of a series' style its name, color and axis follow from.
#[derive(Debug)]
struct Described {
    name: Option<Arc<str>>,
    color: Option<Color32>,
    unit: Option<Arc<str>>,
    side: Option<AxisSide>,
}

impl Described {
    fn of(style: &SeriesStyle) -> Self {
        Self {
            name: style.name.clone(),
            color: style.color,
            unit: style.unit.clone(),
            side: style.side,
        }
    }

    fn is_of(&self, style: &SeriesStyle) -> bool {
        self.name == style.name
            && self.color == style.color
            && self.unit == style.unit
            && self.side == style.side
    }
}

impl PlotLines {
    /// The color of an entity's first series in a view, where that plots it.
    pub fn color_of(&self, view: ViewId, entity: EntityId) -> Option<Color32> {
        let lines = &self.by_view.get(&view)?.lines;
        lines
            .iter()
            .find(|line| line.entity == entity)
            .map(|line| line.color)
    }

    pub(super) fn get(&self, view: ViewId) -> &[NamedLine] {
        self.by_view.get(&view).map_or(&[], |view| &view.lines)
    }
}

/// Brings the lines of all plots up to date.
pub(super) fn name_lines(
    mut lines: ResMut<PlotLines>,
    // Other visualizers may have taken their places.
    visuals: (
        Option<Res<Visuals<SeriesLines>>>,
        Option<Res<Visuals<SeriesPoints>>>,
        Option<Res<Visuals<Measurements>>>,
    ),
    recordings: Res<Recordings>,
    counters: Res<WorkCounters>,
    views: Query<(&View, &ViewTile, &QueryContext, &DataResults)>,
) {
    puffin::profile_scope!("present", "time series");
    let lines = lines.bypass_change_detection();
    let mut num_views = 0;
    for (view, tile, context, results) in &views {
        if view.class.as_str() != ViewClassId::TIME_SERIES {
            continue;
        }
        let Some(entry) = context.cursor.recording.and_then(|key| recordings.get(key)) else {
            lines.by_view.remove(&view.id);
            continue;
        };
        num_views += 1;
        let of_view = OfView {
            lines: visuals.0.as_ref().and_then(|visuals| visuals.view(view.id)),
            points: visuals.1.as_ref().and_then(|visuals| visuals.view(view.id)),
            measurements: visuals.2.as_ref().and_then(|visuals| visuals.view(view.id)),
        };
        let known = lines.by_view.entry(view.id).or_default();
        if !tile.shown || (of_view.is_unchanged() && known.is_made) {
            continue;
        }
        counters.add(Work::SeriesSamplesRead, of_view.rows_read());
        known.is_made = true;
        known.update(entry, results, &of_view);
    }
    if lines.by_view.len() > num_views {
        lines
            .by_view
            .retain(|id, _| views.iter().any(|(view, ..)| view.id == *id));
    }
}

type ViewVisuals<V> = chronoscope_frame::visualizer::ViewVisuals<V>;

/// What the visualizers made in one view.
struct OfView<'a> {
    lines: Option<&'a ViewVisuals<SeriesLines>>,
    points: Option<&'a ViewVisuals<SeriesPoints>>,
    measurements: Option<&'a ViewVisuals<Measurements>>,
}

impl OfView<'_> {
    fn is_unchanged(&self) -> bool {
        self.lines.is_none_or(ViewVisuals::is_unchanged)
            && self.points.is_none_or(ViewVisuals::is_unchanged)
            && self.measurements.is_none_or(ViewVisuals::is_unchanged)
    }

    /// The samples that were read in this frame.
    fn rows_read(&self) -> usize {
        fn of<V: Visualizer<Visual = EntitySeries>>(visuals: Option<&ViewVisuals<V>>) -> usize {
            let changed = visuals
                .into_iter()
                .flat_map(|visuals| visuals.changed().iter().filter_map(|key| visuals.get(*key)));
            changed.map(|series| series.samples.rows_read()).sum()
        }
        of(self.lines) + of(self.points) + of(self.measurements)
    }

    fn of_entity(&self, entity: EntityId) -> impl Iterator<Item = (ResultKey, &'static str, &EntitySeries)> {
        fn of<V: Visualizer<Visual = EntitySeries>>(
            visuals: Option<&ViewVisuals<V>>,
            entity: EntityId,
        ) -> impl Iterator<Item = (ResultKey, &'static str, &EntitySeries)> {
            let visuals = visuals.into_iter();
            visuals
                .flat_map(move |visuals| visuals.of_entity(entity))
                .map(|(key, series)| (key, V::INFO.name, &**series))
        }
        of(self.lines, entity)
            .chain(of(self.points, entity))
            .chain(of(self.measurements, entity))
            .filter(|(.., series)| !series.is_empty())
    }
}

impl ViewLines {
    fn update(&mut self, entry: &RecordingEntry, results: &DataResults, visuals: &OfView<'_>) {
        let series = || results.iter().flat_map(|result| visuals.of_entity(result.entity));
        let mut known = self.made_from.iter();
        let is_same = series().all(|(result, visualizer, series)| {
            known.next().is_some_and(|known| {
                let mut described = known.series.iter().zip(&series.styles);
                known.result == result
                    && known.visualizer == visualizer
                    && known.series.len() == series.len()
                    && described.all(|(described, style)| described.is_of(style))
            })
        });
        let recording = Some(entry.key());
        if is_same && known.next().is_none() && self.recording == recording {
            return;
        }
        self.recording = recording;
        let store = entry.store();
        self.made_from = series()
            .map(|(result, visualizer, series)| MadeFrom {
                result,
                visualizer,
                series: series.styles.iter().map(Described::of).collect(),
            })
            .collect();
        let namings: Vec<Naming<'_>> = self
            .made_from
            .iter()
            .flat_map(|made| {
                made.series.iter().enumerate().map(|(at, series)| Naming {
                    path: store.entity_path(made.result.entity),
                    logged: series.name.as_deref(),
                    index: (made.series.len() > 1).then_some(at),
                })
            })
            .collect();
        let names = display_names(&namings);
        let all = || {
            self.made_from.iter().flat_map(|made| {
                made.series
                    .iter()
                    .enumerate()
                    .map(move |(at, series)| (made, at, series))
            })
        };
        // Values of another unit have another axis, where nobody says otherwise.
        let first_unit = all().find_map(|(.., series)| series.unit.as_ref());
        let side_of = |series: &Described| match &series.unit {
            unit @ Some(_) if unit.as_ref() != first_unit => AxisSide::Right,
            _ => AxisSide::Left,
        };
        let mut distinct = DistinctColors::default();
        for color in all().filter_map(|(.., series)| series.color) {
            distinct.take(color);
        }
        // An entity that is drawn twice has the same colors both times.
        let mut colors: FxHashMap<(EntityId, usize), Color32> = FxHashMap::default();
        let lines = all().zip(names).map(|((made, index, series), name)| {
            let path = store.entity_path(made.result.entity);
            let name = match &series.unit {
                Some(unit) => format!("{name} [{unit}]"),
                None => name,
            };
            let color = series.color.unwrap_or_else(|| {
                *colors
                    .entry((made.result.entity, index))
                    .or_insert_with(|| distinct.color_of(path, index))
            });
            NamedLine {
                entity: made.result.entity,
                instruction: made.result.instruction,
                visualizer: made.visualizer,
                index,
                name: name.into(),
                color,
                side: series.side.unwrap_or_else(|| side_of(series)),
            }
        });
        self.lines = lines.collect();
        // Colors are given in the order of the paths, as they are everywhere.
        self.lines
            .sort_by(|a, b| natural_path_order(store.entity_path(a.entity), store.entity_path(b.entity)));
    }
}

/// Part by part, as people read names.
fn natural_path_order(a: &EntityPath, b: &EntityPath) -> Ordering {
    let differing = a.parts().zip(b.parts()).map(|(a, b)| natural_order(a, b));
    let first = differing.into_iter().find(|order| order.is_ne());
    first.unwrap_or_else(|| a.depth().cmp(&b.depth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_listed_as_in_the_tree() {
        let mut paths: Vec<EntityPath> = ["/p/s10", "/p/s2", "/p", "/a/v", "/p/s2/x"]
            .map(EntityPath::from)
            .into();
        paths.sort_by(natural_path_order);
        let paths: Vec<&str> = paths.iter().map(EntityPath::as_str).collect();
        assert_eq!(paths, ["/a/v", "/p", "/p/s2", "/p/s2/x", "/p/s10"]);
    }
}
