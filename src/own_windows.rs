//! Windows of their own for views and containers: opened when the user interface asks, closed with what they show.

use std::collections::BTreeSet;

use bevy::{
    camera::{RenderTarget, visibility::RenderLayers},
    ecs::schedule::{ScheduleLabel, Schedules},
    prelude::*,
    window::{ClosingWindow, PresentMode, WindowRef, WindowResolution},
};
use bevy_egui::{EguiContext, EguiSchedule};
use chronoscope_blueprint::{Contents, ViewBlueprint, ViewId, ViewportBlueprint};
use chronoscope_frame::{ActiveBlueprint, Settled};
use chronoscope_ui::{OwnWindows, UiState, show_over_context};

/// Opens and closes the windows that [`OwnWindows`] asks for. Part of [`WindowedPlugin`](crate::window::WindowedPlugin).
pub(crate) struct OwnWindowsPlugin;

impl Plugin for OwnWindowsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<OwnWindows>();
        // Before the pass, so that no context outlives its window.
        app.add_systems(Update, (close_windows, open_windows).chain());
    }
}

/// The size of a new window, in points.
const SIZE: [u32; 2] = [800, 600];

/// A pass over what stands in a window. Each context has one of its own, and a window that is closed leaves its to the next.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct OwnWindowPass(usize);

/// The camera of a window, with what is shown there.
#[derive(Component)]
struct OwnWindow {
    contents: Contents,
    window: Entity,
    pass: usize,
    /// Taken while it is drawn.
    ui: Option<UiState>,
}

/// Closes windows whose contents went back or are gone, and puts back what stood in windows that were closed.
fn close_windows(
    mut commands: Commands,
    mut own: ResMut<OwnWindows>,
    mut settled: ResMut<Settled>,
    shown: Query<(Entity, &OwnWindow)>,
    open: Query<(), (With<Window>, Without<ClosingWindow>)>,
    blueprint: Res<ActiveBlueprint>,
) {
    if shown.is_empty() {
        return;
    }
    let changed = own.bypass_change_detection();
    let mut any = changed.close_missing(blueprint.viewport());
    for (camera, window) in &shown {
        let is_open = open.contains(window.window);
        if !is_open {
            changed.close(window.contents);
        } else if changed.contains(window.contents) {
            continue;
        }
        any = true;
        commands.entity(camera).despawn();
        commands.entity(window.window).try_despawn();
    }
    if any {
        own.set_changed();
        settled.disturb();
    }
}

/// Opens windows for what has none, and names them all.
fn open_windows(world: &mut World) {
    let wanted: Vec<Contents> = world.resource::<OwnWindows>().iter().collect();
    if wanted.is_empty() {
        return;
    }
    let mut known = world.query::<&OwnWindow>();
    let known: Vec<(Contents, usize, Entity)> = known
        .iter(world)
        .map(|window| (window.contents, window.pass, window.window))
        .collect();
    let mut passes: BTreeSet<usize> = known.iter().map(|(_, pass, _)| *pass).collect();
    for contents in wanted {
        let viewport = world.resource::<ActiveBlueprint>().viewport().clone();
        let title = title_of(&viewport, contents);
        if let Some((.., window)) = known.iter().find(|(other, ..)| *other == contents) {
            if let Some(mut window) = world.get_mut::<Window>(*window)
                && window.title != title
            {
                window.title = title;
            }
            continue;
        }
        let pass = (0..).find(|pass| !passes.contains(pass)).unwrap_or_default();
        passes.insert(pass);
        open(world, contents, pass, title);
    }
}

fn open(world: &mut World, contents: Contents, pass: usize, title: String) {
    let window = Window {
        title,
        name: Some("chronoscope".to_owned()),
        resolution: WindowResolution::new(SIZE[0], SIZE[1]),
        present_mode: PresentMode::AutoVsync,
        ..default()
    };
    let window = world.spawn(window).id();
    let label = OwnWindowPass(pass);
    let mut schedules = world.resource_mut::<Schedules>();
    if !schedules.contains(label) {
        schedules.add_systems(label, move |world: &mut World| draw(world, pass));
    }
    world.spawn((
        Camera2d,
        Camera {
            order: 1_001 + pass as isize,
            ..default()
        },
        RenderTarget::Window(WindowRef::Entity(window)),
        Msaa::Off,
        RenderLayers::none(),
        EguiSchedule::new(label),
        OwnWindow {
            contents,
            window,
            pass,
            ui: Some(UiState::of_contents(("own window", pass), contents)),
        },
    ));
    world.resource_mut::<Settled>().disturb();
}

/// The window of its own in which a view is on the screen, and its place there, in points.
pub(crate) fn place_of_view(world: &mut World, view: ViewId) -> Option<(Entity, egui::Rect)> {
    let mut windows = world.query::<&OwnWindow>();
    windows.iter(world).find_map(|window| {
        let rect = window.ui.as_ref()?.view_rect(view)?;
        Some((window.window, rect))
    })
}

/// Draws what stands in the window of a pass.
fn draw(world: &mut World, pass: usize) {
    let mut windows = world.query::<(Entity, &mut OwnWindow, &mut EguiContext)>();
    let found = windows.iter_mut(world).find(|(_, window, _)| window.pass == pass);
    let Some((camera, mut window, mut context)) = found else {
        return;
    };
    let (Some(mut ui), ctx) = (window.ui.take(), context.get_mut().clone()) else {
        return;
    };
    show_over_context(world, &ctx, &mut ui);
    if let Some(mut window) = world.get_mut::<OwnWindow>(camera) {
        window.ui = Some(ui);
    }
}

fn title_of(viewport: &ViewportBlueprint, contents: Contents) -> String {
    let name = match contents {
        Contents::View(id) => viewport.views.get(&id).map(ViewBlueprint::title),
        Contents::Container(id) => viewport.containers.get(&id).and_then(|inner| inner.name.clone()),
    };
    match name {
        Some(name) => format!("{name} - Chronoscope"),
        None => "Chronoscope".to_owned(),
    }
}
