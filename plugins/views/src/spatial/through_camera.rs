//! What is in space, seen through the camera in whose picture a 2D view lies: drawn over the picture, as the camera sees it.
//!
//! Distances of another camera are points in space, and seen as those.
//!
//! It is a scene of its own within that of the view, whose origin is the camera. A second camera of the renderer draws it into the same
//! image, after the plane.

use bevy::math::{DMat3, DVec2, DVec3, Mat4, Quat, Vec4};
use bevy::{
    camera::{CameraProjection, SubCameraView},
    math::Vec3A,
};
use chronoscope_frame::{Origin, OriginCamera, Transforms};
use chronoscope_store::ChunkStore;
use glam::DAffine3;

use super::{
    camera::{CameraLens, Placement},
    projection::{Lens, Projector},
};

/// What is nearer to a camera is not seen where nobody says so, in the units of its frame.
const NEAR: f64 = 1e-3;

/// The camera in whose picture a view lies, as the view's origin counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ViewCamera {
    /// From the space in which the camera stands, relative to it, to the plane of the view: homogeneous, with the distance along the
    /// camera's axis as the last number.
    pub(crate) plane_from_space: DMat3,
    /// Width and height of its picture in pixels, where they are known.
    pub(crate) resolution: Option<[f32; 2]>,
    /// What is nearer is not seen, in the units of its frame.
    pub(crate) near: f64,
}

impl ViewCamera {
    /// The camera of an origin, if it lies in a picture; `None` where what is seen through it cannot be told.
    pub(crate) fn of(transforms: &Transforms, store: &ChunkStore, origin: Origin) -> Option<Self> {
        let OriginCamera {
            pinhole,
            picture_from_origin,
            ..
        } = transforms.camera_of_origin(store, origin)?;
        let plane_from_picture = flat(&picture_from_origin).inverse();
        let plane_from_camera = plane_from_picture * pinhole.image_from_camera;
        let plane_from_space = plane_from_camera * pinhole.frame_from_camera().transpose();
        let forward = plane_from_space.row(2).length();
        let is_regular = plane_from_space.determinant() != 0.0 && forward > 0.0;
        // The last number is a distance.
        let plane_from_space = plane_from_space * forward.recip();
        (is_regular && plane_from_space.is_finite()).then_some(Self {
            plane_from_space,
            resolution: pinhole
                .resolution
                .filter(|sides| sides.iter().all(|side| side.is_finite() && *side > 0.0)),
            near: NEAR,
        })
    }

    /// How what is in space comes to a tile that shows a plane as `plane` does, if that shows one.
    pub(crate) fn projector(&self, plane: &Projector) -> Option<Projector> {
        let Lens::Plane { center, scale } = plane.lens else {
            return None;
        };
        Some(Projector {
            size: plane.size,
            lens: Lens::Camera {
                plane_from_view: self.plane_from_space,
                center,
                scale,
                near: self.near,
            },
        })
    }

    /// Where the renderer's camera stands, and what it sees, in a tile that shows `center` of the plane in its middle, at `scale` points
    /// per unit.
    pub(crate) fn placement(&self, tile: DVec2, center: DVec2, scale: f64) -> Placement {
        let [to_x, to_y, to_depth] = [0, 1, 2].map(|row| self.plane_from_space.row(row));
        let forward = to_depth.normalize_or(DVec3::Z);
        let across = |row: DVec3| row - forward * row.dot(forward);
        // Down is down on screen; whether right is right is left to the projection: a camera may be mirrored.
        let up = -across(to_y).normalize_or(DVec3::Y);
        let right = forward.cross(up).normalize_or(DVec3::X);
        let space_from_eye = DMat3::from_cols(right, up, -forward);
        let [x, y, depth] = [to_x, to_y, to_depth].map(|row| space_from_eye.transpose() * row);
        let half = tile.max(DVec2::ONE) * 0.5;
        let rows = [
            (x - depth * center.x) * (scale / half.x),
            (depth * center.y - y) * (scale / half.y),
            depth,
        ];
        let [x, y, w] = rows.map(DVec3::as_vec3);
        Placement {
            position: DVec3::ZERO,
            rotation: Quat::from_mat3(&space_from_eye.as_mat3()).normalize(),
            lens: CameraLens::Camera(CameraProjectionMatrix {
                clip_from_eye: Mat4::from_cols(
                    Vec4::new(x.x, y.x, 0.0, w.x),
                    Vec4::new(x.y, y.y, 0.0, w.y),
                    Vec4::new(x.z, y.z, 0.0, w.z),
                    Vec4::new(0.0, 0.0, self.near as f32, 0.0),
                ),
            }),
            focus_distance: None,
            shades_depth: false,
            shadows: None,
        }
    }
}

/// What an affine map does in the plane z = 0, homogeneous.
pub(super) fn flat(map: &DAffine3) -> DMat3 {
    let [x, y] = [map.matrix3.x_axis, map.matrix3.y_axis].map(|axis| axis.truncate().extend(0.0));
    DMat3::from_cols(x, y, map.translation.truncate().extend(1.0))
}

/// The projection of a camera that need not be centered, nor have square pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CameraProjectionMatrix {
    clip_from_eye: Mat4,
}

impl CameraProjection for CameraProjectionMatrix {
    fn get_clip_from_view(&self) -> Mat4 {
        self.clip_from_eye
    }

    fn get_clip_from_view_for_sub(&self, _: &SubCameraView) -> Mat4 {
        self.clip_from_eye
    }

    fn update(&mut self, _: f32, _: f32) {}

    fn far(&self) -> f32 {
        1e9
    }

