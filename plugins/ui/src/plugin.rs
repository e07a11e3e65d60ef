//! The interface in the engine: its resources, and the shell that draws it over all of a context.

use bevy::{
    app::{App, Last, Plugin, PostUpdate, PreUpdate},
    asset::AssetEventSystems,
    ecs::{prelude::*, query::QueryFilter},
    log::{error, warn},
};
use bevy_egui::{
    EguiContext, EguiInput, EguiPlugin, EguiPostUpdateSet, EguiPreUpdateSet, EguiPrimaryContextPass,
    PrimaryEguiContext, input::WindowToEguiContextMap,
};
use chronoscope_blueprint::Panel;
use chronoscope_frame::{
    ActiveBlueprint, Cursor, DiffLog, FileKinds, Frame, FrameDiagnostics, FrameSystems, IngestSources,
    RecentFiles, Recordings, Reports, Selection, Settled, TimeControls, ViewClasses, ViewerCommands,
    Visualizers, has_work,
};
use chronoscope_views::{ViewStyle, ViewUis};

use crate::{
    commands::{AppCommandExt, NamedCommands, UiCommand},
    editors::ComponentEditors,
    key_order::restore_modifiers,
    look,
    named_panels::{AppPanelExt, NamedPanels},
    settings::{Look, UiSettings},
    shell,
    shown::{ShownTiles, is_needed, tell_views},
    state::UiState,
    system_fonts::SystemFonts,
};

/// What [`show`](crate::show) needs. Draws nothing by itself, and owns neither windows nor cameras.
///
/// While no instance is drawn, nothing from [`FrameSystems::BlueprintQuery`] on runs, and what comes before only where there is
/// [work](has_work). Needs the frame's
/// plugins; what views draw is up to the views' plugins.
#[derive(Clone, Copy, Debug, Default)]
pub struct UiPlugin {
    /// Settings of the interface, where the app has none yet.
    pub settings: UiSettings,
}

impl Plugin for UiPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        if !app.world().contains_resource::<UiSettings>() {
            app.insert_resource(self.settings);
        }
        init_resources(app);
        #[cfg(feature = "component_editors")]
        crate::editors::built_in::add_editors(app);
        add_commands(app);
        app.add_systems(Frame, tell_views.in_set(FrameSystems::Begin));
        app.configure_sets(
            Frame,
            (
                FrameSystems::BlueprintQuery,
                FrameSystems::QueryResults,
                FrameSystems::Overrides,
                FrameSystems::ContextSystems,
                FrameSystems::Visualizers,
                FrameSystems::Present,
            )
                .run_if(is_needed),
        );
        // What is not shown takes in data, and does what it is asked for.
        app.configure_sets(
            Frame,
            (
                FrameSystems::Ingest,
                FrameSystems::Gc,
                FrameSystems::ApplyCommands,
            )
                .run_if(is_needed.or_else(has_work)),
        );
    }
}

/// Adds the viewer's own commands and panels. Those that a host added before stay, and replace them.
fn add_commands(app: &mut App) {
    let world = app.world_mut();
    let commands = world.remove_resource::<NamedCommands>().unwrap_or_default();
    let panels = world.remove_resource::<NamedPanels>().unwrap_or_default();
    for command in UiCommand::ALL {
        app.add_command(command);
    }
    for panel in Panel::ALL {
        app.add_panel(panel);
    }
    #[cfg(feature = "performance_panel")]
    app.add_panel(crate::performance_panel::panel());
    app.world_mut()
        .resource_mut::<NamedCommands>()
        .take_over(commands);
    app.world_mut().resource_mut::<NamedPanels>().take_over(panels);
}

/// Adds empty resources for an app that has only parts of the frame.
fn init_resources(app: &mut App) {
    app.init_resource::<UiState>()
        .init_resource::<ComponentEditors>()
        .init_resource::<RecentFiles>()
        .init_resource::<ShownTiles>()
        .init_resource::<Recordings>()
        .init_resource::<ActiveBlueprint>()
        .init_resource::<Cursor>()
        .init_resource::<DiffLog>()
        .init_resource::<FileKinds>()
        .init_resource::<FrameDiagnostics>()
        .init_resource::<IngestSources>()
        .init_resource::<Reports>()
        .init_resource::<Selection>()
        .init_resource::<Settled>()
        .init_resource::<SystemFonts>()
        .init_resource::<TimeControls>()
        .init_resource::<ViewClasses>()
        .init_resource::<ViewStyle>()
        .init_resource::<ViewUis>()
        .init_resource::<ViewerCommands>()
        .init_resource::<Visualizers>();
}

