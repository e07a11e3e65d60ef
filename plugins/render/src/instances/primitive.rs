//! What is known of a kind of instance.

use std::fmt;

use bevy::asset::Handle;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::Pod;

/// One kind of instanced shape: the layout of an instance and the shader that expands it.
///
/// An implementation outside of this crate is drawn like the built-in ones once
/// [`InstancePlugin<P>`](crate::InstancePlugin) is added. Its shader imports `chronoscope_render::common` and
/// `chronoscope_render::segments` for the bindings, and has these entry points:
///
/// - `vertex` takes the attributes at locations 0, 1, 2, ... in the order of [`FORMATS`](Self::FORMATS), and the slot of the
///   visual, a `u32`, at location 15. Where `is_void(slot)`, it returns `nothing()`; otherwise `segment_of(slot, id)` is the
///   segment, where `id` is the logical instance: a field, or `implied_instance(slot, instance_index)`.
/// - `fragment` returns `fragment_output(color, position)`; the color alone does where [`HAS_WEIGHTS`](Self::HAS_WEIGHTS) is not set.
///   Under `#ifdef SHADOWED`, a surface that multiplies its light by `arriving_light(offset, normal)` lies in the shadows of others,
///   as `shade_by` does it.
/// - `pick`, under `#ifdef PICKING`, discards what `fragment` discards and returns
///   `picked(vec2(segment.picking_id, id), position)`. Outlines are made by it, too: where a silhouette is cut,
///   `picked_part(ids, position, alpha)` makes them smooth.
pub trait Primitive: Pod + Send + Sync + fmt::Debug {
    /// The name in labels and messages.
    const NAME: &'static str;

    /// Vertices per instance, as a triangle list.
    const VERTICES: u32;

    /// The formats of the fields, in order and without gaps, at most 15. Their sizes add up to the size of the instance.
    const FORMATS: &'static [VertexFormat];

    /// Whether the silhouette is cut in the fragment shader, so that multisampling needs the shader's
    /// coverage. What is cut is a mark, which is picked by pointing near it; what is not has faces, which are
    /// picked by pointing at them, and cast shadows where they are opaque.
    const CUTS_EDGES: bool;

    /// Whether `fragment` returns `fragment_output`, so that what is translucent can be drawn in no certain order.
    const HAS_WEIGHTS: bool = false;

    /// Whether every n-th instance of a large visual looks like all of them, from afar: a view with a
    /// [`point_budget`](crate::BulkView::point_budget) may leave the others out. Such a primitive has implied logical instances, and its
    /// shader makes those that are drawn as much larger as `grown` says.
    const CAN_BE_THINNED: bool = false;

    /// Whether the shader knows how near each place of what it draws as a disc is: under `#ifdef SHAPED_DEPTH`, `fragment` and `pick`
    /// write the depth. So it is where a view [is lit](crate::BulkView::is_lit), for what is opaque and not too much.
    const SHAPES_DEPTH: bool = false;

    /// The shader with the entry points `vertex`, `fragment` and `pick`.
    fn shader() -> Handle<Shader>;

    /// Whether all coordinates are finite. What is not is kept as a gap that draws nothing.
    fn is_drawable(&self) -> bool;
}

/// The location of the slot among the attributes.
pub(crate) const SLOT_LOCATION: u32 = 15;
