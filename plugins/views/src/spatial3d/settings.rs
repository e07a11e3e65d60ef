//! The settings of a 3D view: how the eye moves, and what guides it.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{ViewerCommand, ViewerCommands};
use chronoscope_store::EntityPath;
use chronoscope_types::{
    AsComponents, Component as _, ComponentName,
    blueprint::{Background, EyeControls3D, LineGrid3D, NearClipPlane, SpatialInformation},
    components,
    enums::{Eye3DKind, EyeProjection},
    own::{EyeLens3D, Lighting3D},
};
use egui::Ui;

use super::{measure, properties::Properties3D};
use crate::{
    ViewUiContext,
    number_field::{number_field, number_field_as},
    properties::properties,
    settings_row::{Switch, settings_row},
    spatial::{background, tile},
};

/// The fastest that an eye spins, in radians per second.
const MAX_SPIN: f64 = 6.3;

/// The properties that [`show`] draws.
pub(super) const DRAWN: [ComponentName; 11] = [
    Background::COLOR,
    Background::KIND,
    EyeControls3D::KIND,
    EyeControls3D::SPIN_SPEED,
    EyeLens3D::DEPTH_SHADING,
    EyeLens3D::PROJECTION,
    Lighting3D::SHADOWS,
    LineGrid3D::VISIBLE,
    NearClipPlane::NEAR_CLIP_PLANE,
    SpatialInformation::SHOW_AXES,
    SpatialInformation::SHOW_BOUNDING_BOX,
];

/// Shows the settings of a view, and writes what is changed into the blueprint.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId) {
    let said: Properties3D = properties(context.world, view);
    show_eye(ui, context, view, &said);
    show_guides(ui, context, view, &said);
    show_light(ui, context, view, &said);
    background::show(ui, context, view, said.background.as_ref());
    if said.tracked.is_none() {
        ui.weak("Press T over something to follow it");
    }
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

fn show_eye(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &Properties3D) {
    let switch = Switch {
        property: EyeControls3D::KIND,
        text: "First person",
        hint: "Dragging looks around from where the eye is; else it turns around what it looks at",
        is_on: said.is_first_person,
    };
    switch.show(ui, context, view, |is_on| {
        EyeControls3D::default().with_kind(if is_on {
            Eye3DKind::FirstPerson
        } else {
            Eye3DKind::Orbital
        })
    });
    let switch = Switch {
        property: EyeLens3D::PROJECTION,
        text: "Orthographic",
        hint: "What is farther is as large as what is near",
        is_on: said.optics.is_orthographic,
    };
    switch.show(ui, context, view, |is_on| {
        EyeLens3D::default().with_projection(if is_on {
            EyeProjection::Orthographic
        } else {
            EyeProjection::Perspective
        })
    });
    let property = [NearClipPlane::NEAR_CLIP_PLANE];
    settings_row(ui, context, view, &property, |ui, context| {
        show_near(ui, context.commands, view, said);
    });
    let property = [EyeControls3D::SPIN_SPEED];
    settings_row(ui, context, view, &property, |ui, context| {
        show_spin(ui, context.commands, view, said);
    });
}

fn show_spin(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let mut spin = said.spin;
    let drag = number_field(&mut spin)
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
}

fn show_near(ui: &mut Ui, commands: &mut ViewerCommands, view: ViewId, said: &Properties3D) {
    let mut near = said.optics.near.unwrap_or_default();
    let drag = number_field_as(&mut near, |near, _| {
        if near > 0.0 {
            format!("{near:.3}")
        } else {
            "auto".to_owned()
        }
    });
    let response = ui
        .add(drag.speed(0.01).range(0.0..=f64::from(f32::MAX)))
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
}

fn show_guides(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &Properties3D) {
    let switch = |property, text, is_on| Switch {
        property,
        text,
        hint: "",
        is_on,
    };
    let grid = switch(LineGrid3D::VISIBLE, "Grid", !said.grid.is_hidden);
    grid.show(ui, context, view, |is_on| {
        LineGrid3D::default().with_visible(is_on)
    });
    let shading = switch(EyeLens3D::DEPTH_SHADING, "Depth shading", said.shades_depth);
    shading.show(ui, context, view, |is_on| {
        EyeLens3D::default().with_depth_shading(is_on)
    });
    let axes = switch(
        SpatialInformation::SHOW_AXES,
        "Axes of the origin",
        said.shows_axes,
    );
    axes.show(ui, context, view, |is_on| {
        SpatialInformation::default().with_show_axes(is_on)
    });
    let bounds = switch(
        SpatialInformation::SHOW_BOUNDING_BOX,
        "Box around everything",
        said.shows_bounds,
    );
    bounds.show(ui, context, view, |is_on| {
        SpatialInformation::default().with_show_bounding_box(is_on)
    });
}

fn show_light(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &Properties3D) {
    let switch = Switch {
        property: Lighting3D::SHADOWS,
        text: "Shadows",
        hint: "Solids and meshes shade what lies behind them, in a light that stands still. Not at cheap quality",
        is_on: said.has_shadows,
    };
    switch.show(ui, context, view, |is_on| {
        Lighting3D::default().with_shadows(is_on)
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
