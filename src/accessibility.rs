//! What screen readers and other assistive technology are told of the windows, and what they ask for.
//!
//! The interface says what each widget is and is called by AccessKit; the engine has an adapter for each window. The tree is built
//! only once somebody asks for it: it costs a part of each pass.

use std::sync::{Arc, Mutex};

use bevy::{
    a11y::{AccessibilityRequested, ManageAccessibilityUpdates},
    ecs::{entity::EntityHashMap, system::NonSendMarker},
    prelude::*,
    winit::accessibility::{ACCESS_KIT_ADAPTERS, WinitActionRequestHandler, WinitActionRequestHandlers},
};
use bevy_egui::{
    EguiContext, EguiInputSet, EguiOutput, EguiPostUpdateSet,
    input::{EguiInputEvent, WindowToEguiContextMap},
};
use egui::accesskit::TreeUpdate;

/// Hands the tree of each window's interface to the adapter of the window, and requests back to the interface.
///
/// [`WindowedPlugin`](crate::window::WindowedPlugin) brings it. An app with windows of its own adds it after its own plugins, unless it
/// has the feature `accesskit` of `bevy_egui`, which does the half of it.
pub struct AccessibilityPlugin;

impl Plugin for AccessibilityPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.add_systems(
            PreUpdate,
            (build_trees, read_requests)
                .chain()
                .run_if(is_requested)
                .after(EguiInputSet::InitReading)
                .before(EguiInputSet::WriteEguiEvents),
        );
        app.add_systems(
            PostUpdate,
            send_trees
                .run_if(is_requested)
                .in_set(EguiPostUpdateSet::PostProcessOutput),
        );
    }
}

fn is_requested(requested: Option<Res<AccessibilityRequested>>) -> bool {
    requested.is_some_and(|requested| requested.get())
}

/// From now on each pass builds its tree. The engine's own tree, which has the windows alone, is not sent any more.
fn build_trees(mut contexts: Query<&mut EguiContext>, mut engine: ResMut<ManageAccessibilityUpdates>) {
    if engine.get() {
        engine.set(false);
    }
    for mut context in &mut contexts {
        context.bypass_change_detection().get_mut().enable_accesskit();
    }
}

/// What was asked of a window goes to the interface in it.
fn read_requests(
    mut handlers: ResMut<WinitActionRequestHandlers>,
    // The engine empties those that it knows of in each frame, into messages that do not say which window was meant.
    mut own: Local<EntityHashMap<Arc<Mutex<WinitActionRequestHandler>>>>,
    windows: Query<(), With<Window>>,
    contexts: Res<WindowToEguiContextMap>,
    mut events: MessageWriter<EguiInputEvent>,
) {
    if !handlers.is_empty() {
        own.extend(handlers.drain());
    }
    own.retain(|window, _| windows.contains(*window));
    for (window, handler) in &*own {
        let Ok(mut handler) = handler.lock() else { continue };
        let Some(contexts) = contexts.window_to_contexts.get(window) else {
            continue;
        };
        while let Some(request) = handler.pop_front() {
            events.write_batch(contexts.iter().map(|&context| EguiInputEvent {
                context,
                event: egui::Event::AccessKitActionRequest(request.clone()),
            }));
        }
    }
}

/// Hands over the trees of the contexts that were drawn, each under the name of its window.
fn send_trees(
    outputs: Query<(Entity, &EguiOutput), Changed<EguiOutput>>,
    windows: Query<&Window>,
    contexts: Res<WindowToEguiContextMap>,
    // Adapters belong to the thread of the windows.
    _: NonSendMarker,
) {
    ACCESS_KIT_ADAPTERS.with_borrow_mut(|adapters| {
        for (context, output) in &outputs {
            let Some(window) = contexts.context_to_window.get(&context) else {
                continue;
            };
            let update = &output.platform_output.accesskit_update;
            if let (Some(adapter), Some(update)) = (adapters.get_mut(window), update) {
                let title = windows.get(*window).map_or("", |window| &window.title);
                adapter.update_if_active(|| named(update.clone(), title));
            }
        }
    });
}

/// A tree with a name for its root.
fn named(mut update: TreeUpdate, name: &str) -> TreeUpdate {
    let root = update.tree.as_ref().map(|tree| tree.root);
    if let Some((_, node)) = update.nodes.iter_mut().find(|(id, _)| Some(*id) == root) {
        node.set_label(name);
    }
    update
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_the_name_of_the_window() {
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| _ = ui.button("Open"));
        // Nothing is drawn.
        output.textures_delta.clear();
        let Some(update) = output.platform_output.accesskit_update else {
            panic!("a tree was asked for");
        };
        let update = named(update, "scene - Chronoscope");
        let root = update.tree.as_ref().map(|tree| tree.root);
        let label = |of: &dyn Fn(egui::accesskit::NodeId) -> bool| {
            let node = update.nodes.iter().find(|(id, _)| of(*id));
            node.and_then(|(_, node)| node.label().map(str::to_owned))
        };
        assert_eq!(
            label(&|id| Some(id) == root).as_deref(),
            Some("scene - Chronoscope")
        );
        let is_button = |(_, node): &&(_, egui::accesskit::Node)| node.label() == Some("Open");
        assert_eq!(
            update.nodes.iter().filter(is_button).count(),
            1,
            "what is in it keeps its own"
        );
    }
}
