//! The lines of one entity's log.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chronoscope_frame::{Report, Visual, Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode};
use chronoscope_store::{CellRef, Chunk, ChunkId, Hit, RangeResult, RowId, TimeRange, TimeType, TimelineId};
use chronoscope_types::read;

use crate::missing_ranges::missing_ranges;

/// The time of lines that lie on no timeline. No other line has it, since it is reserved.
pub(crate) const STATIC: i64 = i64::MIN;

/// The level of lines that have none.
const NO_LEVEL: u16 = u16::MAX;

/// Shows log lines.
pub struct TextLog;

/// The lines of an entity, ordered by (time, row id).
///
/// Texts stay where they are, in the chunks: a line is a place there.
#[derive(Debug)]
pub struct LogEntries {
    rows: Vec<Row>,
    /// The component of the chunks that the texts are in: another one than that of logs, where the blueprint
    /// says so.
    component: Arc<str>,
    chunks: Vec<Arc<Chunk>>,
    levels: Vec<Arc<str>>,
    taken: Vec<Taken>,
    /// From the first line to the last of each chunk that is not loaded, in the order of the first ones.
    missing: Vec<TimeRange>,
    context: Context,
    lineage: u64,
    revision: u64,
    unchanged: usize,
}

impl Default for LogEntries {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            rows: Vec::new(),
            component: Arc::default(),
            chunks: Vec::new(),
            levels: Vec::new(),
            taken: Vec::new(),
            missing: Vec::new(),
            context: Context::default(),
            lineage: NEXT.fetch_add(1, Ordering::Relaxed),
            revision: 0,
            unchanged: 0,
        }
    }
}

/// What all lines depend on, beside their rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Context {
    pub(super) timeline: Option<TimelineId>,
    /// The level that the blueprint gives to all lines.
    pub(super) forced_level: Option<Arc<str>>,
    /// The level of lines that bring none.
    pub(super) default_level: Option<Arc<str>>,
    /// The color that the blueprint gives to all lines, as `0xRRGGBBAA`.
    pub(super) forced_color: Option<u32>,
    /// The color of lines that bring none.
    pub(super) default_color: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    time: i64,
    chunk: u32,
    row: u32,
    level: u16,
}

/// A slice of the store's answer that was taken over.
#[derive(Clone, Copy, Debug)]
struct Taken {
    chunk: ChunkId,
    first_row: usize,
    num_rows: usize,
    /// The lines that there were when it was taken.
    end: usize,
}

impl Visual for LogEntries {
    fn heap_bytes(&self) -> u64 {
        let levels: usize = self
            .levels
            .iter()
            .map(|level| size_of::<Arc<str>>() + level.len())
            .sum();
        let places = self.rows.capacity() * size_of::<Row>() + self.taken.capacity() * size_of::<Taken>();
        let places = places + self.missing.capacity() * size_of::<TimeRange>();
        (places + self.chunks.capacity() * size_of::<Arc<Chunk>>() + levels) as u64
    }
}

impl Visualizer for TextLog {
    type Visual = LogEntries;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "TextLog",
        required: &[chronoscope_types::TextLog::TEXT.name],
        optional: &[
            chronoscope_types::TextLog::LEVEL.name,
            chronoscope_types::TextLog::COLOR.name,
        ],
        contexts: &[],
        mode: QueryMode::Range,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<LogEntries>, Report> {
        lines(input, LogEntries::default())
    }

    fn update(input: &VisualizerInput<'_>, previous: Arc<LogEntries>) -> Result<Option<LogEntries>, Report> {
        lines(input, Arc::into_inner(previous).unwrap_or_default())
    }
}

