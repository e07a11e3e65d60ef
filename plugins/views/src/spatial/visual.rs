//! What the visualizers of spatial views make: instances in the entity's own space.

use std::sync::Arc;

use chronoscope_frame::Visual;
use chronoscope_render::{BoxInstance, LineInstance, PointInstance};
use glam::DVec3;

use super::{bounds::Bounds, pictures::Picture};

/// Everything that is drawn for one entity by one visualizer, in the entity's space.
#[derive(Clone, Debug, Default)]
pub struct SpatialVisual {
    /// Points.
    pub points: Vec<PointInstance>,
    /// Line segments.
    pub lines: Vec<LineInstance>,
    /// Solid boxes.
    pub boxes: Vec<BoxInstance>,
    /// A picture in the plane z = 0.
    pub picture: Option<Arc<Picture>>,
    /// Whether some colour is not opaque.
    pub has_alpha: bool,
    /// The opacity of solid boxes, where they are to be seen through.
    pub face_opacity: Option<u8>,
    /// Around everything above.
    pub bounds: Bounds,
    /// Texts beside instances.
    pub labels: Vec<Label>,
    /// In 2D, what is greater lies in front.
    pub draw_order: f32,
}

impl SpatialVisual {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty() && self.boxes.is_empty() && self.picture.is_none()
    }

    /// How many instances there are, a picture being one.
    pub fn num_instances(&self) -> usize {
        self.points.len() + self.lines.len() + self.boxes.len() + usize::from(self.picture.is_some())
    }
}

impl Visual for SpatialVisual {
    const JOINS_ROWS: bool = true;

    fn heap_bytes(&self) -> u64 {
        let labels: usize = self
            .labels
            .iter()
            .map(|label| size_of::<Label>() + label.text.len())
            .sum();
        let instances = size_of_val(&*self.points) + size_of_val(&*self.lines) + size_of_val(&*self.boxes);
        // The bytes of a picture are the store's.
        (instances + labels) as u64
    }

    fn join(rows: &[Arc<Self>]) -> Option<Self> {
        let mut all = Self::clone(rows.first()?);
        for row in &rows[1..] {
            all.points.extend_from_slice(&row.points);
            all.lines.extend_from_slice(&row.lines);
            all.boxes.extend_from_slice(&row.boxes);
            all.labels.extend_from_slice(&row.labels);
            all.has_alpha |= row.has_alpha;
            all.bounds = all.bounds.union(row.bounds);
            // There is room for one; the latest is on top.
            all.picture = row.picture.clone().or(all.picture);
            all.face_opacity = row.face_opacity.or(all.face_opacity);
            all.draw_order = row.draw_order;
        }
        Some(all)
    }
}

/// A text beside an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where the middle of the text's upper edge goes, in the entity's space.
    pub position: DVec3,
    /// The text.
    pub text: Arc<str>,
    /// The instance's colour in sRGB; `None` for the entity's.
    pub color: Option<[u8; 4]>,
}
