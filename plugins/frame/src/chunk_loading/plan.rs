//! What to read next, and what to keep for it: a pure function of what the frame lacks and of the room that
//! there is.

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkMeta, ChunkStore, FetchOptions, TimelineId};

use super::{
    Ahead, ChunkSet, MissingChunks, OnScreen,
    ahead::{ChunkAhead, Span},
    shown_store,
};
use crate::{Cursor, DataResults, LatestAtResults, RecordingKey, Transforms, View, ViewClasses};

/// What ranges on screen may take of the memory limit: one part in so many.
const RANGES_SHARE: u64 = 2;

/// What lies ahead of the cursor may take one part in so many.
const AHEAD_SHARE: u64 = 4;

/// How much memory there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    pub(super) limit: u64,
    pub(super) held: u64,
    /// Whether the garbage collection is at work.
    pub(super) is_purging: bool,
}

impl Room {
    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.held)
    }

    /// What is left well below the limit: what goes beyond that would be collected soon.
    fn spare(&self) -> u64 {
        (self.limit - self.limit / 10).saturating_sub(self.held)
    }

    fn is_over(&self) -> bool {
        self.held > self.limit
    }
}

/// What the frame lacks.
pub(super) struct Needs<'a> {
    pub(super) store: &'a ChunkStore,
    pub(super) latest_at: &'a LatestAtResults,
    pub(super) transforms: &'a Transforms,
    pub(super) on_screen: &'a OnScreen,
    /// What heuristics and panels look at, loaded or not.
    pub(super) others: &'a [ChunkId],
    pub(super) cursor: Cursor,
    /// Where the cursor goes.
    pub(super) spans: Vec<Span>,
    /// Whether a chunk could not be read a moment ago.
    pub(super) is_backing_off: &'a dyn Fn(ChunkId) -> bool,
    pub(super) room: Room,
    /// The bytes to request at once.
    pub(super) max_bytes: u64,
}

/// What to do about it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What to read, most urgent first.
    pub(super) fetch_requests: Vec<ChunkId>,
    /// What something on screen, or beside it, waits for or looks at: it is not to be collected when it
    /// comes.
    pub(super) awaited: ChunkSet,
    /// Whether something on screen waits, and will not wait for ever.
    pub(super) is_waiting: bool,
    /// Of the chunks of ranges, those that there is room for; `None` where there is for all.
    pub(super) kept_ranges: Option<ChunkSet>,
    /// The chunks that ranges lack and that there is no room for.
    pub(super) excluded: ChunkSet,
    pub(super) ahead: Option<Ahead>,
}

