//! What 3D and 2D views share: everything but where one stands and how one moves.
//!
//! # From data to instances
//! [`visualizers`] turn components into [`SpatialVisual`]s, in the entity's own space, by the rules in [`marks`]. A visual is
//! a list of [`parts`], each of instances of a registered primitive ([`primitives`]), or a picture, or a mesh. Pictures and meshes
//! stay what was logged until they are shown ([`pictures`], [`meshes`]).
//!
//! # From instances to the GPU
//! Each view has a [`scene`]: it takes what changed from the [`sources`], writes [`lists`] of instances on a render layer of the
//! view's own, and has [`textures`] made of pictures and models of meshes; of both, what is [`held`] is kept. The [`camera`] renders to an image of the tile's size and sleeps
//! while nothing changes; while something moves ([`motion`]), it may leave points out. Until somebody says where to look, [`framing`] does. A 2D view in the picture of a camera shows
//! what is in space as that camera sees it ([`through_camera`]).
//!
//! # From the tile to the data
//! [`projection`] knows where on the tile something is seen, [`picking`] what is under the pointer. [`labels`] are drawn by the user
//! interface, which [`tile`] has in common; so are [`notices`] in the place of what cannot be shown, the choice of a [`background`], and the [`color_bar`]s of
//! distances.
//!
//! # What it takes
//! [`memory`] registers what is held beside the stores.

pub mod bounds;
pub mod digest;
pub mod labels;
pub mod marks;
pub mod meshes;
pub mod parts;
pub mod pictures;
pub mod primitives;
pub mod projection;
pub mod textures;
pub mod visual;
pub mod visualizers;

pub(crate) mod background;
pub(crate) mod camera;
mod color_bar;
mod depth_clouds;
pub(crate) mod draw_order;
mod fallbacks;
pub(crate) mod framing;
mod held;
pub(crate) mod lists;
mod memory;
pub(crate) mod motion;
mod notices;
pub(crate) mod picking;
pub(crate) mod pointed;
pub(crate) mod scene;
mod skeletons;
pub(crate) mod sources;
pub(crate) mod target_frame;
pub(crate) mod through_camera;
pub(crate) mod tile;

#[cfg(all(test, feature = "spatial2d", feature = "spatial3d"))]
mod tests;

use bevy::{
    app::{App, Last, Plugin},
    ecs::prelude::*,
};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    AppVisualizerExt as _, Frame, FrameSystems, InContext, Recordings, Report, ViewClasses, Visualizers,
    visualizer::FirstLookChunks,
};
use chronoscope_render::{
    ArcInstance, ArrowInstance, BoxEdgesInstance, BoxInstance, CapsuleInstance, CylinderInstance,
    EllipsoidInstance, LineInstance, PointInstance, TriangleMeshPlugin,
};

pub use crate::spatial_systems::SpatialSystems;
pub use chronoscope_frame::{Space, ViewLayers};
pub use digest::PartDigest;
pub use framing::AutoFraming;
pub use marks::{MarkCells, Marks, class_color, read_cell};
pub use motion::{FramePace, PointBudget};
pub use parts::{AppPartsExt, Part};
pub use pictures::AppPicturesExt;
pub use primitives::SpatialPrimitive;
pub use scene::{SpatialScene, SpatialScenes};
pub use sources::AppSpatialExt;
pub use visual::{Label, RowOfParts, SpatialVisual, Stand};

use meshes::MeshModels;
use picking::Picks;
use pictures::{PixelDecoders, PixelValues};
use sources::ChangedVisuals;
pub use sources::SpatialSources;
use textures::PictureTextures;
use visualizers::{
    Arrows2DVisualizer, Arrows3DVisualizer, Asset3DVisualizer, Boxes2DVisualizer, Boxes3DVisualizer,
    CamerasVisualizer, Capsules3DVisualizer, Cylinders3DVisualizer, DepthImageVisualizer,
    Ellipses2DVisualizer, Ellipsoids3DVisualizer, EncodedDepthImageVisualizer, EncodedImageVisualizer,
    GridMapVisualizer, ImageVisualizer, LineStrips2DVisualizer, LineStrips3DVisualizer, Mesh3DVisualizer,
    Points2DVisualizer, Points3DVisualizer, SegmentationImageVisualizer, TransformAxes3DVisualizer,
    VoxelGridMapVisualizer,
};