/// Draws the viewer over all of `bevy_egui`'s primary context, whether that is shown in a window or drawn to
/// an image.
///
/// For apps that are a viewer. A host that shows the viewer in a part of its own interface leaves this plugin
/// out and calls [`show`](crate::show).
#[derive(Clone, Copy, Debug, Default)]
pub struct PrimaryUiPlugin;

impl Plugin for PrimaryUiPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_systems(EguiPrimaryContextPass, draw_ui.in_set(UiSystems::Draw));
        // The letters that a frame is the first to show reach the GPU with it, and not with the next.
        app.configure_sets(
            PostUpdate,
            EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems),
        );
        app.add_systems(Last, warn_without_context);
        app.add_systems(
            PreUpdate,
            (
                restore_modifiers.run_if(resource_exists::<WindowToEguiContextMap>),
                drop_unchanged_modifiers,
            )
                .chain()
                .after(EguiPreUpdateSet::ProcessInput)
                .before(EguiPreUpdateSet::BeginPass),
        );
    }

    fn finish(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            error!(
                "the viewer cannot be seen: add bevy_egui's EguiPlugin, or disable PrimaryUiPlugin in \
                 ChronoscopePlugins"
            );
        }
    }
}

/// Systems of [`PrimaryUiPlugin`] in [`EguiPrimaryContextPass`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UiSystems {
    /// Draws the viewer, exclusively. What a host draws into the same context after it lies above.
    Draw,
}

/// Takes the news out of the input that are none: `bevy_egui` states the modifier keys in every pass, and
/// egui draws again after any event, so that the interface would never come to rest.
fn drop_unchanged_modifiers(mut contexts: Query<(&mut EguiContext, &mut EguiInput)>) {
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

/// Frames without a context after which that is reported.
const PATIENCE: u32 = 60;

/// Says once that there is nothing to draw into.
fn warn_without_context(contexts: Query<(), With<PrimaryEguiContext>>, mut num_frames: Local<u32>) {
    if contexts.is_empty() && *num_frames <= PATIENCE {
        *num_frames += 1;
        if *num_frames > PATIENCE {
            warn!("the viewer cannot be seen: no camera has a PrimaryEguiContext");
        }
    }
}

fn draw_ui(world: &mut World) {
    let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) else {
        return;
    };
    world.init_resource::<UiState>();
    world.resource_scope(|world, mut state: Mut<UiState>| show_over_context(world, &ctx, &mut state));
}

/// The egui context of a camera, to draw into in the pass of that context: `With<PrimaryEguiContext>` finds the one that `bevy_egui`
/// makes by itself, a component of the host's own that of another camera. The first, where several match.
///
/// ```
/// use bevy::prelude::*;
/// use bevy_egui::PrimaryEguiContext;
/// use chronoscope_ui::{UiState, context_of, show};
///
/// fn draw_ui(world: &mut World, mut viewer: Local<UiState>) {
///     if let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) {
///         egui::Window::new("Viewer").show(&ctx, |ui| show(world, ui, &mut viewer));
///     }
/// }
/// # bevy::ecs::system::assert_is_system(draw_ui);
/// ```
pub fn context_of<F: QueryFilter>(world: &mut World) -> Option<egui::Context> {
    let mut contexts = world.query_filtered::<&mut EguiContext, F>();
    let mut context = contexts.iter_mut(world).next()?;
    Some(context.get_mut().clone())
}

