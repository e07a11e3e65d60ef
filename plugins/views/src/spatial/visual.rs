//! What the visualizers of spatial views make: parts in the entity's own space.

use std::{hint::black_box, sync::Arc};

use chronoscope_frame::{Visual, visualizer::VisualOfRow};
use chronoscope_store::RowId;
use glam::{DAffine3, DVec3};
use smallvec::SmallVec;

use super::{bounds::Bounds, marks::MAX_LABELS, parts::Part, pictures::Picture};

/// So many visuals go from step to step together where there are many: as many as the processor can wait for at once, about. What is
/// read of each lies at several places in memory. Fetched for all of them before the first needs it, these are waited for once. What
/// fetches hands the values, which nobody uses, to `black_box`, which keeps the reads.
pub(crate) const AT_ONCE: usize = 16;

/// Everything that is drawn for one entity by one visualizer, in the entity's space.
#[derive(Clone, Debug)]
pub struct SpatialVisual {
    /// What is drawn, from the back to the front where depth does not decide.
    pub parts: SmallVec<[Part; 2]>,
    /// Bounds of all parts, with the radii that are in scene units.
    pub bounds: Bounds,
    /// Texts beside instances.
    pub labels: Vec<Label>,
    /// In 2D, what is greater lies in front.
    pub draw_order: f32,
    /// Whether its instances are those of the entity, or of each of its rows. They are not where they are parts of one thing, such
    /// as the axes of a frame: then the entity is pointed at as a whole.
    pub has_instances: bool,
    /// The rows that it shows, where these are the rows in a range of times: each has the next parts.
    pub rows: Option<Arc<[RowOfParts]>>,
    /// Where it stands.
    pub stand: Stand,
    /// Whether points in space look like spheres, not like discs.
    pub has_round_points: bool,
}

/// A row of a visual that shows several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOfParts {
    /// The row.
    pub row: RowId,
    /// The position after its last part.
    pub end: u32,
}

/// Where a visual stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stand {
    /// In the space of its entity.
    #[default]
    Space,
    /// In the plane of its entity, X to the right and Y down. In 3D views it is shown where that plane is the picture of a
    /// camera, and nowhere else.
    Plane,
    /// Where the camera of its entity stands, outside of its picture.
    Camera,
}

impl Default for SpatialVisual {
    /// Nothing to draw.
    fn default() -> Self {
        Self {
            parts: SmallVec::new(),
            bounds: Bounds::EMPTY,
            labels: Vec::new(),
            draw_order: 0.0,
            has_instances: true,
            rows: None,
            stand: Stand::Space,
            has_round_points: true,
        }
    }
}

