//! What to read next, and what to keep for it: a pure function of what the frame lacks and of the room that
//! there is.

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkMeta, ChunkStore, FetchOptions, TimelineId};

use super::{
    Ahead, ChunkSet, MissingChunks, OnScreen,
    ahead::{ChunkAhead, Span},
    on_screen::RecordingOnScreen,
    shown_store,
};
use crate::{DataResults, InContext, LatestAtResults, QueryContext, RecordingKey, View, ViewClasses};

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
    /// The recordings that share it.
    pub(super) sharing: u64,
}

impl Room {
    fn left(&self) -> u64 {
        self.limit.saturating_sub(self.held)
    }

    /// What is left well below the limit: what goes beyond that would be collected soon.
    fn spare(&self) -> u64 {
        (self.limit - self.limit / 10).saturating_sub(self.held)
    }

    /// One recording's part in so many of the limit.
    fn part(&self, share: u64) -> u64 {
        self.limit / share / self.sharing.max(1)
    }

    fn is_over(&self) -> bool {
        self.held > self.limit
    }
}

/// A query context that looks at the recording.
pub(super) struct Look<'a> {
    pub(super) products: InContext<'a>,
    /// Where it goes.
    pub(super) spans: Vec<Span>,
}

/// What the frame lacks of a recording.
pub(super) struct Needs<'a> {
    pub(super) store: &'a ChunkStore,
    /// The contexts, that of the cursor first.
    pub(super) looks: &'a [Look<'a>],
    pub(super) on_screen: &'a RecordingOnScreen,
    /// What heuristics and panels look at, loaded or not.
    pub(super) others: &'a [ChunkId],
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
        let all = || self.looks.iter().map(|look| look.products);
        let latest = all()
            .flat_map(|products| products.latest_at.provisional())
            .flat_map(|(_, latest_at)| latest_at.missing());
        let transforms = all().flat_map(|products| products.transforms.missing());
        let missing = self.others.iter().copied().chain(latest);
        let missing = missing.chain(transforms).chain(ranges);
        let missing = self.up_to(missing, max_bytes);
        let urgent = FetchOptions {
            on_screen: &missing,
            timeline: None,
            time: self.looks.first().map_or(0, |look| look.products.cursor.time),
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
        let mut left = self.room.part(RANGES_SHARE);
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

    /// How far a chunk lies from the nearest cursor.
    fn distance(&self, id: ChunkId) -> u64 {
        let meta = self.store.chunk_meta(id);
        let distances = self.looks.iter().map(|look| {
            let cursor = look.products.cursor;
            let range = meta.zip(cursor.timeline);
            let range = range.map(|(meta, timeline)| meta.time_range(timeline));
            range.and_then(|range| range.distance(cursor.time)).unwrap_or(0)
        });
        distances.min().unwrap_or(0)
    }

    /// Requests what lies ahead too, as much as there is room for, and says how much more there should be.
    fn request_ahead(&self, plan: &mut Plan, urgent: FetchOptions<'_>) {
        let urgent_bytes = self.bytes_of(&plan.fetch_requests);
        let mut spare = self.room.spare().saturating_sub(urgent_bytes);
        let is_scarce = spare < self.max_bytes;
        let mut left = self.room.part(AHEAD_SHARE);
        let mut at_once = self.max_bytes.min(self.room.left()).saturating_sub(urgent_bytes);
        let mut seen: ChunkSet = plan.fetch_requests.iter().copied().collect();
        let mut ahead = Ahead::default();
        for look in self.looks {
            let latest_at = look.products.latest_at;
            let Some(timeline) = look.products.cursor.timeline else {
                continue;
            };
            let is_shown = |meta: &ChunkMeta| {
                let looks_at = |component| {
                    latest_at
                        .get(meta.entity)
                        .is_some_and(|latest_at| latest_at.cursor(component).is_some())
                };
                meta.components.iter().any(|column| looks_at(column.component))
            };
            let mut spans = look.spans.clone();
            if is_scarce {
                let absent = self.shorten(latest_at, &mut spans, timeline, &mut left, &is_shown);
                ahead.room_bytes = ahead.room_bytes.saturating_add(absent);
                ahead
                    .ranges
                    .extend(spans.iter().map(|span| (timeline, span.range())));
            }
            for Span { time, units } in spans {
                let bytes = spare.min(at_once);
                if bytes == 0 {
                    break;
                }
                let is_shown = |meta: &ChunkMeta| meta.num_bytes <= spare && is_shown(meta);
                let max_bytes = urgent_bytes.saturating_add(bytes);
                let options = FetchOptions {
                    timeline: Some(timeline),
                    time,
                    ahead: units,
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
        if is_scarce && !ahead.ranges.is_empty() {
            let spare = self.room.spare().saturating_sub(urgent_bytes);
            ahead.room_bytes = ahead.room_bytes.saturating_sub(spare);
            plan.ahead = Some(ahead);
        }
    }

    /// Shortens the ways ahead to what there can be room for, and says how many bytes on them are not loaded.
    fn shorten(
        &self,
        latest_at: &LatestAtResults,
        spans: &mut [Span],
        timeline: TimelineId,
        left: &mut u64,
        is_shown: &dyn Fn(&ChunkMeta) -> bool,
    ) -> u64 {
        let mut absent = 0_u64;
        for span in spans {
            let entities = latest_at.entities();
            let chunks: Vec<ChunkAhead> = entities
                .flat_map(|entity| span.chunks_of(self.store, entity, timeline, is_shown))
                .collect();
            absent = absent.saturating_add(span.shorten(chunks, left));
        }
        absent
    }
}

/// What is lacking of a recording.
pub(super) struct Lacks<'a> {
    pub(super) recording: RecordingKey,
    pub(super) room: Room,
    /// The chunks that there is no room for.
    pub(super) excluded: &'a ChunkSet,
}

impl Lacks<'_> {
    /// What a view lacks: of what it shows, and of what that inherits.
    pub(super) fn of_view(
        &self,
        world: &World,
        view: &View,
        context: &QueryContext,
        results: &DataResults,
    ) -> MissingChunks {
        let (store, products) = (
            shown_store(world, self.recording),
            InContext::of(world, context.id),
        );
        let (Some(store), Some(products)) = (store, products) else {
            return MissingChunks::default();
        };
        let concerns_view = |entity| {
            let path = store.entity_path(entity);
            results.get(entity).is_some()
                || results.has_below(path)
                || view.blueprint.origin.starts_with(path)
        };
        let provisional = products.latest_at.provisional();
        let provisional = provisional.filter(|(entity, _)| concerns_view(*entity));
        let latest = provisional.flat_map(|(_, latest_at)| latest_at.missing());
        // Named frames are not below what they place.
        let classes = world.resource::<ViewClasses>();
        let is_spatial = classes
            .get(&view.class)
            .is_some_and(|class| class.space().is_some());
        let transforms = is_spatial.then(|| products.transforms.missing());
        let on_screen = world.resource::<OnScreen>().get(self.recording);
        let missing: ChunkSet = latest
            .chain(
                on_screen
                    .into_iter()
                    .flat_map(|on_screen| on_screen.missing_in(view.id)),
            )
            .chain(transforms.into_iter().flatten())
            .collect();
        let is_hopeless = self.room.is_over() && !self.room.is_purging
            || missing.iter().all(|id| self.excluded.contains(id));
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
}
