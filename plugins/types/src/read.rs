//! Readers by what they read, for the components that most code wants. Each is the [`Component::read`] of a component type.
//!
//! They take one cell's instances, as a query's hit or an array gives them, and check them: their type, their nulls, their
//! lengths. What has exactly the right type is not copied.

use std::{borrow::Cow, ops::Range};

use arrow_array::{Array, ListArray, make_array};
use chronoscope_store::{CellRef, ComponentColumn};

use crate::{
    Component, ReadError, components,
    encoding::{
        lists::ListSlices,
        plain::{PlainValue, read_range},
        text::TextSlices,
    },
    records,
};

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident: $component:ident -> $slice:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// Where the array cannot be read as that.
            pub fn $name<'a>(cell: impl Into<CellRef<'a>>) -> Result<$slice, ReadError> {
                components::$component::read(cell)
            }
        )*
    };
}

readers! {
    /// Positions in space.
    positions3d: Position3D -> Cow<'a, [[f32; 3]]>;
    /// Positions in a plane.
    positions2d: Position2D -> Cow<'a, [[f32; 2]]>;
    /// Vectors in space.
    vectors3d: Vector3D -> Cow<'a, [[f32; 3]]>;
    /// Vectors in a plane.
    vectors2d: Vector2D -> Cow<'a, [[f32; 2]]>;
    /// Half of the sizes of boxes.
    half_sizes3d: HalfSize3D -> Cow<'a, [[f32; 3]]>;
    /// Half of the sizes of rectangles.
    half_sizes2d: HalfSize2D -> Cow<'a, [[f32; 2]]>;
    /// Translations.
    translations3d: Translation3D -> Cow<'a, [[f32; 3]]>;
    /// Scales along the three axes.
    scales3d: Scale3D -> Cow<'a, [[f32; 3]]>;
    /// Rotations as quaternions X, Y, Z, W; not necessarily of length one.
    quaternions: RotationQuat -> Cow<'a, [[f32; 4]]>;
    /// Rotations about axes.
    rotations_axis_angle: RotationAxisAngle -> Vec<records::RotationAxisAngle>;
    /// Matrices, column by column.
    mat3x3s: TransformMat3x3 -> Cow<'a, [[f32; 9]]>;
    /// Projections of cameras, column by column.
    pinhole_projections: PinholeProjection -> Cow<'a, [[f32; 9]]>;
    /// Widths and heights of pictures, in pixels.
    resolutions: Resolution -> Cow<'a, [[f32; 2]]>;
    /// What transforms map.
    transform_relations: TransformRelation -> Vec<crate::enums::TransformRelation>;
    /// The directions of axes, as [`crate::enums::ViewDir`]'s bytes.
    view_coordinates: ViewCoordinates -> Cow<'a, [[u8; 3]]>;
    /// Colors as `0xRRGGBBAA`.
    colors: Color -> Cow<'a, [u32]>;
    /// Radii: in scene units, or in points on the screen where they are negative.
    radii: Radius -> Cow<'a, [f32]>;
    /// The places of voxels in their grid.
    voxel_indices: VoxelIndex -> Cow<'a, [[i32; 3]]>;
    /// The values of voxels.
    voxel_values: VoxelValue -> Cow<'a, [f32]>;
    /// Lengths, in scene units.
    lengths: Length -> Cow<'a, [f32]>;
    /// Distances at which the pictures of cameras are shown, in scene units.
    image_plane_distances: ImagePlaneDistance -> Cow<'a, [f32]>;
    /// Class ids.
    class_ids: ClassId -> Cow<'a, [u16]>;
    /// Keypoint ids.
    keypoint_ids: KeypointId -> Cow<'a, [u16]>;
    /// Numbers to plot.
    scalars: Scalar -> Cow<'a, [f64]>;
    /// Texts, of any component that is one.
    texts: Text -> TextSlices<'a>;
    /// Names.
    names: Name -> TextSlices<'a>;
    /// Booleans, of any component that is one.
    bools: Visible -> Vec<bool>;
    /// The contents of files.
    blobs: Blob -> ListSlices<'a, u8>;
    /// The bytes of pictures.
    image_buffers: ImageBuffer -> ListSlices<'a, u8>;
    /// The formats of pictures.
    image_formats: ImageFormat -> Vec<records::ImageFormat>;
    /// Lines in space.
    strips3d: LineStrip3D -> ListSlices<'a, [f32; 3]>;
    /// Lines in a plane.
    strips2d: LineStrip2D -> ListSlices<'a, [f32; 2]>;
    /// How boxes and the like are drawn.
    fill_modes: FillMode -> Vec<crate::enums::FillMode>;
    /// The order of what lies in one plane, the greatest in front.
    draw_orders: DrawOrder -> Cow<'a, [f32]>;
    /// How many units of depth make a meter.
    depth_meters: DepthMeter -> Cow<'a, [f32]>;
    /// Media types, such as `image/png`.
    media_types: MediaType -> TextSlices<'a>;
    /// Ranges of values, from and to.
    value_ranges: ValueRange -> Cow<'a, [[f64; 2]]>;
    /// What class ids stand for.
    annotation_contexts: AnnotationContext -> Vec<records::AnnotationContext>;
    /// Triangles as three indices of vertices each.
    triangle_indices: TriangleIndices -> Cow<'a, [[u32; 3]]>;
}

