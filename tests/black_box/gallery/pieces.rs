//! What the gallery shows: each archetype that spatial views draw.

use chronoscope::{
    store::Chunk,
    types::{
        AnnotationContext, Arrows2D, Arrows3D, AsComponents, Asset3D, Boxes2D, Boxes3D, Capsules3D,
        Cylinders3D, DepthImage, Ellipses2D, Ellipsoids3D, GridMap, Image, InstancePoses3D, LineStrips2D,
        LineStrips3D, Mesh3D, Pinhole, Points2D, Points3D, SegmentationImage, Transform3D, TransformAxes3D,
        VoxelGridMap,
        enums::{ChannelDatatype, Colormap, FillMode, PointShading},
        log_chunk,
        records::{AnnotationInfo, ClassDescription, ImageFormat},
    },
};

use crate::meshes::textured_glb;

pub(super) const COLOR: [u8; 4] = [255, 0, 255, 255];

/// An archetype in a view of its own.
pub(super) struct Piece {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) chunks: Vec<Chunk>,
    /// Below the view's origin, where it is not the origin itself.
    pub(super) entity: &'static str,
}

fn piece(class: &'static str, name: &'static str, components: &dyn AsComponents) -> Piece {
    Piece {
        class,
        name,
        chunks: vec![log_chunk(format!("/{name}"), [], components).unwrap()],
        entity: "",
    }
}

fn magenta(pixels: usize) -> Vec<u8> {
    [255, 0, 255].repeat(pixels)
}

