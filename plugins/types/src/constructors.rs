//! Ways to begin an archetype: with what it cannot do without.

use crate::{
    Rgba,
    archetypes::{
        AnnotationContext, Arrows2D, Arrows3D, Asset3D, BarChart, Boxes2D, Boxes3D, Clear, DepthImage,
        EncodedDepthImage, EncodedImage, Image, LineStrips2D, LineStrips3D, Mesh3D, Pinhole, Points2D,
        Points3D, Scalars, SegmentationImage, TextDocument, TextLog, Transform3D, ViewCoordinates,
    },
    enums::{ChannelDatatype, ViewDir},
    records::{self, ImageFormat},
    tensor::TensorData,
};

impl Points3D {
    /// Points at these positions.
    pub fn new(positions: impl IntoIterator<Item = impl Into<[f32; 3]>>) -> Self {
        Self::default().with_positions(positions)
    }
}

impl Points2D {
    /// Points at these positions.
    pub fn new(positions: impl IntoIterator<Item = impl Into<[f32; 2]>>) -> Self {
        Self::default().with_positions(positions)
    }
}

impl Boxes3D {
    /// Boxes about the origin, from half of their sizes.
    pub fn from_half_sizes(half_sizes: impl IntoIterator<Item = impl Into<[f32; 3]>>) -> Self {
        Self::default().with_half_sizes(half_sizes)
    }

    /// Boxes from their centers and half of their sizes.
    pub fn from_centers_and_half_sizes(
        centers: impl IntoIterator<Item = impl Into<[f32; 3]>>,
        half_sizes: impl IntoIterator<Item = impl Into<[f32; 3]>>,
    ) -> Self {
        Self::from_half_sizes(half_sizes).with_centers(centers)
    }
}

impl Boxes2D {
    /// Rectangles about the origin, from half of their sizes.
    pub fn from_half_sizes(half_sizes: impl IntoIterator<Item = impl Into<[f32; 2]>>) -> Self {
        Self::default().with_half_sizes(half_sizes)
    }

    /// Rectangles from their centers and half of their sizes.
    pub fn from_centers_and_half_sizes(
        centers: impl IntoIterator<Item = impl Into<[f32; 2]>>,
        half_sizes: impl IntoIterator<Item = impl Into<[f32; 2]>>,
    ) -> Self {
        Self::from_half_sizes(half_sizes).with_centers(centers)
    }
}

impl LineStrips3D {
    /// Lines through these points: a list of points per line.
    pub fn new(strips: impl IntoIterator<Item = impl Into<Vec<[f32; 3]>>>) -> Self {
        Self::default().with_strips(strips)
    }
}

impl LineStrips2D {
    /// Lines through these points: a list of points per line.
    pub fn new(strips: impl IntoIterator<Item = impl Into<Vec<[f32; 2]>>>) -> Self {
        Self::default().with_strips(strips)
    }
}

impl Arrows3D {
    /// Arrows from the origin along these vectors.
    pub fn new(vectors: impl IntoIterator<Item = impl Into<[f32; 3]>>) -> Self {
        Self::default().with_vectors(vectors)
    }
}

impl Arrows2D {
    /// Arrows from the origin along these vectors.
    pub fn new(vectors: impl IntoIterator<Item = impl Into<[f32; 2]>>) -> Self {
        Self::default().with_vectors(vectors)
    }
}

impl Mesh3D {
    /// A mesh with these vertices; every three are a triangle unless triangles are given.
    pub fn new(vertex_positions: impl IntoIterator<Item = impl Into<[f32; 3]>>) -> Self {
        Self::default().with_vertex_positions(vertex_positions)
    }
}

impl Asset3D {
    /// A model from the bytes of a file.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().with_blob(bytes)
    }
}

impl Transform3D {
    /// A translation. All else is cleared.
    pub fn from_translation(translation: impl Into<[f32; 3]>) -> Self {
        Self::cleared().with_translation(translation)
    }