impl Needs<'_> {
    pub(super) fn plan(self) -> Plan {
        let mut plan = Plan::default();
        let ranges = self.fitting_ranges(&mut plan);
        let max_bytes = self.max_bytes.min(self.room.left());
        let latest = self
            .latest_at
            .provisional()
            .flat_map(|(_, latest_at)| latest_at.missing());
        let missing = self.others.iter().copied().chain(latest);
        let missing = missing.chain(self.transforms.missing()).chain(ranges);
        let missing = self.up_to(missing, max_bytes);
        let urgent = FetchOptions {
            on_screen: &missing,
            timeline: None,
            time: self.cursor.time,
            ahead: 0,
            is_shown: &|_| false,
            max_bytes,
            max_static_bytes: self.room.spare(),
        };
        let wanted = self.fetch_request(&urgent);
        plan.is_waiting = !wanted.is_empty() && (!self.room.is_over() || self.room.is_purging);
        plan.awaited = wanted.iter().chain(self.others).copied().collect();
        if !self.room.is_over() {
            plan.fetch_requests = wanted;
            self.request_ahead(&mut plan, urgent);
        }
        plan
    }

    fn fetch_request(&self, options: &FetchOptions<'_>) -> Vec<ChunkId> {
        let mut fetch_requests = self.store.fetch_requests(options);
        fetch_requests.retain(|id| !(self.is_backing_off)(*id));
        fetch_requests
    }

    fn bytes_of(&self, ids: &[ChunkId]) -> u64 {
        ids.iter()
            .filter_map(|id| self.store.chunk_meta(*id))
            .map(|meta| meta.num_bytes)
            .fold(0, u64::saturating_add)
    }

    /// The first of some chunks, one more than fit into some bytes.
    fn up_to(&self, ids: impl Iterator<Item = ChunkId>, max_bytes: u64) -> Vec<ChunkId> {
        let mut bytes = 0_u64;
        ids.filter(|id| !(self.is_backing_off)(*id))
            .take_while(|id| {
                let is_enough = bytes > max_bytes;
                let absent = self
                    .store
                    .chunk_meta(*id)
                    .filter(|_| self.store.chunk(*id).is_none());
                bytes = bytes.saturating_add(absent.map_or(0, |meta| meta.num_bytes));
                !is_enough
            })
            .collect()
    }

    /// What ranges lack, as much of it as there is room for. Where that is all, it comes in its order, so
    /// that series are extended; where it is not, what lies around the cursor comes first, and the rest stays
    /// out.
    fn fitting_ranges(&self, plan: &mut Plan) -> Vec<ChunkId> {
        let missing = self
            .on_screen
            .missing
            .iter()
            .flat_map(|(_, missing)| missing.iter().copied());
        let mut left = self.room.limit / RANGES_SHARE;
        if self.on_screen.bytes <= left {
            return missing.collect();
        }
        let mut chunks: Vec<ChunkId> = missing.chain(self.on_screen.used.iter().copied()).collect();
        chunks.sort_by_cached_key(|id| (self.distance(*id), *id));
        chunks.dedup();
        let mut kept = ChunkSet::default();
        let mut fitting = Vec::new();
        let mut is_full = false;
        for id in chunks {
            let bytes = self.store.chunk_meta(id).map_or(0, |meta| meta.num_bytes);
            is_full |= bytes > left && !kept.is_empty();
            let is_missing = !self.on_screen.used.contains(&id);
            if !is_full {
                left = left.saturating_sub(bytes);
                kept.insert(id);
                fitting.extend(is_missing.then_some(id));
            } else if is_missing {
                plan.excluded.insert(id);
            }
        }
        plan.kept_ranges = Some(kept);
        fitting
    }

    /// How far a chunk lies from the cursor.
    fn distance(&self, id: ChunkId) -> u64 {
        let (meta, timeline) = (self.store.chunk_meta(id), self.cursor.timeline);
        let range = meta
            .zip(timeline)
            .map(|(meta, timeline)| meta.time_range(timeline));
        range
            .and_then(|range| range.distance(self.cursor.time))
            .unwrap_or(0)
    }

    /// Requests what lies ahead too, as much as there is room for, and says how much more there should be.
    fn request_ahead(&self, plan: &mut Plan, urgent: FetchOptions<'_>) {
        let Some(timeline) = self.cursor.timeline else {
            return;
        };
        let urgent_bytes = self.bytes_of(&plan.fetch_requests);
        let mut spare = self.room.spare().saturating_sub(urgent_bytes);
        let is_shown = |meta: &ChunkMeta| {
            let looks_at = |component| {
                self.latest_at
                    .get(meta.entity)
                    .is_some_and(|latest_at| latest_at.looks_at(component))
            };
            meta.components.iter().any(|column| looks_at(column.component))
        };
        let mut spans = self.spans.clone();
        if spare < self.max_bytes {
            plan.ahead = Some(self.shorten(&mut spans, timeline, spare, &is_shown));
        }
        let mut at_once = self.max_bytes.min(self.room.left()).saturating_sub(urgent_bytes);
        let mut seen: ChunkSet = plan.fetch_requests.iter().copied().collect();
        for Span { time, units: ahead } in spans {
            let bytes = spare.min(at_once);
            if bytes == 0 {
                break;
            }
            let is_shown = |meta: &ChunkMeta| meta.num_bytes <= spare && is_shown(meta);
            let max_bytes = urgent_bytes.saturating_add(bytes);
            let options = FetchOptions {
                timeline: Some(timeline),
                time,
                ahead,
                is_shown: &is_shown,
                max_bytes,
                ..urgent
            };
            let mut new = self.fetch_request(&options);
            new.retain(|id| seen.insert(*id));
            let taken = self.bytes_of(&new);
            (spare, at_once) = (spare.saturating_sub(taken), at_once.saturating_sub(taken));
            plan.fetch_requests.extend(new);
        }
    }

    /// Shortens the ways ahead to what there can be room for.
    fn shorten(
        &self,
        spans: &mut [Span],
        timeline: TimelineId,
        spare: u64,
        is_shown: &dyn Fn(&ChunkMeta) -> bool,
    ) -> Ahead {
        let mut left = self.room.limit / AHEAD_SHARE;
        let mut absent = 0_u64;
        for span in &mut *spans {
            let entities = self.latest_at.entities();
            let chunks: Vec<ChunkAhead> = entities
                .flat_map(|entity| span.chunks_of(self.store, entity, timeline, is_shown))
                .collect();
            absent = absent.saturating_add(span.shorten(chunks, &mut left));
        }
        let ranges = spans.iter().map(|span| (timeline, span.range())).collect();
        Ahead {
            ranges,
            room_bytes: absent.saturating_sub(spare),
        }
    }
}

/// What a view lacks: of what it shows, and of what that inherits.
pub(super) fn missing_chunks(
    world: &World,
    (recording, room): (RecordingKey, Room),
    view: &View,
    results: &DataResults,
    excluded: &ChunkSet,
) -> MissingChunks {
    let Some(store) = shown_store(world, recording) else {
        return MissingChunks::default();
    };
    let concerns_view = |entity| {
        let path = store.entity_path(entity);
        results.get(entity).is_some() || results.has_below(path) || view.blueprint.origin.starts_with(path)
    };
    let provisional = world
        .resource::<LatestAtResults>()
        .provisional()
        .filter(|(entity, _)| concerns_view(*entity));
    let latest = provisional.flat_map(|(_, latest_at)| latest_at.missing());
    // Named frames are not below what they place.
    let classes = world.resource::<ViewClasses>();
    let is_spatial = classes
        .get(&view.class)
        .is_some_and(|class| class.space().is_some());
    let transforms = is_spatial.then(|| world.resource::<Transforms>().missing());
    let missing: ChunkSet = latest
        .chain(world.resource::<OnScreen>().missing_in(view.id))
        .chain(transforms.into_iter().flatten())
        .collect();
    let is_hopeless = room.is_over() && !room.is_purging || missing.iter().all(|id| excluded.contains(id));
    MissingChunks {
        missing_chunks: missing.len(),
        missing_bytes: missing
            .iter()
            .filter_map(|id| store.chunk_meta(*id))
            .map(|meta| meta.num_bytes)
            .sum(),
        is_over_limit: !missing.is_empty() && is_hopeless,
    }
}
