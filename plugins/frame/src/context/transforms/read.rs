//! One row of a `Transform3D`, as a transform from the child's frame to the parent's.

use std::sync::Arc;

use chronoscope_store::{CellRef, Chunk};
use chronoscope_types::{ReadError, Transform3D, enums::TransformRelation, read};
use glam::{DAffine3, DMat3, DQuat, DVec3};

/// A component of a transform, by its position among [`COMPONENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransformPart {
    Translation,
    RotationAxisAngle,
    Quaternion,
    Scale,
    Mat3x3,
    Relation,
    ChildFrame,
    ParentFrame,
}

/// All components of a transform.
pub(super) const COMPONENTS: [&str; 8] = [
    Transform3D::TRANSLATION.name,
    Transform3D::ROTATION_AXIS_ANGLE.name,
    Transform3D::QUATERNION.name,
    Transform3D::SCALE.name,
    Transform3D::MAT3X3.name,
    Transform3D::RELATION.name,
    Transform3D::CHILD_FRAME.name,
    Transform3D::PARENT_FRAME.name,
];

impl TransformPart {
    pub(super) fn name(self) -> &'static str {
        COMPONENTS[self as usize]
    }
}

/// The cells of one row. A transform is reset by each of its rows: what a row does not hold is not taken from an older one.
pub(super) trait TransformRow {
    /// What the row has of a component; `None` where that is nothing.
    fn cell(&self, part: TransformPart) -> Option<CellRef<'_>>;

    /// The name of a frame; `None` where the row gives none.
    ///
    /// # Errors
    /// Where the cell is no text.
    fn frame(&self, part: TransformPart) -> Result<Option<Arc<str>>, String> {
        self.cell(part).map_or(Ok(None), frame_name)
    }

    /// The transform from the child's frame to the parent's: translation, then rotations, then scale, then
    /// matrix, applied to a point from the last to the first.
    ///
    /// # Errors
    /// Where a part cannot be read, or is no transform: a quaternion or an axis without length, a scale of
    /// zero along all axes, a singular matrix, a number that is not finite.
    fn parent_from_child(&self) -> Result<DAffine3, String> {
        let fail = |error: ReadError| error.to_string();
        let mut transform = DAffine3::IDENTITY;
        if let Some(cell) = self.cell(TransformPart::Translation)
            && let Some(translation) = read::translations3d(cell).map_err(fail)?.first()
        {
            transform = DAffine3::from_translation(dvec3(*translation));
        }
        if let Some(cell) = self.cell(TransformPart::RotationAxisAngle)
            && let Some(rotation) = read::rotations_axis_angle(cell).map_err(fail)?.first()
        {
            match dvec3(rotation.axis).try_normalize() {
                Some(axis) => {
                    transform *= DAffine3::from_quat(DQuat::from_axis_angle(axis, f64::from(rotation.angle)));
                }
                None if rotation.angle == 0.0 => {}
                None => return Err("the rotation axis has no length".to_owned()),
            }
        }
        if let Some(cell) = self.cell(TransformPart::Quaternion)
            && let Some(quaternion) = read::quaternions(cell).map_err(fail)?.first()
        {
            let quaternion = DQuat::from_array(quaternion.map(f64::from));
            let length = quaternion.length();
            if !length.is_finite() || length < 1e-9 {
                return Err("the quaternion has no length".to_owned());
            }
            transform *= DAffine3::from_quat(quaternion / length);
        }
        if let Some(cell) = self.cell(TransformPart::Scale)
            && let Some(scale) = read::scales3d(cell).map_err(fail)?.first()
        {
            if *scale == [0.0; 3] {
                return Err("the scale is zero".to_owned());
            }
            transform *= DAffine3::from_scale(dvec3(*scale));
        }
        if let Some(cell) = self.cell(TransformPart::Mat3x3)
            && let Some(columns) = read::mat3x3s(cell).map_err(fail)?.first()
        {
            let matrix = DMat3::from_cols_array(&columns.map(f64::from));
            if matrix.determinant() == 0.0 {
                return Err("the matrix is singular".to_owned());
            }
            transform *= DAffine3::from_mat3(matrix);
        }
        if !transform.is_finite() {
            return Err("the transform is not finite".to_owned());
        }
        if let Some(cell) = self.cell(TransformPart::Relation)
            && let Some(relation) = read::transform_relations(cell).map_err(fail)?.first()
            && *relation == TransformRelation::ChildFromParent
        {
            let inverse = transform.inverse();
            if !inverse.is_finite() {
                let message = "the transform is given from the parent to the child, and cannot be inverted";
                return Err(message.to_owned());
            }
            transform = inverse;
        }
        Ok(transform)
    }
}

/// A row of a chunk.
#[derive(Clone, Debug)]
pub(super) struct LoggedRow {
    pub(super) chunk: Arc<Chunk>,
    pub(super) row: usize,
}

impl TransformRow for LoggedRow {
    fn cell(&self, part: TransformPart) -> Option<CellRef<'_>> {
        self.chunk.component(part.name())?.cell_ref(self.row)
    }
}

/// The name of a frame in a cell; `None` where there is none.
///
/// # Errors
/// Where the cell is no text.
pub(super) fn frame_name(cell: CellRef<'_>) -> Result<Option<Arc<str>>, String> {
    let names = read::texts(cell).map_err(|error| error.to_string())?;
    Ok(names.first().filter(|name| !name.is_empty()).map(Arc::from))
}

fn dvec3(v: [f32; 3]) -> DVec3 {
    DVec3::from_array(v.map(f64::from))
}
