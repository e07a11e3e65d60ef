//! The workloads. Each makes its data, lets the engines take turns, and answers medians.

mod gc;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use chronoscope_store as ours;
use re_chunk_store::{ChunkTrackingMode, LatestAtQuery, RangeQuery};
use re_log_types::{AbsoluteTimeRange, EntityPath, TimeInt};
use re_types_core::ComponentIdentifier;

use crate::{
    Options, Outcome, Outcomes,
    data::{Columns, POINTS2D, TIMELINE, Theirs, columns, insert_ours, new_ours},
    memory,
};

/// The workloads by name, in the order of the table.
pub(crate) const ALL: [(&str, fn(&Options) -> Outcomes); 20] = [
    ("mono_insert", mono_insert),
    ("mono_query_warm", mono_query_warm),
    ("mono_scrub", mono_scrub),
    ("sparse_scrub", sparse_scrub),
    ("batch_insert", batch_insert),
    ("batch_query_warm", batch_query_warm),
    ("batch_scrub", batch_scrub),
    ("single_row_insert", single_row_insert),
    ("single_row_insert_many", single_row_insert_many),
    ("single_row_live", single_row_live),
    ("range_cold", range_cold),
    ("range_warm", range_warm),
    ("range_warm_moving", range_warm_moving),
    ("adversarial_latest_at", adversarial_latest_at),
    ("gc_all", gc::gc_all),
    ("gc_worst_pause", gc::gc_worst_pause),
    ("two_readers", two_readers),
    ("bytes_mono", bytes_mono),
    ("load", crate::load::load),
    ("log_scalars", crate::logging::log_scalars),
];

/// Both engines with the same data.
struct Pair {
    theirs: Theirs,
    ours: ours::Recording,
    entities: Vec<String>,
}

impl Pair {
    fn new(data: &[Columns], compaction: bool) -> anyhow::Result<Self> {
        let (their_chunks, our_chunks) = both(data)?;
        let mut theirs = Theirs::new(compaction);
        theirs.insert(&their_chunks)?;
        let mut ours = new_ours(compaction);
        insert_ours(&mut ours, &our_chunks)?;
        ours.apply_pending();
        let mut entities: Vec<String> = data.iter().map(|columns| columns.entity.clone()).collect();
        entities.dedup();
        Ok(Self {
            theirs,
            ours,
            entities,
        })
    }

    /// The time that each engine takes to answer, at each of these times, all components of all entities.
    fn query(&self, times: impl Iterator<Item = i64> + Clone) -> (Duration, Duration) {
        (self.query_theirs(times.clone()), self.query_ours(times))
    }

    fn query_theirs(&self, times: impl Iterator<Item = i64>) -> Duration {
        let paths: Vec<EntityPath> = self.entities.iter().map(|path| path.as_str().into()).collect();
        let components: Vec<ComponentIdentifier> = POINTS2D.iter().map(|name| (*name).into()).collect();
        let start = Instant::now();
        for time in times {
            let query = LatestAtQuery::new(TIMELINE.into(), time);
            for path in &paths {
                let answer = self.theirs.cache.latest_at(
                    ChunkTrackingMode::Report,
                    &query,
                    path,
                    components.iter().copied(),
                );
                for unit in answer.components.values() {
                    black_box(unit.row_id());
                }
            }
        }
        start.elapsed()
    }

    fn query_ours(&self, times: impl Iterator<Item = i64>) -> Duration {
        let Questions {
            timeline,
            entities,
            components,
        } = self.questions();
        let start = Instant::now();
        for time in times {
            for &entity in &entities {
                self.ours.cache.visit_latest_at(
                    &self.ours.store,
                    entity,
                    timeline,
                    time,
                    &components,
                    |_, answer| {
                        if let Some(hit) = answer.hit {
                            black_box(hit.row_id());
                        }
                    },
                );
            }
        }
        start.elapsed()
    }

    fn questions(&self) -> Questions {
        let store = &self.ours.store;
        Questions {
            timeline: store.timeline_id(TIMELINE),
            entities: self
                .entities
                .iter()
                .filter_map(|path| store.entity_id(&path.as_str().into()))
                .collect(),
            // A component that was never logged anywhere has no id: asking for it costs a look-up of its name.
            components: POINTS2D
                .iter()
                .filter_map(|name| store.component_id(name))
                .collect(),
        }
    }
}

struct Questions {
    timeline: Option<ours::TimelineId>,
    entities: Vec<ours::EntityId>,
    components: Vec<ours::ComponentId>,
}