pub(super) fn pieces() -> Vec<Piece> {
    let colors = [COLOR];
    let solid = FillMode::Solid;
    let boxes = || Boxes3D::from_half_sizes([[1.0, 0.7, 0.5]]).with_colors(colors);
    let ellipsoids = || {
        Ellipsoids3D::default()
            .with_half_sizes([[1.0, 0.7, 0.5]])
            .with_colors(colors)
    };
    let cylinders = || {
        let sized = Cylinders3D::default().with_lengths([1.5]).with_radii([0.5]);
        sized.with_colors(colors)
    };
    let capsules = || {
        let sized = Capsules3D::default().with_lengths([1.0]).with_radii([0.5]);
        sized.with_colors(colors)
    };
    let strip = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]];
    let flat_strip = vec![[0.0, 0.0], [8.0, 2.0], [3.0, 9.0]];
    let grid_format = ImageFormat::depth(8, 8, ChannelDatatype::U8);
    let grid: Vec<u8> = (0..64).map(|cell| if cell % 9 == 0 { 100 } else { 0 }).collect();
    let mut pieces = vec![
        piece(
            "3D",
            "points",
            &Points3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
                .with_colors(colors)
                .with_radii([0.2]),
        ),
        piece(
            "3D",
            "lines",
            &LineStrips3D::new([strip]).with_colors(colors).with_radii([0.1]),
        ),
        piece(
            "3D",
            "arrows",
            &Arrows3D::new([[1.0, 0.5, 1.0]])
                .with_colors(colors)
                .with_radii([0.15]),
        ),
        piece("3D", "boxes", &boxes()),
        piece("3D", "boxes_solid", &boxes().with_fill_mode(solid)),
        piece(
            "3D",
            "boxes_lines",
            &boxes().with_fill_mode(FillMode::MajorWireframe).with_radii([0.1]),
        ),
        piece("3D", "ellipsoids", &ellipsoids()),
        piece("3D", "ellipsoids_solid", &ellipsoids().with_fill_mode(solid)),
        piece(
            "3D",
            "ellipsoids_dense",
            &ellipsoids()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "cylinders", &cylinders()),
        piece("3D", "cylinders_solid", &cylinders().with_fill_mode(solid)),
        piece(
            "3D",
            "cylinders_dense",
            &cylinders()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "capsules", &capsules()),
        piece("3D", "capsules_solid", &capsules().with_fill_mode(solid)),
        piece(
            "3D",
            "capsules_dense",
            &capsules()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "axes", &TransformAxes3D::default().with_axis_length(1.0)),
        piece(
            "3D",
            "voxels",
            &VoxelGridMap::default()
                .with_voxel_indices([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])
                .with_voxel_size([0.5; 3])
                .with_colors(colors),
        ),
        piece(
            "3D",
            "grid_map",
            &GridMap::default()
                .with_data(grid)
                .with_format(grid_format)
                .with_cell_size(0.5)
                // Raised towards the eye.
                .with_quaternion([0.5, 0.0, 0.0, 0.866])
                .with_colormap(Colormap::RvizCostmap),
        ),
        piece(
            "2D",
            "points_2d",
            &Points2D::new([[2.0, 2.0], [5.0, 5.0], [8.0, 2.0]])
                .with_colors(colors)
                .with_radii([-6.0]),
        ),
        piece(
            "2D",
            "lines_2d",
            &LineStrips2D::new([flat_strip])
                .with_colors(colors)
                .with_radii([-4.0]),
        ),
        piece(
            "2D",
            "arrows_2d",
            &Arrows2D::new([[8.0, 5.0]]).with_colors(colors).with_radii([-5.0]),
        ),
        piece(
            "2D",
            "boxes_2d",
            &Boxes2D::from_half_sizes([[4.0, 3.0]])
                .with_colors(colors)
                .with_radii([-5.0]),
        ),
        piece(
            "2D",
            "ellipses_2d",
            &Ellipses2D::default()
                .with_half_sizes([[4.0, 3.0]])
                .with_colors(colors)
                .with_line_radii([-5.0]),
        ),
        piece("2D", "image", &Image::from_rgb8(4, 3, magenta(12))),
        piece(
            "2D",
            "segmentation",
            &SegmentationImage::from_u8(4, 3, vec![0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ),
        piece(
            "2D",
            "depth",
            &DepthImage::new(
                (0..12).collect::<Vec<u8>>(),
                ImageFormat::depth(4, 3, ChannelDatatype::U8),
            ),
        ),
    ];
    let forward_left_up = [5, 4, 1];
    let pinhole = Pinhole::from_focal_length_and_resolution([60.0, 40.0], [60.0, 40.0])
        .with_camera_xyz(forward_left_up)
        .with_image_plane_distance(2.0)
        .with_color([0, 255, 0, 255]);
    pieces.push(Piece {
        class: "3D",
        name: "camera",
        chunks: vec![
            log_chunk("/camera", [], &Transform3D::from_translation([0.0, 0.0, 1.0])).unwrap(),
            log_chunk(
                "/camera/lens",
                [],
                &pinhole
                    .with_image_plane_distance(2.0)
                    .with_color([0, 255, 0, 255]),
            )
            .unwrap(),
            log_chunk(
                "/camera/lens/image",
                [],
                &Image::from_rgb8(60, 40, magenta(2_400)),
            )
            .unwrap(),
        ],
        entity: "/lens/image",
    });
    let log = |path: &str, components: &dyn AsComponents| log_chunk(path, [], components).unwrap();
    let mut several = |name, chunks: Vec<Chunk>, entity| {
        pieces.push(Piece {
            class: "3D",
            name,
            chunks,
            entity,
        });
    };
    let poses = InstancePoses3D::default()
        .with_translations([[0.0; 3], [2.0, 0.0, 0.5]])
        .with_scales([[1.0, 1.0, 1.0], [0.5, 1.0, 1.5]]);
    several(
        "poses",
        vec![
            log("/poses", &boxes().with_fill_mode(solid)),
            log("/poses", &poses),
        ],
        "",
    );
    let joints = [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.7, 0.0, 1.4],
        [-0.7, 0.0, 1.4],
    ];
    let person = ClassDescription {
        connections: vec![[0, 1], [1, 2], [1, 7]],
        ..AnnotationInfo::new(1, "person", [0, 200, 255, 255]).into()
    };
    let skeleton = Points3D::new(joints)
        .with_colors(colors)
        .with_radii([0.15])
        .with_show_labels(false)
        .with_class_ids([1u16])
        .with_keypoint_ids([0u16, 1, 2, 7]);
    let context = AnnotationContext::new([person]);
    several(
        "skeleton",
        vec![log("/skeleton", &skeleton), log("/skeleton", &context)],
        "",
    );
    let flat = Points3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
        .with_colors(colors)
        .with_radii([0.2])
        .with_point_shading(PointShading::Flat);
    several("points_flat", vec![log("/points_flat", &flat)], "");
    let mesh = Mesh3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).with_albedo_factor(COLOR);
    several("mesh", vec![log("/mesh", &mesh)], "");
    let distances = (0..2_400u16).map(|at| 1_000 + at % 60 * 10 + at / 60 * 5);
    let distances: Vec<u8> = distances.flat_map(u16::to_le_bytes).collect();
    let depth = DepthImage::new(distances, ImageFormat::depth(60, 40, ChannelDatatype::U16));
    let pinhole = Pinhole::from_focal_length_and_resolution([60.0; 2], [60.0, 40.0])
        .with_camera_xyz(forward_left_up)
        .with_color([0, 255, 0, 255]);
    several(
        "depth_cloud",
        vec![
            log("/depth_cloud", &Transform3D::from_translation([0.0; 3])),
            log("/depth_cloud/lens", &pinhole),
            log("/depth_cloud/lens/depth", &depth),
        ],
        "/lens/depth",
    );
    let spheres = Points3D::new([[-0.5, 0.0, 0.0], [0.5, 0.1, 0.0], [0.0, 0.2, 0.8]])
        .with_colors(colors)
        .with_radii([0.7]);
    pieces.push(piece("3D", "spheres", &spheres));
    let model = Asset3D::new(textured_glb([1.0, 0.0, 1.0], [0.3, 0.2, 0.3]));
    pieces.push(piece("3D", "model", &model));
    pieces
}
