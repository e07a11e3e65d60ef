//! Garbage collection: all of it, and its pauses.

use std::time::{Duration, Instant};

use chronoscope_store as ours;
use re_chunk_store::GarbageCollectionOptions;

use super::{Pair, one_row_chunks, turns};
use crate::{
    Options, Outcome, Outcomes,
    data::{Columns, TIMELINE, new_ours},
    memory,
};

pub(super) fn gc_all(options: &Options) -> Outcomes {
    let data: Vec<Columns> = one_row_chunks(10_000 * options.scale).collect::<anyhow::Result<_>>()?;
    turns(options.rounds, 1, || {
        let pair = Pair::new(&data, false)?;
        let Pair { theirs, mut ours, .. } = pair;
        let mut store = theirs.store.write();
        let start = Instant::now();
        let their_events = store.gc(&GarbageCollectionOptions::gc_everything());
        let their_time = start.elapsed();
        assert_eq!(store.num_physical_chunks(), 0, "everything is collected");
        let options = ours::GcOptions {
            protect_latest: 0,
            time_budget: Duration::from_secs(3600),
            ..Default::default()
        };
        let mut buffers = ours::GcBuffers::default();
        let start = Instant::now();
        ours.store.gc(&options, &mut buffers);
        let our_time = start.elapsed();
        assert_eq!(ours.store.num_chunks(), 0, "everything is collected");
        drop((their_events, buffers));
        Ok((their_time, our_time))
    })
}

/// Steps at a budget of 3.5 ms: the 99.9th percentile of the thread's own time and of the time by the clock on the wall. To be
/// judged beside the control, a run of as many steps, each as long, that only read the clock: what no code has a say in.
pub(super) fn gc_worst_pause(options: &Options) -> Outcomes {
    let mut outcomes = Vec::new();
    let names = [
        (
            10_000,
            false,
            ["_10k_cpu_p999", "_10k_control_cpu_p999", "_10k_wall_p999"],
        ),
        (
            1_000_000,
            false,
            ["_1m_cpu_p999", "_1m_control_cpu_p999", "_1m_wall_p999"],
        ),
        (
            1_000_000,
            true,
            [
                "_1m_farthest_cpu_p999",
                "_1m_farthest_control_cpu_p999",
                "_1m_farthest_wall_p999",
            ],
        ),
    ];
    for (count, farthest, [cpu_name, control_name, wall_name]) in names {
        let (mut cpus, mut controls, mut walls) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..if count > 100_000 { 1 } else { options.rounds } {
            let mut recording = new_ours(false);
            for columns in one_row_chunks(count * options.scale) {
                recording.insert(columns?.ours()?)?;
            }
            let timeline = recording.store.timeline_id(TIMELINE).filter(|_| farthest);
            let order = timeline.map_or(ours::GcOrder::OldestRow, |timeline| ours::GcOrder::FarthestFrom {
                timeline,
                time: 3,
            });
            let options = ours::GcOptions {
                protect_latest: 1,
                order,
                ..Default::default()
            };
            let mut buffers = ours::GcBuffers::default();
            loop {
                let (cpu, wall) = (memory::thread_cpu_time(), Instant::now());
                let report = recording.store.gc(&options, &mut buffers);
                walls.push(wall.elapsed());
                cpus.push(memory::thread_cpu_time().saturating_sub(cpu));
                buffers.events.clear();
                drop(buffers.garbage.take());
                controls.push(memory::cpu_time_of_waiting(report.total_time));
                if report.done {
                    break;
                }
            }
        }
        for (name, times) in [(cpu_name, cpus), (control_name, controls), (wall_name, walls)] {
            outcomes.push((name, Outcome::Ours(percentile_999(times).as_secs_f64() * 1e6)));
        }
    }
    Ok(outcomes)
}

/// The time that all but a thousandth stay below; the longest of few.
fn percentile_999(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let at = (times.len() * 999 / 1000).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}
