//! The viewer in a part of the window of a Bevy app that has a scene, cameras and an interface of its own.
//!
//! Run it with `cargo run --example embed_panel`. On the left the app draws cubes that circle and a panel to
//! steer them; on the right the viewer shows what the app logs about them, while it happens. With a path it draws a picture there
//! instead of opening a window.

use bevy::{
    camera::{ClearColorConfig, RenderTarget, Viewport, visibility::RenderLayers},
    core_pipeline::tonemapping::{DebandDither, Tonemapping},
    prelude::*,
};
use bevy_panorbit_camera::{PanOrbitCamera, PanOrbitCameraPlugin};
use chronoscope::{
    bevy_egui::{EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext},
    egui,
    frame::{DiffLog, Recordings},
    prelude::*,
    render::{
        AdapterClass, Blending, BoxInstance, BufferError, DrawList, InstanceBuffer, SegmentUniform, Slot,
        pack_color,
    },
    types::{Boxes3D, Scalars, Transform3D, ViewCoordinates, enums::FillMode},
    ui::{UiSettings, context_of, show},
};

/// Colors of the cubes: red, green, blue, from 0 to 255.
pub const COLORS: [[u8; 3]; 3] = [[230, 90, 60], [90, 200, 120], [80, 140, 240]];

/// Color of the scene's background.
pub const BACKGROUND: [u8; 3] = [64, 44, 72];

/// The share of the window that the viewer takes.
pub const VIEWER_SHARE: f32 = 0.6;

/// Half an edge of a cube, in meters.
const HALF_SIZE: f32 = 0.5;

/// The app itself: its scene, its panel, and what it logs. Knows nothing of windows, so that it is drawn to
/// an image as well.
#[derive(Default)]
pub struct HostPlugin {
    /// What the app is drawn to: the primary window, or an image.
    pub target: RenderTarget,
}

impl Plugin for HostPlugin {
    fn build(&self, app: &mut App) {
        let target = self.target.clone();
        app.insert_resource(UiSettings {
            theme: egui::ThemePreference::Dark,
            // What is dropped onto this window is not for the viewer alone.
            take_drops: false,
            ..default()
        });
        // The camera for egui is chosen below: the scene's covers only a part of the window.
        app.insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        });
        app.init_resource::<Circling>()
            .add_plugins(PanOrbitCameraPlugin)
            .add_systems(Startup, move |world: &mut World| {
                spawn_scene(world, target.clone())
            })
            .add_systems(Update, (turn, (move_cubes, log_cubes)).chain())
            .add_systems(EguiPrimaryContextPass, draw_ui);
    }
}

/// How the cubes circle.
#[derive(Resource)]
pub struct Circling {
    /// Radians per second.
    speed: f32,
    angle: f32,
    /// Frames until now.
    frame: i64,
}

impl Default for Circling {
    fn default() -> Self {
        Self {
            speed: 0.6,
            angle: 0.0,
            frame: 0,
        }
    }
}

impl Circling {
    /// Where a cube is, with y up.
    fn place(&self, cube: usize) -> Vec3 {
        let angle = self.angle + cube as f32 * std::f32::consts::TAU / COLORS.len() as f32;
        Vec3::new(2.0 * angle.cos(), 0.4 * (2.0 * angle).sin(), 2.0 * angle.sin())
    }
}

/// The scene's camera, which looks at as much of the window as the interface leaves.
#[derive(Component)]
struct SceneCamera;

/// What draws the cubes, in their order.
#[derive(Resource)]
struct Cubes {
    list: Entity,
    slots: Vec<Slot>,
}

fn spawn_scene(world: &mut World, target: RenderTarget) -> Result<(), BevyError> {
    let [r, g, b] = BACKGROUND;
    let msaa = world.resource::<AdapterClass>().msaa();
    world.spawn((
        SceneCamera,
        Camera {
            clear_color: ClearColorConfig::Custom(Color::srgb_u8(r, g, b)),
            ..default()
        },
        target.clone(),
        msaa,
        Tonemapping::None,
        DebandDither::Disabled,
        Transform::from_xyz(0.0, 5.0, 13.0).looking_at(Vec3::ZERO, Vec3::Y),
        PanOrbitCamera::default(),
    ));
    world.spawn((
        Camera2d,
        Camera {
            order: 1,
            clear_color: ClearColorConfig::None,
            ..default()
        },
        target,
        msaa,
        RenderLayers::none(),
        PrimaryEguiContext,
    ));
    spawn_cubes(world)?;
    Ok(())
}

