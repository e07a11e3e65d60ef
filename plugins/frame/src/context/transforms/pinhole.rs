//! Cameras: where space becomes a picture.

use std::sync::Arc;

use chronoscope_store::{ChunkStore, ComponentId, Hit};
use chronoscope_types::{Pinhole, ReadError, enums::ViewDir, read};
use glam::{DAffine3, DMat3, DVec3};

use crate::{context::view_coordinates::directions_of, query_results::EntityResults};

/// The components of cameras.
pub(crate) const PINHOLE_COMPONENTS: &[&str] = &[
    Pinhole::IMAGE_FROM_CAMERA.name,
    Pinhole::RESOLUTION.name,
    Pinhole::CAMERA_XYZ.name,
    Pinhole::IMAGE_PLANE_DISTANCE.name,
    Pinhole::CHILD_FRAME.name,
    Pinhole::PARENT_FRAME.name,
];

/// A camera without distortion. What lies in or below its frame is in its picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PinholeCamera {
    /// From the camera's space, X to the right, Y down, Z forward, to pixels.
    pub image_from_camera: DMat3,
    /// Width and height of the picture in pixels, where they are known.
    pub resolution: Option<[f32; 2]>,
    /// Where the axes of the camera's frame point.
    pub camera_xyz: [ViewDir; 3],
    /// How far from the camera its picture is shown in space, where that is said.
    pub image_plane_distance: Option<f32>,
}

impl PinholeCamera {
    /// Where the axes of a camera point, if nothing else is said: to the right, down and forward.
    pub const DEFAULT_XYZ: [ViewDir; 3] = [ViewDir::Right, ViewDir::Down, ViewDir::Forward];

    /// How far from the camera its picture is shown in space, if nothing else is said, in scene units.
    pub const DEFAULT_IMAGE_PLANE_DISTANCE: f32 = 0.3;

    /// A camera as it is logged: its projection column by column, and the codes of [`ViewDir`]s.
    ///
    /// # Errors
    /// Where it is none: a sentence for the user.
    pub fn new(
        image_from_camera: [f32; 9],
        resolution: Option<[f32; 2]>,
        camera_xyz: Option<[u8; 3]>,
        image_plane_distance: Option<f32>,
    ) -> Result<Self, String> {
        let image_from_camera = DMat3::from_cols_array(&image_from_camera.map(f64::from));
        if !image_from_camera.is_finite() || image_from_camera.determinant() == 0.0 {
            return Err("the camera's projection is not finite, or singular".to_owned());
        }
        Ok(Self {
            image_from_camera,
            resolution,
            camera_xyz: camera_xyz.map_or(Ok(Self::DEFAULT_XYZ), directions_of)?,
            image_plane_distance,
        })
    }

    /// From the camera's space, X to the right, Y down, Z forward, to that of its frame.
    pub fn frame_from_camera(&self) -> DMat3 {
        let camera_from_frame = self.camera_xyz.map(|axis| {
            let [right, up, back] = axis.vector().map(f64::from);
            DVec3::new(right, -up, -back)
        });
        let [x, y, z] = camera_from_frame;
        DMat3::from_cols(x, y, z).transpose()
    }

    /// From the picture, in pixels, to where it is shown in the frame of the camera. What lies behind the picture,
    /// at positive Z, is farther from the camera.
    pub fn frame_from_picture(&self) -> DAffine3 {
        // A pixel and its depth of one become a place on the plane at that distance.
        let camera_from_image = self.image_from_camera.inverse() * self.picture_distance();
        let pixel = camera_from_image.x_axis.length();
        let camera_from_picture = DAffine3 {
            matrix3: DMat3::from_cols(
                camera_from_image.x_axis,
                camera_from_image.y_axis,
                DVec3::Z * pixel,
            ),
            translation: camera_from_image.z_axis,
        };
        DAffine3::from_mat3(self.frame_from_camera()) * camera_from_picture
    }

    /// How far from the camera its picture is shown, in the units of the camera's frame.
    pub fn picture_distance(&self) -> f64 {
        let distance = self.image_plane_distance;
        let distance = distance.filter(|distance| distance.is_finite() && *distance > 0.0);
        f64::from(distance.unwrap_or(Self::DEFAULT_IMAGE_PLANE_DISTANCE))
    }

    /// Width and height of the picture in pixels; twice the place of its middle, where they are not known.
    pub fn size(&self) -> [f64; 2] {
        match self.resolution {
            Some(resolution) => resolution.map(f64::from),
            None => [
                2.0 * self.image_from_camera.z_axis.x,
                2.0 * self.image_from_camera.z_axis.y,
            ],
        }
    }
}

/// A camera as an entity's rows give it.
pub(super) struct ShownPinhole {
    pub(super) child: Option<Arc<str>>,
    pub(super) parent: Option<Arc<str>>,
    pub(super) is_static: bool,
    pub(super) pinhole: Result<Arc<PinholeCamera>, String>,
}

/// The components of cameras, as one store calls them.
pub(super) struct PinholeComponents {
    image_from_camera: Option<ComponentId>,
    resolution: Option<ComponentId>,
    camera_xyz: Option<ComponentId>,
    image_plane_distance: Option<ComponentId>,
    child_frame: Option<ComponentId>,
    parent_frame: Option<ComponentId>,
}

