//! The store's workloads on Rerun's engine and on this one, in one process, on the same Arrow buffers.
//!
//! `cargo run --release -p versus_rerun [WORKLOAD...] [--scale N] [--rounds N]` prints a line per workload, separated by
//! tabs: name, theirs, ours, ratio. Times are medians in microseconds, sizes are bytes. The engines take turns, round by
//! round; making the data and freeing it is not timed; of each answer the same is consumed.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod data;
mod load;
mod logging;
mod memory;
mod workloads;

use std::time::Duration;

use anyhow::{Context as _, bail};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// What is asked for on the command line.
pub(crate) struct Options {
    names: Vec<String>,
    /// Multiplies entities and rows.
    pub(crate) scale: usize,
    /// How often each engine takes its turn.
    pub(crate) rounds: usize,
}

/// What a workload gave.
pub(crate) enum Outcome {
    /// Both engines, in microseconds or bytes unless the name says another unit.
    Both {
        /// Rerun's.
        theirs: f64,
        /// This one's.
        ours: f64,
    },
    /// This engine alone, in the unit that the name says.
    Ours(f64),
}

/// What a workload gives: a suffix of its name, and what came out.
pub(crate) type Outcomes = anyhow::Result<Vec<(&'static str, Outcome)>>;

impl Outcome {
    /// The medians of what the rounds took, divided by how many operations each of them did.
    pub(crate) fn per_operation(theirs: Vec<Duration>, ours: Vec<Duration>, operations: usize) -> Self {
        let micros = |durations| median(durations).as_secs_f64() * 1e6 / operations as f64;
        Self::Both {
            theirs: micros(theirs),
            ours: micros(ours),
        }
    }
}

/// The median; zero of nothing.
pub(crate) fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn main() -> anyhow::Result<()> {
    let options = parse(std::env::args().skip(1))?;
    println!("workload\ttheirs\tours\tratio");
    for (name, run) in workloads::ALL {
        if !options.names.is_empty() && !options.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        for (suffix, outcome) in run(&options)? {
            match outcome {
                Outcome::Both { theirs, ours } => {
                    println!("{name}{suffix}\t{theirs:.3}\t{ours:.3}\t{:.4}", ours / theirs);
                }
                Outcome::Ours(ours) => println!("{name}{suffix}\t-\t{ours:.3}\t-"),
            }
        }
    }
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut options = Options {
        names: Vec::new(),
        scale: 1,
        rounds: 9,
    };
    while let Some(argument) = arguments.next() {
        let mut number = || -> anyhow::Result<usize> {
            let text = arguments
                .next()
                .with_context(|| format!("{argument} needs a number"))?;
            let number = text.parse().with_context(|| format!("{text} is not a number"))?;
            if number == 0 {
                bail!("{argument} must not be zero");
            }
            Ok(number)
        };
        match argument.as_str() {
            "--scale" => options.scale = number()?,
            "--rounds" => options.rounds = number()?,
            name if workloads::ALL.iter().any(|(known, _)| *known == name) => options.names.push(argument),
            other => {
                let known: Vec<&str> = workloads::ALL.iter().map(|(name, _)| *name).collect();
                bail!(
                    "{other} is neither an option nor a workload; the workloads are {}",
                    known.join(", ")
                );
            }
        }
    }
    Ok(options)
}