fn lines(input: &VisualizerInput<'_>, mut entries: LogEntries) -> Result<Option<LogEntries>, Report> {
    let component = chronoscope_types::TextLog::TEXT;
    let level = chronoscope_types::TextLog::LEVEL;
    let first = |cell: CellRef<'_>| Some(Arc::<str>::from(read::texts(cell).ok()?.first()?));
    let forced = input.overridden(&level);
    let color = chronoscope_types::TextLog::COLOR;
    let first_color = |cell: CellRef<'_>| read::colors(cell).ok()?.first().copied();
    let forced_color = input.overridden(&color);
    let context = Context {
        timeline: input.cursor.timeline,
        forced_level: forced.and_then(|level| first((&level).into())),
        // Before all times there is nothing but static data.
        default_level: input
            .latest_at(&level, i64::MIN + 1)
            .and_then(|level| first((&level).into())),
        forced_color: forced_color.and_then(|color| first_color((&color).into())),
        default_color: input
            .latest_at(&color, i64::MIN + 1)
            .and_then(|color| first_color((&color).into())),
    };
    let Some(answer) = input.range(&component, input.time_range()) else {
        return Ok(None);
    };
    match answer.static_hit() {
        Some(hit) => entries.set_static(context, hit),
        None => {
            let mut missing = context.timeline.map_or_else(Vec::new, |timeline| {
                let component = input.store.component_id(&component);
                missing_ranges(&answer, input.store, timeline, component)
            });
            for times in &mut missing {
                *times = times.intersection(&input.time_range());
            }
            missing.retain(|times| !times.is_empty());
            entries.update(context, &answer, missing);
        }
    }
    if let Some(error) = entries.unreadable() {
        return Err(input.report(error.to_string()));
    }
    Ok((!entries.is_empty() || !entries.missing.is_empty()).then_some(entries))
}

impl LogEntries {
    /// The number of lines.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The time of a line; [`STATIC`] where it lies on no timeline, and where there is no such line.
    pub fn time(&self, line: usize) -> i64 {
        self.rows.get(line).map_or(STATIC, |row| row.time)
    }

    /// The time of a line on another timeline, with what kind of timeline that is; `None` where it does not lie there.
    pub(super) fn time_on(&self, line: usize, timeline: &str) -> Option<(TimeType, i64)> {
        let (chunk, row) = self.place(line)?;
        let column = chunk.timeline(timeline)?;
        Some((column.timeline().time_type(), *column.times().get(row)?))
    }

    /// The row of a line.
    pub fn row_id(&self, line: usize) -> RowId {
        let row_id = self
            .place(line)
            .and_then(|(chunk, row)| chunk.row_ids().get(row).copied());
        row_id.unwrap_or(RowId::from_u128(0))
    }

    /// The text of a line.
    pub fn text(&self, line: usize) -> &str {
        self.place(line)
            .and_then(|(chunk, row)| first_text(chunk, &self.component, row))
            .unwrap_or("")
    }

    /// The level of a line, if it has one.
    pub fn level(&self, line: usize) -> Option<&Arc<str>> {
        self.levels.get(self.level_index(line)?)
    }

    /// The position of a line's level in [`Self::levels`].
    pub fn level_index(&self, line: usize) -> Option<usize> {
        self.rows
            .get(line)
            .map(|row| row.level)
            .filter(|level| *level != NO_LEVEL)
            .map(usize::from)
    }

    /// All levels that lines have or had, in no order.
    pub fn levels(&self) -> &[Arc<str>] {
        &self.levels
    }

    /// The color of a line, if it has one: red, green, blue, alpha.
    pub fn color(&self, line: usize) -> Option<[u8; 4]> {
        let context = &self.context;
        let color = context.forced_color.or_else(|| self.own_color(line));
        color.or(context.default_color).map(u32::to_be_bytes)
    }

    /// The color that a line brings.
    fn own_color(&self, line: usize) -> Option<u32> {
        let (chunk, row) = self.place(line)?;
        let cell = chunk.cell(&chronoscope_types::TextLog::COLOR, row)?;
        read::colors(&cell).ok()?.first().copied()
    }

    /// What these entries are known by: a number that no others in this process have, and one that grows by one with each update.
    pub fn revision(&self) -> (u64, u64) {
        (self.lineage, self.revision)
    }

    /// How many lines at the front are the same as in the revision before.
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// The times of lines that are known and not loaded: from the first to the last of each chunk, in the order of the first ones.
    pub(super) fn missing(&self) -> &[TimeRange] {
        &self.missing
    }

    /// The chunks that the lines are in.
    #[cfg(test)]
    pub(super) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    fn place(&self, line: usize) -> Option<(&Arc<Chunk>, usize)> {
        let row = self.rows.get(line)?;
        Some((self.chunks.get(row.chunk as usize)?, row.row as usize))
    }

