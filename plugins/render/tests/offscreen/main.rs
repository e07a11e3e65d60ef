//! Every primitive drawn offscreen and looked at pixel by pixel. Needs a Vulkan driver; a software one will do.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod instances;
mod level_of_detail;
mod lights;
mod meshes;
mod outlines;
mod picking;
mod planes;
mod plugins;
mod precision;
mod shadows;
mod shapes;
mod stage;
mod translucent;
