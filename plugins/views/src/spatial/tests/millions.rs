//! A million instances of each archetype that has many.

use chronoscope_types::{
    Arrows3D, AsComponents, Boxes3D, Capsules3D, Cylinders3D, Ellipsoids3D, LineStrips3D, Mesh3D, Points3D,
    VoxelGridMap, log_chunk,
};

use super::Viewer;
use crate::spatial::Part;

const MILLION: usize = 1_000_000;

/// The whole numbers of a cube, of which each instance has a place.
fn places() -> impl Iterator<Item = [f32; 3]> {
    (0..MILLION).map(|at| [at % 100, at / 100 % 100, at / 10_000].map(|side| side as f32))
}

/// All of them are shown where they are, and nothing is said about it.
fn check(name: &str, archetype: &dyn AsComponents) {
    let mut viewer = Viewer::new([log_chunk("many", [], archetype).unwrap()]);
    viewer.finish_decoding();
    viewer.settle();
    let (view, world) = (viewer.view(), viewer.app.world());
    let visualizers = world.resource::<chronoscope_frame::Visualizers>();
    let reports = visualizers.reports(world, view);
    assert!(reports.is_empty(), "{name}: {reports:?}");
    let scene = viewer.scene();
    let bounds = scene.bounds_of(&"/many".into());
    let size = bounds.max - bounds.min;
    assert!(
        size.min_element() >= 99.0 && size.max_element() < 110.0,
        "{name}: {size}"
    );
    let parts = scene.shown().flat_map(|(_, shown)| &shown.visual.parts);
    let num_instances: usize = parts.map(Part::num_instances).sum();
    assert!(num_instances >= MILLION, "{name}: {num_instances}");
}

#[test]
fn a_million_points_lines_and_arrows_are_shown() {
    check("Points3D", &Points3D::new(places()));
    let strips = places().map(|place| vec![place, place.map(|side| side + 0.5)]);
    check("LineStrips3D", &LineStrips3D::new(strips));
    let vectors = std::iter::repeat_n([0.5_f32; 3], MILLION);
    check("Arrows3D", &Arrows3D::new(vectors).with_origins(places()));
}

#[test]
fn a_million_solids_are_shown() {
    let sizes = || std::iter::repeat_n([0.4_f32; 3], MILLION);
    check(
        "Boxes3D",
        &Boxes3D::from_half_sizes(sizes()).with_centers(places()),
    );
    let ellipsoids = Ellipsoids3D::default().with_half_sizes(sizes());
    check("Ellipsoids3D", &ellipsoids.with_centers(places()));
    // The last one holds for all further ones.
    let cylinders = Cylinders3D::default().with_lengths([1.0]).with_radii([0.4]);
    check("Cylinders3D", &cylinders.with_centers(places()));
    let capsules = Capsules3D::default().with_lengths([1.0]).with_radii([0.4]);
    check("Capsules3D", &capsules.with_translations(places()));
    let cells = places().map(|place| place.map(|side| side as i32));
    let voxels = VoxelGridMap::default().with_voxel_indices(cells);
    check("VoxelGridMap", &voxels.with_voxel_size([1.0; 3]));
}

#[test]
fn a_mesh_of_a_million_triangles_is_shown() {
    let corners = places().flat_map(|[x, y, z]| [[x, y, z], [x + 0.5, y, z], [x, y + 0.5, z]]);
    let mut viewer = Viewer::new([log_chunk("many", [], &Mesh3D::new(corners)).unwrap()]);
    viewer.finish_decoding();
    viewer.settle();
    let (view, world) = (viewer.view(), viewer.app.world());
    let visualizers = world.resource::<chronoscope_frame::Visualizers>();
    let reports = visualizers.reports(world, view);
    assert!(reports.is_empty(), "{reports:?}");
    let bounds = viewer.scene().bounds_of(&"/many".into());
    assert_eq!(bounds.max.to_array(), [99.5, 99.5, 99.0]);
}
