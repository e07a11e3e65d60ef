//! Meshes in views: what is decoded and shared, where it stands, what stands out, and what is reported.

use chronoscope_blueprint::ViewBlueprint;
use chronoscope_render::{Highlight, MeshAlpha, MeshSides, TriangleMesh};
use chronoscope_types::{
    AnnotationContext, Asset3D, InstancePoses3D, Mesh3D,
    enums::{ColorModel, MeshFaceRendering},
};

use super::*;

const TRIANGLE: [[f32; 3]; 3] = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]];

const OBJ: &str = "v 0 0 0\nv 1 0 0\nv 0 0 3\nf 1 2 3\n";

impl Viewer {
    /// The meshes that a view draws.
    fn meshes_of(&mut self, view: ViewId) -> Vec<TriangleMesh> {
        self.finish_decoding();
        self.settle();
        let world = self.app.world();
        let scene = world.resource::<SpatialScenes>().get(view).unwrap();
        let entities = scene.meshes.entities();
        entities
            .iter()
            .map(|entity| world.get::<TriangleMesh>(*entity).unwrap().clone())
            .collect()
    }

    fn meshes(&mut self) -> Vec<TriangleMesh> {
        let view = self.view();
        self.meshes_of(view)
    }

    fn num_geometries(&self) -> usize {
        self.app.world().resource::<Assets<MeshGeometry>>().len()
    }

    fn mesh_reports(&mut self) -> Vec<String> {
        self.meshes();
        let view = self.view();
        let world = self.app.world();
        let reports = world.resource::<Visualizers>().reports(world, view);
        let texts = reports.iter().map(|report| {
            let entity = report.entity.as_ref().map(ToString::to_string);
            format!("{} {report}", entity.unwrap_or_default())
        });
        texts.collect()
    }
}

fn mesh() -> Mesh3D {
    Mesh3D::new(TRIANGLE)
}

fn texture() -> Mesh3D {
    let format = ImageFormat::new(2, 1, ColorModel::RGB, ChannelDatatype::U8);
    mesh()
        .with_vertex_texcoords([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        .with_albedo_texture_buffer([255u8, 0, 0, 0, 255, 0].to_vec())
        .with_albedo_texture_format(format)
}

#[test]
fn two_views_draw_one_copy_which_is_idle_when_both_have_let_go() {
    let mut viewer = Viewer::new([
        log_chunk("world/mesh", [(frame(), 0)], &texture()).unwrap(),
        log_chunk("world/file", [(frame(), 0)], &Asset3D::new(OBJ)).unwrap(),
        log_chunk("world/mesh", [(frame(), 1)], &Mesh3D::cleared()).unwrap(),
        log_chunk("world/file", [(frame(), 1)], &Asset3D::cleared()).unwrap(),
    ]);
    let second = ViewBlueprint::new(ViewId::hashed(["second"]), ViewClassId::SPATIAL_3D, "/");
    let (first, other) = (viewer.view(), second.id);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(second, None)));
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.settle();
    let drawn = [first, other].map(|view| viewer.meshes_of(view));
    assert_eq!((drawn[0].len(), drawn[1].len()), (2, 2));
    for (a, b) in drawn[0].iter().zip(&drawn[1]) {
        assert_eq!(
            (&a.geometry, &a.material.texture),
            (&b.geometry, &b.material.texture)
        );
    }
    assert_eq!(viewer.num_geometries(), 2);
    let sizes = |viewer: &Viewer| {
        let models = viewer.app.world().resource::<MeshModels>();
        (models.num_bytes(), models.num_idle_bytes())
    };
    let (bytes, idle) = sizes(&viewer);
    assert!(bytes > 200 && idle == 0, "{bytes} and {idle} bytes");

    drop(drawn);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    viewer.settle();
    assert_eq!(
        (viewer.meshes_of(first).len(), viewer.meshes_of(other).len()),
        (0, 0)
    );
    assert_eq!(sizes(&viewer), (bytes, bytes), "going back costs nothing");
    let world = viewer.app.world_mut();
    world.resource_mut::<MeshModels>().purge(u64::MAX);
    viewer.settle();
    assert_eq!((sizes(&viewer), viewer.num_geometries()), ((0, 0), 0));
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.settle();
    assert_eq!(viewer.meshes_of(first).len(), 2, "it is made again");
}

