//! The properties of a 3D view that its settings do not draw, with the values that they have where the blueprint says nothing.

use chronoscope_frame::View;
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component as _, ComponentName, Rgba,
    blueprint::{EyeControls3D, LineGrid3D, SpatialInformation},
    components::{self, blueprint as blueprint_components},
};

use super::{
    eye::{Axes, Eye},
    guides,
    present::{DEFAULT_AXES, Eyes, Looking},
    properties::GridProperties,
    ui::FLY_PER_SECOND,
};
use crate::{
    ViewStyle, ViewUiContext,
    spatial::{bounds::Bounds, target_frame},
};

/// Where the eye is, the grid that lies there, and the axes. Before the first frame the eye is where it overlooks nothing.
pub(super) fn properties(context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
    let world = context.world;
    let style = ViewStyle::of(world);
    let view = context.get::<View>().map(|view| view.id);
    let eyes = world.get_resource::<Eyes>();
    let looking = view.and_then(|view| eyes?.get(view)).unwrap_or_else(|| {
        let axes = Axes::default();
        let eye = Eye::framing(&Bounds::EMPTY, &axes, 1.0);
        Looking {
            eye,
            shown: eye,
            axes,
            logged_axes: DEFAULT_AXES,
        }
    });
    let eye = looking.eye;
    let place = |place: glam::DVec3| components::Position3D::build(vec![place.as_vec3().to_array()]);
    let grid = guides::grid(&GridProperties::default(), &looking.axes, &eye, &style);
    let [x, y, z] = grid.normal.to_array();
    vec![
        (EyeControls3D::POSITION, place(eye.position)),
        (EyeControls3D::LOOK_TARGET, place(eye.target)),
        (
            EyeControls3D::EYE_UP,
            components::Vector3D::build(vec![eye.up.as_vec3().to_array()]),
        ),
        (
            EyeControls3D::SPEED,
            components::LinearSpeed::build(vec![eye.distance() * FLY_PER_SECOND]),
        ),
        (
            EyeControls3D::TRACKING_ENTITY,
            components::EntityPath::build(vec![String::new()]),
        ),
        (
            LineGrid3D::SPACING,
            blueprint_components::GridSpacing::build(vec![grid.spacing]),
        ),
        (
            LineGrid3D::PLANE,
            components::Plane3D::build(vec![[x, y, z, grid.offset as f32]]),
        ),
        (
            LineGrid3D::STROKE_WIDTH,
            components::StrokeWidth::build(vec![grid.thickness]),
        ),
        (
            LineGrid3D::COLOR,
            components::Color::build(vec![Rgba::from_array(grid.color)]),
        ),
        (
            SpatialInformation::AXES,
            components::ViewCoordinates::build(vec![looking.logged_axes]),
        ),
        (SpatialInformation::TARGET_FRAME, target_frame::of_origin(context)),
    ]
}
