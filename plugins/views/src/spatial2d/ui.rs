//! The tile of a 2D view, and what the pointer does to the visible part of the plane.

use bevy::ecs::world::World;
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{View, ViewerCommand, ViewerCommands};
use chronoscope_store::{EntityPath, arrow::ArrayRef};
use chronoscope_types::{
    Component, ComponentName,
    blueprint::{Background, NearClipPlane, SpatialInformation, VisualBounds2D},
    components::blueprint as blueprint_components,
};
use egui::{Rect, Stroke, StrokeKind, Ui, vec2};
use glam::DVec2;

use super::{
    magnifier, pixel_values,
    present::{PlaneProperties, Planes},
    visible::{Area, Visible},
};
use crate::{
    ViewAction, ViewUi, ViewUiContext,
    properties::properties,
    settings_row::Switch,
    spatial::{
        SpatialScene, SpatialScenes, background,
        bounds::Bounds,
        picking::Pick,
        pointed::{self, PointedAt},
        target_frame,
        tile::{self, OpenTile, Tile},
    },
    view_action,
};

/// How much larger a point of scrolling makes things.
const ZOOM_PER_POINT: f64 = 0.0025;

/// The user interface of the class `2D`.
pub(crate) struct Spatial2DUi;

impl ViewUi for Spatial2DUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::SPATIAL_2D.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::IMAGE_SQUARE
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &[
            "Arrows2D",
            "Boxes2D",
            "DepthImage",
            "Ellipses2D",
            "EncodedDepthImage",
            "EncodedImage",
            "Image",
            "LineStrips2D",
            "Points2D",
            "SegmentationImage",
            "VideoFrameReference",
            "VideoStream",
        ]
    }

    fn actions(&self) -> &'static [ViewAction] {
        &[
            ViewAction::Focus,
            ViewAction::ResetLook,
            ViewAction::PanLeft,
            ViewAction::PanRight,
            ViewAction::PanUp,
            ViewAction::PanDown,
            ViewAction::ZoomIn,
            ViewAction::ZoomOut,
        ]
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let look = |world: &World, view| world.get_resource::<Planes>()?.get(view);
        let Some(OpenTile {
            view,
            tile,
            look: known,
        }) = tile::open(
            ui,
            context,
            |_, _| true,
            look,
            |ui, tile, _| paint(ui, tile, world),
        )
        else {
            return;
        };
        show_tooltip(&tile, context);
        let at = tile
            .pointer()
            .map(|pointer| tile.scene.projector().ray(pointer).origin.truncate());
        pointed::tell(ui, &tile, at.map(PointedAt::Plane));
        if tile.response.double_clicked() {
            let picked = tile
                .pick
                .as_ref()
                .and_then(|pick| visible_pick(&tile, pick, known));
            match picked {
                Some(visible) => look_at(context.commands, view, &visible, tile.size()),
                None => show_all(tile.scene, tile.size(), context.commands),
            }
            return;
        }
        let action = view_action::take(ui.ctx(), view);
        match action {
            Some(ViewAction::Focus) => {
                show_bounds(tile.scene, &tile.selected_bounds(), tile.size(), context.commands);
            }
            Some(ViewAction::ResetLook) => reset(context.commands, view),
            _ => {}
        }
        let moved = by_pointer(ui, &tile, known).or_else(|| moved_by(action?, known, tile.size()));
        if let Some(visible) = moved {
            set_visible(context.commands, view, &visible, tile.size());
        }
        if tile::gesture_ended(ui, view, moved.is_some() || tile.response.dragged()) {
            context.commands.push(ViewerCommand::EndGesture);
        }
    }

    fn frame_all(&self, context: &mut ViewUiContext<'_>) -> bool {
        let Some(scene) = tile::shown_scene(context) else {
            return false;
        };
        show_all(scene, scene.size_points(), context.commands);
        true
    }

    fn drawn_properties(&self) -> &'static [ComponentName] {
        const DRAWN: [ComponentName; 3] = [
            Background::COLOR,
            Background::KIND,
            SpatialInformation::SHOW_BOUNDING_BOX,
        ];
        &DRAWN
    }

    fn properties(&self, context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        let planes = context.world.get_resource::<Planes>();
        let known = context.get::<View>().zip(planes);
        let near = known.map_or(0.0, |(view, planes)| planes.near(view.id));
        let scene = known.and_then(|(view, _)| context.world.get_resource::<SpatialScenes>()?.get(view.id));
        let area = known
            .zip(scene)
            .and_then(|((view, planes), scene)| Some(planes.get(view.id)?.area(scene.size_points())));
        let area = area.unwrap_or(Area::UNIT);
        vec![
            (VisualBounds2D::RANGE, bounds_array(&area)),
            (
                NearClipPlane::NEAR_CLIP_PLANE,
                blueprint_components::NearClipPlane::build(vec![near as f32]),
            ),
            (SpatialInformation::TARGET_FRAME, target_frame::of_origin(context)),
        ]
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let texts = [
            "Fit to content",
            "Shows all that appears while time goes by. A double click on the background shows everything there is now.",
        ];
        if let Some(view) = context.get::<View>().map(|view| view.id) {
            let said: PlaneProperties = properties(context.world, view);
            let bounds = Switch {
                property: SpatialInformation::SHOW_BOUNDING_BOX,
                text: "Box around everything",
                hint: "",
                is_on: said.shows_bounds,
            };
            bounds.show(ui, context, view, |is_on| {
                SpatialInformation::default().with_show_bounding_box(is_on)
            });
            background::show(ui, context, view, said.background.as_ref());
        }
        tile::reset_button(ui, context, texts, reset);
    }
}

