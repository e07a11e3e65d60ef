//! The settings of a 3D view: how the eye moves, what it follows, and what guides it.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{ViewerCommand, ViewerCommands};
use chronoscope_store::EntityPath;
use chronoscope_types::{
    AsComponents, Component as _,
    blueprint::{Background, EyeControls3D, LineGrid3D, NearClipPlane, SpatialInformation},
    components,
    enums::{BackgroundKind, Eye3DKind, EyeProjection},
    own::{EyeLens3D, Lighting3D},
};
use egui::{ComboBox, DragValue, Label, Ui};

use super::{measure, properties::Properties3D};
use crate::{
    ViewUiContext,
    properties::{Gradient, properties},
    spatial::tile,
};

/// The fastest that an eye spins, in radians per second.
const MAX_SPIN: f64 = 6.3;

/// Shows the settings of a view, and writes what is changed into the blueprint.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId) {
    let said: Properties3D = properties(context.world, view);
    show_eye(ui, context.commands, view, &said);
    show_guides(ui, context.commands, view, &said);
    show_light(ui, context.commands, view, &said);
    show_background(ui, context.commands, view, &said);
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
    let mut is_orthographic = said.optics.is_orthographic;
    let switch = ui.checkbox(&mut is_orthographic, "Orthographic");
    if switch
        .on_hover_text("What is farther is as large as what is near")
        .changed()
    {
        let projection = if is_orthographic {
            EyeProjection::Orthographic
        } else {
            EyeProjection::Perspective
        };
        set(commands, view, &EyeLens3D::default().with_projection(projection));
    }
    show_near(ui, commands, view, said);
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

fn show_near(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    ui.horizontal(|ui| {
        let mut near = said.optics.near.unwrap_or_default();
        let drag = DragValue::new(&mut near)
            .speed(0.01)
            .range(0.0..=f64::from(f32::MAX))
            .custom_formatter(|near, _| {
                if near > 0.0 {
                    format!("{near:.3}")
                } else {
                    "auto".to_owned()
                }
            });
        let response = ui
            .add(drag)
            .on_hover_text("What is nearer to the eye is not seen, in scene units");
        ui.label("Near plane");
        if response.changed() {
            // Nothing is what nobody says.
            let distance = (near > 0.0).then_some(near as f32);
            let distance = components::blueprint::NearClipPlane::build(distance.into_iter().collect());
            let properties = [(NearClipPlane::NEAR_CLIP_PLANE, distance)];
            tile::set_properties(commands, view, properties);
        }
        if response.drag_stopped() || response.lost_focus() {
            commands.push(ViewerCommand::EndGesture);
        }
    });
}

fn show_background(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let choices = [
        ("Theme", None, None),
        (
            "Dark gradient",
            Some(BackgroundKind::GradientDark),
            Some(Gradient::DARK),
        ),
        (
            "Bright gradient",
            Some(BackgroundKind::GradientBright),
            Some(Gradient::BRIGHT),
        ),
    ];
    let is_chosen =
        |gradient: Option<Gradient>| said.background == gradient.map(crate::properties::Background::Gradient);
    let chosen = choices.iter().find(|(_, _, gradient)| is_chosen(*gradient));
    ui.horizontal(|ui| {
        let text = chosen.map_or("One color", |(name, ..)| name);
        ComboBox::from_id_salt("background")
            .selected_text(text)
            .show_ui(ui, |ui| {
                for (name, kind, gradient) in choices {
                    let response = ui.selectable_label(is_chosen(gradient), name);
                    if response.clicked() {
                        let kinds = components::blueprint::BackgroundKind::build(kind.into_iter().collect());
                        let colors = components::Color::build(Vec::new());
                        tile::set_properties(
                            commands,
                            view,
                            [(Background::KIND, kinds), (Background::COLOR, colors)],
                        );
                        commands.push(ViewerCommand::EndGesture);
                    }
                }
            });
        ui.label("Background");
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
    switch("Depth shading", said.shades_depth, &mut |is_on| {
        set(commands, view, &EyeLens3D::default().with_depth_shading(is_on));
    });
    switch("Axes of the origin", said.shows_axes, &mut |is_on| {
        set(commands, view, &information().with_show_axes(is_on));
    });
    switch("Box around everything", said.shows_bounds, &mut |is_on| {
        set(commands, view, &information().with_show_bounding_box(is_on));
    });
}

fn show_light(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let mut has_shadows = said.has_shadows;
    let switch = ui.checkbox(&mut has_shadows, "Shadows");
    if switch
        .on_hover_text(
            "Solids and meshes shade what lies behind them, in a light that stands still. Not at cheap quality",
        )
        .changed()
    {
        set(commands, view, &Lighting3D::default().with_shadows(has_shadows));
    }
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
