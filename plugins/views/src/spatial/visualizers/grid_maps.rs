//! Maps as pictures that lie in space.

use chronoscope_frame::{
    Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_types::{GridMap, components, enums::ChannelDatatype};
use glam::{DAffine3, DMat3, DVec3};

use super::{
    images::{read_first, read_opacity, read_raw},
    read_draw_order,
    rotations::read_rotation,
};
use crate::spatial::{
    parts::Part,
    pictures::{Picture, PixelKind, PixelMapping, PixelSource},
    visual::SpatialVisual,
};

/// The size of a cell that says nothing about it, in scene units.
pub(crate) const CELL_SIZE: f32 = 0.01;

/// Shows `GridMap`.
pub struct GridMapVisualizer;

impl Visualizer for GridMapVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "GridMap",
        required: &[GridMap::DATA.as_str(), GridMap::FORMAT.as_str()],
        optional: &[
            GridMap::CELL_SIZE.as_str(),
            GridMap::TRANSLATION.as_str(),
            GridMap::ROTATION_AXIS_ANGLE.as_str(),
            GridMap::QUATERNION.as_str(),
            GridMap::OPACITY.as_str(),
            GridMap::DRAW_ORDER.as_str(),
            GridMap::COLORMAP.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    /// A picture whose lower left corner is at the map's place: X to the right, Y up. One channel has the colors of the
    /// colormap, where there is one.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let colormap = read_first::<components::Colormap>(input, &GridMap::COLORMAP)?;
        let kind = colormap.map_or(PixelKind::Color, |_| PixelKind::Depth);
        let Some(pixels) = read_raw(input, &GridMap::DATA, &GridMap::FORMAT, kind)? else {
            return Ok(None);
        };
        let mapping = colormap.map_or(PixelMapping::Color, |colormap| PixelMapping::Depth {
            colormap,
            // The cells of maps are bytes with a meaning.
            range: is_of_bytes(pixels.source()).then_some([0.0, 255.0]),
            meter: 1.0,
        });
        let cell = read_first::<components::CellSize>(input, &GridMap::CELL_SIZE)?.unwrap_or(CELL_SIZE);
        if !(cell.is_finite() && cell > 0.0) {
            return Err(input.report(format!("the size of a cell is {cell}, which is not positive")));
        }
        let [_, height] = pixels.source().size();
        let origin = read_first::<components::Translation3D>(input, &GridMap::TRANSLATION)?;
        let origin = DVec3::from_array(origin.unwrap_or_default().map(f64::from));
        let rotation = read_rotation(input, &GridMap::QUATERNION, &GridMap::ROTATION_AXIS_ANGLE)?;
        let cell = f64::from(cell);
        let map_from_picture = DAffine3 {
            matrix3: DMat3::from_diagonal(DVec3::new(cell, -cell, cell)),
            translation: DVec3::new(0.0, f64::from(height) * cell, 0.0),
        };
        let entity_from_map = DAffine3::from_rotation_translation(rotation.as_dquat(), origin);
        let picture = Picture {
            opacity: read_opacity(input, &GridMap::OPACITY)?,
            pose: Some(Box::new(entity_from_map * map_from_picture)),
            ..pixels.into_picture(mapping)
        };
        let mut visual = SpatialVisual::new([Part::picture(picture)]);
        visual.draw_order = read_draw_order(input, &GridMap::DRAW_ORDER, 0.0)?;
        Ok(Some(visual))
    }
}

fn is_of_bytes(source: &PixelSource) -> bool {
    match source {
        PixelSource::Raw(raw) => {
            matches!(
                raw.format.channel_datatype(),
                ChannelDatatype::U8 | ChannelDatatype::I8
            )
        }
        _ => false,
    }
}