/// Paints over the picture: the values of pixels, what the pointer is over in space, and the box around everything.
fn paint(ui: &Ui, tile: &Tile<'_>, world: &World) {
    pixel_values::paint(ui, tile);
    pointed::paint_place(ui, tile, world);
    let said: PlaneProperties = properties(world, tile.scene.view);
    if said.shows_bounds
        && let Some(rect) = seen_bounds(tile)
    {
        let stroke = Stroke::new(1.0, tile.style.secondary_text);
        ui.painter_at(tile.rect)
            .rect_stroke(rect, 0.0, stroke, StrokeKind::Middle);
    }
}

/// Where everything in the plane is on screen; `None` where there is nothing.
fn seen_bounds(tile: &Tile<'_>) -> Option<Rect> {
    let bounds = tile.scene.bounds();
    let seen = |corner| {
        let place = tile.scene.projector().project(corner)?.position;
        Some(tile.rect.min + vec2(place.x as f32, place.y as f32))
    };
    (!bounds.is_empty()).then_some(())?;
    Some(Rect::from_two_pos(seen(bounds.min)?, seen(bounds.max)?))
}

/// What is shown after what the pointer does, if that is something else.
fn by_pointer(ui: &Ui, tile: &Tile<'_>, visible: Visible) -> Option<Visible> {
    let mut moved = visible;
    if tile.response.dragged() {
        let delta = tile.response.drag_delta();
        moved = moved.panned(DVec2::new(f64::from(delta.x), f64::from(delta.y)));
    }
    if tile.response.contains_pointer()
        && let Some(pointer) = tile.pointer()
    {
        let (scroll, pinch) = tile::scroll_and_pinch(ui);
        let factor = (scroll * ZOOM_PER_POINT).exp() * pinch;
        if (factor - 1.0).abs() > 1e-6 {
            moved = moved.zoomed(factor, pointer, tile.size());
        }
    }
    (moved != visible).then_some(moved)
}

/// What is shown after an action, where it moves or zooms.
fn moved_by(action: ViewAction, visible: Visible, tile: DVec2) -> Option<Visible> {
    match (action.pan(), action.zoom()) {
        (Some(share), _) => Some(visible.panned(-share * tile)),
        (None, Some(factor)) => Some(visible.zoomed(factor, tile * 0.5, tile)),
        (None, None) => None,
    }
}

/// Writes what is shown into the blueprint.
fn set_visible(commands: &mut ViewerCommands, view: ViewId, visible: &Visible, tile: DVec2) {
    let range = bounds_array(&visible.area(tile));
    tile::set_properties(commands, view, [(VisualBounds2D::RANGE, range)]);
}

/// An area as blueprints have it.
fn bounds_array(area: &Area) -> ArrayRef {
    blueprint_components::VisualBounds2D::build(vec![chronoscope_types::VisualBounds2D {
        x_range: [area.min.x, area.max.x],
        y_range: [area.min.y, area.max.y],
    }])
}

