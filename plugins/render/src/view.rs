//! What a camera adds: where the eye is, the size of a UI point, highlight colors, and the bind group that every primitive
//! shares.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::{Camera, Camera3d};
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::{ROQueryItem, With, Without};
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, SystemParamItem};
use bevy::math::{DVec3, Mat4, Quat, Vec2, Vec3, Vec4};
use bevy::render::render_phase::{PhaseItem, RenderCommand, RenderCommandResult, TrackedRenderPass};
use bevy::render::render_resource::binding_types::{uniform_buffer, uniform_buffer_sized};
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BindingResource,
    BufferId, DynamicUniformBuffer, PipelineCache, ShaderStages,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::RenderEntity;
use bevy::render::view::{ColorGrading, ViewUniform, ViewUniformOffset, ViewUniforms};
use bevy::render::{Extract, ExtractSchedule, Render, RenderApp, RenderStartup, RenderSystems};
use bevy::shader::Shader;
use bevy::transform::components::{GlobalTransform, Transform};
use bytemuck::{Pod, Zeroable};

use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::color::linear_rgba;
use crate::drawing::shadows::{SHADOW_GROUP, ShadowedView, Shadows};
use crate::instances::split;
use crate::stats::{BulkExtractSystems, RenderStats};

const COMMON_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d10");

/// How a camera draws what this crate draws. Optional: without it the defaults hold.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
pub struct BulkView {
    /// Pixels of the target per UI point. `None` takes the scale factor of the camera's target.
    pub ui_point_pixels: Option<f32>,
    /// The sRGB color mixed into what is hovered; alpha is how much of it.
    pub hovered_color: [u8; 4],
    /// The sRGB color mixed into what is selected; alpha is how much of it.
    pub selected_color: [u8; 4],
    /// By how many UI points the radius of what is highlighted grows.
    pub highlight_points: f32,
    /// The same for one logical instance that is highlighted by itself.
    pub instance_highlight_points: f32,
    /// How far away is what the eye looks at, in scene units.
    pub focus_distance: f32,
    /// Whether translucent surfaces in space are drawn in no certain order: right where they cut each other, and without flicker,
    /// for two more textures of the size of the target. Otherwise they are sorted, visual by visual.
    pub is_order_independent: bool,
    /// How much darker is what lies behind its neighbors on screen: zero not at all, one as a cloud of points needs it. Needs
    /// [`DepthShadingPlugin`](crate::DepthShadingPlugin).
    pub depth_shading: f32,
    /// Whether surfaces look as if they were lit: by a light that goes with the eye, and by light from above and below. Otherwise they are
    /// shaded by the direction of their normal alone, which costs next to nothing. With it, up to 2^20 round points are spheres
    /// that cut each other; more of them hide each other as discs do.
    pub is_lit: bool,
    /// Whether what is hovered or selected, as a whole or one of its logical instances, has a line around it, 2 UI points wide, in
    /// the color of its highlight, whatever hides it. Nothing is done for it where nothing is highlighted.
    pub is_outlined: bool,
    /// What casts shadows, where surfaces are lit: the light stands still then. `None` leaves them out, and costs nothing. Needs
    /// [`ShadowPlugin`](crate::ShadowPlugin).
    pub shadows: Option<Shadows>,
    /// The most points to draw. Where there are more, of visuals with more than 1024 every second, fourth, and so on up to the
    /// sixty-fourth is drawn, as much larger as covers the same, the largest visuals first. `None` draws all. Setting it uploads
    /// nothing, and what picking answers are the same logical instances.
    pub point_budget: Option<u32>,
}

impl Default for BulkView {
    fn default() -> Self {
        Self {
            ui_point_pixels: None,
            hovered_color: [255, 255, 255, 110],
            selected_color: [76, 141, 255, 170],
            highlight_points: 0.5,
            instance_highlight_points: 1.0,
            focus_distance: 1.0,
            is_order_independent: false,
            depth_shading: 0.0,
            is_lit: false,
            is_outlined: false,
            shadows: None,
            point_budget: None,
        }
    }
}