/// The first value of a cell, where there is one.
pub fn first<T: Copy>(values: &[T]) -> Option<T> {
    values.first().copied()
}

/// A whole column of a chunk, whose values lie in one slice.
///
/// Reading it once is much cheaper than reading cell by cell where each row has few instances, as in plots.
#[derive(Clone, Debug)]
pub struct ColumnSlices<'a, T: PlainValue> {
    lists: &'a ListArray,
    /// The values from the first offset on.
    values: Cow<'a, [T]>,
    start: usize,
}

impl<T: PlainValue> ColumnSlices<'_, T> {
    /// The number of rows.
    pub fn num_rows(&self) -> usize {
        self.lists.len()
    }

    /// The instances of a row; `None` where nothing was logged, or the row does not exist.
    pub fn row(&self, row: usize) -> Option<&[T]> {
        if row >= self.lists.len() || !self.lists.is_valid(row) {
            return None;
        }
        let offset = |index: usize| {
            let offset = usize::try_from(*self.lists.value_offsets().get(index)?).ok()?;
            offset.checked_sub(self.start)
        };
        self.values.get(offset(row)?..offset(row + 1)?)
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Option<&[T]>> + Clone {
        (0..self.num_rows()).map(|row| self.row(row))
    }

    /// The instances of all rows, one after the other; with them those of rows that are null, if these hide some.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

/// Reads all rows of a column at once, with a value in place of instances that are null.
///
/// # Errors
/// Where the instances cannot be read as `C`.
pub fn column<C, T>(column: &ComponentColumn, null: T) -> Result<ColumnSlices<'_, T>, ReadError>
where
    T: PlainValue,
    C: for<'a> Component<Slice<'a> = Cow<'a, [T]>>,
{
    let lists = column.lists();
    let offset = |index: usize| {
        lists
            .value_offsets()
            .get(index)
            .and_then(|&offset| usize::try_from(offset).ok())
            .unwrap_or(0)
    };
    let (start, end) = (offset(0), offset(lists.len()));
    Ok(ColumnSlices {
        values: range_or(C::TYPE, lists.values().as_ref(), start..end, null)?,
        lists,
        start,
    })
}

/// The instances of a cell, with a value in place of those that are null.
///
/// # Errors
/// Where the instances cannot be read as `C`.
pub fn values_or<'a, C, T>(cell: impl Into<CellRef<'a>>, null: T) -> Result<Cow<'a, [T]>, ReadError>
where
    T: PlainValue,
    C: for<'s> Component<Slice<'s> = Cow<'s, [T]>>,
{
    let cell = cell.into();
    range_or(C::TYPE, cell.values(), cell.range(), null)
}

/// The values in a range of an array, with one in place of nulls. Copies them where there are nulls.
fn range_or<'a, T: PlainValue>(
    component: &'static str,
    array: &'a dyn Array,
    range: Range<usize>,
    null: T,
) -> Result<Cow<'a, [T]>, ReadError> {
    let nulls = array.nulls().map(|nulls| nulls.slice(range.start, range.len()));
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
        return read_range(component, array, range);
    };
    let plain = array.to_data().into_builder().nulls(None).build();
    let plain = plain.map(make_array).map_err(|_| ReadError::Nulls {
        component,
        nulls: nulls.null_count(),
        len: range.len(),
    })?;
    let mut values = read_range(component, plain.as_ref(), range)?.into_owned();
    for (value, is_valid) in values.iter_mut().zip(&nulls) {
        if !is_valid {
            *value = null;
        }
    }
    Ok(Cow::Owned(values))
}
