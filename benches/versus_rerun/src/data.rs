//! The same rows for both engines: Arrow arrays are made once and shared.

use std::sync::Arc;

use anyhow::Context as _;
use arrow_array::{FixedSizeBinaryArray, FixedSizeListArray, Float32Array, ListArray, UInt32Array};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};
use chronoscope_store as ours;
use re_chunk_store::{ChunkStore, ChunkStoreConfig, ChunkStoreHandle};
use re_query::QueryCache;

pub(crate) const TIMELINE: &str = "frame_nr";

/// Every component of `Points2D`. Positions and colors are logged, the others are asked for in vain.
pub(crate) const POINTS2D: [&str; 8] = [
    "Points2D:positions",
    "Points2D:radii",
    "Points2D:colors",
    "Points2D:labels",
    "Points2D:show_labels",
    "Points2D:draw_order",
    "Points2D:class_ids",
    "Points2D:keypoint_ids",
];

/// The columns of a chunk, as Arrow has them.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) entity: String,
    row_ids: FixedSizeBinaryArray,
    times: ScalarBuffer<i64>,
    positions: ListArray,
    colors: ListArray,
}

/// Rows of one entity at these times, of so many points each. Row ids grow from `first_row`.
pub(crate) fn columns(
    entity: String,
    first_row: u64,
    times: Vec<i64>,
    points: usize,
) -> anyhow::Result<Columns> {
    let rows = times.len();
    let ids = (0..rows as u64).map(|row| (u128::from(first_row + row) + (1 << 64)).to_be_bytes());
    let row_ids = FixedSizeBinaryArray::try_from_iter(ids).context("row ids")?;
    let total = rows * points;
    let xy: Float32Array = (0..2 * total).map(|at| (at % 1000) as f32).collect();
    let xy = FixedSizeListArray::try_new(
        Arc::new(Field::new("item", DataType::Float32, false)),
        2,
        Arc::new(xy),
        None,
    )?;
    let rgba: UInt32Array = (0..total).map(|at| at as u32).collect();
    let lists = |values: arrow_array::ArrayRef| {
        let field = Arc::new(Field::new(
            "item",
            arrow_array::Array::data_type(&values).clone(),
            true,
        ));
        ListArray::try_new(
            field,
            OffsetBuffer::from_repeated_length(points, rows),
            values,
            None,
        )
    };
    Ok(Columns {
        entity,
        row_ids,
        times: times.into(),
        positions: lists(Arc::new(xy))?,
        colors: lists(Arc::new(rgba))?,
    })
}

const COLUMNS: [(&str, &str); 2] = [
    ("Points2D:positions", "rerun.components.Position2D"),
    ("Points2D:colors", "rerun.components.Color"),
];

impl Columns {
    /// The same rows, whose positions do not compress, as those of a sensor.
    pub(crate) fn with_noise(mut self, seed: u64) -> Self {
        let DataType::List(field) = arrow_array::Array::data_type(&self.positions).clone() else {
            return self;
        };
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32
        };
        let count = arrow_array::Array::len(self.positions.values()) * 2;
        let xy: Float32Array = (0..count).map(|_| next()).collect();
        let item = Arc::new(Field::new("item", DataType::Float32, false));
        let offsets = self.positions.offsets().clone();
        if let Ok(positions) = FixedSizeListArray::try_new(item, 2, Arc::new(xy), None)
            .and_then(|xy| ListArray::try_new(field, offsets, Arc::new(xy), None))
        {
            self.positions = positions;
        }
        self
    }

    pub(crate) fn theirs(&self) -> anyhow::Result<Arc<re_chunk::Chunk>> {
        let timeline = re_log_types::Timeline::new(TIMELINE, re_log_types::TimeType::Sequence);
        let times = re_chunk::TimeColumn::new(Some(true), timeline, self.times.clone());
        let components =
            COLUMNS
                .iter()
                .zip([&self.positions, &self.colors])
                .map(|((name, component_type), lists)| {
                    let descriptor = re_types_core::ComponentDescriptor {
                        archetype: Some("rerun.archetypes.Points2D".into()),
                        component: (*name).into(),
                        component_type: Some((*component_type).into()),
                    };
                    (descriptor, lists.clone())
                });
        let chunk = re_chunk::Chunk::new(
            re_chunk::ChunkId::new(),
            self.entity.as_str().into(),
            Some(true),
            self.row_ids.clone(),
            std::iter::once((*timeline.name(), times)).collect(),
            components.collect(),
        )?;
        Ok(Arc::new(chunk))
    }

    pub(crate) fn ours(&self) -> anyhow::Result<Arc<ours::Chunk>> {
        let times = ours::TimeColumn::new(ours::Timeline::sequence(TIMELINE), self.times.clone());
        let components =
            COLUMNS
                .iter()
                .zip([&self.positions, &self.colors])
                .map(|((name, component_type), lists)| {
                    let descriptor = ours::ComponentDescriptor::partial(*name)
                        .with_archetype("rerun.archetypes.Points2D")
                        .with_component_type(*component_type);
                    ours::ComponentColumn::new(descriptor, lists.clone())
                });
        let row_ids = ours::RowIds::try_from(&self.row_ids)
            .map_err(|length| anyhow::anyhow!("row ids of {length} bytes"))?;
        Ok(Arc::new(ours::Chunk::new(
            ours::ChunkId::new(),
            self.entity.as_str().into(),
            row_ids,
            [times],
            components,
        )?))
    }
}

/// Rerun's store and cache, filled.
pub(crate) struct Theirs {
    pub(crate) store: ChunkStoreHandle,
    pub(crate) cache: QueryCache,
}

impl Theirs {
    pub(crate) fn new(compaction: bool) -> Self {
        let config = if compaction {
            ChunkStoreConfig::DEFAULT
        } else {
            ChunkStoreConfig::COMPACTION_DISABLED
        };
        let id = re_log_types::StoreId::random(re_log_types::StoreKind::Recording, "versus");
        let store = ChunkStore::new_handle(id, config);
        let cache = QueryCache::new(store.clone());
        Self { store, cache }
    }

    pub(crate) fn insert(&mut self, chunks: &[Arc<re_chunk::Chunk>]) -> anyhow::Result<()> {
        let mut store = self.store.write();
        for chunk in chunks {
            let events = store.insert_chunk(chunk)?;
            re_chunk_store::ChunkStoreSubscriber::on_events(&mut self.cache, &events);
        }
        Ok(())
    }
}

/// This store and cache.
pub(crate) fn new_ours(compaction: bool) -> ours::Recording {
    let settings = if compaction {
        ours::StoreSettings::default()
    } else {
        ours::StoreSettings::without_compaction()
    };
    let id = ours::StoreId::recording("versus", "versus");
    ours::Recording::from_store(ours::ChunkStore::with_settings(id, settings))
}

pub(crate) fn insert_ours(
    recording: &mut ours::Recording,
    chunks: &[Arc<ours::Chunk>],
) -> anyhow::Result<()> {
    for chunk in chunks {
        recording.insert(Arc::clone(chunk))?;
    }
    Ok(())
}
