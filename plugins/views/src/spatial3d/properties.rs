//! What the blueprint says of a 3D view.

use chronoscope_blueprint::{EYE_POSITION_REST, EYE_TARGET_REST, ViewClassId};
use chronoscope_store::EntityPath;
use chronoscope_types::{
    Component as _,
    blueprint::{EyeControls3D, LineGrid3D, NearClipPlane, SpatialInformation},
    components::{self, blueprint as blueprint_components},
    enums::{Eye3DKind, EyeProjection},
    own::{EyeLens3D, Lighting3D},
    read,
};
use glam::DVec3;

use super::eye::{Axes, Optics};
use crate::properties::{Background, PropertyReader, ViewProperties};

/// What the blueprint says of the eye, the grid and what else helps to find one's way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Properties3D {
    pub(super) position: Option<DVec3>,
    pub(super) target: Option<DVec3>,
    pub(super) up: Option<DVec3>,
    pub(super) optics: Optics,
    /// Whether what lies behind its neighbors on screen is darker.
    pub(super) shades_depth: bool,
    /// Whether what is lit lies in the shadows of others.
    pub(super) has_shadows: bool,
    /// The axes of the space, whatever is logged of them.
    pub(super) axes: Option<Axes>,
    /// Whether one looks around from where one stands.
    pub(super) is_first_person: bool,
    /// How fast one flies, in scene units per second.
    pub(super) speed: Option<f64>,
    /// What the eye follows.
    pub(super) tracked: Option<EntityPath>,
    /// How fast the eye turns by itself, in radians per second.
    pub(super) spin: f64,
    pub(super) grid: GridProperties,
    pub(super) shows_axes: bool,
    pub(super) shows_bounds: bool,
    pub(super) background: Option<Background>,
}

/// What the blueprint says of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct GridProperties {
    pub(super) is_hidden: bool,
    pub(super) spacing: Option<f32>,
    /// The normal, and how far along it the plane lies.
    pub(super) plane: Option<([f32; 3], f32)>,
    /// In UI points.
    pub(super) thickness: Option<f32>,
    /// In sRGB, with straight alpha.
    pub(super) color: Option<[u8; 4]>,
}

impl ViewProperties for Properties3D {
    const CLASS: &'static str = ViewClassId::SPATIAL_3D;

    fn read(reader: &PropertyReader<'_>) -> Self {
        let kind = reader.value(&EyeControls3D::KIND).and_then(|array| {
            let kinds = blueprint_components::Eye3DKind::read(&array).ok()?;
            kinds.first().copied()
        });
        let projection = reader.value(&EyeLens3D::PROJECTION).and_then(|array| {
            let projections = components::own::EyeProjection::read(&array).ok()?;
            projections.first().copied()
        });
        let axes = reader.value(&SpatialInformation::AXES).and_then(|array| {
            let coordinates = read::view_coordinates(&array).ok()?;
            Axes::of_view_coordinates(*coordinates.first()?)
        });
        let speed = reader.number(&EyeControls3D::SPEED);
        let spin = reader.number(&EyeControls3D::SPIN_SPEED);
        let tracked = reader.text(&EyeControls3D::TRACKING_ENTITY);
        Self {
            position: reader.place(&EyeControls3D::POSITION, &EYE_POSITION_REST),
            target: reader.place(&EyeControls3D::LOOK_TARGET, &EYE_TARGET_REST),
            up: reader
                .vector(&EyeControls3D::EYE_UP)
                .and_then(DVec3::try_normalize),
            optics: Optics {
                is_orthographic: projection == Some(EyeProjection::Orthographic),
                near: reader.near(&NearClipPlane::NEAR_CLIP_PLANE),
            },
            shades_depth: reader.boolean(&EyeLens3D::DEPTH_SHADING) == Some(true),
            has_shadows: reader.boolean(&Lighting3D::SHADOWS) == Some(true),
            axes,
            is_first_person: kind == Some(Eye3DKind::FirstPerson),
            speed: speed.filter(|speed| *speed > 0.0).map(f64::from),
            tracked: tracked
                .filter(|path| !path.is_empty())
                .map(|path| EntityPath::parse(&path)),
            spin: f64::from(spin.unwrap_or(0.0)),
            grid: GridProperties::read(reader),
            shows_axes: reader.boolean(&SpatialInformation::SHOW_AXES) == Some(true),
            shows_bounds: reader.boolean(&SpatialInformation::SHOW_BOUNDING_BOX) == Some(true),
            background: reader.background(),
        }
    }
}

impl GridProperties {
    fn read(reader: &PropertyReader<'_>) -> Self {
        let positive = |name: &str| reader.number(name).filter(|value| *value > 0.0);
        let plane = reader.value(&LineGrid3D::PLANE).and_then(|array| {
            let planes = components::Plane3D::read(&array).ok()?;
            let [x, y, z, distance] = *planes.first()?;
            let is_plane = [x, y, z, distance].iter().all(|value| value.is_finite());
            (is_plane && [x, y, z] != [0.0; 3]).then_some(([x, y, z], distance))
        });
        Self {
            is_hidden: reader.boolean(&LineGrid3D::VISIBLE) == Some(false),
            spacing: positive(&LineGrid3D::SPACING),
            plane,
            thickness: positive(&LineGrid3D::STROKE_WIDTH),
            color: reader.rgba(&LineGrid3D::COLOR),
        }
    }
}