    /// A translation and a rotation. All else is cleared.
    pub fn from_translation_rotation(
        translation: impl Into<[f32; 3]>,
        rotation: records::RotationAxisAngle,
    ) -> Self {
        Self::from_translation(translation).with_rotation_axis_angle(rotation)
    }
}

impl ViewCoordinates {
    /// To the right, forward and up.
    pub fn right_hand_z_up() -> Self {
        Self::new([ViewDir::Right, ViewDir::Forward, ViewDir::Up])
    }

    /// To the right, up and back.
    pub fn right_hand_y_up() -> Self {
        Self::new([ViewDir::Right, ViewDir::Up, ViewDir::Back])
    }

    /// Where X, Y and Z point.
    pub fn new(xyz: [ViewDir; 3]) -> Self {
        Self::default().with_xyz(xyz.map(crate::enums::Enumeration::code))
    }
}

impl AnnotationContext {
    /// What these class ids stand for.
    pub fn new(classes: impl IntoIterator<Item = impl Into<records::ClassDescription>>) -> Self {
        let context: records::AnnotationContext = classes.into_iter().collect();
        Self::default().with_context(context)
    }

    /// Class ids with a label and a color.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = (u16, &'a str, impl Into<Rgba>)>) -> Self {
        Self::new(
            labels
                .into_iter()
                .map(|(id, label, color)| records::AnnotationInfo::new(id, label, color)),
        )
    }
}

impl Image {
    /// A picture of this format, from its bytes.
    pub fn new(bytes: impl Into<Vec<u8>>, format: ImageFormat) -> Self {
        Self::default().with_buffer(bytes).with_format(format)
    }

    /// A picture of red, green and blue bytes.
    pub fn from_rgb8(width: u32, height: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, ImageFormat::rgb8(width, height))
    }
}

impl SegmentationImage {
    /// A picture of one-byte class ids.
    pub fn from_u8(width: u32, height: u32, classes: impl Into<Vec<u8>>) -> Self {
        Self::default()
            .with_buffer(classes)
            .with_format(ImageFormat::depth(width, height, ChannelDatatype::U8))
    }
}

impl DepthImage {
    /// A picture of distances of this format, from its bytes.
    pub fn new(bytes: impl Into<Vec<u8>>, format: ImageFormat) -> Self {
        Self::default().with_buffer(bytes).with_format(format)
    }
}

impl EncodedImage {
    /// A picture from the bytes of a file.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().with_blob(bytes)
    }
}

impl EncodedDepthImage {
    /// A picture of distances from the bytes of a file.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().with_blob(bytes)
    }
}

impl Pinhole {
    /// A camera with this focal length and resolution, both in pixels, looking through the middle of its picture.
    pub fn from_focal_length_and_resolution(focal_length: [f32; 2], resolution: [f32; 2]) -> Self {
        let [fx, fy] = focal_length;
        let [width, height] = resolution;
        // Column by column.
        Self::default()
            .with_image_from_camera([fx, 0.0, 0.0, 0.0, fy, 0.0, width / 2.0, height / 2.0, 1.0])
            .with_resolution(resolution)
    }
}

impl BarChart {
    /// Bars of these heights.
    pub fn new(values: impl Into<TensorData>) -> Self {
        Self::default().with_values(values)
    }
}

impl Scalars {
    /// Numbers, one per series.
    pub fn new(scalars: impl IntoIterator<Item = impl Into<f64>>) -> Self {
        Self::default().with_scalars(scalars)
    }
}

impl TextLog {
    /// An entry.
    pub fn new(text: impl Into<String>) -> Self {
        Self::default().with_text(text)
    }
}

impl TextDocument {
    /// A plain text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::default().with_text(text)
    }

    /// A text in Markdown.
    pub fn from_markdown(text: impl Into<String>) -> Self {
        Self::new(text).with_media_type("text/markdown")
    }
}

impl Clear {
    /// Empties the entity, or the entity and all below it.
    pub fn new(is_recursive: bool) -> Self {
        Self::default().with_is_recursive(is_recursive)
    }
}