/// What 3D and 2D views share. Added by the plugins of both.
#[derive(Debug, Default, Clone, Copy)]
pub struct SpatialPlugin;

impl Plugin for SpatialPlugin {
    fn build(&self, app: &mut App) {
        const POINTS: f32 = fallbacks::POINT_RADIUS;
        const LINES: f32 = fallbacks::LINE_RADIUS;
        /// What is flat is shown in space, too: in the pictures of cameras.
        const BOTH: &[&str] = &[ViewClassId::SPATIAL_2D, ViewClassId::SPATIAL_3D];
        const EDGES: f32 = fallbacks::EDGE_RADIUS;
        crate::properties::AppPropertiesExt::add_view_properties::<target_frame::TargetFrame>(app);
        app.init_resource::<SpatialScenes>()
            .init_resource::<ViewLayers>()
            .init_resource::<AutoFraming>()
            .init_resource::<PointBudget>()
            .init_resource::<motion::MeasuredBudget>()
            .init_resource::<SpatialSources>()
            .init_resource::<ChangedVisuals>()
            .init_resource::<PictureTextures>()
            .init_resource::<PixelDecoders>()
            .init_resource::<PixelValues>()
            .init_resource::<MeshModels>()
            .init_resource::<Picks>();
        if !app.is_plugin_added::<TriangleMeshPlugin>() {
            app.add_plugins(TriangleMeshPlugin);
        }
        app.add_spatial_primitive::<BoxInstance>()
            .add_spatial_primitive::<PointInstance>()
            .add_spatial_primitive::<LineInstance>()
            .add_spatial_primitive::<BoxEdgesInstance>()
            .add_spatial_primitive::<ArrowInstance>()
            .add_spatial_primitive::<ArcInstance>()
            .add_spatial_primitive::<EllipsoidInstance>()
            .add_spatial_primitive::<CylinderInstance>()
            .add_spatial_primitive::<CapsuleInstance>();
        app.add_spatial_visualizer::<Arrows3DVisualizer>(&[ViewClassId::SPATIAL_3D], POINTS)
            .add_spatial_visualizer::<Boxes3DVisualizer>(&[ViewClassId::SPATIAL_3D], EDGES)
            .add_spatial_visualizer::<CamerasVisualizer>(&[ViewClassId::SPATIAL_3D], EDGES)
            .add_spatial_visualizer::<Capsules3DVisualizer>(&[ViewClassId::SPATIAL_3D], EDGES)
            .add_spatial_visualizer::<Cylinders3DVisualizer>(&[ViewClassId::SPATIAL_3D], EDGES)
            .add_spatial_visualizer::<Ellipsoids3DVisualizer>(&[ViewClassId::SPATIAL_3D], EDGES)
            .add_spatial_visualizer::<LineStrips3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<Mesh3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<Asset3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<Points3DVisualizer>(&[ViewClassId::SPATIAL_3D], POINTS)
            .add_spatial_visualizer::<GridMapVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<VoxelGridMapVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<TransformAxes3DVisualizer>(&[ViewClassId::SPATIAL_3D], LINES)
            .add_spatial_visualizer::<ImageVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<EncodedImageVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<DepthImageVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<EncodedDepthImageVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<SegmentationImageVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<Arrows2DVisualizer>(BOTH, POINTS)
            .add_spatial_visualizer::<Ellipses2DVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<Boxes2DVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<LineStrips2DVisualizer>(BOTH, LINES)
            .add_spatial_visualizer::<Points2DVisualizer>(BOTH, POINTS);
        app.project_spatial_visualizer::<Arrows3DVisualizer>()
            .project_spatial_visualizer::<Boxes3DVisualizer>()
            .project_spatial_visualizer::<CamerasVisualizer>()
            .project_spatial_visualizer::<Capsules3DVisualizer>()
            .project_spatial_visualizer::<Cylinders3DVisualizer>()
            .project_spatial_visualizer::<Ellipsoids3DVisualizer>()
            .project_spatial_visualizer::<LineStrips3DVisualizer>()
            .project_spatial_visualizer::<Mesh3DVisualizer>()
            .project_spatial_visualizer::<Asset3DVisualizer>()
            .project_spatial_visualizer::<Points3DVisualizer>()
            .project_spatial_visualizer::<GridMapVisualizer>()
            .project_spatial_visualizer::<VoxelGridMapVisualizer>()
            .project_spatial_visualizer::<TransformAxes3DVisualizer>()
            .project_spatial_visualizer::<DepthImageVisualizer>()
            .project_spatial_visualizer::<EncodedDepthImageVisualizer>();
        let steps = (
            SpatialSystems::Follow,
            SpatialSystems::Scenes,
            SpatialSystems::Cameras3D,
            SpatialSystems::Cameras2D,
        );
        app.configure_sets(Frame, steps.chain().in_set(FrameSystems::Present));
        app.init_resource::<FirstLookChunks>();
        let follow = (scene::follow_views, framing::update_framing).chain();
        app.add_systems(Frame, follow.in_set(SpatialSystems::Follow))
            .add_systems(Frame, motion::measure_budget.in_set(SpatialSystems::Follow))
            .add_systems(
                Frame,
                (scene::collect_changes, scene::present_scenes, scene::look_ahead)
                    .chain()
                    .in_set(SpatialSystems::Scenes),
            )
            .add_systems(
                Frame,
                picking::take_answers
                    .after(FrameSystems::Gc)
                    .before(FrameSystems::ApplyCommands),
            )
            .add_systems(Last, (picking::ask, pictures::values::count_frames))
            .add_view_reports(failed_decodes)
            .add_view_reports(unplaced);
        memory::add_caches(app);
        fallbacks::add_fallbacks(app);
    }

