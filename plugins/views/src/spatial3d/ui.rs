//! The tile of a 3D view, and what the pointer and the keys do to the eye.

use bevy::ecs::world::World;
use chronoscope_blueprint::{EYE_POSITION_REST, EYE_TARGET_REST, ViewClassId, ViewId};
use chronoscope_frame::{Item, Selection, View, ViewerCommand, ViewerCommands};
use chronoscope_store::{EntityPath, arrow::ArrayRef};
use chronoscope_types::{Component, ComponentName, blueprint::EyeControls3D, components};
use egui::{Key, PointerButton, Stroke, Ui};
use glam::{DVec2, DVec3};

use super::{
    eye::{Eye, Optics},
    fallbacks,
    glide::SentEyes,
    guides, measure,
    present::{Eyes, Looking},
    properties::Properties3D,
    settings,
};
use crate::{
    ViewAction, ViewUi, ViewUiContext,
    properties::properties,
    spatial::{
        SpatialScene,
        pointed::{self, PointedAt},
        tile::{self, OpenTile, Tile},
    },
    view_action,
};

/// Radians of turning per point of dragging.
const TURN_PER_POINT: f64 = 0.005;

/// Radians that a key turns the eye per second.
const TURN_PER_SECOND: f64 = 1.0;

/// How much nearer a point of scrolling brings the eye.
const ZOOM_PER_POINT: f64 = 0.002;

/// How many times the distance to the target the eye flies per second.
pub(super) const FLY_PER_SECOND: f64 = 1.0;

/// How many times faster it flies with shift.
const FLY_FAST: f64 = 5.0;

/// The user interface of the class `3D`.
pub(crate) struct Spatial3DUi;

impl ViewUi for Spatial3DUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::SPATIAL_3D.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::CUBE
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &[
            "Arrows3D",
            "Asset3D",
            "Boxes3D",
            "Capsules3D",
            "Cylinders3D",
            "Ellipsoids3D",
            "GaussianSplats3D",
            "LineStrips3D",
            "Mesh3D",
            "Points3D",
            "TransformAxes3D",
            "Volume3D",
            "VoxelGridMap",
        ]
    }

    fn actions(&self) -> &'static [ViewAction] {
        &[
            ViewAction::Focus,
            ViewAction::Follow,
            ViewAction::Measure,
            ViewAction::ResetLook,
        ]
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let look = |world: &World, view| world.get_resource::<Eyes>()?.get(view);
        let Some(OpenTile {
            view,
            tile,
            look: Looking { eye: known, .. },
        }) = tile::open(
            ui,
            context,
            |ui, view| !measure::is_on(ui, view),
            look,
            paint_axes,
        )
        else {
            return;
        };
        show_tooltip(&tile);
        pointed::paint_ray(ui, &tile, context.world);
        let at = tile.pick.as_ref().filter(|_| tile.response.hovered());
        pointed::tell(ui, &tile, at.map(|pick| PointedAt::Space(pick.position)));
        let action = view_action::take(ui.ctx(), view);
        if action == Some(ViewAction::Measure) {
            measure::toggle(ui, view);
        }
        measure::show(ui, view, &tile, listens(ui, view, &tile));
        if tile.response.double_clicked() {
            let aspect = tile.size().x / tile.size().y.max(1.0);
            match &tile.pick {
                Some(pick) => {
                    let bounds = tile.scene.bounds_of(&pick.entity);
                    look_at(context, view, &known.focused_on(&bounds, aspect));
                }
                None => look_at_all(context, tile.scene, known, aspect),
            }
            return;
        }
        let said: Properties3D = properties(context.world, view);
        match action {
            Some(ViewAction::Follow) => {
                let entity = followed(&tile, context);
                if entity.is_some() || said.tracked.is_some() {
                    settings::follow(context.commands, view, entity);
                }
            }
            Some(ViewAction::ResetLook) => {
                send(context.world, view);
                reset(context.commands, view);
            }
            _ => {}
        }
        let controls = Controls {
            is_first_person: said.is_first_person,
            speed: said.speed,
            optics: said.optics,
        };
        let mut moved = None;
        if action == Some(ViewAction::Focus) {
            moved = focused_on_selection(&tile, known);
            if moved.is_some() {
                send(context.world, view);
            }
        }
        let moved = moved
            .or_else(|| by_keys(ui, view, &tile, known, controls))
            .or_else(|| by_pointer(ui, &tile, known, controls));
        if let Some(eye) = moved.filter(|eye| *eye != known) {
            set_eye(context.commands, view, &eye);
        }
        if tile::gesture_ended(ui, view, moved.is_some() || tile.response.dragged()) {
            context.commands.push(ViewerCommand::EndGesture);
        }
    }

    fn frame_all(&self, context: &mut ViewUiContext<'_>) -> bool {
        let Some((scene, eyes)) = tile::shown_scene(context).zip(context.world.get_resource::<Eyes>()) else {
            return false;
        };
        let Some(known) = eyes.get(scene.view) else {
            return false;
        };
        let [width, height] = scene.tile.size_pixels.map(f64::from);
        look_at_all(context, scene, known.eye, width / height.max(1.0));
        true
    }

    fn drawn_properties(&self) -> &'static [ComponentName] {
        &settings::DRAWN
    }

    fn properties(&self, context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        fallbacks::properties(context)
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let texts = [
            "Reset the eye",
            "Looks at all that appears while time goes by. A double click on the background looks at everything there is now.",
        ];
        if let Some(view) = context.get::<View>().map(|view| view.id) {
            settings::show(ui, context, view);
        }
        let world = context.world;
        tile::reset_button(ui, context, texts, |commands, view| {
            send(world, view);
            reset(commands, view);
        });
    }
}