/// The point of the world that a camera's `Transform` is relative to. Optional: without it that is the world's origin.
///
/// Far from the origin, a `Transform` of `f32` cannot say where an eye is, and the picture trembles. Put the eye's place
/// here and leave the translation of the `Transform` at zero, or near it: both are added in `f64`. Only what this crate draws
/// takes notice of it.
#[derive(Component, Debug, Clone, Copy, PartialEq, Default)]
pub struct EyeOrigin(pub DVec3);

/// Where a camera stands that looks at an image plane: x to the right, y down, as pixels are counted. With an
/// orthographic projection, `distance` only decides what is in front: smaller z is nearer.
#[must_use]
pub fn image_plane_camera(center: Vec2, distance: f32) -> Transform {
    // Looking along +z with -y up, which is half a turn around x.
    Transform::from_translation(Vec3::new(center.x, center.y, -distance))
        .with_rotation(Quat::from_rotation_x(std::f32::consts::PI))
}

/// Prepares what the views of all primitives share.
#[derive(Debug, Default, Clone, Copy)]
pub struct BulkViewPlugin;

impl Plugin for BulkViewPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, COMMON_SHADER, "drawing/common.wgsl", Shader::from_wgsl);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .add_systems(RenderStartup, forget_views)
            .add_systems(ExtractSchedule, extract_views.in_set(BulkExtractSystems::Upload))
            .add_systems(
                Render,
                prepare_view_bind_groups.in_set(RenderSystems::PrepareBindGroups),
            );
    }
}

/// The layout of bind group 0.
pub(crate) fn bulk_view_layout() -> BindGroupLayoutDescriptor {
    BindGroupLayoutDescriptor::new(
        "bulk_view_layout",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::VERTEX_FRAGMENT,
            (
                uniform_buffer::<ViewUniform>(true),
                uniform_buffer_sized(false, binding_size::<ViewValues>()),
            ),
        ),
    )
}

/// Binds the view of the camera, and its shadows, where it has some, as [`SHADOW_GROUP`].
pub(crate) struct SetBulkViewBindGroup<const GROUP: usize>;

impl<I: PhaseItem, const GROUP: usize> RenderCommand<I> for SetBulkViewBindGroup<GROUP> {
    type Param = ();
    type ViewQuery = (
        Read<GpuBulkView>,
        Read<ViewUniformOffset>,
        Option<Read<ShadowedView>>,
    );
    type ItemQuery = ();

    fn render<'w>(
        _: &I,
        (view, offset, shadowed): ROQueryItem<'w, '_, Self::ViewQuery>,
        _: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some((_, bind_group)) = &view.bind_group else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(GROUP, bind_group, &[offset.offset]);
        if let Some(shadowed) = shadowed {
            pass.set_bind_group(SHADOW_GROUP, shadowed.bind_group(), &[]);
        }
        RenderCommandResult::Success
    }
}

/// Mirrors `BulkView` in `common.wgsl`.
#[derive(Component, Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct ViewValues {
    hovered: [f32; 4],
    selected: [f32; 4],
    ui_point_pixels: f32,
    highlight_pixels: f32,
    named_pixels: f32,
    focus_distance: f32,
    /// Where the eye is, as two numbers per axis.
    eye_high: [f32; 3],
    depth_shading: f32,
    eye_low: [f32; 3],
    is_lit: u32,
}

/// The uniform of a view in the render world; rewritten when it changes.
#[derive(Component)]
pub(crate) struct GpuBulkView {
    uniform: UniformBuffer<ViewValues>,
    eye: ViewEye,
    is_order_independent: bool,
    is_shaded_by_depth: bool,
    is_outlined: bool,
    point_budget: Option<u32>,
    bind_group: Option<(BufferId, BindGroup)>,
}