    fn finish(&self, app: &mut App) {
        let world = app.world();
        let (Some(visualizers), Some(classes)) = (
            world.get_resource::<Visualizers>(),
            world.get_resource::<ViewClasses>(),
        ) else {
            return;
        };
        for name in world
            .resource::<SpatialSources>()
            .unpresented(visualizers, classes)
        {
            tracing::warn!(
                "nothing draws what the visualizer {name} makes: add it with add_spatial_visualizer, \
                 not add_visualizer"
            );
        }
    }

    fn is_unique(&self) -> bool {
        true
    }
}

/// What a view does not show because no transform leads to its origin.
fn unplaced(world: &World, view: ViewId) -> Vec<Report> {
    let scene = world
        .get_resource::<SpatialScenes>()
        .and_then(|scenes| scenes.get(view));
    let products = scene.and_then(|scene| InContext::of(world, scene.context));
    let entry = products.and_then(|products| products.recording(world.resource::<Recordings>()));
    match (scene, products, entry) {
        // Ids of one recording mean nothing in another, as where a hidden view has not caught up.
        (Some(scene), Some(products), Some(entry)) if scene.recording() == Some(entry.key()) => scene
            .layers()
            .flat_map(|scene| scene.unplaced(products.transforms, entry.store()))
            .cloned()
            .collect(),
        _ => Vec::new(),
    }
}

/// The pictures and meshes of a view that could not be decoded, or not all of them.
fn failed_decodes(world: &World, view: ViewId) -> Vec<Report> {
    let scene = world
        .get_resource::<SpatialScenes>()
        .and_then(|scenes| scenes.get(view));
    let scenes = scene.into_iter().flat_map(SpatialScene::layers);
    scenes.flat_map(SpatialScene::failures).collect()
}
