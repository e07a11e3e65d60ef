//! Shared pieces of the benchmarks: scenes, a stage to play them on, and what a frame of them cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up fails by panicking"
)]

pub mod archetypes;
pub mod measure;
pub mod scenarios;
pub mod scenes;
pub mod sent_flood;
pub mod stage;

#[cfg(test)]
mod tests;
