//! The pass in the engine: an exclusive system, so that all of the world can be read and nothing else runs
//! beside.

use bevy::{
    app::{App, AppExit, Plugin, PreUpdate},
    ecs::{message::Messages, prelude::*, query::QueryState},
};
use bevy_egui::{EguiContext, EguiInput, EguiPreUpdateSet, EguiPrimaryContextPass, PrimaryEguiContext};
use chronoscope_frame::{
    ActiveBlueprint, Cursor, DiffLog, FrameDiagnostics, IngestSources, Recordings, Reports, Selection,
    Settled, TimeControls, View, ViewClasses, ViewTile, ViewerCommands, Visualizers,
};
use chronoscope_views::{ViewStyle, ViewUis};

use crate::{
    pass::ShownTiles,
    settings::UiSettings,
    shell,
    state::UiState,
    theme::{self, Theme},
};

/// Draws the user interface into `bevy_egui`'s primary context, whether that is shown in a window or drawn to
/// an image.
///
/// Owns neither windows nor cameras. Needs `bevy_egui`'s plugin and the frame's; what views draw is up to the
/// views' plugins.
#[derive(Clone, Copy, Debug, Default)]
pub struct UiPlugin {
    /// Settings of the interface.
    pub settings: UiSettings,
}

impl Plugin for UiPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(self.settings);
        init_resources(app);
        app.add_systems(EguiPrimaryContextPass, draw_ui);
        app.add_systems(
            PreUpdate,
            drop_unchanged_modifiers
                .after(EguiPreUpdateSet::ProcessInput)
                .before(EguiPreUpdateSet::BeginPass),
        );
    }
}

/// Takes the news out of the input that are none: `bevy_egui` states the modifier keys in every pass, and
/// egui draws again after any event, so that the interface would never come to rest.
fn drop_unchanged_modifiers(
    mut contexts: Query<(&mut EguiContext, &mut EguiInput), With<PrimaryEguiContext>>,
) {
    for (mut context, mut input) in &mut contexts {
        let known = context.get_mut().input(|input| input.modifiers);
        drop_modifiers(&mut input.events, known);
    }
}

pub(crate) fn drop_modifiers(events: &mut Vec<egui::Event>, mut known: egui::Modifiers) {
    events.retain(|event| match event {
        egui::Event::ModifiersChanged(now) => std::mem::replace(&mut known, *now) != *now,
        _ => true,
    });
}

/// Adds empty resources for an app that has only parts of the frame.
pub(crate) fn init_resources(app: &mut App) {
    app.init_resource::<UiState>()
        .init_resource::<UiSettings>()
        .init_resource::<Recordings>()
        .init_resource::<ActiveBlueprint>()
        .init_resource::<Cursor>()
        .init_resource::<DiffLog>()
        .init_resource::<FrameDiagnostics>()
        .init_resource::<IngestSources>()
        .init_resource::<Reports>()
        .init_resource::<Selection>()
        .init_resource::<Settled>()
        .init_resource::<TimeControls>()
        .init_resource::<ViewClasses>()
        .init_resource::<ViewStyle>()
        .init_resource::<ViewUis>()
        .init_resource::<ViewerCommands>()
        .init_resource::<Visualizers>();
}

fn draw_ui(world: &mut World, contexts: &mut QueryState<&mut EguiContext, With<PrimaryEguiContext>>) {
    let Some(ctx) = contexts
        .iter_mut(world)
        .next()
        .map(|mut context| context.get_mut().clone())
    else {
        return;
    };
    run_pass(world, &ctx);
}

/// Draws everything into `ctx`, hands the commands over, and says where the views are. For those who run egui
/// themselves; in an app with `bevy_egui`, [`UiPlugin`] calls it.
pub fn run_pass(world: &mut World, ctx: &egui::Context) {
    let mut ui = egui::Ui::new(
        ctx.clone(),
        egui::Id::new("chronoscope"),
        egui::UiBuilder::new()
            .layer_id(egui::LayerId::background())
            .max_rect(ctx.viewport_rect()),
    );
    world.resource_scope(|world: &mut World, mut state: Mut<UiState>| {
        let mut repaint_requested = apply_theme(world, ctx, &mut state);
        let mut commands = ViewerCommands::default();
        let shown = shell::show(&mut ui, world, &mut state, &mut commands);
        // The next frame shows the effect of the commands.
        repaint_requested |= !commands.is_empty();
        world.resource_mut::<ViewerCommands>().append(&mut commands);
        repaint_requested |= std::mem::take(&mut state.repaint_requested);
        if std::mem::take(&mut state.quit_requested)
            && let Some(mut exits) = world.get_resource_mut::<Messages<AppExit>>()
        {
            exits.write(AppExit::Success);
        }
        repaint_requested |= write_tiles(world, &shown, ctx.pixels_per_point());
        if repaint_requested {
            world.resource_mut::<Settled>().disturb();
        }
    });
}

/// Applies the theme where it is not yet, and gives its colors to the views. Returns whether something
/// changed.
fn apply_theme(world: &mut World, ctx: &egui::Context, state: &mut UiState) -> bool {
    let wanted = world.resource::<UiSettings>().theme;
    let is_new = state.theme.is_none();
    if is_new {
        theme::apply(ctx);
    }
    if state.theme != Some(wanted) {
        ctx.set_theme(wanted);
        state.theme = Some(wanted);
    }
    let style = view_style(Theme::of_context(ctx));
    let changed = *world.resource::<ViewStyle>() != style;
    if changed {
        world.insert_resource(style);
    }
    is_new || changed
}

fn view_style(theme: &Theme) -> ViewStyle {
    ViewStyle {
        background: theme.viewport,
        grid: theme.hairline,
        text: theme.text,
        secondary_text: theme.secondary,
        label_background: theme.label_background(),
        cursor: theme.cursor,
        hovered: theme.cursor,
        selected: theme.accent,
        warning: theme.warning,
        error: theme.error,
        success: theme.success,
    }
}

/// Tells each view whether and how large it is shown. Returns whether that changed.
fn write_tiles(world: &mut World, shown: &ShownTiles, pixels_per_point: f32) -> bool {
    let mut views = world.query::<(&View, &mut ViewTile)>();
    let mut changed = false;
    for (view, mut tile) in views.iter_mut(world) {
        let next = match shown.get(&view.id) {
            Some(size) => {
                let pixels = |points: f32| (points * pixels_per_point).round().clamp(1.0, 16_384.0) as u32;
                ViewTile {
                    shown: true,
                    size_pixels: [pixels(size.x), pixels(size.y)],
                    pixels_per_point,
                }
            }
            // The last size is kept, so that a view that comes back need not be drawn twice.
            None => ViewTile {
                shown: false,
                ..*tile
            },
        };
        changed |= tile.set_if_neq(next);
    }
    changed
}

#[cfg(test)]
mod tests {
    use egui::{Event, Modifiers};

    use super::*;

    #[test]
    fn only_modifiers_that_changed_are_news() {
        let changed = |modifiers| Event::ModifiersChanged(modifiers);
        let mut same = vec![changed(Modifiers::SHIFT), Event::Copy, changed(Modifiers::SHIFT)];
        drop_modifiers(&mut same, Modifiers::SHIFT);
        assert_eq!(same, [Event::Copy]);
        let there_and_back = vec![changed(Modifiers::SHIFT), changed(Modifiers::NONE)];
        let mut events = there_and_back.clone();
        drop_modifiers(&mut events, Modifiers::NONE);
        assert_eq!(events, there_and_back);
    }
}