/// Where a camera is, in the world and beside its origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ViewEye {
    /// What the camera's transform is relative to.
    pub(crate) origin: DVec3,
    /// Where the eye is in the world.
    pub(crate) position: DVec3,
}

impl ViewEye {
    /// The eye of a camera.
    pub(crate) fn new(origin: Option<&EyeOrigin>, transform: &GlobalTransform) -> Self {
        let origin = origin.map_or(DVec3::ZERO, |origin| origin.0);
        Self {
            origin,
            position: origin + transform.translation().as_dvec3(),
        }
    }
}

impl GpuBulkView {
    /// A view that is bound already, for one frame.
    pub(crate) fn bound(
        gpu: &Gpu<'_>,
        pipeline_cache: &PipelineCache,
        values: ViewValues,
        eye: ViewEye,
        view: &DynamicUniformBuffer<ViewUniform>,
    ) -> Option<Self> {
        let uniform = UniformBuffer::new(gpu, "bulk_view", values);
        let (buffer, binding) = (view.buffer()?, view.binding()?);
        let bind_group = bind_view(gpu.device, pipeline_cache, binding, &uniform);
        Some(Self {
            uniform,
            eye,
            is_order_independent: false,
            is_shaded_by_depth: false,
            is_outlined: false,
            point_budget: None,
            bind_group: Some((buffer.id(), bind_group)),
        })
    }

    /// The same, drawing no more points.
    pub(crate) fn with_point_budget(self, point_budget: Option<u32>) -> Self {
        Self { point_budget, ..self }
    }

    /// How many points are drawn at most.
    pub(crate) fn point_budget(&self) -> Option<u32> {
        self.point_budget
    }

    /// What the camera's transform is relative to.
    pub(crate) fn origin(&self) -> DVec3 {
        self.eye.origin
    }

    /// Whether what is translucent is drawn in no certain order.
    pub(crate) fn is_order_independent(&self) -> bool {
        self.is_order_independent
    }

    /// Whether what lies behind its neighbors is darkened.
    pub(crate) fn is_shaded_by_depth(&self) -> bool {
        self.is_shaded_by_depth
    }

    /// Whether what stands out has a line around it.
    pub(crate) fn is_outlined(&self) -> bool {
        self.is_outlined
    }

    /// Whether surfaces are lit.
    pub(crate) fn is_lit(&self) -> bool {
        self.uniform.values().is_lit != 0
    }

    /// What binds the view, once it is prepared.
    pub(crate) fn bind_group(&self) -> Option<&BindGroup> {
        self.bind_group.as_ref().map(|(_, bind_group)| bind_group)
    }

    /// Where the eye is in the world.
    pub(crate) fn eye(&self) -> DVec3 {
        self.eye.position
    }
}

/// The uniform of a view of this crate's own, into a square of so many pixels.
pub(crate) fn view_uniform(clip_from_view: Mat4, world_from_view: Mat4, size: f32) -> ViewUniform {
    let view_from_world = world_from_view.inverse();
    let view_from_clip = clip_from_view.inverse();
    let clip_from_world = clip_from_view * view_from_world;
    let position = world_from_view.w_axis.truncate();
    let viewport = Vec4::new(0.0, 0.0, size, size);
    ViewUniform {
        clip_from_world,
        unjittered_clip_from_world: clip_from_world,
        world_from_clip: world_from_view * view_from_clip,
        world_from_view,
        view_from_world,
        clip_from_view,
        view_from_clip,
        world_position: position,
        exposure: 1.0,
        viewport,
        main_pass_viewport: viewport,
        frustum: [Vec4::ZERO; 6],
        lod_view_world_position: position,
        color_grading: ColorGrading::default().into(),
        mip_bias: 0.0,
        frame_count: 0,
    }
}

/// Draws with a view of its own, which is bound already.
#[derive(Component)]
pub(crate) struct IsBound;