impl PinholeComponents {
    pub(super) fn of(store: &ChunkStore) -> Self {
        Self {
            image_from_camera: store.component_id(&Pinhole::IMAGE_FROM_CAMERA),
            resolution: store.component_id(&Pinhole::RESOLUTION),
            camera_xyz: store.component_id(&Pinhole::CAMERA_XYZ),
            image_plane_distance: store.component_id(&Pinhole::IMAGE_PLANE_DISTANCE),
            child_frame: store.component_id(&Pinhole::CHILD_FRAME),
            parent_frame: store.component_id(&Pinhole::PARENT_FRAME),
        }
    }

    pub(super) fn has_hit(&self, results: &EntityResults) -> bool {
        self.image_from_camera.is_some_and(|id| results.hit(id).is_some())
    }

    /// The camera of an entity; `None` where it has none.
    pub(super) fn read(&self, results: &EntityResults) -> Option<ShownPinhole> {
        let projection = results.hit(self.image_from_camera?)?;
        let cell = |id: Option<ComponentId>| id.and_then(|id| results.hit(id)).map(Hit::cell);
        let fail = |error: ReadError| format!("the camera cannot be read: {error}");
        let frame = |id| {
            let cell = cell(id)?;
            read::texts(&cell)
                .map(|names| {
                    names
                        .first()
                        .filter(|name| !name.is_empty())
                        .map(Arc::<str>::from)
                })
                .map_err(fail)
                .transpose()
        };
        let array = projection.cell();
        let matrix = match read::pinhole_projections(&array) {
            // An empty projection is none.
            Ok(values) => Ok(values.first().copied()),
            Err(error) => Err(fail(error)),
        };
        let camera = |columns: [f32; 9]| {
            let resolution = match cell(self.resolution) {
                Some(array) => read::resolutions(&array).map_err(fail)?.first().copied(),
                None => None,
            };
            let camera_xyz = match cell(self.camera_xyz) {
                Some(array) => read::view_coordinates(&array).map_err(fail)?.first().copied(),
                None => None,
            };
            let image_plane_distance = match cell(self.image_plane_distance) {
                Some(array) => read::image_plane_distances(&array)
                    .map_err(fail)?
                    .first()
                    .copied(),
                None => None,
            };
            PinholeCamera::new(columns, resolution, camera_xyz, image_plane_distance).map(Arc::new)
        };
        let pinhole = match matrix {
            Ok(None) => return None,
            Ok(Some(columns)) => camera(columns),
            Err(message) => Err(message),
        };
        let (child, parent) = (frame(self.child_frame), frame(self.parent_frame));
        let unreadable = [&child, &parent]
            .into_iter()
            .find_map(|frame| frame.as_ref()?.as_ref().err().cloned());
        Some(ShownPinhole {
            child: child.and_then(Result::ok),
            parent: parent.and_then(Result::ok),
            is_static: projection.data_time().is_none(),
            pinhole: match unreadable {
                Some(message) => Err(message),
                None => pinhole,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use chronoscope_types::enums::Enumeration;

    use super::*;

    #[test]
    fn a_pixel_is_shown_where_it_is_seen_whatever_the_axes() {
        // Off the middle of the picture, with pixels that are not square.
        let projection = [100.0, 0.0, 0.0, 0.0, 40.0, 0.0, 13.0, 71.0, 1.0];
        let dirs = ViewDir::ALL;
        let pairs = dirs.iter().flat_map(|x| dirs.iter().map(move |y| (x, y)));
        let triples = pairs.flat_map(|(x, y)| dirs.iter().map(move |z| [*x, *y, *z]));
        let mut num_spaces = 0;
        for xyz in triples {
            let codes = xyz.map(Enumeration::code);
            let camera = PinholeCamera::new(projection, Some([64.0, 48.0]), Some(codes), Some(2.5));
            // Not all of them span a space.
            let Ok(camera) = camera else { continue };
            num_spaces += 1;
            // To the right, up and back.
            let meant = DMat3::from_cols_array_2d(&xyz.map(|dir| dir.vector().map(f64::from)));
            let frame_from_camera = camera.frame_from_camera();
            assert_eq!(meant * (frame_from_camera * DVec3::X), DVec3::X, "{xyz:?}");
            assert_eq!(meant * (frame_from_camera * DVec3::Y), DVec3::NEG_Y, "{xyz:?}");
            assert_eq!(meant * (frame_from_camera * DVec3::Z), DVec3::NEG_Z, "{xyz:?}");
            for [x, y] in [[0.0, 0.0], [64.0, 48.0], [13.0, 71.0]] {
                let place = camera
                    .frame_from_picture()
                    .transform_point3(DVec3::new(x, y, 0.0));
                let in_camera = frame_from_camera.inverse() * place;
                assert!((in_camera.z - 2.5).abs() < 1e-9, "{xyz:?}: {in_camera}");
                let seen = camera.image_from_camera * in_camera / in_camera.z;
                assert!(seen.distance(DVec3::new(x, y, 1.0)) < 1e-9, "{xyz:?}: {seen}");
            }
        }
        assert_eq!(num_spaces, 48, "of both hands");
    }
}
