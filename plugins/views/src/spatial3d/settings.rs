//! The settings of a 3D view: how the eye moves, what it follows, and what guides it.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{ViewerCommand, ViewerCommands};
use chronoscope_store::EntityPath;
use chronoscope_types::{
    AsComponents,
    blueprint::{EyeControls3D, LineGrid3D, SpatialInformation},
    enums::Eye3DKind,
};
use egui::{DragValue, Label, Ui};

use super::{measure, properties::Properties3D};
use crate::{ViewUiContext, properties::properties};

/// The fastest that an eye spins, in radians per second.
const MAX_SPIN: f64 = 6.3;

/// Shows the settings of a view, and writes what is changed into the blueprint.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId) {
    let said: Properties3D = properties(context.world, view);
    show_eye(ui, context.commands, view, &said);
    show_guides(ui, context.commands, view, &said);
    let text = if measure::is_on(ui, view) {
        "Stop measuring"
    } else {
        "Measure"
    };
    let button = ui.button(text);
    if button
        .on_hover_text("How far it is between two places that you click on (M)")
        .clicked()
    {
        measure::toggle(ui, view);
    }
}

fn show_eye(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let mut is_first_person = said.is_first_person;
    let switch = ui.checkbox(&mut is_first_person, "First person");
    if switch
        .on_hover_text("Dragging looks around from where the eye is; else it turns around what it looks at")
        .changed()
    {
        let kind = if is_first_person {
            Eye3DKind::FirstPerson
        } else {
            Eye3DKind::Orbital
        };
        set(commands, view, &EyeControls3D::default().with_kind(kind));
    }
    ui.horizontal(|ui| {
        let mut spin = said.spin;
        let drag = DragValue::new(&mut spin)
            .speed(0.01)
            .range(-MAX_SPIN..=MAX_SPIN)
            .suffix(" rad/s");
        let response = ui
            .add(drag)
            .on_hover_text("How fast the eye turns around what it looks at by itself");
        ui.label("Spin");
        if response.changed() {
            let spin = EyeControls3D::default().with_spin_speed(spin);
            commands.blueprint(BlueprintCommand::set_property(view, &spin));
        }
        if response.drag_stopped() || response.lost_focus() {
            commands.push(ViewerCommand::EndGesture);
        }
    });
    ui.horizontal(|ui| match &said.tracked {
        Some(path) => {
            if ui.button("Stop").clicked() {
                follow(commands, view, None);
            }
            ui.add(Label::new(format!("Follows {path}")).truncate())
                .on_hover_text(path.to_string());
        }
        None => {
            ui.weak("Press T over something to follow it");
        }
    });
}

fn show_guides(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let mut switch = |text: &str, mut is_on: bool, set: &mut dyn FnMut(bool)| {
        if ui.checkbox(&mut is_on, text).changed() {
            set(is_on);
        }
    };
    switch("Grid", !said.grid.is_hidden, &mut |is_on| {
        set(commands, view, &LineGrid3D::default().with_visible(is_on));
    });
    let information = SpatialInformation::default;
    switch("Axes of the origin", said.shows_axes, &mut |is_on| {
        set(commands, view, &information().with_show_axes(is_on));
    });
    switch("Box around everything", said.shows_bounds, &mut |is_on| {
        set(commands, view, &information().with_show_bounding_box(is_on));
    });
}

/// Has the eye follow an entity, or nothing.
pub(super) fn follow(commands: &mut ViewerCommands, view: ViewId, entity: Option<&EntityPath>) {
    let path = entity.map(ToString::to_string).unwrap_or_default();
    set(
        commands,
        view,
        &EyeControls3D::default().with_tracking_entity(path),
    );
}

/// Sets properties, which is a step to undo.
fn set(commands: &mut ViewerCommands, view: ViewId, values: &impl AsComponents) {
    commands.blueprint(BlueprintCommand::set_property(view, values));
    commands.push(ViewerCommand::EndGesture);
}