/// Sends the eye to where all that is there now can be seen, in a tile of this width by its height.
fn look_at_all(context: &mut ViewUiContext<'_>, scene: &SpatialScene, eye: Eye, aspect: f64) {
    look_at(context, scene.view, &eye.focused_on(&scene.bounds(), aspect));
}

/// Sends the eye somewhere, which is a step to undo.
fn look_at(context: &mut ViewUiContext<'_>, view: ViewId, eye: &Eye) {
    send(context.world, view);
    set_eye(context.commands, view, eye);
    context.commands.push(ViewerCommand::EndGesture);
}

/// How one gets around.
#[derive(Clone, Copy)]
struct Controls {
    is_first_person: bool,
    /// How fast one flies, in scene units per second.
    speed: Option<f64>,
    optics: Optics,
}

/// Where the eye goes by what the pointer does, if anywhere.
fn by_pointer(ui: &Ui, tile: &Tile<'_>, eye: Eye, controls: Controls) -> Option<Eye> {
    let response = &tile.response;
    let mut moved = None;
    if response.dragged() {
        let delta = response.drag_delta();
        let delta = DVec2::new(f64::from(delta.x), f64::from(delta.y));
        let shift = ui.input(|input| input.modifiers.shift);
        let pans = response.dragged_by(PointerButton::Secondary)
            || response.dragged_by(PointerButton::Middle)
            || shift;
        if delta != DVec2::ZERO {
            moved = Some(if pans {
                eye.panned(delta, tile.size().y)
            } else if controls.is_first_person {
                // What is seen follows the pointer.
                eye.turned(delta.x * TURN_PER_POINT, delta.y * TURN_PER_POINT)
            } else {
                eye.orbited(delta.x * TURN_PER_POINT, delta.y * TURN_PER_POINT)
            });
        }
    }
    if response.contains_pointer()
        && let Some(pointer) = tile.pointer()
    {
        let (scroll, pinch) = tile::scroll_and_pinch(ui);
        let factor = (-scroll * ZOOM_PER_POINT).exp() / pinch.max(0.01);
        if (factor - 1.0).abs() > 1e-6 {
            let from = moved.unwrap_or(eye);
            let projector = from.projector(tile.size(), &controls.optics, from.distance());
            moved = Some(from.zoomed(factor, &projector.ray(pointer)));
        }
    }
    moved
}