type Chunks = (Vec<Arc<re_chunk::Chunk>>, Vec<Arc<ours::Chunk>>);

fn both(data: &[Columns]) -> anyhow::Result<Chunks> {
    let theirs = data.iter().map(Columns::theirs).collect::<anyhow::Result<_>>()?;
    let ours = data.iter().map(Columns::ours).collect::<anyhow::Result<_>>()?;
    Ok((theirs, ours))
}

/// Lets the engines take turns.
fn turns(
    rounds: usize,
    operations: usize,
    mut turn: impl FnMut() -> anyhow::Result<(Duration, Duration)>,
) -> Outcomes {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    // The first round warms up, and does not count.
    for round in 0..=rounds {
        let (their_time, our_time) = turn()?;
        if round > 0 {
            theirs.push(their_time);
            ours.push(our_time);
        }
    }
    Ok(vec![("", Outcome::per_operation(theirs, ours, operations))])
}

/// 1,000 entities, a chunk of 1,000 rows each, `step` ticks apart.
fn mono(options: &Options, step: i64) -> anyhow::Result<Vec<Columns>> {
    let times: Vec<i64> = (0..1000).map(|row| row * step).collect();
    (0..1000 * options.scale)
        .map(|at| columns(format!("/points/{at}"), at as u64 * 1000, times.clone(), 1))
        .collect()
}

/// One entity, 1,000 rows of 1,000 points each.
fn batch(options: &Options) -> anyhow::Result<Vec<Columns>> {
    Ok(vec![columns(
        "/points".to_owned(),
        0,
        (0..1000 * options.scale as i64).collect(),
        1000,
    )?])
}

fn insert(options: &Options, data: &[Columns]) -> Outcomes {
    turns(options.rounds, 1, || {
        let (their_chunks, our_chunks) = both(data)?;
        let (mut theirs, mut ours) = (Theirs::new(true), new_ours(true));
        let start = Instant::now();
        theirs.insert(&their_chunks)?;
        let their_time = start.elapsed();
        let start = Instant::now();
        insert_ours(&mut ours, &our_chunks)?;
        let our_time = start.elapsed();
        Ok((their_time, our_time))
    })
}

fn mono_insert(options: &Options) -> Outcomes {
    insert(options, &mono(options, 1)?)
}

fn batch_insert(options: &Options) -> Outcomes {
    insert(options, &batch(options)?)
}

/// The same time again and again.
fn warm(options: &Options, data: &[Columns], repeat: usize) -> Outcomes {
    let pair = Pair::new(data, true)?;
    turns(options.rounds, repeat, || {
        Ok(pair.query(std::iter::repeat_n(500, repeat)))
    })
}

/// A new time in each query.
fn scrub(options: &Options, data: &[Columns], times_per_round: i64) -> Outcomes {
    let pair = Pair::new(data, true)?;
    let mut next = 0;
    turns(options.rounds, times_per_round as usize, || {
        let times = next..next + times_per_round;
        next += times_per_round;
        Ok(pair.query(times))
    })
}

fn mono_query_warm(options: &Options) -> Outcomes {
    warm(options, &mono(options, 1)?, 20)
}

fn mono_scrub(options: &Options) -> Outcomes {
    scrub(options, &mono(options, 1)?, 50)
}

fn sparse_scrub(options: &Options) -> Outcomes {
    scrub(options, &mono(options, 100)?, 200)
}

fn batch_query_warm(options: &Options) -> Outcomes {
    warm(options, &batch(options)?, 2000)
}

fn batch_scrub(options: &Options) -> Outcomes {
    scrub(options, &batch(options)?, 50)
}

/// Chunks of a row each, made and inserted a batch at a time so that they need not all be there at once.
fn single_rows(options: &Options, entities: usize, rows: usize) -> Outcomes {
    turns(options.rounds.min(3), entities * rows, || {
        let (mut theirs, mut ours) = (Theirs::new(true), new_ours(true));
        let mut total = (Duration::ZERO, Duration::ZERO);
        let batch = 1000;
        let mut next = 0;
        while next < entities * rows {
            let data: Vec<Columns> = (next..(next + batch).min(entities * rows))
                .map(|at| {
                    columns(
                        format!("/points/{}", at % entities),
                        at as u64,
                        vec![(at / entities) as i64],
                        1,
                    )
                })
                .collect::<anyhow::Result<_>>()?;
            next += batch;
            let (their_chunks, our_chunks) = both(&data)?;
            let start = Instant::now();
            theirs.insert(&their_chunks)?;
            total.0 += start.elapsed();
            let start = Instant::now();
            insert_ours(&mut ours, &our_chunks)?;
            total.1 += start.elapsed();
        }
        Ok(total)
    })
}

