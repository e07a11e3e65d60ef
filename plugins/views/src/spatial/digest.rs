//! What a view shows, as values that can be compared: between two histories, two processes, two numbers of threads.

use std::fmt;

use chronoscope_render::SegmentUniform;

use super::{
    draw_order::{OrderOfPart, Segment},
    scene::SpatialScene,
    sources::SpatialSources,
};

/// A part as a view draws it. A list of them, in the order in which they are drawn, is all that reaches the GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct PartDigest {
    /// The path of the entity.
    pub path: String,
    /// The visualizer.
    pub visualizer: &'static str,
    /// The position among the parts of its visual.
    pub part: usize,
    /// The primitive.
    pub primitive: &'static str,
    /// Position of the run that it is drawn with: what has the same is drawn by one call.
    pub run: u32,
    /// Whether it is blended over what is behind it.
    pub is_translucent: bool,
    /// Number of instances.
    pub num_instances: usize,
    /// A hash of the instances.
    pub content: u64,
    /// Where it stands, and how it looks.
    pub uniform: SegmentUniform,
    /// From the entity's space to the view's, column by column, as it is known on the CPU.
    pub view_from_entity: [f64; 12],
}

impl fmt::Display for PartDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}[{}] {} run {}{} {} instances {:016x} at {:?} {:?}",
            self.path,
            self.visualizer,
            self.part,
            self.primitive,
            self.run,
            if self.is_translucent { " translucent" } else { "" },
            self.num_instances,
            self.content,
            self.view_from_entity,
            self.uniform,
        )
    }
}

impl SpatialScene {
    /// All parts in the order in which they are drawn: in 2D that of the picture, in 3D that of the paths, where depth decides. Then
    /// what is seen through a camera.
    pub fn digest(&self, sources: &SpatialSources) -> Vec<PartDigest> {
        let layers = self.layers();
        layers.flat_map(|scene| scene.layer_digest(sources)).collect()
    }

    fn layer_digest(&self, sources: &SpatialSources) -> Vec<PartDigest> {
        let mut run = 0;
        let mut list_before = None;
        self.draw_order()
            .iter()
            .filter_map(|(order, Segment { list, .. })| {
                if list_before.is_some_and(|before| before != *list) {
                    run += 1;
                }
                list_before = Some(*list);
                let OrderOfPart {
                    path, source, rank, ..
                } = order;
                let (key, shown) = self.shown_at(path, *source)?;
                let part = shown.position_of(*rank)?;
                let content = shown.visual.parts.get(part)?;
                // Ids are given in the order of arrival.
                let uniform = SegmentUniform {
                    picking_id: 0,
                    ..self.uniform_of_part(key, part)?
                };
                Some(PartDigest {
                    path: path.to_string(),
                    visualizer: sources.of(*source)?.name,
                    part,
                    primitive: self.kind_name(list.kind)?,
                    run,
                    is_translucent: list.is_translucent,
                    num_instances: content.num_instances(),
                    content: content.content_hash(),
                    uniform,
                    view_from_entity: shown.view_from_entity.to_cols_array(),
                })
            })
            .collect()
    }
}