/// Draws an instance of the viewer over all of a context that nobody else draws into, such as that of a window. Call it in a
/// pass of that context; see [`show`](crate::show).
pub fn show_over_context(world: &mut World, ctx: &egui::Context, state: &mut UiState) {
    let mut ui = egui::Ui::new(
        ctx.clone(),
        egui::Id::new("chronoscope"),
        egui::UiBuilder::new()
            .layer_id(egui::LayerId::background())
            .max_rect(ctx.viewport_rect()),
    );
    // All of this context is the viewer's, so its own look stays: between passes egui takes from it how text is
    // rendered.
    let settings = world.get_resource::<UiSettings>();
    if let Some(settings) = settings.filter(|settings| settings.style == Look::Own) {
        _ = look::replace(ctx, settings, &mut state.styles);
    }
    shell::show(world, &mut ui, state);
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bevy::{
        ecs::error::Result,
        log::tracing::{
            self, Metadata, Subscriber,
            field::{Field, Visit},
            span,
        },
        time::TimePlugin,
    };
    use chronoscope_frame::{FramePlugins, TimeCommand};
    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, log_chunk};
    use egui::{Event, Modifiers};

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<String>>>);

    impl Logged {
        fn count(&self, text: &str) -> usize {
            self.0
                .lock()
                .map_or(0, |lines| lines.iter().filter(|line| line.contains(text)).count())
        }
    }

    impl Visit for Logged {
        fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
            if let Ok(mut lines) = self.0.lock() {
                lines.push(format!("{value:?}"));
            }
        }
    }

    impl Subscriber for Logged {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn a_viewer_that_cannot_be_seen_says_why_once() -> bevy::ecs::error::Result {
        let logged = Logged::default();
        tracing::subscriber::with_default(logged.clone(), || -> bevy::ecs::error::Result {
            let mut app = App::new();
            app.add_plugins(PrimaryUiPlugin);
            app.finish();
            let system = app.world_mut().register_system(warn_without_context);
            for _ in 0..3 * PATIENCE {
                app.world_mut().run_system(system)?;
            }
            Ok(())
        })?;
        assert_eq!(logged.count("add bevy_egui's EguiPlugin"), 1);
        assert_eq!(logged.count("no camera has a PrimaryEguiContext"), 1);
        Ok(())
    }

    /// How often each phase ran.
    #[derive(Resource, Default)]
    struct Runs([u32; FrameSystems::ALL.len()]);

    #[test]
    fn hidden_the_viewer_does_only_what_there_is_to_do() -> Result {
        let mut app = App::new();
        app.add_plugins((TimePlugin, FramePlugins, UiPlugin::default()))
            .init_resource::<Runs>();
        for (at, phase) in FrameSystems::ALL.into_iter().enumerate() {
            app.add_systems(
                Frame,
                (move |mut runs: ResMut<Runs>| runs.0[at] += 1).in_set(phase),
            );
        }
        let mut runs_of = |work: &mut dyn FnMut(&mut World) -> Result| -> Result<Vec<FrameSystems>> {
            // Until it is at rest.
            for _ in 0..6 {
                app.update();
            }
            let before = app.world().resource::<Runs>().0;
            work(app.world_mut())?;
            app.update();
            let after = app.world().resource::<Runs>().0;
            let ran = FrameSystems::ALL.into_iter().zip(before).zip(after);
            Ok(ran
                .filter(|((_, before), after)| before < after)
                .map(|((phase, _), _)| phase)
                .collect())
        };
        let always = [FrameSystems::Begin, FrameSystems::End];
        assert_eq!(runs_of(&mut |_| Ok(()))?, always);
        let hidden = [
            FrameSystems::Begin,
            FrameSystems::Ingest,
            FrameSystems::Gc,
            FrameSystems::ApplyCommands,
            FrameSystems::End,
        ];
        let store = StoreId::recording("app", "hidden");
        let log = |frame: i64| {
            let store = store.clone();
            move |world: &mut World| -> Result {
                world.resource_scope(|world, mut log: Mut<DiffLog>| {
                    let time = [(Timeline::sequence("frame"), frame)];
                    let chunk = log_chunk("a", time, &Scalars::new([1.0]))?;
                    world
                        .resource_mut::<Recordings>()
                        .insert(&mut log, &store, chunk)?;
                    Ok(())
                })
            }
        };
        assert_eq!(runs_of(&mut log(1))?, hidden, "data that came");
        assert_eq!(runs_of(&mut |_| Ok(()))?, always, "it is done");
        assert_eq!(runs_of(&mut log(1_000_000))?, hidden, "and more of it");
        let mut play = |world: &mut World| -> Result {
            world
                .resource_mut::<ViewerCommands>()
                .time(TimeCommand::TogglePlay);
            Ok(())
        };
        assert_eq!(runs_of(&mut play)?, hidden, "a command");
        assert_eq!(runs_of(&mut |_| Ok(()))?, hidden, "the cursor moves");
        assert_eq!(runs_of(&mut play)?, hidden);
        assert_eq!(runs_of(&mut |_| Ok(()))?, always);
        Ok(())
    }

    #[test]
    fn plugins_that_are_added_twice_are_reported() {
        let mut app = App::new();
        app.add_plugins((TimePlugin, FramePlugins, UiPlugin::default(), PrimaryUiPlugin));
        app.add_plugins((FramePlugins, UiPlugin::default(), PrimaryUiPlugin));
        app.finish();
        app.update();
        let reports = app.world().resource::<Reports>();
        let told = reports.iter().filter(|report| report.message.contains("twice"));
        assert_eq!(told.count(), 1);
    }

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
