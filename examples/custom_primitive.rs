//! A primitive of one's own in the space of the viewer: an instance layout and a shader, and a visualizer that makes instances.
//! Points become squares.
//!
//! Run it with `cargo run --example custom_primitive`. With a path it draws a picture there instead of opening a window.

use bevy::{
    asset::{AssetId, uuid_handle},
    math::DVec3,
    prelude::*,
    render::render_resource::VertexFormat,
    shader::Shader,
};
use bytemuck::{Pod, Zeroable};
use chronoscope::{
    log::Recorder,
    prelude::*,
    render::Primitive,
    types::{Points3D, read},
    views::spatial::bounds::Bounds,
};

/// The color of the squares.
pub const COLOR: [u8; 3] = [10, 200, 120];

const SHADER: Handle<Shader> = uuid_handle!("0e2a8e0d-9c36-4a3a-8f0a-2a5f6f0b7c01");

/// A square in the plane z = 0, as it lies on the GPU.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Square {
    center: [f32; 3],
    half_size: f32,
    color: u32,
}

impl Primitive for Square {
    const NAME: &'static str = "squares";
    const VERTICES: u32 = 6;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Float32,
        VertexFormat::Uint32,
    ];
    const CUTS_EDGES: bool = false;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        self.center.iter().all(|value| value.is_finite()) && self.half_size.is_finite()
    }
}

impl SpatialPrimitive for Square {
    fn bounds(&self) -> Bounds {
        let center = DVec3::from_array(self.center.map(f64::from));
        let half_size = DVec3::new(1.0, 1.0, 0.0) * f64::from(self.half_size);
        Bounds::between(center - half_size, center + half_size)
    }
}

const SHADER_SOURCE: &str = "
#import chronoscope_render::common::{quad_corner, nothing, Picked, picked}
#import chronoscope_render::segments::{is_void, implied_instance, segment_of, resolve_color, to_clip}

struct Instance {
    @location(0) center: vec3<f32>,
    @location(1) half_size: f32,
    @location(2) color: u32,
    @location(15) slot: u32,
}

struct Varyings {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    @location(1) @interpolate(flat) ids: vec2<u32>,
}

@vertex
fn vertex(
    @builtin(vertex_index) vertex_index: u32,
    @builtin(instance_index) instance_index: u32,
    instance: Instance,
) -> Varyings {
    var out: Varyings;
    out.position = nothing();
    if is_void(instance.slot) {
        return out;
    }
    let id = implied_instance(instance.slot, instance_index);
    let segment = segment_of(instance.slot, id);
    out.ids = vec2(segment.picking_id, id);
    let corner = vec3(quad_corner(vertex_index) * instance.half_size, 0.0);
    out.position = to_clip(segment, instance.center + corner);
    out.color = resolve_color(segment, instance.color);
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    return in.color;
}

#ifdef PICKING
@fragment
fn pick(in: Varyings) -> Picked {
    return picked(in.ids, in.position);
}
#endif
";

/// Shows points as squares.
struct Squares;

impl Visualizer for Squares {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Squares",
        required: &[Points3D::POSITIONS.name],
        optional: &[Points3D::COLORS.name, Points3D::RADII.name],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let positions = input.get(&Points3D::POSITIONS);
        let positions = read_cell(input, &positions, read::positions3d)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;
        let squares: Vec<Square> = positions
            .iter()
            .enumerate()
            .map(|(at, center)| Square {
                center: *center,
                half_size: marks.radius(at),
                color: marks.packed_color(at),
            })
            .collect();
        Ok(Some(SpatialVisual::new([Part::new(squares)])))
    }
}

/// The primitive, its visualizer, its shader, and something to show.
///
/// # Errors
/// If the points cannot be logged.
pub fn add_to(app: &mut App) -> Result<(), BevyError> {
    app.add_spatial_primitive::<Square>()
        .add_spatial_visualizer::<Squares>(&[ViewClassId::SPATIAL_3D], 1.0);
    let shader = Shader::from_wgsl(SHADER_SOURCE, "squares.wgsl");
    let mut shaders = app.world_mut().resource_mut::<Assets<Shader>>();
    shaders.insert(AssetId::from(&SHADER), shader)?;
    let points = Points3D::new([[0.0, 0.0, 0.0], [5.0, 5.0, 0.0]])
        .with_radii([2.0])
        .with_colors([COLOR]);
    let recorder = app.start_recorder(Recorder::builder("squares"))?;
    recorder.log_static("squares", &points)?;
    Ok(())
}

fn main() -> Result<(), BevyError> {
    let mut added = Ok(());
    chronoscope::offscreen::window_or_picture(|app| added = add_to(app), 1, |_| {})?;
    added
}