#[test]
fn what_moves_or_stands_out_is_not_made_anew() {
    let moved = Transform3D::from_translation([1e7, 0.25, 0.0]);
    let mut viewer = Viewer::new([
        log_chunk("world/mesh", [], &mesh()).unwrap(),
        log_chunk(
            "world/mesh",
            [(frame(), 0)],
            &Transform3D::from_translation([0.0; 3]),
        )
        .unwrap(),
        log_chunk("world/mesh", [(frame(), 1)], &moved).unwrap(),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.settle();
    let before = viewer.meshes();
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    viewer.command(ViewerCommand::Hover(Some(Item::Entity("/world".into()))));
    viewer.settle();
    let after = viewer.meshes();
    assert_eq!(
        after[0].segment.world_from_entity.translation,
        glam::DVec3::new(1e7, 0.25, 0.0)
    );
    assert_eq!(after[0].segment.highlight, Highlight::Hovered);
    assert!(after[0].segment.is_whole && after[0].segment.picking_id > 0);
    assert_eq!(after[0].geometry, before[0].geometry);
    assert_eq!(
        viewer.scene().bounds().max,
        glam::DVec3::new(1e7 + 1.0, 2.25, 0.0)
    );
    viewer.command(ViewerCommand::Select(vec![Item::Entity("/world/mesh".into())]));
    viewer.command(ViewerCommand::Hover(None));
    viewer.settle();
    assert_eq!(viewer.meshes()[0].segment.highlight, Highlight::Selected);
}

#[test]
fn colors_opacity_and_sides_are_those_of_the_data() {
    let context = AnnotationContext::from_labels([(7, "wall", [1, 2, 3, 255])]);
    let mut viewer = Viewer::new([
        log_chunk("a", [], &mesh().with_albedo_factor([255, 0, 0, 128])).unwrap(),
        log_chunk("b", [], &mesh().with_face_rendering(MeshFaceRendering::Back)).unwrap(),
        log_chunk("c", [], &mesh().with_class_ids([7u16])).unwrap(),
        log_chunk("c", [], &context).unwrap(),
        log_chunk(
            "d",
            [],
            &mesh().with_vertex_colors([[9, 8, 7, 255], [9, 8, 7, 100]]),
        )
        .unwrap(),
        log_chunk("e", [], &texture()).unwrap(),
    ]);
    let meshes = viewer.meshes();
    let looks: Vec<_> = meshes
        .iter()
        .map(|mesh| (mesh.material.alpha, mesh.material.sides))
        .collect();
    let (both, back) = (MeshSides::Both, MeshSides::Back);
    assert_eq!(
        looks,
        [
            (MeshAlpha::Blend, both),
            (MeshAlpha::Opaque, back),
            (MeshAlpha::Opaque, both),
            (MeshAlpha::Blend, both),
            (MeshAlpha::Opaque, both)
        ]
    );
    assert_eq!(meshes[0].material.base_color[1], 0.0);
    let geometries = viewer.app.world().resource::<Assets<MeshGeometry>>();
    let colors = |at: usize| {
        let geometry = geometries.get(&meshes[at].geometry).unwrap();
        let vertices = geometry.vertices().iter();
        vertices
            .map(chronoscope_render::MeshVertex::color)
            .collect::<Vec<_>>()
    };
    assert_eq!(colors(2), [[1, 2, 3, 255]; 3]);
    assert_eq!(
        colors(3),
        [[9, 8, 7, 255], [9, 8, 7, 100], [9, 8, 7, 100]],
        "the last repeats"
    );
    assert!(meshes[4].material.texture.is_some());
}

#[test]
fn a_mesh_stands_at_each_of_its_poses() {
    let poses = InstancePoses3D::default()
        .with_translations([[0.0; 3], [10.0, 0.0, 0.0], [20.0, 0.0, 0.0]])
        .with_scales([[1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]]);
    let one_sided = mesh().with_face_rendering(MeshFaceRendering::Front);
    let mut viewer = Viewer::new([
        log_chunk("mesh", [], &one_sided).unwrap(),
        log_chunk("mesh", [], &poses).unwrap(),
    ]);
    let instances = |viewer: &mut Viewer| -> Vec<Vec<u32>> {
        let meshes = viewer.meshes();
        let poses = |mesh: &TriangleMesh| mesh.poses.iter().map(|pose| pose.instance).collect();
        meshes.iter().map(poses).collect()
    };
    assert_eq!(
        instances(&mut viewer),
        [vec![0], vec![1, 2]],
        "mirrored ones apart"
    );
    let bounds = viewer.scene().bounds();
    assert_eq!((bounds.min.x, bounds.max.x), (0.0, 20.0));
    let view = viewer.view();
    let item = Item::DataResult {
        view,
        entity: "/mesh".into(),
        instance: Some(2),
    };
    viewer.command(ViewerCommand::Hover(Some(item)));
    viewer.settle();
    let meshes = viewer.meshes();
    assert!(
        meshes
            .iter()
            .all(|mesh| mesh.segment.hovered_instance == Some(2) && !mesh.segment.is_whole)
    );
}

#[test]
fn what_is_wrong_is_said_of_its_entity_and_the_rest_goes_on() {
    let indices = mesh().with_triangle_indices([[0u32, 1, 2], [0, 1, 3]]);
    let not_finite = Mesh3D::new([[f32::NAN, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    let short =
        texture().with_albedo_texture_format(ImageFormat::new(9, 9, ColorModel::RGB, ChannelDatatype::U8));
    let mut viewer = Viewer::new([
        log_chunk("good", [], &mesh()).unwrap(),
        log_chunk("indices", [], &indices).unwrap(),
        log_chunk("nan", [], &not_finite).unwrap(),
        log_chunk("normals", [], &mesh().with_vertex_normals([[0.0, 0.0, 1.0]])).unwrap(),
        log_chunk("short", [], &short).unwrap(),
        log_chunk("text", [], &Asset3D::new(*b"garbage")).unwrap(),
        log_chunk("cut", [], &Asset3D::new(*b"glTF\x02\0\0\0")).unwrap(),
        log_chunk(
            "dae",
            [],
            &Asset3D::new(*b"<xml/>").with_media_type("model/vnd.collada+xml"),
        )
        .unwrap(),
    ]);
    let reports = viewer.mesh_reports();
    let entities: Vec<&str> = reports
        .iter()
        .filter_map(|report| report.split(' ').next())
        .collect();
    let expected = ["/cut", "/dae", "/indices", "/nan", "/normals", "/short", "/text"];
    assert_eq!(entities, expected, "{reports:#?}");
    assert_eq!(
        viewer.meshes().len(),
        3,
        "the good one, what is left of the indices, and flat faces"
    );
    assert_eq!(viewer.num_geometries(), 3);
}

#[test]
fn a_large_mesh_is_decoded_elsewhere_and_the_one_before_stays_until_then() {
    let large = |y: f32| {
        let positions = (0..300_000).map(move |at| [at as f32, if at % 3 == 0 { y } else { 0.0 }, 0.0]);
        Mesh3D::new(positions.collect::<Vec<_>>())
    };
    let mut viewer = Viewer::new([
        log_chunk("mesh", [(frame(), 0)], &mesh()).unwrap(),
        log_chunk("mesh", [(frame(), 1)], &large(1.0)).unwrap(),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.settle();
    let small = viewer.meshes();
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    viewer.app.update();
    let world = viewer.app.world_mut();
    let shown = world
        .query::<&TriangleMesh>()
        .iter(world)
        .cloned()
        .collect::<Vec<_>>();
    let is_decoding = world.resource::<MeshModels>().num_decoding() == 1;
    assert!(is_decoding || shown != small, "it may be done by now");
    assert_eq!(shown.len(), 1, "something is always shown");
    let now = viewer.meshes();
    assert_ne!(now[0].geometry, small[0].geometry);
    assert_eq!(viewer.app.world().resource::<MeshModels>().num_decoding(), 0);
}
