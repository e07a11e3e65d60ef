//! The steps in which spatial views are presented, which other views are ordered by, too.

use bevy::ecs::prelude::*;

/// The steps of presenting spatial views, within [`FrameSystems::Present`](chronoscope_frame::FrameSystems::Present). Nothing is in
/// them in an app without such views.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpatialSystems {
    /// Makes and removes scenes, and finds where they are looked at from at first.
    Follow,
    /// Collects what visualizers changed, and writes instances and textures. Reads visuals, transforms, selection; writes
    /// [`SpatialScenes`](crate::spatial::SpatialScenes).
    Scenes,
    /// Places the cameras of 3D views and decides which of them render.
    Cameras3D,
    /// Places the cameras of 2D views and decides which of them render.
    Cameras2D,
}
