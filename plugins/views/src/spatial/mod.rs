//! What 3D and 2D views share: everything but where one stands and how one moves.
//!
//! # From data to instances
//! [`visualizers`] turn components into [`SpatialVisual`]s, in the entity's own space, by the rules in [`attributes`]. A picture
//! stays what was logged until it is shown ([`pictures`]).
//!
//! # From instances to the GPU
//! Each view has a [`scene`]: it takes what changed from the [`sources`], writes [`batches`] of instances on a render layer of the
//! view's own, and has [`textures`] made of pictures. The [`camera`] renders to an image of the tile's size and sleeps
//! while nothing changes. Until somebody says where to look, [`framing`] does.
//!
//! # From the tile to the data
//! [`projection`] knows where on the tile something is seen, [`picking`] what is under the pointer. [`labels`] are drawn by the user
//! interface, which [`tile`] has in common.

pub mod bounds;
pub mod labels;
pub mod picking;
pub mod pictures;
pub mod projection;
pub mod textures;
pub mod visual;
pub mod visualizers;

pub(crate) mod attributes;
pub(crate) mod batches;
pub(crate) mod camera;
pub(crate) mod framing;
pub(crate) mod scene;
pub(crate) mod sources;
pub(crate) mod tile;

#[cfg(test)]
mod tests;

use bevy::{app::App, app::Plugin, ecs::prelude::*};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{AppVisualizerExt as _, Cursor, Frame, FrameSystems, Recordings, Report, Transforms};
use chronoscope_render::RenderStats;

pub use scene::{Space, SpatialScene, SpatialScenes};
pub use sources::AppSpatialExt;
pub use visual::{Label, SpatialVisual};

use chronoscope_frame::ViewerCaches;
use sources::SpatialSources;
use textures::PictureTextures;
use visualizers::{
    Boxes2DVisualizer, Boxes3DVisualizer, ImageVisualizer, LineStrips2DVisualizer, LineStrips3DVisualizer,
    Points2DVisualizer, Points3DVisualizer, SegmentationImageVisualizer,
};

/// The steps of presenting spatial views, within [`FrameSystems::Present`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpatialSystems {
    /// Writes instances and textures. Reads visuals, transforms, selection; writes [`SpatialScenes`].
    Scenes,
    /// Places the cameras of 3D views and decides which of them render.
    Cameras3D,
    /// Places the cameras of 2D views and decides which of them render.
    Cameras2D,
}

/// What 3D and 2D views share. Added by the plugins of both.
#[derive(Debug, Default, Clone, Copy)]
pub struct SpatialPlugin;

impl Plugin for SpatialPlugin {
    fn build(&self, app: &mut App) {
        const POINTS: f32 = -2.5;
        const LINES: f32 = -1.5;
        app.init_resource::<SpatialScenes>()
            .init_resource::<SpatialSources>()
            .init_resource::<PictureTextures>();
        app.add_spatial_visualizer::<Boxes3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<LineStrips3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<Points3DVisualizer>(&[ViewClassId::SPATIAL_3D], POINTS)
            .add_spatial_visualizer::<ImageVisualizer>(&[ViewClassId::SPATIAL_2D], LINES)
            .add_spatial_visualizer::<SegmentationImageVisualizer>(&[ViewClassId::SPATIAL_2D], LINES)
            .add_spatial_visualizer::<Boxes2DVisualizer>(&[ViewClassId::SPATIAL_2D], LINES)
            .add_spatial_visualizer::<LineStrips2DVisualizer>(&[ViewClassId::SPATIAL_2D], LINES)
            .add_spatial_visualizer::<Points2DVisualizer>(&[ViewClassId::SPATIAL_2D], POINTS);
        let steps = (
            SpatialSystems::Scenes,
            SpatialSystems::Cameras3D,
            SpatialSystems::Cameras2D,
        );
        app.configure_sets(Frame, steps.chain().in_set(FrameSystems::Present));
        app.add_systems(Frame, scene::present_scenes.in_set(SpatialSystems::Scenes))
            .add_view_reports(failed_pictures)
            .add_view_reports(unplaced);
        app.init_resource::<ViewerCaches>();
        app.add_systems(
            Frame,
            keep_to_budget
                .after(FrameSystems::Gc)
                .before(FrameSystems::ApplyCommands),
        );
    }

    fn is_unique(&self) -> bool {
        true
    }
}

/// Tells the memory budget what pictures and instances take on the GPU, and gives up the pictures that are not shown where it asks
/// for that.
fn keep_to_budget(
    mut textures: ResMut<PictureTextures>,
    mut caches: ResMut<ViewerCaches>,
    stats: Option<Res<RenderStats>>,
) {
    if caches.purge_bytes > 0 {
        textures.purge();
    }
    let instance_bytes = stats.map_or(0, |stats| stats.gpu_bytes());
    let held = ViewerCaches {
        bytes: textures.num_bytes() + instance_bytes,
        idle_bytes: textures.num_idle_bytes(),
        ..*caches
    };
    caches.set_if_neq(held);
}

/// What a view does not show because no transform leads to its origin.
fn unplaced(world: &World, view: ViewId) -> Vec<Report> {
    let scene = world
        .get_resource::<SpatialScenes>()
        .and_then(|scenes| scenes.get(view));
    let recordings = world.resource::<Recordings>();
    let entry = world
        .resource::<Cursor>()
        .recording
        .and_then(|key| recordings.get(key));
    match (scene, entry) {
        (Some(scene), Some(entry)) => scene.unplaced(world.resource::<Transforms>(), entry.store()),
        _ => Vec::new(),
    }
}

/// The pictures of a view that could not be decoded.
fn failed_pictures(world: &World, view: ViewId) -> Vec<Report> {
    let scene = world
        .get_resource::<SpatialScenes>()
        .and_then(|scenes| scenes.get(view));
    scene.into_iter().flat_map(SpatialScene::failures).collect()
}