/// Where the eye goes by the keys that are held, if anywhere.
fn by_keys(ui: &Ui, view: ViewId, tile: &Tile<'_>, eye: Eye, controls: Controls) -> Option<Eye> {
    if !listens(ui, view, tile) {
        return None;
    }
    let (direction, turn, seconds, fast) = ui.input(|input| {
        let along = |plus: Key, minus: Key| {
            f64::from(u8::from(input.key_down(plus))) - f64::from(u8::from(input.key_down(minus)))
        };
        let right = eye.right();
        let direction = eye.forward() * along(Key::W, Key::S)
            + right * along(Key::D, Key::A)
            + eye.up * along(Key::E, Key::Q);
        let turn = DVec2::new(along(Key::J, Key::L), along(Key::I, Key::K));
        let commands = input.modifiers.command || input.modifiers.alt;
        let kept = if commands { 0.0 } else { 1.0 };
        (
            direction * kept,
            turn * kept,
            f64::from(input.stable_dt.min(0.1)),
            input.modifiers.shift,
        )
    });
    if direction == DVec3::ZERO && turn == DVec2::ZERO {
        return None;
    }
    ui.ctx().request_repaint();
    let turn = turn * TURN_PER_SECOND * seconds;
    let eye = if turn == DVec2::ZERO {
        eye
    } else if controls.is_first_person {
        eye.turned(turn.x, turn.y)
    } else {
        eye.orbited(turn.x, turn.y)
    };
    let speed = controls.speed.unwrap_or_else(|| eye.distance() * FLY_PER_SECOND);
    let speed = speed * if fast { FLY_FAST } else { 1.0 };
    Some(eye.shifted(direction * speed * seconds))
}

/// Whether keys are meant for this tile.
fn listens(ui: &Ui, view: ViewId, tile: &Tile<'_>) -> bool {
    let is_meant = tile.response.contains_pointer() || view_action::has_keys(ui.ctx(), view);
    is_meant && !ui.ctx().egui_wants_keyboard_input()
}

/// What the eye is to follow: what the pointer is over; where that is elsewhere, what is selected.
fn followed<'a>(tile: &'a Tile<'_>, context: &ViewUiContext<'a>) -> Option<&'a EntityPath> {
    if tile.response.contains_pointer() {
        return tile.pick.as_ref().map(|pick| &pick.entity);
    }
    let selection = context.world.get_resource::<Selection>()?;
    let mut selected = selection.selected.iter().filter_map(Item::entity);
    selected.find(|entity| !tile.scene.bounds_of(entity).is_empty())
}

fn focused_on_selection(tile: &Tile<'_>, eye: Eye) -> Option<Eye> {
    let bounds = tile.selected_bounds();
    let size = tile.size();
    (!bounds.is_empty()).then(|| eye.focused_on(&bounds, size.x / size.y.max(1.0)))
}

/// Has the eye glide to what is written next.
fn send(world: &World, view: ViewId) {
    if let Some(sent) = world.get_resource::<SentEyes>() {
        sent.send(view);
    }
}

/// Writes the eye into the blueprint: as SDKs know it, and what that leaves out far from the origin.
fn set_eye(commands: &mut ViewerCommands, view: ViewId, eye: &Eye) {
    let place = |value: DVec3| components::Position3D::build(vec![value.as_vec3().to_array()]);
    let rest = |value: DVec3| place(value - value.as_vec3().as_dvec3());
    let properties = [
        (EyeControls3D::POSITION, place(eye.position)),
        (EYE_POSITION_REST, rest(eye.position)),
        (EyeControls3D::LOOK_TARGET, place(eye.target)),
        (EYE_TARGET_REST, rest(eye.target)),
    ];
    tile::set_properties(commands, view, properties);
}

