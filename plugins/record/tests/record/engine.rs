//! What the engine has: meshes, cameras, diagnostics, logs.

use bevy_app::App;
use bevy_asset::{AssetApp as _, AssetPlugin, Assets, RenderAssetUsages};
use bevy_camera::{PerspectiveProjection, Projection};
use bevy_diagnostic::{Diagnostic, DiagnosticPath, Diagnostics, DiagnosticsPlugin, RegisterDiagnostic as _};
use bevy_ecs::prelude::*;
use bevy_mesh::{Indices, Mesh, Mesh3d, PrimitiveTopology};
use bevy_transform::components::Transform;
use chronoscope_types::{Mesh3D, Pinhole, Scalars, read};

use crate::{Stage, hit};

fn triangle() -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        )
        .with_inserted_indices(Indices::U16(vec![0, 1, 2]))
}

fn stage() -> Stage {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins((AssetPlugin::default(), DiagnosticsPlugin))
        .init_asset::<Mesh>();
    stage
}

#[test]
fn meshes_are_recorded_once_they_are_there_and_again_where_they_change() {
    let mut stage = stage();
    let mut meshes = stage.world().resource_mut::<Assets<Mesh>>();
    let shared = meshes.add(triangle());
    let later = meshes.reserve_handle();
    let lines = meshes.add(Mesh::new(
        PrimitiveTopology::LineList,
        RenderAssetUsages::default(),
    ));
    for (name, mesh) in [
        ("a", &shared),
        ("b", &shared),
        ("late", &later),
        ("lines", &lines),
    ] {
        stage
            .world()
            .spawn((Name::new(name), Mesh3d(mesh.clone()), Transform::default()));
    }
    stage.app.update();
    stage.app.update();
    let mut meshes = stage.world().resource_mut::<Assets<Mesh>>();
    meshes.insert(later.id(), triangle()).unwrap();
    let mut mesh = meshes.get_mut(shared.id()).unwrap();
    mesh.insert_attribute(
        Mesh::ATTRIBUTE_POSITION,
        vec![[0.0_f32, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 5.0, 0.0]],
    );
    drop(mesh);
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let vertex = |path: &str, frame| {
        let cell = hit(&recording, path, &Mesh3D::VERTEX_POSITIONS, frame)?.cell();
        Some(read::positions3d(&cell).unwrap()[1][0])
    };
    assert_eq!([vertex("/world/a", 0), vertex("/world/b", 1)], [Some(1.0); 2]);
    assert_eq!([vertex("/world/a", 3), vertex("/world/b", 3)], [Some(5.0); 2]);
    assert_eq!(
        [vertex("/world/late", 0), vertex("/world/late", 3)],
        [None, Some(1.0)]
    );
    assert_eq!(vertex("/world/lines", 3), None);
    let entity = recording.store.entity_id(&"/world/a".into()).unwrap();
    let meshes = recording.store.component_id(&Mesh3D::VERTEX_POSITIONS).unwrap();
    assert!(recording.store.has_component(entity, meshes));
}

#[test]
fn a_camera_is_a_pinhole_below_its_entity() {
    let mut stage = stage();
    let lens = PerspectiveProjection {
        fov: std::f32::consts::FRAC_PI_2,
        aspect_ratio: 2.0,
        ..PerspectiveProjection::default()
    };
    stage.world().spawn((
        Name::new("eye"),
        Projection::Perspective(lens),
        Transform::default(),
    ));
    stage.app.update();
    let recording = stage.recording();
    let cell = |component: &str| {
        hit(&recording, "/world/eye/pinhole", component, 0)
            .unwrap()
            .cell()
    };
    let resolution = cell(&Pinhole::RESOLUTION);
    assert_eq!(read::resolutions(&resolution).unwrap()[0], [1440.0, 720.0]);
    let projection = cell(&Pinhole::IMAGE_FROM_CAMERA);
    let focal_length = read::pinhole_projections(&projection).unwrap()[0][0];
    assert!((focal_length - 360.0).abs() < 1e-3, "{focal_length}");
}

#[test]
fn diagnostics_are_scalars() {
    const PATH: DiagnosticPath = DiagnosticPath::const_new("boids/count");
    let mut stage = stage();
    stage.app.register_diagnostic(Diagnostic::new(PATH));
    stage
        .app
        .add_systems(bevy_app::Update, |mut diagnostics: Diagnostics| {
            diagnostics.add_measurement(&PATH, || 42.0);
        });
    stage.app.update();
    stage.app.update();
    let recording = stage.recording();
    let cell = hit(&recording, "/app/diagnostics/boids/count", &Scalars::SCALARS, 1);
    let cell = cell.unwrap().cell();
    assert_eq!(read::scalars(&cell).unwrap()[0], 42.0);
}

#[test]
fn what_is_logged_with_tracing_is_recorded_by_target() {
    use bevy_log::tracing_subscriber::{Registry, layer::SubscriberExt as _};
    let mut stage = stage();
    let app: &mut App = &mut stage.app;
    let layer = chronoscope_record::log_layer(app).unwrap();
    let logger = Registry::default().with(layer);
    tracing::subscriber::with_default(logger, || {
        tracing::warn!(target: "robot::arm", force = 3, "the arm is stuck");
    });
    stage.app.update();
    let recording = stage.recording();
    let cell = |component: &str| hit(&recording, "/logs/robot/arm", component, 0).unwrap().cell();
    let (text, level) = (cell("TextLog:text"), cell("TextLog:level"));
    let first = |cell: &dyn chronoscope_store::arrow::Array| {
        read::texts(cell)
            .unwrap()
            .iter()
            .next()
            .flatten()
            .map(str::to_owned)
    };
    assert_eq!(first(&text).as_deref(), Some("the arm is stuck force=3"));
    assert_eq!(first(&level).as_deref(), Some("WARN"));
}
