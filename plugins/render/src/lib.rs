//! GPU primitives for bulk data: point clouds, thick lines, instanced shapes, image quads, meshes, grids.
//!
//! Any Bevy app can use them without the rest of Chronoscope: add [`BulkRenderPlugin`], spawn a `Camera3d`, and
//! spawn one entity per kind of primitive. There is no entity per datum and no material; a million points are one
//! component, one buffer and one draw call. `bevy_pbr` is not needed.
//!
//! # What an app holds: instances
//!
//! An [`InstanceBuffer<P>`](InstanceBuffer) holds *visuals*: shared slices of instances of one [`Primitive`] (a robot, a
//! track, a cloud). Their bytes lie once in main memory and once on the GPU, whatever the number of views.
//!
//! # What a view draws: lists of segments
//!
//! A [`DrawList<P>`](DrawList) says which visuals of a buffer a view draws, each with a [`SegmentUniform`]: where it is, how
//! it is tinted and highlighted, and what picking answers for it. Moving a thing, by [`DrawList::set_transform`] or its uniform, rewrites 96 bytes; what did not change costs
//! nothing. What is translucent is drawn in the order of [`DrawRun`]s, which may interleave with those of other lists.
//!
//! # What there is to draw: the primitives
//!
//! [`PointInstance`], [`LineInstance`], [`ArcInstance`], [`ArrowInstance`], [`BoxInstance`], [`BoxEdgesInstance`], [`EllipsoidInstance`],
//! [`CylinderInstance`] and [`CapsuleInstance`] are instanced. Radii of points and lines follow one convention:
//! positive ones are scene units, negative ones are UI points, which keep their size on screen. Each instance belongs to a *logical
//! instance*, the datum that is highlighted and picked: a box, not one of its lines. An [`ImageQuad`] shows a texture, a
//! [`TriangleMesh`] triangles with a texture, a [`GroundGrid`] an endless plane of lines, a [`Backdrop`] what is behind all of it; each of these is an entity of its own.
//!
//! # What a camera adds: the view
//!
//! Every `Camera3d` sees the lists on its `RenderLayers`, with a perspective or an orthographic projection. A
//! [`BulkView`] on the camera sets the size of a UI point and the highlight colors; without one the target's scale
//! factor and quiet defaults serve. Where it asks for it, what is highlighted has an outline, too, whatever hides it. It may limit how many points are drawn, too: large clouds are thinned evenly then. Where surfaces are lit, they may cast
//! [`Shadows`]. An [`EyeOrigin`] places the eye in `f64`.
//!
//! # How it gets to the GPU
//!
//! Extraction writes the dirty ranges straight from the visuals' memory into buffers that persist, grown by doubling;
//! opaque lists are queued into `Opaque3d`, the rest into `Transparent3d`. [`RenderStats`] tells how many bytes went
//! over and whether a pipeline is still being compiled. [`AdapterClass`] tells whether the adapter is a CPU, so that
//! views can choose the cheap path.
//!
//! # How it comes back: picking
//!
//! A [`PickRequest`] names a camera and a pixel. What the camera sees around it is drawn as ids into a few pixels, and read
//! back; frames later the request's entity has a [`PickAnswer`].
//!
//! # What is no scene: lines on a picture
//!
//! [`ScreenLines`] are lines in points of a screen, which are others in each frame: those of plots. They are sent as corners, and drawn
//! into a pass that somebody else has begun.
//!
//! # Deliberately absent
//!
//! Lights of a scene's own, more than one light with shadows, and materials beyond metallic and roughness (bring `bevy_pbr` for these).
//!
//! # Glossary
//!
//! - *Instance*: one disc, line or solid of the GPU. *Logical instance*: the datum that it belongs to.
//! - *Visual*: a slice of instances, stored once. *Slot*: its place in a buffer.
//! - *Segment*: a visual as one view draws it. *Run*: segments that are drawn one after the other.

#![allow(
    clippy::needless_pass_by_value,
    reason = "Bevy hands systems their parameters by value"
)]

mod adapter;
mod buffers;
mod color;
mod drawing;
mod instances;
mod picking;
mod primitives;
mod screen_lines;
mod stats;
mod view;

use bevy::app::{App, Plugin};
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::render::{Render, RenderApp};

use drawing::queue::BulkQueueSet;

