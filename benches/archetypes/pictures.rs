//! Archetypes whose instances are pixels, cells or bars, or of which an entity has one: maps, pictures, cameras, models.

use chronoscope::{
    blueprint::ViewClassId,
    types::{
        Asset3D, BarChart, DepthImage, EncodedImage, GridMap, Image, Pinhole, SegmentationImage,
        TransformAxes3D, VoxelGridMap, enums::ChannelDatatype, records::ImageFormat,
    },
};

use super::{DrawnArchetype, SIZE};

/// All of them.
pub const PICTURES: [DrawnArchetype; 10] = [
    DrawnArchetype {
        name: "Image",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let side = side_of(places);
            let pixels = bytes_of(places, 3 * side * side);
            Box::new(Image::from_rgb8(side as u32, side as u32, pixels))
        },
    },
    DrawnArchetype {
        name: "EncodedImage",
        class: ViewClassId::SPATIAL_2D,
        row: |places| Box::new(EncodedImage::new(bitmap(places))),
    },
    DrawnArchetype {
        name: "SegmentationImage",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let side = side_of(places);
            let classes = bytes_of(places, side * side);
            Box::new(SegmentationImage::from_u8(side as u32, side as u32, classes))
        },
    },
    DrawnArchetype {
        name: "DepthImage",
        class: ViewClassId::SPATIAL_2D,
        row: |places| Box::new(distances(places)),
    },
    DrawnArchetype {
        name: "VoxelGridMap",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let moved = places.first().map_or(0, |place| (place[0] * 100.0) as i32);
            let side = (places.len() as f64).cbrt().ceil().max(1.0) as i32;
            let cells =
                (0..places.len() as i32).map(|at| [at % side, at / side % side, at / side / side + moved]);
            Box::new(
                VoxelGridMap::default()
                    .with_voxel_indices(cells)
                    .with_voxel_size([SIZE; 3]),
            )
        },
    },
    DrawnArchetype {
        name: "GridMap",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let side = side_of(places);
            let format = ImageFormat::depth(side as u32, side as u32, ChannelDatatype::U8);
            let map = GridMap::default().with_data(bytes_of(places, side * side));
            Box::new(map.with_format(format).with_cell_size(SIZE))
        },
    },
    DrawnArchetype {
        name: "TransformAxes3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| Box::new(TransformAxes3D::default().with_axis_length(SIZE * places.len() as f32)),
    },
    DrawnArchetype {
        name: "Pinhole",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let moved = places.first().map_or(0.0, |place| place[0].abs());
            Box::new(Pinhole::from_focal_length_and_resolution(
                [500.0 + moved; 2],
                [640.0, 480.0],
            ))
        },
    },
    DrawnArchetype {
        name: "Asset3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| Box::new(Asset3D::new(model(places))),
    },
    DrawnArchetype {
        name: "BarChart",
        class: ViewClassId::BAR_CHART,
        row: |places| {
            let values: Vec<f32> = places.iter().map(|place| place[0]).collect();
            Box::new(BarChart::default().with_values(values))
        },
    },
];

/// Distances before a camera, which stands above them.
pub const DEPTH_CLOUD: DrawnArchetype = DrawnArchetype {
    name: "depth_cloud",
    class: ViewClassId::SPATIAL_3D,
    row: |places| Box::new(distances(places)),
};

/// Distances of some pixels, as many as there are places or a few more.
fn distances(places: &[[f32; 3]]) -> DepthImage {
    let side = side_of(places);
    let moved = places.first().map_or(0.0, |place| place[0]);
    let distances = (0..side * side).map(|at| 2.0 + (at as f32 * 0.001 + moved).sin());
    let bytes: Vec<u8> = distances.flat_map(f32::to_le_bytes).collect();
    DepthImage::new(
        bytes,
        ImageFormat::depth(side as u32, side as u32, ChannelDatatype::F32),
    )
}

/// The sides of a square of as many pixels as there are places, or a few more.
fn side_of(places: &[[f32; 3]]) -> usize {
    (places.len() as f64).sqrt().ceil().max(1.0) as usize
}

/// So many bytes, which are others where the places are.
fn bytes_of(places: &[[f32; 3]], count: usize) -> Vec<u8> {
    let moved = places.first().map_or(0, |place| (place[0] * 100.0) as i64);
    (0..count as i64).map(|at| (at + moved) as u8).collect()
}

/// A file with 24 bits for each pixel.
fn bitmap(places: &[[f32; 3]]) -> Vec<u8> {
    const HEADER_BYTES: u32 = 54;
    let side = side_of(places);
    // Rows end at multiples of four bytes.
    let row_bytes = (3 * side).next_multiple_of(4);
    let pixel_bytes = (row_bytes * side) as u32;
    let mut file = b"BM".to_vec();
    let mut words = |words: &[u32]| file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&[
        HEADER_BYTES + pixel_bytes,
        0,
        HEADER_BYTES,
        40,
        side as u32,
        side as u32,
    ]);
    // One plane of 24 bits, and no compression.
    words(&[24 << 16 | 1, 0, pixel_bytes, 0, 0, 0, 0]);
    file.extend(bytes_of(places, row_bytes * side));
    file
}

/// A file of as many triangles as there are places.
fn model(places: &[[f32; 3]]) -> Vec<u8> {
    let mut file = vec![0; 80];
    file.extend((places.len() as u32).to_le_bytes());
    for [x, y, z] in places {
        let normal = [0.0, 0.0, 1.0];
        let corners = [[*x, *y, *z], [x + SIZE, *y, *z], [*x, y + SIZE, *z]];
        let numbers = std::iter::once(normal).chain(corners).flatten();
        file.extend(numbers.flat_map(f32::to_le_bytes));
        file.extend([0, 0]);
    }
    file
}