fn single_row_insert(options: &Options) -> Outcomes {
    single_rows(options, 1, 200_000 * options.scale)
}

fn single_row_insert_many(options: &Options) -> Outcomes {
    single_rows(options, 1000 * options.scale, 1000)
}

/// As a live stream is watched: in each frame a row of each of 200 entities arrives, and then all of them are asked for.
fn single_row_live(options: &Options) -> Outcomes {
    let (entities, frames) = (200 * options.scale, 500);
    turns(options.rounds.min(3), entities * frames, || {
        let entities: Vec<String> = (0..entities).map(|at| format!("/points/{at}")).collect();
        let mut pair = Pair {
            theirs: Theirs::new(true),
            ours: new_ours(true),
            entities,
        };
        let mut total = (Duration::ZERO, Duration::ZERO);
        for frame in 0..frames {
            let row = |(at, entity): (usize, &String)| {
                columns(
                    entity.clone(),
                    (frame * pair.entities.len() + at) as u64,
                    vec![frame as i64],
                    1,
                )
            };
            let data: Vec<Columns> = pair
                .entities
                .iter()
                .enumerate()
                .map(row)
                .collect::<anyhow::Result<_>>()?;
            let (their_chunks, our_chunks) = both(&data)?;
            let start = Instant::now();
            pair.theirs.insert(&their_chunks)?;
            total.0 += start.elapsed() + pair.query_theirs(std::iter::once(frame as i64));
            let start = Instant::now();
            insert_ours(&mut pair.ours, &our_chunks)?;
            pair.ours.apply_pending();
            total.1 += start.elapsed() + pair.query_ours(std::iter::once(frame as i64));
        }
        Ok(total)
    })
}

/// 200,000 rows of one entity.
fn long(options: &Options) -> anyhow::Result<Pair> {
    let chunks = (0..200 * options.scale as i64).map(|chunk| {
        columns(
            "/points".to_owned(),
            chunk as u64 * 1000,
            (chunk * 1000..(chunk + 1) * 1000).collect(),
            1,
        )
    });
    Pair::new(&chunks.collect::<anyhow::Result<Vec<_>>>()?, true)
}

/// Which times a range query asks for.
#[derive(Clone, Copy, PartialEq)]
enum Window {
    /// All, with nothing cached.
    AllCold,
    /// All, again and again.
    All,
    /// Half of the rows, from another time on with each query.
    Moving,
}

fn range(options: &Options, window: Window) -> Outcomes {
    let mut pair = long(options)?;
    let rows = 200_000 * options.scale;
    let repeat = if window == Window::AllCold { 1 } else { 50 };
    let path: EntityPath = "/points".into();
    let component = POINTS2D[0];
    let mut next = 0;
    turns(options.rounds, repeat, || {
        if window == Window::AllCold {
            pair.theirs.cache = re_query::QueryCache::new(pair.theirs.store.clone());
            pair.ours.cache = ours::QueryCache::new();
            pair.ours.apply_pending();
        }
        let half = rows as i64 / 2;
        let (windows, expected): (Vec<(i64, i64)>, usize) = if window == Window::Moving {
            let begins = (0..repeat as i64).map(|at| (next + at * 7919) % half);
            (begins.map(|begin| (begin, begin + half - 1)).collect(), rows / 2)
        } else {
            (vec![(i64::MIN, i64::MAX); repeat], rows)
        };
        next += repeat as i64 * 7919;
        let start = Instant::now();
        for &(min, max) in &windows {
            let range =
                AbsoluteTimeRange::new(TimeInt::saturated_temporal(min), TimeInt::saturated_temporal(max));
            let query = RangeQuery::new(TIMELINE.into(), range);
            let answer =
                pair.theirs
                    .cache
                    .range(ChunkTrackingMode::Report, &query, &path, [component.into()]);
            let found: usize = answer
                .components
                .values()
                .flatten()
                .map(re_chunk::Chunk::num_rows)
                .sum();
            assert_eq!(black_box(found), expected, "all rows are found");
        }
        let their_time = start.elapsed();
        let Questions {
            timeline, entities, ..
        } = pair.questions();
        let store = &pair.ours.store;
        let (Some(timeline), Some(&entity), Some(component)) =
            (timeline, entities.first(), store.component_id(component))
        else {
            anyhow::bail!("the data was not inserted");
        };
        let start = Instant::now();
        for &(min, max) in &windows {
            let answer = pair
                .ours
                .range(entity, timeline, ours::TimeRange::new(min, max), component);
            let found: usize = answer.slices().iter().map(ours::RangeSlice::num_rows).sum();
            assert_eq!(black_box(found), expected, "all rows are found");
        }
        Ok((their_time, start.elapsed()))
    })
}