    fn set_static(&mut self, context: Context, hit: &Hit) {
        *self = Self {
            context,
            component: Arc::clone(hit.column().name()),
            ..Self::default()
        };
        let row = hit.row();
        let level = self.level_of(first_text(hit.chunk(), &chronoscope_types::TextLog::LEVEL, row));
        self.chunks.push(Arc::clone(hit.chunk()));
        self.rows.push(Row {
            time: STATIC,
            chunk: 0,
            row: row as u32,
            level,
        });
    }

    /// Brings the lines up to date. What is at the front of both, old and new, is not read again. `missing` are the times of lines that
    /// the answer lacks.
    pub(super) fn update(&mut self, context: Context, answer: &RangeResult, missing: Vec<TimeRange>) {
        if self.context != context || self.taken.is_empty() {
            *self = Self {
                context,
                ..Self::default()
            };
        }
        self.revision += 1;
        self.missing = missing;
        if let Some(slice) = answer.slices().first() {
            self.component = Arc::clone(slice.column().name());
        }
        let kept = self
            .taken
            .iter()
            .zip(answer.slices())
            .take_while(|(taken, slice)| {
                taken.chunk == slice.chunk().id()
                    && taken.num_rows == slice.num_rows()
                    && (taken.num_rows == 0 || taken.first_row == slice.row(0))
            });
        let kept = kept.count();
        self.taken.truncate(kept);
        self.chunks.truncate(kept);
        // The same rows in a chunk that has more by now: two of them are not to be held on to.
        for (chunk, slice) in self.chunks.iter_mut().zip(answer.slices()) {
            if !Arc::ptr_eq(chunk, slice.chunk()) {
                *chunk = Arc::clone(slice.chunk());
            }
        }
        self.unchanged = self.taken.last().map_or(0, |taken| taken.end);
        self.rows.truncate(self.unchanged);
        for slice in answer.slices().iter().skip(kept) {
            let chunk = slice.chunk();
            let times = slice.chunk_times();
            for row in slice.rows() {
                let level = match self.context.forced_level {
                    Some(_) => self.level_of(None),
                    None => self.level_of(first_text(chunk, &chronoscope_types::TextLog::LEVEL, row)),
                };
                let time = times.get(row).copied().unwrap_or(STATIC);
                self.rows.push(Row {
                    time,
                    chunk: self.chunks.len() as u32,
                    row: row as u32,
                    level,
                });
            }
            self.chunks.push(Arc::clone(chunk));
            self.taken.push(Taken {
                chunk: chunk.id(),
                first_row: if slice.num_rows() == 0 { 0 } else { slice.row(0) },
                num_rows: slice.num_rows(),
                end: self.rows.len(),
            });
        }
    }

    /// The position of a line's level: the one that holds for all, its own, or the one that holds where it has none.
    fn level_of(&mut self, own: Option<&str>) -> u16 {
        let context = &self.context;
        let level = context
            .forced_level
            .as_deref()
            .or(own)
            .or(context.default_level.as_deref());
        // Nobody could choose one without letters.
        let Some(level) = level.filter(|level| !level.is_empty()) else {
            return NO_LEVEL;
        };
        if let Some(known) = self.levels.iter().position(|known| **known == *level) {
            return known as u16;
        }
        // A log with a new level in each line has no level in most.
        if self.levels.len() >= 1_000 {
            return NO_LEVEL;
        }
        self.levels.push(level.into());
        self.levels.len() as u16 - 1
    }

    /// What is wrong with the texts, if they cannot be read at all.
    fn unreadable(&self) -> Option<chronoscope_types::ReadError> {
        let mut chunks = self.chunks.iter();
        chunks.find_map(|chunk| read::texts(chunk.component(&self.component)?.lists().values()).err())
    }
}

/// The first text of a cell; `None` where it cannot be read.
fn first_text<'a>(chunk: &'a Chunk, component: &str, row: usize) -> Option<&'a str> {
    let column = chunk.component(component).filter(|column| column.is_valid(row))?;
    let offsets = column.lists().value_offsets();
    let (start, end) = (*offsets.get(row)?, *offsets.get(row + 1)?);
    if start >= end {
        return None;
    }
    read::texts(column.lists().values())
        .ok()?
        .get(usize::try_from(start).ok()?)
}