fn spawn_cubes(world: &mut World) -> Result<(), BufferError> {
    let mut buffer = InstanceBuffer::<BoxInstance>::default();
    let mut slots = Vec::new();
    for [r, g, b] in COLORS {
        let color = pack_color([r, g, b, 255]);
        let cube = BoxInstance::new(Vec3::ZERO, Vec3::splat(HALF_SIZE), Quat::IDENTITY, color);
        slots.push(buffer.insert(vec![cube])?);
    }
    let buffer = world.spawn(buffer).id();
    let mut list = DrawList::<BoxInstance>::new(buffer, Blending::Opaque);
    for slot in &slots {
        list.insert(*slot, SegmentUniform::default());
    }
    let list = world.spawn(list).id();
    world.insert_resource(Cubes { list, slots });
    Ok(())
}

fn turn(time: Res<Time>, mut circling: ResMut<Circling>) {
    circling.angle += circling.speed * time.delta_secs();
    circling.frame += 1;
}

fn move_cubes(
    circling: Res<Circling>,
    cubes: Res<Cubes>,
    mut lists: Query<&mut DrawList<BoxInstance>>,
) -> Result {
    let mut list = lists.get_mut(cubes.list)?;
    for (at, slot) in cubes.slots.iter().enumerate() {
        let world_from_entity = bevy::math::DAffine3::from_translation(circling.place(at).as_dvec3());
        let uniform = SegmentUniform {
            world_from_entity,
            ..default()
        };
        list.set_uniform(*slot, uniform);
    }
    Ok(())
}

/// Logs where the cubes are, as any app may: chunks into a recording, from whatever system. `RecordPlugin` does it by itself for
/// entities with a transform; these cubes are none.
fn log_cubes(
    circling: Res<Circling>,
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut viewer: ViewerHandle,
) -> Result {
    let store = StoreId::recording("embed_panel", "cubes");
    let mut insert = |chunk: Chunk| recordings.insert(&mut log, &store, chunk);
    let now = || [(Timeline::sequence("frame"), circling.frame)];
    let is_first = circling.frame == 1;
    if is_first {
        insert(log_chunk("scene", [], &ViewCoordinates::right_hand_y_up())?)?;
        // The viewer stays at the newest time until somebody moves the cursor.
        viewer.follow();
    }
    for (at, color) in COLORS.into_iter().enumerate() {
        let path = format!("scene/cube_{at}");
        if is_first {
            let cube = Boxes3D::from_half_sizes([[HALF_SIZE; 3]])
                .with_colors([color])
                .with_fill_mode(FillMode::Solid);
            insert(log_chunk(&*path, [], &cube)?)?;
        }
        let place = circling.place(at);
        insert(log_chunk(
            &*path,
            now(),
            &Transform3D::from_translation(place.to_array()),
        )?)?;
        let height = Scalars::new([f64::from(place.y)]);
        insert(log_chunk(format!("height/cube_{at}"), now(), &height)?)?;
    }
    Ok(())
}

/// The app's own panel, called like one of the viewer's; the viewer beside it; the scene between the two.
fn draw_ui(
    world: &mut World,
    cameras: &mut QueryState<&mut Camera, With<SceneCamera>>,
    mut viewer: Local<UiState>,
) {
    let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) else {
        return;
    };
    let window = egui::UiBuilder::new()
        .layer_id(egui::LayerId::background())
        .max_rect(ctx.viewport_rect());
    let mut ui = egui::Ui::new(ctx.clone(), egui::Id::new("host"), window);
    egui::Panel::left("left_panel")
        .exact_size(150.0)
        .show(&mut ui, |ui| {
            ui.heading("Host");
            let mut circling = world.resource_mut::<Circling>();
            ui.label("Speed");
            ui.add(
                egui::DragValue::new(&mut circling.speed)
                    .speed(0.01)
                    .suffix(" rad/s"),
            );
            ui.take_available_space();
        });
    let width = VIEWER_SHARE * ctx.viewport_rect().width();
    egui::Panel::right("viewer")
        .frame(egui::Frame::NONE)
        .exact_size(width)
        .show(&mut ui, |ui| show(world, ui, &mut viewer));

    let pixels = ctx.pixels_per_point();
    let free = ui.available_rect_before_wrap();
    let corner = |at: egui::Pos2| UVec2::new((at.x * pixels) as u32, (at.y * pixels) as u32);
    let (min, max) = (corner(free.min), corner(free.max));
    let viewport = (max.x > min.x && max.y > min.y).then(|| Viewport {
        physical_position: min,
        physical_size: max - min,
        ..default()
    });
    for mut camera in cameras.iter_mut(world) {
        camera.is_active = viewport.is_some();
        camera.viewport.clone_from(&viewport);
    }
}

/// Everything but the window: the viewer without its shell, and the app.
pub fn add_to(app: &mut App, target: RenderTarget) {
    app.add_plugins(EguiPlugin::default())
        .add_plugins(ChronoscopePlugins::embedded())
        .add_plugins(HostPlugin { target });
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::host_window_or_picture(add_to, 60, |_| {})
}
