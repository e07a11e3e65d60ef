//! Meshes of triangles: from components, and from the contents of files.

use std::sync::Arc;

use chronoscope_frame::{
    Annotations, Report, Resolved, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::MeshSides;
use chronoscope_types::{
    Asset3D, ComponentName, Mesh3D, enums::MeshFaceRendering, read, records::ImageFormat,
};

use super::{
    fail,
    images::read_first,
    poses::{read_poses, with_poses},
};
use crate::spatial::{
    bounds::Bounds,
    marks::{class_color, read_cell},
    meshes::{Mesh, MeshArrays, MeshFile, MeshKey, MeshSource},
    parts::Part,
    pictures::{RawPixels, check_length},
    visual::SpatialVisual,
};

/// Shows `Mesh3D`.
pub struct Mesh3DVisualizer;

impl Visualizer for Mesh3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Mesh3D",
        required: &[Mesh3D::VERTEX_POSITIONS.as_str()],
        optional: with_poses![
            Mesh3D::TRIANGLE_INDICES.as_str(),
            Mesh3D::VERTEX_NORMALS.as_str(),
            Mesh3D::VERTEX_COLORS.as_str(),
            Mesh3D::VERTEX_TEXCOORDS.as_str(),
            Mesh3D::ALBEDO_FACTOR.as_str(),
            Mesh3D::FACE_RENDERING.as_str(),
            Mesh3D::ALBEDO_TEXTURE_BUFFER.as_str(),
            Mesh3D::ALBEDO_TEXTURE_FORMAT.as_str(),
            Mesh3D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(positions) = input.resolve(&Mesh3D::VERTEX_POSITIONS) else {
            return Ok(None);
        };
        let bounds = {
            let positions = read::positions3d(&positions.array).map_err(|error| fail(input, &error))?;
            if positions.is_empty() {
                return Ok(None);
            }
            Bounds::of_points(positions.iter().copied())
        };
        let mut cells = Cells::new(input);
        cells.note(&positions);
        let arrays = MeshArrays {
            positions: positions.array,
            indices: cells.get(&Mesh3D::TRIANGLE_INDICES),
            normals: cells.get(&Mesh3D::VERTEX_NORMALS),
            colors: cells.get(&Mesh3D::VERTEX_COLORS),
            texcoords: cells.get(&Mesh3D::VERTEX_TEXCOORDS),
            texture: read_texture(&mut cells)?,
            class_colors: class_colors(input)?,
        };
        let Cells { mut key, time, .. } = cells;
        key.push_value(&arrays.class_colors);
        let sides =
            read_first::<chronoscope_types::components::MeshFaceRendering>(input, &Mesh3D::FACE_RENDERING)?;
        let sides = match sides.unwrap_or(MeshFaceRendering::DoubleSided) {
            MeshFaceRendering::DoubleSided => MeshSides::Both,
            MeshFaceRendering::Front => MeshSides::Front,
            MeshFaceRendering::Back => MeshSides::Back,
        };
        Ok(Some(visual(Mesh {
            key,
            source: MeshSource::Arrays(Arc::new(arrays)),
            bounds,
            time,
            albedo_factor: read_factor(input, &Mesh3D::ALBEDO_FACTOR)?,
            sides: Some(sides),
            poses: read_poses(input)?,
        })))
    }
}

/// Shows `Asset3D`.
pub struct Asset3DVisualizer;

impl Visualizer for Asset3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Asset3D",
        required: &[Asset3D::BLOB.as_str()],
        optional: with_poses![Asset3D::MEDIA_TYPE.as_str(), Asset3D::ALBEDO_FACTOR.as_str(),],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(blob) = input.resolve(&Asset3D::BLOB) else {
            return Ok(None);
        };
        let mut cells = Cells::new(input);
        cells.note(&blob);
        let media_types = cells.get(&Asset3D::MEDIA_TYPE);
        let media_types = read_cell_if_any(input, media_types.as_ref())?;
        let file = MeshFile::new(blob.array, media_types.as_deref());
        let Some((file, bounds)) = file.map_err(|error| input.report(error.to_string()))? else {
            return Ok(None);
        };
        Ok(Some(visual(Mesh {
            key: cells.key,
            source: MeshSource::File(file),
            bounds,
            time: cells.time,
            albedo_factor: read_factor(input, &Asset3D::ALBEDO_FACTOR)?,
            sides: None,
            poses: read_poses(input)?,
        })))
    }
}