    fn get_frustum_corners(&self, z_near: f32, z_far: f32) -> [Vec3A; 8] {
        let eye_from_clip = self.clip_from_eye.inverse();
        let corner = |x: f32, y: f32, z: f32| {
            let depth = z.abs();
            let clip = Vec4::new(x * depth, y * depth, self.clip_from_eye.w_axis.z, depth);
            Vec3A::from_vec4(eye_from_clip * clip)
        };
        let at = |z: f32| {
            [
                corner(1.0, -1.0, z),
                corner(1.0, 1.0, z),
                corner(-1.0, 1.0, z),
                corner(-1.0, -1.0, z),
            ]
        };
        let ([a, b, c, d], [e, f, g, h]) = (at(z_near), at(z_far));
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use glam::DMat4;

    use super::*;

    const TILE: DVec2 = DVec2::new(400.0, 300.0);

    fn plane() -> Projector {
        Projector {
            size: TILE,
            lens: Lens::Plane {
                center: DVec2::new(300.0, 200.0),
                scale: 0.5,
            },
        }
    }

    /// A camera that is not centered, with pixels that are not square. Its frame has these axes to the right, down and forward.
    fn camera([right, down, forward]: [DVec3; 3]) -> ViewCamera {
        let image_from_camera =
            DMat3::from_cols_array(&[500.0, 0.0, 0.0, 0.0, 400.0, 0.0, 320.0, 200.0, 1.0]);
        let camera_from_space = DMat3::from_cols(right, down, forward).transpose();
        ViewCamera {
            plane_from_space: image_from_camera * camera_from_space,
            resolution: None,
            near: NEAR,
        }
    }

    const CAMERAS: [[DVec3; 3]; 3] = [
        [DVec3::X, DVec3::Y, DVec3::Z],
        [DVec3::NEG_Y, DVec3::NEG_Z, DVec3::X],
        // Left-handed: what it sees is mirrored.
        [DVec3::NEG_X, DVec3::Y, DVec3::Z],
    ];

    #[test]
    fn the_renderer_and_the_projector_see_the_same() {
        for axes in CAMERAS {
            let camera = camera(axes);
            let projector = camera.projector(&plane()).unwrap();
            let Lens::Plane { center, scale } = plane().lens else {
                panic!("a plane");
            };
            let placement = camera.placement(TILE, center, scale);
            let CameraLens::Camera(lens) = placement.lens else {
                panic!("a camera");
            };
            let clip_from_eye = lens.get_clip_from_view();
            assert!(clip_from_eye.y_axis.y > 0.0, "up is up");
            let clip_from_space =
                clip_from_eye.as_dmat4() * DMat4::from_quat(placement.rotation.as_dquat().inverse());
            let [right, down, forward] = axes;
            for place in [forward, forward * 3.0 + right * 0.5 - down, forward * 2.0 + down] {
                let seen = projector.project(place).unwrap();
                let clip = clip_from_space * place.extend(1.0);
                let ndc = clip.truncate() / clip.w;
                let on_tile = (ndc.truncate() * DVec2::new(0.5, -0.5) + 0.5) * TILE;
                assert!(
                    on_tile.distance(seen.position) < 1e-3,
                    "{place}: {on_tile} {seen:?}"
                );
                assert!((clip.w - seen.depth).abs() < 1e-5, "{place}");
            }
            let behind = clip_from_space * (-forward).extend(1.0);
            assert!(behind.w < 0.0);
            assert_eq!(projector.project(-forward), None);
        }
    }

    #[test]
    fn what_is_seen_lies_where_its_pixel_is() {
        let camera = camera(CAMERAS[0]);
        let projector = camera.projector(&plane()).unwrap();
        // A unit to the right at a distance of five: pixel 320 + 500 / 5, 200.
        let seen = projector.project(DVec3::new(1.0, 0.0, 5.0)).unwrap();
        let pixel = plane().ray(seen.position).origin;
        assert!((pixel.truncate() - DVec2::new(420.0, 200.0)).length() < 1e-9);
        let ray = projector.ray(seen.position);
        assert!(ray.direction.cross(DVec3::new(1.0, 0.0, 5.0)).length() < 1e-9);
        assert!(ray.direction.z > 0.0);
    }

    #[test]
    fn what_is_nearer_than_said_is_not_seen() {
        let camera = ViewCamera {
            near: 2.0,
            ..camera(CAMERAS[0])
        };
        let projector = camera.projector(&plane()).unwrap();
        assert_eq!(projector.project(DVec3::Z * 1.9), None);
        assert!(projector.project(DVec3::Z * 2.1).is_some());
        let CameraLens::Camera(lens) = camera.placement(TILE, DVec2::ZERO, 1.0).lens else {
            panic!("a camera");
        };
        // The depth is reversed: at the near plane it is one.
        let clip = lens.get_clip_from_view() * Vec4::new(0.0, 0.0, -2.0, 1.0);
        assert!((clip.z / clip.w - 1.0).abs() < 1e-6, "{clip}");
    }

    #[test]
    fn the_corners_of_what_is_seen_are_at_the_distances_asked_for() {
        let placement = camera(CAMERAS[0]).placement(TILE, DVec2::new(320.0, 200.0), 1.0);
        let CameraLens::Camera(lens) = placement.lens else {
            panic!("a camera");
        };
        let corners = lens.get_frustum_corners(1.0, 10.0);
        assert!(
            corners[..4].iter().all(|corner| (corner.z + 1.0).abs() < 1e-4),
            "{corners:?}"
        );
        assert!(
            corners[4..].iter().all(|corner| (corner.z + 10.0).abs() < 1e-3),
            "{corners:?}"
        );
        assert!(
            corners[0].x > 0.0 && corners[0].y < 0.0,
            "the first is below at the right"
        );
    }
}
