//! What the renderer did: bytes sent, bytes held, pipelines that are not ready yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bevy::app::{App, Plugin};
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::{IntoScheduleConfigs, SystemSet};
use bevy::ecs::system::Res;
use bevy::render::{ExtractSchedule, Render, RenderApp, RenderSystems};

/// Counters shared by the main and the render world. Cheap to clone; all clones count together.
///
/// With pipelined rendering the render world is a frame behind: read what the *last* extraction did.
#[derive(Resource, Debug, Clone, Default)]
pub struct RenderStats(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    uploaded_now_bytes: AtomicU64,
    gpu_bytes: AtomicU64,
    pending: AtomicU64,
    drawn: AtomicU64,
    instances: AtomicU64,
}

impl RenderStats {
    /// Bytes of instances, segments and uniforms that the last extraction sent to the GPU. Zero when nothing changed.
    #[must_use]
    pub fn uploaded_bytes_last_frame(&self) -> u64 {
        self.0.uploaded_now_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of GPU memory that the buffers of this crate occupy. Textures and the geometry of
    /// meshes are assets and are not counted.
    #[must_use]
    pub fn gpu_bytes(&self) -> u64 {
        self.0.gpu_bytes.load(Ordering::Relaxed)
    }

    /// Draws that the last frame left out because a pipeline was still compiling or a texture not yet there. A picture
    /// is settled only when this is zero.
    #[must_use]
    pub fn pending_draws(&self) -> u64 {
        self.0.pending.load(Ordering::Relaxed)
    }

    /// Draws queued by the last frame, over all views.
    #[must_use]
    pub fn queued_draws(&self) -> u64 {
        self.0.drawn.load(Ordering::Relaxed)
    }

    /// Instances queued by the last frame, over all views: those between the ranges of a list included that draw nothing, those
    /// left out where a view has a [`point_budget`](crate::BulkView::point_budget) not.
    #[must_use]
    pub fn queued_instances(&self) -> u64 {
        self.0.instances.load(Ordering::Relaxed)
    }

    pub(crate) fn count_upload(&self, bytes: u64) {
        self.0.uploaded_now_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn count_draw(&self, is_ready: bool) {
        let counter = if is_ready { &self.0.drawn } else { &self.0.pending };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what a picture waits for beside its draws.
    pub(crate) fn await_ready(&self, is_ready: bool) {
        self.0.pending.fetch_add(u64::from(!is_ready), Ordering::Relaxed);
    }

    pub(crate) fn count_instances(&self, count: u64) {
        self.0.instances.fetch_add(count, Ordering::Relaxed);
    }
}

/// GPU memory that is counted for as long as this lives.
#[derive(Debug)]
pub(crate) struct CountedBytes {
    stats: RenderStats,
    bytes: u64,
}

impl CountedBytes {
    pub(crate) fn new(stats: &RenderStats, bytes: u64) -> Self {
        stats.0.gpu_bytes.fetch_add(bytes, Ordering::Relaxed);
        Self {
            stats: stats.clone(),
            bytes,
        }
    }
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.stats.0.gpu_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Systems of this crate in the extract schedule.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BulkExtractSystems {
    /// Starts the counters of the frame. Before everything else.
    Begin,
    /// Uploads what changed. Writes GPU buffers and the counters.
    Upload,
}

/// Adds [`RenderStats`] to both worlds.
#[derive(Debug, Default, Clone, Copy)]
pub struct RenderStatsPlugin;

impl Plugin for RenderStatsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<RenderStats>();
    }

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        let stats = app.world().resource::<RenderStats>().clone();
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .insert_resource(stats)
            .configure_sets(
                ExtractSchedule,
                (BulkExtractSystems::Begin, BulkExtractSystems::Upload).chain(),
            )
            .add_systems(
                ExtractSchedule,
                begin_upload_count.in_set(BulkExtractSystems::Begin),
            )
            .add_systems(Render, begin_draw_count.in_set(RenderSystems::PrepareViews));
    }
}

fn begin_upload_count(stats: Res<RenderStats>) {
    stats.0.uploaded_now_bytes.store(0, Ordering::Relaxed);
}

fn begin_draw_count(stats: Res<RenderStats>) {
    stats.0.pending.store(0, Ordering::Relaxed);
    stats.0.drawn.store(0, Ordering::Relaxed);
    stats.0.instances.store(0, Ordering::Relaxed);
}
