//! The viewer as its users see it: the program with its arguments, messages and pictures, and the app with
//! its frames.
//!
//! Pictures are drawn by whatever Vulkan driver there is; a software one will do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

/// A host has an allocator of its own: were there one in the libraries, this would not be linked.
#[global_allocator]
static ALLOCATOR: std::alloc::System = std::alloc::System;

mod archetypes;
mod bad_data;
mod blueprints;
mod cases;
mod commands;
mod contexts;
mod embedding;
mod examples;
mod exports;
mod extensions;
mod frames;
mod gallery;
mod left_out;
mod links;
mod live;
mod meshes;
mod picture;
mod plots;
mod pointer;
mod program;
mod recording;
mod report;
mod rows;
mod several_files;
mod sources;
