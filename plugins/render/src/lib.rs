//! GPU primitives for bulk data: point clouds, thick lines, instanced shapes, image quads, grids.
//!
//! Any Bevy app can use them without the rest of Chronoscope: add [`BulkRenderPlugin`], spawn a `Camera3d`, and
//! spawn one entity per kind of primitive. There is no entity per datum and no material; a million points are one
//! component, one buffer and one draw call. `bevy_pbr` is not needed.
//!
//! # What an app holds: batches of segments
//!
//! An [`InstanceBatch<P>`](InstanceBatch) holds all instances of one [`Primitive`] in one view. It is divided into
//! *segments*, one per thing that the app knows (a robot, a track, a cloud), under a key of the app's choice. A segment
//! is a range of instances and a [`SegmentUniform`]: where it is, how it is tinted and highlighted. Moving a thing
//! rewrites 80 bytes; changing its points rewrites its range; what did not change costs nothing.
//!
//! # What there is to draw: the primitives
//!
//! [`PointInstance`], [`LineInstance`], [`BoxInstance`] and [`ArrowInstance`] are instanced. Radii follow one convention: positive ones
//! are scene units, negative ones are UI points, which keep their size on screen. An [`ImageQuad`] shows a texture, a
//! [`GroundGrid`] an endless plane of lines; each of these is an entity of its own.
//!
//! # What a camera adds: the view
//!
//! Every `Camera3d` sees the batches on its `RenderLayers`, with a perspective or an orthographic projection. A
//! [`BulkView`] on the camera sets the size of a UI point and the highlight colours; without one the target's scale
//! factor and quiet defaults serve.
//!
//! # How it gets to the GPU
//!
//! Extraction writes the dirty ranges straight from the app's memory into buffers that persist, grown by doubling;
//! opaque batches are queued into `Opaque3d`, the rest into `Transparent3d`. [`RenderStats`] tells how many bytes went
//! over and whether a pipeline is still being compiled. [`AdapterClass`] tells whether the adapter is a CPU, so that
//! views can choose the cheap path.
//!
//! # Deliberately absent
//!
//! Lights, shadows and materials (bring `bevy_pbr` for meshes); picking passes (each segment carries its
//! [`picking_id`](SegmentUniform::picking_id) for one); order-independent transparency.

#![allow(
    clippy::needless_pass_by_value,
    reason = "Bevy hands systems their parameters by value"
)]

mod adapter;
mod batch;
mod buffers;
mod color;
mod gpu;
mod primitives;
mod stats;
mod view;

use bevy::app::{App, Plugin};
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::render::{Render, RenderApp};

use gpu::queue::BulkQueueSet;

pub use adapter::{AdapterClass, AdapterPlugin};
pub use batch::{BatchError, Blending, Highlight, InstanceBatch, Primitive, SegmentUniform, VOID_SEGMENT};
pub use color::{DEFAULT_COLOR, pack_color};
pub use gpu::InstancePlugin;
pub use primitives::{
    ArrowInstance, BoxInstance, DEFAULT_RADIUS, GroundGrid, GroundGridPlugin, ImageQuad, ImageQuadPlugin,
    LineInstance, Magnification, PointInstance, Texels, box_edges,
};
pub use stats::{RenderStats, RenderStatsPlugin};
pub use view::{BulkView, BulkViewPlugin, image_plane_camera};

/// Registers everything in this crate: each primitive is a plugin of its own, and all of them share the view's.
///
/// | plugin | what it draws |
/// |---|---|
/// | [`InstancePlugin`]`<`[`PointInstance`]`>` | round points |
/// | [`InstancePlugin`]`<`[`LineInstance`]`>` | thick line segments |
/// | [`InstancePlugin`]`<`[`BoxInstance`]`>` | solid oriented boxes |
/// | [`InstancePlugin`]`<`[`ArrowInstance`]`>` | arrows |
/// | [`ImageQuadPlugin`] | textures on planes |
/// | [`GroundGridPlugin`] | endless grids |
/// | [`BulkViewPlugin`], [`RenderStatsPlugin`], [`AdapterPlugin`] | nothing: what the others share |
///
/// Add it after Bevy's `RenderPlugin` and `CorePipelinePlugin`. In an app without a renderer it does nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct BulkRenderPlugin;

impl Plugin for BulkRenderPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins((
            RenderStatsPlugin,
            AdapterPlugin,
            BulkViewPlugin,
            InstancePlugin::<BoxInstance>::default(),
            InstancePlugin::<PointInstance>::default(),
            InstancePlugin::<LineInstance>::default(),
            InstancePlugin::<ArrowInstance>::default(),
            ImageQuadPlugin,
            GroundGridPlugin,
        ));
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        // What has the same depth or distance is drawn in this order, run after run.
        render_app.configure_sets(
            Render,
            (
                BulkQueueSet(GroundGridPlugin::NAME),
                BulkQueueSet(BoxInstance::NAME),
                BulkQueueSet(ImageQuadPlugin::NAME),
                BulkQueueSet(PointInstance::NAME),
                BulkQueueSet(LineInstance::NAME),
                BulkQueueSet(ArrowInstance::NAME),
            )
                .chain(),
        );
    }
}