impl SpatialVisual {
    /// A visual of these parts, with their bounds. Cost: O(instances).
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let parts: SmallVec<[Part; 2]> = parts.into_iter().collect();
        let bounds = parts
            .iter()
            .fold(Bounds::EMPTY, |all, part| all.union(part.bounds()));
        Self {
            parts,
            bounds,
            ..Self::default()
        }
    }

    /// The same in the plane of the entity, in front of what has a smaller draw order.
    #[must_use]
    pub fn in_plane(self, draw_order: f32) -> Self {
        Self {
            draw_order,
            stand: Stand::Plane,
            ..self
        }
    }

    /// The same at each of these poses in the space of the entity. At more than one, its instances are parts of one thing.
    ///
    /// Cost: O(parts and labels) for each pose; the instances are shared.
    #[must_use]
    pub fn repeated(self, poses: &[DAffine3]) -> Self {
        let at_pose = |pose: &DAffine3| {
            let parts = self.parts.iter().map(|part| part.at_pose(*pose));
            parts.collect::<SmallVec<[Part; 2]>>()
        };
        let labels = poses.iter().flat_map(|pose| {
            self.labels.iter().map(|label| Label {
                position: pose.transform_point3(label.position),
                ..label.clone()
            })
        });
        let bounds = poses.iter().map(|pose| self.bounds.transformed(pose));
        Self {
            parts: poses.iter().flat_map(at_pose).collect(),
            bounds: bounds.fold(Bounds::EMPTY, Bounds::union),
            labels: labels.take(MAX_LABELS).collect(),
            has_instances: self.has_instances && poses.len() == 1,
            ..self
        }
    }

    /// Whether it differs from another one by nothing but its instances, its labels and its bounds.
    pub(crate) fn is_drawn_like(&self, other: &Self) -> bool {
        let Self {
            parts,
            bounds: _,
            labels: _,
            draw_order,
            has_instances,
            rows,
            stand,
            has_round_points,
        } = other;
        let mut pairs = self.parts.iter().zip(parts);
        self.parts.len() == parts.len()
            && self.draw_order == *draw_order
            && self.has_instances == *has_instances
            && self.stand == *stand
            && self.has_round_points == *has_round_points
            // Each part is pointed at as its row.
            && self.rows == *rows
            && pairs.all(|(part, other)| part.is_drawn_like(other))
    }

    /// Reads a value of each line of memory that it lies in: see [`AT_ONCE`].
    #[inline]
    pub(crate) fn prefetch(self: &Arc<Self>) {
        let (parts, labels) = (self.parts.len(), self.labels.len());
        black_box((
            Arc::strong_count(self),
            parts,
            labels,
            self.bounds,
            self.draw_order,
        ));
    }

    /// Reads what its first parts are, likewise.
    #[inline]
    pub(crate) fn prefetch_parts(&self) {
        self.parts.iter().take(2).for_each(Part::prefetch);
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Part::is_empty)
    }

    /// Number of instances of all parts, a picture being one.
    pub fn num_instances(&self) -> usize {
        self.parts.iter().map(Part::num_instances).sum()
    }

    /// Number of instances of one of its rows, where it shows the rows in a range of times; else of all parts.
    pub fn num_instances_of(&self, row: Option<RowId>) -> usize {
        let Some((rows, row)) = self.rows.as_deref().zip(row) else {
            return self.num_instances();
        };
        let mut begin = 0;
        for of_row in rows {
            let parts = begin..of_row.end as usize;
            if of_row.row == row {
                let parts = self.parts.get(parts).unwrap_or_default();
                return parts.iter().map(Part::num_instances).sum();
            }
            begin = parts.end;
        }
        0
    }

    /// The picture, if a part is one: the last of several, as of the rows in a range of times.
    pub fn picture(&self) -> Option<&Arc<Picture>> {
        self.parts.iter().rev().find_map(Part::as_picture)
    }

    /// The row that a part belongs to, where it shows the rows in a range of times.
    pub fn row_of_part(&self, at: usize) -> Option<RowId> {
        let rows = self.rows.as_deref()?;
        let row = rows.partition_point(|row| row.end as usize <= at);
        Some(rows.get(row)?.row)
    }

    /// The row of its picture, likewise.
    pub(crate) fn row_of_picture(&self) -> Option<RowId> {
        let is_picture = |part: &Part| part.as_picture().is_some();
        self.row_of_part(self.parts.iter().rposition(is_picture)?)
    }

    /// Whether it is a picture that is shown as points in space.
    pub(crate) fn is_depth_cloud(&self) -> bool {
        self.picture()
            .is_some_and(|picture| picture.point_fill_ratio.is_some())
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> u64 {
        let parts: u64 = self.parts.iter().map(Part::heap_bytes).sum();
        let labels: usize = self
            .labels
            .iter()
            .map(|label| size_of::<Label>() + label.text.len())
            .sum();
        let rows = self.rows.as_deref().map_or(0, size_of_val);
        parts + (labels + rows) as u64
    }
}

impl Visual for SpatialVisual {
    const JOINS_ROWS: bool = true;

    fn heap_bytes(&self) -> u64 {
        Self::heap_bytes(self)
    }

    /// The parts of all rows, which they share with them. Cost: O(parts and labels).
    fn join(rows: &[VisualOfRow<Self>]) -> Option<Self> {
        let last = &rows.last()?.visual;
        let visuals = || rows.iter().map(|row| &row.visual);
        let labels = rows.iter().flat_map(|of_row| {
            of_row.visual.labels.iter().map(|label| Label {
                row: Some(of_row.row),
                ..label.clone()
            })
        });
        let mut end = 0;
        let ends = rows.iter().map(|of_row| {
            end += of_row.visual.parts.len() as u32;
            RowOfParts { row: of_row.row, end }
        });
        Some(Self {
            parts: visuals()
                .flat_map(|visual| visual.parts.iter().cloned())
                .collect(),
            bounds: visuals().fold(Bounds::EMPTY, |all, visual| all.union(visual.bounds)),
            labels: labels.collect(),
            draw_order: last.draw_order,
            has_instances: visuals().all(|visual| visual.has_instances),
            rows: Some(ends.collect()),
            stand: last.stand,
            has_round_points: last.has_round_points,
        })
    }
}

/// A text beside an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The instance; `None` for one text that stands for all of them.
    pub instance: Option<u32>,
    /// The row, where several are shown.
    pub row: Option<RowId>,
    /// Where the middle of the text's upper edge goes, in the entity's space.
    pub position: DVec3,
    /// How far below the position the text begins, as a radius that an instance carries: what it names is not to be covered.
    pub clearance: f32,
    /// The text.
    pub text: Arc<str>,
    /// Whether it was asked for, and covers others rather than give way to them.
    pub is_wanted: bool,
    /// The instance's color in sRGB; `None` for the entity's.
    pub color: Option<[u8; 4]>,
}