fn visual(mesh: Mesh) -> SpatialVisual {
    let has_instances = mesh.poses.is_some();
    SpatialVisual {
        has_instances,
        ..SpatialVisual::new([Part::mesh(mesh)])
    }
}

/// The cells that a mesh is made from, and what they say of it.
struct Cells<'a, 'b> {
    input: &'a VisualizerInput<'b>,
    key: MeshKey,
    /// The time of the latest of them.
    time: i64,
}

impl<'a, 'b> Cells<'a, 'b> {
    fn new(input: &'a VisualizerInput<'b>) -> Self {
        Self {
            input,
            key: MeshKey::default(),
            time: i64::MIN,
        }
    }

    fn get(&mut self, name: &ComponentName) -> Option<chronoscope_store::arrow::ArrayRef> {
        let Some(resolved) = self.input.resolve(name) else {
            self.key.push(None);
            return None;
        };
        self.note(&resolved);
        Some(resolved.array)
    }

    fn note(&mut self, Resolved { array, row, .. }: &Resolved) {
        self.key.push(Some((row.map(|row| row.id), array)));
        self.time = self.time.max(row.and_then(|row| row.time).unwrap_or(i64::MIN));
    }
}

/// The texture of a mesh, with its length checked against its format.
fn read_texture(cells: &mut Cells<'_, '_>) -> Result<Option<RawPixels>, Report> {
    let input = cells.input;
    let buffer = cells.get(&Mesh3D::ALBEDO_TEXTURE_BUFFER);
    let formats = cells.get(&Mesh3D::ALBEDO_TEXTURE_FORMAT);
    let (Some(buffer), Some(formats)) = (buffer, formats) else {
        return Ok(None);
    };
    let formats = read::image_formats(&formats).map_err(|error| fail(input, &error))?;
    let len = {
        let buffers = read::image_buffers(&buffer).map_err(|error| fail(input, &error))?;
        buffers.first().map(<[u8]>::len)
    };
    let (Some(format), Some(len)): (Option<ImageFormat>, _) = (formats.first().copied(), len) else {
        return Ok(None);
    };
    check_length(&format, len).map_err(|error| input.report(format!("the texture: {error}")))?;
    Ok(Some(RawPixels { buffer, format }))
}

/// The colors of the vertices' classes, as `0xRRGGBBAA`.
fn class_colors(input: &VisualizerInput<'_>) -> Result<Arc<[u32]>, Report> {
    let ids = input.get(&Mesh3D::CLASS_IDS);
    let ids = read_cell(input, &ids, read::class_ids)?;
    let context = input.context::<Annotations>();
    let color = |id: &u16| u32::from_be_bytes(class_color(context.as_deref(), *id, None));
    Ok(ids.iter().map(color).collect())
}

fn read_factor(input: &VisualizerInput<'_>, name: &ComponentName) -> Result<[u8; 4], Report> {
    let factors = input.get(name);
    let factors = read_cell(input, &factors, read::colors)?;
    Ok(factors.first().map_or([255; 4], |factor| factor.to_be_bytes()))
}

fn read_cell_if_any(
    input: &VisualizerInput<'_>,
    media_types: Option<&chronoscope_store::arrow::ArrayRef>,
) -> Result<Option<String>, Report> {
    let Some(media_types) = media_types else {
        return Ok(None);
    };
    let media_types = read::media_types(media_types).map_err(|error| fail(input, &error))?;
    Ok(media_types.first().map(str::to_owned))
}