fn range_cold(options: &Options) -> Outcomes {
    range(options, Window::AllCold)
}

/// The same range again: here the whole answer is at hand.
fn range_warm(options: &Options) -> Outcomes {
    range(options, Window::All)
}

/// A range that moves, as it does under a cursor: what is cached of the chunks helps, and no answer comes twice.
fn range_warm_moving(options: &Options) -> Outcomes {
    range(options, Window::Moving)
}

/// One chunk over everything and many small ones; each query is a miss.
fn adversarial_latest_at(options: &Options) -> Outcomes {
    let small = 20_000 * options.scale as i64;
    let mut data = vec![columns("/points".to_owned(), 0, vec![0, small * 10], 1)?];
    for at in 1..=small {
        data.push(columns(
            "/points".to_owned(),
            at as u64 + 1,
            vec![at * 10 - 5],
            1,
        )?);
    }
    let pair = Pair::new(&data, false)?;
    let mut next = 0;
    turns(options.rounds, 20, || {
        // Each far from where the query before it was.
        let times: Vec<i64> = (0..20).map(|at| (next + at * 7919 * 10) % (small * 10)).collect();
        next = (next + 20 * 7919 * 10) % (small * 10);
        Ok(pair.query(times.into_iter()))
    })
}

fn one_row_chunks(count: usize) -> impl Iterator<Item = anyhow::Result<Columns>> {
    (0..count).map(|at| columns("/points".to_owned(), at as u64, vec![at as i64], 1))
}

/// How much more two threads answer than one, warm: by the clock on the wall, which also tells what else the machine does,
/// and by the time that the threads compute, which tells whether they are in each other's way.
fn two_readers(options: &Options) -> Outcomes {
    let pair = Pair::new(&mono(options, 1)?, true)?;
    let work = || {
        let start = memory::thread_cpu_time();
        black_box(pair.query_ours(std::iter::repeat_n(500, 300)));
        memory::thread_cpu_time().saturating_sub(start)
    };
    work();
    let (mut by_wall, mut by_cpu) = (Vec::new(), Vec::new());
    // A round is short: more of them even out what else the machine does.
    for _ in 0..options.rounds * 4 {
        let start = Instant::now();
        let one_cpu = work();
        let one = start.elapsed();
        let start = Instant::now();
        let (a, b) = std::thread::scope(|scope| {
            let other = scope.spawn(work);
            (work(), other.join().unwrap_or_default())
        });
        by_wall.push(2.0 * one.as_secs_f64() / start.elapsed().as_secs_f64());
        by_cpu.push(2.0 * one_cpu.as_secs_f64() / a.max(b).as_secs_f64());
    }
    let median = |mut ratios: Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or_default()
    };
    Ok(vec![
        ("_wall", Outcome::Ours(median(by_wall))),
        ("_cpu", Outcome::Ours(median(by_cpu))),
    ])
}

/// What the engines hold beside the Arrow buffers: chunks, indices and names, before any query.
fn bytes_mono(options: &Options) -> Outcomes {
    let data = mono(options, 1)?;
    let (theirs, their_bytes) = memory::bytes_of(|| -> anyhow::Result<Theirs> {
        let chunks: Vec<_> = data.iter().map(Columns::theirs).collect::<anyhow::Result<_>>()?;
        let mut theirs = Theirs::new(true);
        theirs.insert(&chunks)?;
        Ok(theirs)
    });
    let (ours, our_bytes) = memory::bytes_of(|| -> anyhow::Result<ours::Recording> {
        let chunks: Vec<_> = data.iter().map(Columns::ours).collect::<anyhow::Result<_>>()?;
        let mut ours = new_ours(true);
        insert_ours(&mut ours, &chunks)?;
        Ok(ours)
    });
    drop((theirs?, ours?));
    Ok(vec![(
        "",
        Outcome::Both {
            theirs: their_bytes as f64,
            ours: our_bytes as f64,
        },
    )])
}