/// Shows everything there is now, in a tile of this size in points.
fn show_all(scene: &SpatialScene, size: DVec2, commands: &mut ViewerCommands) {
    show_area(
        scene,
        Area::of_content(&scene.bounds(), &scene.picture_bounds()),
        size,
        commands,
    );
}

/// Shows a part of the plane, with a margin where that is no picture.
fn show_bounds(scene: &SpatialScene, bounds: &Bounds, size: DVec2, commands: &mut ViewerCommands) {
    let pictures = scene.picture_bounds();
    let pictures = if pictures == *bounds {
        pictures
    } else {
        Bounds::EMPTY
    };
    show_area(scene, Area::of_content(bounds, &pictures), size, commands);
}

fn show_area(scene: &SpatialScene, area: Option<Area>, size: DVec2, commands: &mut ViewerCommands) {
    if let Some(area) = area {
        look_at(commands, scene.view, &Visible::fitting(&area, size), size);
    }
}

/// Looks somewhere, as one step.
fn look_at(commands: &mut ViewerCommands, view: ViewId, visible: &Visible, tile: DVec2) {
    set_visible(commands, view, visible, tile);
    commands.push(ViewerCommand::EndGesture);
}

/// What shows an entity that was picked, with all below it; `None` where it has no extent in the plane.
fn visible_pick(tile: &Tile<'_>, pick: &Pick, visible: Visible) -> Option<Visible> {
    let bounds = bounds_of_pick(tile, pick);
    if bounds.is_empty() {
        return None;
    }
    if bounds.size().truncate() == DVec2::ZERO {
        // A point is as well seen at any scale.
        let center = bounds.center().truncate();
        return Some(Visible { center, ..visible });
    }
    // A face in the plane is that of a picture.
    let pictures = if pick.is_face { bounds } else { Bounds::EMPTY };
    let area = Area::of_content(&bounds, &pictures)?;
    Some(Visible::fitting(&area, tile.size()))
}

/// Around an entity that was picked and all below it, in the plane. What is seen through a camera is where it is seen.
fn bounds_of_pick(tile: &Tile<'_>, pick: &Pick) -> Bounds {
    let bounds = tile.scene.bounds_of(&pick.entity);
    let Some(space) = tile.scene.through_camera().filter(|_| bounds.is_empty()) else {
        return bounds;
    };
    let in_space = space.bounds_of(&pick.entity);
    if in_space.is_empty() {
        return bounds;
    }
    let seen = in_space.corners();
    let seen = seen
        .into_iter()
        .filter_map(|corner| space.projector().project(corner));
    let places = seen.map(|seen| tile.scene.projector().ray(seen.position).origin);
    places.fold(Bounds::EMPTY, Bounds::with_point)
}

/// Forgets what is to be shown, so that it is all there is.
fn reset(commands: &mut ViewerCommands, view: ViewId) {
    let nothing = blueprint_components::VisualBounds2D::build(Vec::new());
    tile::set_properties(commands, view, [(VisualBounds2D::RANGE, nothing)]);
    commands.push(ViewerCommand::EndGesture);
}

/// What the pointer is over: the mark that it points at, and the pixels of all pictures there.
fn show_tooltip(tile: &Tile<'_>, context: &ViewUiContext<'_>) {
    let place = |pointer: DVec2| tile.scene.projector().ray(pointer).origin.truncate();
    let mut layers = tile
        .pointer()
        .map(|pointer| tile.scene.pictures_at(place(pointer)))
        .unwrap_or_default();
    layers.retain(|layer| tile::is_interactive(context, layer.path));
    let is_layer = |entity: &EntityPath| layers.iter().any(|layer| layer.path == entity);
    // What is seen through a camera stands elsewhere than its picture.
    let mark = tile.pick.as_ref();
    let mark = mark.filter(|pick| !pick.is_face || !is_layer(&pick.entity));
    if mark.is_none() && layers.is_empty() {
        return;
    }
    let has_several = mark.is_some_and(|pick| {
        let mut shown = tile.scene.layers().flat_map(|scene| scene.shown_on(&pick.entity));
        shown.any(|shown| shown.visual.num_instances_of(pick.row) > 1)
    });
    tile.response.clone().on_hover_ui_at_pointer(|ui| {
        if let Some(pick) = mark {
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
            ui.weak(format!("{:.1}, {:.1}", pick.position.x, pick.position.y));
        }
        magnifier::show(ui, tile, &layers);
    });
}
