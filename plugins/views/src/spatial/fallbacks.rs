//! What is shown for components that nobody gives a value: visualizers leave it open, and views draw this.

use bevy::app::App;
use chronoscope_frame::{AppFallbackExt as _, PinholeCamera};
use chronoscope_types::{
    Arrows2D, Arrows3D, Boxes2D, Boxes3D, Capsules3D, Component as _, Cylinders3D, DepthImage, Ellipses2D,
    Ellipsoids3D, EncodedDepthImage, EncodedImage, Image, LineStrips2D, LineStrips3D, Pinhole, Points2D,
    Points3D, Rgba, SegmentationImage, TransformAxes3D, components,
};

use super::visualizers::{AXIS_LENGTH, draw_order};
use crate::colors;

/// The radius of points and of what is drawn like them, in points of the screen, which negative radii are in.
pub(super) const POINT_RADIUS: f32 = -2.5;
/// The radius of lines and outlines.
pub(super) const LINE_RADIUS: f32 = -1.5;
/// The radius of the edges of solids, which have faces besides.
pub(super) const EDGE_RADIUS: f32 = -0.75;

/// Registers the fallbacks of spatial archetypes.
pub(super) fn add_fallbacks(app: &mut App) {
    for component in [
        Arrows2D::COLORS,
        Ellipses2D::COLORS,
        Arrows3D::COLORS,
        Boxes2D::COLORS,
        Boxes3D::COLORS,
        Capsules3D::COLORS,
        Cylinders3D::COLORS,
        Ellipsoids3D::COLORS,
        LineStrips2D::COLORS,
        LineStrips3D::COLORS,
        Points2D::COLORS,
        Points3D::COLORS,
    ] {
        app.add_fallback(component.name, |input| {
            let color = colors::entity_color(input.path).to_array();
            components::Color::build(vec![Rgba::from_array(color)])
        });
    }
    for component in [Arrows2D::RADII, Arrows3D::RADII, Points2D::RADII, Points3D::RADII] {
        app.add_fallback(component.name, |_| components::Radius::build(vec![POINT_RADIUS]));
    }
    for component in [
        Boxes2D::RADII,
        Ellipses2D::LINE_RADII,
        LineStrips2D::RADII,
        LineStrips3D::RADII,
    ] {
        app.add_fallback(component.name, |_| components::Radius::build(vec![LINE_RADIUS]));
    }
    for component in [
        Boxes3D::RADII,
        Capsules3D::LINE_RADII,
        Cylinders3D::LINE_RADII,
        Ellipsoids3D::LINE_RADII,
    ] {
        app.add_fallback(component.name, |_| components::Radius::build(vec![EDGE_RADIUS]));
    }
    app.add_fallback(Pinhole::IMAGE_PLANE_DISTANCE.name, |_| {
        components::ImagePlaneDistance::build(vec![PinholeCamera::DEFAULT_IMAGE_PLANE_DISTANCE])
    });
    app.add_fallback(TransformAxes3D::AXIS_LENGTH.name, |_| {
        components::AxisLength::build(vec![AXIS_LENGTH])
    });
    macro_rules! draw_orders {
        ($($component:expr => $order:ident),* $(,)?) => {
            $(app.add_fallback($component.name, |_| {
                components::DrawOrder::build(vec![draw_order::$order])
            });)*
        };
    }
    draw_orders! {
        DepthImage::DRAW_ORDER => DEPTH,
        EncodedDepthImage::DRAW_ORDER => DEPTH,
        EncodedImage::DRAW_ORDER => IMAGE,
        Image::DRAW_ORDER => IMAGE,
        SegmentationImage::DRAW_ORDER => SEGMENTATION,
        Arrows2D::DRAW_ORDER => LINES,
        Boxes2D::DRAW_ORDER => BOXES,
        Ellipses2D::DRAW_ORDER => BOXES,
        LineStrips2D::DRAW_ORDER => LINES,
        Points2D::DRAW_ORDER => POINTS,
    }
}