pub use adapter::{AdapterClass, AdapterPlugin, RenderQuality};
pub use color::{DEFAULT_COLOR, linear_rgba, pack_color};
pub use drawing::InstancePlugin;
pub use drawing::depth_shading::DepthShadingPlugin;
pub use drawing::shadows::{ShadowPlugin, Shadows};
pub use instances::{
    AllUsers, Blending, BufferError, DrawList, DrawRun, Highlight, InstanceBuffer, InstanceSet, MemoryUse,
    Primitive, SegmentTransform, SegmentUniform, Slot, Sorting, mean_scale,
};
pub use picking::{MAX_PICK_RADIUS, PickAnswer, PickHit, PickRequest, PickingPlugin};
pub use primitives::{
    ArcInstance, ArrowInstance, Backdrop, BackdropPlugin, BoxEdgesInstance, BoxInstance, CapsuleInstance,
    CylinderInstance, DEFAULT_RADIUS, DepthCloud, EllipsoidInstance, GroundGrid, GroundGridPlugin, ImageQuad,
    ImageQuadPlugin, LineInstance, Magnification, MeshAlpha, MeshError, MeshGeometry, MeshMap, MeshMaps,
    MeshMaterial, MeshPose, MeshSides, MeshVertex, PointInstance, QuadPart, Texels, TextureSampling,
    TextureWrap, TriangleMesh, TriangleMeshPlugin,
};
pub use screen_lines::{ScreenArea, ScreenLines, ScreenLinesPlugin};
pub use stats::{RenderStats, RenderStatsPlugin};
pub use view::{BulkView, BulkViewPlugin, EyeOrigin, image_plane_camera};

/// Registers everything in this crate: each primitive is a plugin of its own, and all of them share the view's.
///
/// | plugin | what it draws |
/// |---|---|
/// | [`InstancePlugin`]`<`[`PointInstance`]`>` | round points |
/// | [`InstancePlugin`]`<`[`LineInstance`]`>` | thick line segments |
/// | [`InstancePlugin`]`<`[`BoxInstance`]`>` | solid oriented boxes |
/// | [`InstancePlugin`]`<`[`BoxEdgesInstance`]`>` | the edges of oriented boxes |
/// | [`InstancePlugin`]`<`[`ArcInstance`]`>` | arcs of ellipses as thick lines |
/// | [`InstancePlugin`]`<`[`EllipsoidInstance`]`>` | solid ellipsoids |
/// | [`InstancePlugin`]`<`[`CylinderInstance`]`>`, [`InstancePlugin`]`<`[`CapsuleInstance`]`>` | solid cylinders and capsules |
/// | [`InstancePlugin`]`<`[`ArrowInstance`]`>` | arrows |
/// | [`ImageQuadPlugin`] | textures on planes |
/// | [`TriangleMeshPlugin`] | meshes of triangles |
/// | [`GroundGridPlugin`] | endless grids |
/// | [`BackdropPlugin`] | gradients behind everything |
/// | [`DepthShadingPlugin`] | shades by depth, for cameras that ask for it |
/// | [`ShadowPlugin`] | shadows, for cameras that ask for them |
/// | [`ScreenLinesPlugin`] | lines on pictures, in passes of others |
/// | [`PickingPlugin`] | ids into a few pixels, for who asks |
/// | [`BulkViewPlugin`], [`RenderStatsPlugin`], [`AdapterPlugin`] | nothing: what the others share |
///
/// It may be added before or after Bevy's `RenderPlugin` and `CorePipelinePlugin`. In an app without a renderer it does
/// nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct BulkRenderPlugin;

impl Plugin for BulkRenderPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_plugins((
            RenderStatsPlugin,
            AdapterPlugin,
            BulkViewPlugin,
            PickingPlugin,
            InstancePlugin::<BoxInstance>::default(),
            InstancePlugin::<PointInstance>::default(),
            InstancePlugin::<LineInstance>::default(),
            InstancePlugin::<BoxEdgesInstance>::default(),
            InstancePlugin::<ArrowInstance>::default(),
            ImageQuadPlugin,
            TriangleMeshPlugin,
            GroundGridPlugin,
        ));
        app.add_plugins((
            InstancePlugin::<ArcInstance>::default(),
            InstancePlugin::<EllipsoidInstance>::default(),
            InstancePlugin::<CylinderInstance>::default(),
            InstancePlugin::<CapsuleInstance>::default(),
            BackdropPlugin,
            DepthShadingPlugin,
            ShadowPlugin,
            ScreenLinesPlugin,
        ));
    }

    fn finish(&self, app: &mut App) {
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        // What has the same depth or distance is drawn in this order, run after run.
        render_app.configure_sets(
            Render,
            (
                BulkQueueSet(BackdropPlugin::NAME),
                BulkQueueSet(GroundGridPlugin::NAME),
                BulkQueueSet(BoxInstance::NAME),
                BulkQueueSet(EllipsoidInstance::NAME),
                BulkQueueSet(CylinderInstance::NAME),
                BulkQueueSet(CapsuleInstance::NAME),
                BulkQueueSet(TriangleMeshPlugin::NAME),
                BulkQueueSet(ImageQuadPlugin::NAME),
                BulkQueueSet(PointInstance::NAME),
                BulkQueueSet(LineInstance::NAME),
                BulkQueueSet(ArcInstance::NAME),
                BulkQueueSet(BoxEdgesInstance::NAME),
                BulkQueueSet(ArrowInstance::NAME),
            )
                .chain(),
        );
    }
}