/// Forgets the eye, so that the view frames everything there is.
fn reset(commands: &mut ViewerCommands, view: ViewId) {
    let nothing = || components::Position3D::build(Vec::new());
    let properties = [
        EyeControls3D::POSITION,
        EyeControls3D::LOOK_TARGET,
        EyeControls3D::EYE_UP,
        EYE_POSITION_REST,
        EYE_TARGET_REST,
    ];
    tile::set_properties(commands, view, properties.map(|name| (name, nothing())));
    commands.push(ViewerCommand::EndGesture);
}

/// What the pointer is over, in words.
fn show_tooltip(tile: &Tile<'_>) {
    let Some(pick) = &tile.pick else { return };
    let has_several = tile
        .scene
        .shown_on(&pick.entity)
        .any(|shown| shown.visual.num_instances_of(pick.row) > 1);
    let pixel = pick.instance.and_then(|instance| {
        let shown = tile.scene.shown_on(&pick.entity);
        let cloud = shown.filter(|shown| shown.visual.is_depth_cloud()).last()?;
        let picture = cloud.visual.picture()?;
        let [width, _] = picture.size();
        Some((
            picture,
            [instance.checked_rem(width)?, instance.checked_div(width)?],
        ))
    });
    tile.response.clone().on_hover_ui_at_pointer(|ui| {
        ui.label(pick.entity.to_string());
        if let Some(instance) = pick.instance.filter(|_| has_several) {
            ui.weak(format!("instance {instance}"));
        }
        if let Some(time) = tile.time_of(pick) {
            ui.weak(time);
        }
        if let Some(label) = tile.label_of(pick) {
            ui.label(&*label);
        }
        if let Some((picture, [x, y])) = pixel {
            ui.weak(format!("pixel {x}, {y}"));
            if let Some(text) = tile.pixel_text(picture, [x, y]) {
                ui.weak(text);
            }
        }
        let at = pick.position;
        ui.weak(format!("{:.3}  {:.3}  {:.3}", at.x, at.y, at.z));
    });
}

/// The directions of the view's axes, small in a corner. Each letter stands on a chip of the background's color: what lies there may be
/// of any color.
fn paint_axes(ui: &Ui, tile: &Tile<'_>, look: &Looking) {
    const LENGTH: f32 = 20.0;
    const CHIP: egui::Vec2 = egui::vec2(10.0, 12.0);
    if tile.rect.width() < 120.0 || tile.rect.height() < 120.0 {
        return;
    }
    let painter = ui.painter_at(tile.rect);
    let center = tile.rect.left_bottom() + egui::vec2(LENGTH + 12.0, -LENGTH - 12.0);
    let background = tile.style.background;
    let eye_from_view = look.shown.eye_from_view();
    let [x, y, z] = guides::axis_colors(&tile.style, background);
    let mut axes = [(DVec3::X, "X", x), (DVec3::Y, "Y", y), (DVec3::Z, "Z", z)]
        .map(|(axis, name, color)| (eye_from_view.transform_vector3(axis), name, color));
    // What points away is drawn first.
    axes.sort_by(|a, b| a.0.z.total_cmp(&b.0.z));
    for (axis, name, color) in axes {
        let along = egui::vec2(axis.x as f32, -axis.y as f32);
        painter.line_segment([center, center + along * LENGTH], Stroke::new(1.5, color));
        let beyond = center + along * (LENGTH + 7.0);
        // A shape of egui would have soft edges, which are gray on white.
        let mut chip = egui::Mesh::default();
        chip.add_colored_rect(egui::Rect::from_center_size(beyond, CHIP), background);
        painter.add(chip);
        painter.text(
            beyond,
            egui::Align2::CENTER_CENTER,
            name,
            egui::FontId::proportional(10.0),
            color,
        );
    }
}