/// After the device was lost: what lived on it is made anew.
fn forget_views(mut commands: Commands, views: Query<Entity, With<GpuBulkView>>) {
    for view in &views {
        commands.entity(view).remove::<GpuBulkView>();
    }
}

fn extract_views(
    mut commands: Commands,
    stats: Res<RenderStats>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    cameras: Extract<
        Query<
            (
                RenderEntity,
                &Camera,
                &GlobalTransform,
                Option<&BulkView>,
                Option<&EyeOrigin>,
            ),
            With<Camera3d>,
        >,
    >,
    mut views: Query<&mut GpuBulkView>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, camera, transform, settings, origin) in &cameras {
        if !camera.is_active {
            continue;
        }
        let eye = ViewEye::new(origin, transform);
        let settings = settings.copied().unwrap_or_default();
        let is_order_independent = settings.is_order_independent;
        let is_shaded_by_depth = settings.depth_shading > 0.0;
        let values = view_values(settings, camera.target_scaling_factor(), eye);
        if let Ok(mut view) = views.get_mut(entity) {
            view.uniform.set(&gpu, values);
            view.eye = eye;
            view.is_order_independent = is_order_independent;
            view.is_shaded_by_depth = is_shaded_by_depth;
            view.is_outlined = settings.is_outlined;
            view.point_budget = settings.point_budget;
        } else {
            let uniform = UniformBuffer::new(&gpu, "bulk_view", values);
            commands.entity(entity).insert(GpuBulkView {
                uniform,
                eye,
                is_order_independent,
                is_shaded_by_depth,
                is_outlined: settings.is_outlined,
                point_budget: settings.point_budget,
                bind_group: None,
            });
        }
    }
}

pub(crate) fn view_values(settings: BulkView, scale_factor: Option<f32>, eye: ViewEye) -> ViewValues {
    let (eye_high, eye_low) = split(eye.position);
    let usable = |pixels: &f32| pixels.is_finite() && *pixels > 0.0;
    let pixels = settings
        .ui_point_pixels
        .filter(usable)
        .or(scale_factor.filter(usable))
        .unwrap_or(1.0);
    ViewValues {
        hovered: linear_rgba(settings.hovered_color),
        selected: linear_rgba(settings.selected_color),
        ui_point_pixels: pixels,
        highlight_pixels: settings.highlight_points.max(0.0) * pixels,
        named_pixels: settings.instance_highlight_points.max(0.0) * pixels,
        focus_distance: settings.focus_distance,
        eye_high,
        depth_shading: if settings.depth_shading.is_finite() {
            settings.depth_shading.max(0.0)
        } else {
            0.0
        },
        eye_low,
        is_lit: u32::from(settings.is_lit),
    }
}

fn prepare_view_bind_groups(
    device: Res<RenderDevice>,
    pipeline_cache: Res<PipelineCache>,
    view_uniforms: Res<ViewUniforms>,
    mut views: Query<&mut GpuBulkView, (With<ViewUniformOffset>, Without<IsBound>)>,
) {
    let (Some(buffer), Some(binding)) = (view_uniforms.uniforms.buffer(), view_uniforms.uniforms.binding())
    else {
        return;
    };
    for mut view in &mut views {
        if view.bind_group.as_ref().is_some_and(|(id, _)| *id == buffer.id()) {
            continue;
        }
        let bind_group = bind_view(&device, &pipeline_cache, binding.clone(), &view.uniform);
        view.bind_group = Some((buffer.id(), bind_group));
    }
}

fn bind_view(
    device: &RenderDevice,
    pipeline_cache: &PipelineCache,
    view: BindingResource<'_>,
    values: &UniformBuffer<ViewValues>,
) -> BindGroup {
    device.create_bind_group(
        "bulk_view",
        &pipeline_cache.get_bind_group_layout(&bulk_view_layout()),
        &BindGroupEntries::sequential((view, values.buffer().as_entire_binding())),
    )
}
