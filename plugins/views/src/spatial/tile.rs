//! The tile of a spatial view: its picture, its labels, what the pointer points at, and what to say where there is nothing.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, Selection, View, ViewerCommand, ViewerCommands,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::ComponentName;
use egui::{Align2, Color32, FontId, Pos2, Rect, Response, Sense, Ui, emath::GuiRounding as _};
use glam::DVec2;

use super::{
    labels::paint_labels,
    picking::{MAX_INSTANCES, Pick, Pickable, pick},
    pictures::{Picture, PixelValues, values::Decode},
    projection::Projector,
    scene::{SceneKey, SpatialScene, SpatialScenes},
    sources::SpatialSources,
};
use crate::{ViewStyle, ViewUiContext, clicked_buttons, empty};

/// A tile with what happened in it.
pub(crate) struct Tile<'w> {
    /// What is shown.
    pub(crate) scene: &'w SpatialScene,
    /// What the pointer does.
    pub(crate) response: Response,
    /// Where the tile is.
    pub(crate) rect: Rect,
    /// What the pointer is over.
    pub(crate) pick: Option<Pick<SceneKey>>,
    /// The theme.
    pub(crate) style: ViewStyle,
    world: &'w World,
}

impl Tile<'_> {
    /// A place on screen in points from the tile's top left corner.
    pub(crate) fn local(&self, position: Pos2) -> DVec2 {
        let offset = position - self.rect.min;
        DVec2::new(f64::from(offset.x), f64::from(offset.y))
    }

    /// Where the pointer is, in points from the tile's top left corner.
    pub(crate) fn pointer(&self) -> Option<DVec2> {
        self.response.hover_pos().map(|position| self.local(position))
    }

    /// The value of a pixel in words, if it is known.
    pub(crate) fn pixel_text(&self, picture: &Picture, place: [u32; 2]) -> Option<String> {
        let decode = Decode {
            decoders: self.world.get_resource()?,
            settled: self.world.get_resource()?,
        };
        self.world
            .get_resource::<PixelValues>()?
            .text(picture, place, decode)
    }

    /// Width and height in points.
    pub(crate) fn size(&self) -> DVec2 {
        DVec2::new(f64::from(self.rect.width()), f64::from(self.rect.height()))
    }
}

/// Draws a view's picture and labels into all the space there is, and lights up and selects what the pointer is over.
///
/// `None` where the view has no scene yet: in its first frame.
pub(crate) fn show<'w>(ui: &mut Ui, context: &mut ViewUiContext<'w>, view: ViewId) -> Option<Tile<'w>> {
    let world = context.world;
    let style = world.get_resource::<ViewStyle>().cloned().unwrap_or_default();
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    // A texture pixel is a pixel of the screen.
    let rect = rect.round_to_pixels(ui.pixels_per_point());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, style.background);
    let scene = world.get_resource::<SpatialScenes>()?.get(view)?;
    if let Some(texture) = scene.texture() {
        let all = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        // The picture has as many pixels as the tile when it was laid out; a rounding is not to stretch it.
        let [width, height] = scene.tile.size_pixels.map(|side| side as f32);
        let size = egui::vec2(width, height) / ui.pixels_per_point();
        let is_close = (size - rect.size()).abs().max_elem() * ui.pixels_per_point() < 2.0;
        let place = if is_close {
            Rect::from_min_size(rect.min, size)
        } else {
            rect
        };
        painter.image(texture, place, all, Color32::WHITE);
    }
    paint_labels(&painter, rect, scene.projector(), scene.labels(), &style);
    if scene.is_empty() {
        let text = empty_state(context, scene);
        if !paint_empty_state(&painter, rect, &text, &style) {
            response.clone().on_hover_text(text);
        }
    }

    let mut tile = Tile {
        scene,
        response,
        rect,
        pick: None,
        style,
        world,
    };
    if tile.response.hovered() && !tile.response.dragged() {
        tile.pick = tile.pointer().and_then(|pointer| pick_at(ui, scene, pointer));
    }
    point(ui, context, &tile, view);
    Some(tile)
}

/// A tile in which there is something to see.
pub(crate) struct OpenTile<'w, T> {
    pub(crate) view: ViewId,
    pub(crate) tile: Tile<'w>,
    /// Where its view looks.
    pub(crate) look: T,
}

/// As [`show`], for the view of a tile's user interface; `look` says where it looks, `paint` paints over the picture. `None` where there is nothing to point at.
pub(crate) fn open<'w, T>(
    ui: &mut Ui,
    context: &mut ViewUiContext<'w>,
    look: impl FnOnce(&'w World, ViewId) -> Option<T>,
    paint: impl FnOnce(&Ui, &Tile<'w>, &T),
) -> Option<OpenTile<'w, T>> {
    let view = context.get::<View>()?.id;
    let tile = show(ui, context, view)?;
    let look = look(context.world, view)?;
    paint(ui, &tile, &look);
    (!tile.scene.is_empty()).then_some(OpenTile { view, tile, look })
}

/// A button that takes back where the view of a tile's user interface looks.
pub(crate) fn reset_button(
    ui: &mut Ui,
    context: &mut ViewUiContext<'_>,
    [text, tooltip]: [&str; 2],
    reset: impl FnOnce(&mut ViewerCommands, ViewId),
) {
    if let Some(view) = context.get::<View>().map(|view| view.id)
        && ui.button(text).on_hover_text(tooltip).clicked()
    {
        reset(context.commands, view);
    }
}

/// Whether a gesture has just ended: something moved in the pass before, and does no longer. What comes then is a step of its own to
/// undo.
pub(crate) fn gesture_ended(ui: &Ui, view: ViewId, moves: bool) -> bool {
    let memory = ui.id().with(("moves", view));
    let moved_before = ui.data(|data| data.get_temp::<bool>(memory)).unwrap_or(false);
    ui.data_mut(|data| data.insert_temp(memory, moves));
    moved_before && !moves
}

/// Sets properties of a view, such as `EyeControls3D:position`, together. An empty array takes a property back.
pub(crate) fn set_properties(
    commands: &mut ViewerCommands,
    view: ViewId,
    properties: impl IntoIterator<Item = (ComponentName, ArrayRef)>,
) {
    let components = properties
        .into_iter()
        .map(|(name, array)| (name.descriptor(), array))
        .collect();
    commands.push(ViewerCommand::Blueprint(BlueprintCommand::SetProperty(
        view, components,
    )));
}

/// What the pointer was over, and what that was found from.
#[derive(Clone, Copy)]
struct KnownPick {
    pointer: DVec2,
    projector: Projector,
    version: u64,
    pick: Option<Pick<SceneKey>>,
}

/// What the pointer is over. Looked for only where pointer, eye or content changed since the last time.
fn pick_at(ui: &Ui, scene: &SpatialScene, pointer: DVec2) -> Option<Pick<SceneKey>> {
    let id = ui.id().with(("pick", scene.view));
    let projector = *scene.projector();
    let is_current = |known: &KnownPick| {
        known.pointer == pointer && known.projector == projector && known.version == scene.version()
    };
    if let Some(known) = ui.data(|data| data.get_temp::<KnownPick>(id)).filter(is_current) {
        return known.pick;
    }
    let pick = find(scene, pointer);
    let known = KnownPick {
        pointer,
        projector,
        version: scene.version(),
        pick,
    };
    ui.data_mut(|data| data.insert_temp(id, known));
    pick
}

fn find(scene: &SpatialScene, pointer: DVec2) -> Option<Pick<SceneKey>> {
    let pickables = scene.shown().map(|(key, shown)| Pickable {
        key,
        visual: &shown.visual,
        view_from_entity: shown.view_from_entity,
        default_radius: shown.default_radius,
    });
    pick(scene.projector(), pointer, pickables, MAX_INSTANCES)
}

/// Emits what pointing and clicking mean. Hover is announced only where it changes, so that a resting pointer is no command.
fn point(ui: &Ui, context: &mut ViewUiContext<'_>, tile: &Tile<'_>, view: ViewId) {
    let item = tile.pick.and_then(|pick| {
        let entity = tile.scene.get(pick.key)?.path.clone();
        let instance = u32::try_from(pick.instance).ok();
        Some(Item::DataResult {
            view,
            entity,
            instance,
        })
    });
    let selection = context.world.resource::<Selection>();
    let memory = ui.id().with(("points at", view));
    let pointed_before = ui.data(|data| data.get_temp::<bool>(memory)).unwrap_or(false);
    if tile.response.hovered() {
        if !tile.response.dragged() && selection.hovered != item && (item.is_some() || pointed_before) {
            context.commands.push(ViewerCommand::Hover(item.clone()));
        }
    } else if pointed_before {
        context.commands.push(ViewerCommand::Hover(None));
    }
    ui.data_mut(|data| data.insert_temp(memory, item.is_some()));

    if let (Some(item), Some(pick)) = (&item, tile.pick) {
        for button in clicked_buttons(&tile.response) {
            let click = EntityClicked::on(item, button, ClickSource::View).map(|click| EntityClicked {
                position: Some(pick.position.to_array()),
                ..click
            });
            if let Some(click) = click {
                context.commands.push(ViewerCommand::Click(click));
            }
        }
    }
    if tile.response.clicked() {
        let toggles = ui.input(|input| input.modifiers.command);
        let item = item.unwrap_or(Item::View(view));
        context.commands.push(if toggles {
            ViewerCommand::ToggleSelected(item)
        } else {
            ViewerCommand::Select(vec![item])
        });
    }
}

/// Why there is nothing to see, and what to do.
fn empty_state(context: &ViewUiContext<'_>, scene: &SpatialScene) -> String {
    let kind = match scene.space {
        super::Space::Three => "3D",
        super::Space::Two => "2D",
    };
    let Some(results) = context.get::<DataResults>().filter(|results| !results.is_empty()) else {
        return format!(
            "No entity is in this view. Add some to its contents in the selection panel; its origin is {}.",
            scene.blueprint.origin
        );
    };
    if results.iter().all(|result| result.visualizers.is_empty()) {
        let names: Vec<&str> = context
            .world
            .resource::<SpatialSources>()
            .sources
            .iter()
            .map(|source| source.name)
            .filter(|name| name.ends_with(kind) || (kind == "2D" && !name.ends_with("3D")))
            .collect();
        return format!(
            "No entity here can be drawn in a {kind} view: it shows {}. Show these entities in another kind of view.",
            names.join(", ")
        );
    }
    if let Some(report) = first_report(context.world, scene) {
        return report;
    }
    if let Some((_, text)) = empty::not_loaded(context) {
        return text;
    }
    match context.world.resource::<Cursor>().timeline {
        Some(_) => {
            "Nothing to show at this time. Move the time cursor to where these entities have data.".to_owned()
        }
        None => "Nothing to show yet.".to_owned(),
    }
}

fn first_report(world: &World, scene: &SpatialScene) -> Option<String> {
    let sources = world.resource::<SpatialSources>();
    let mut reports: Vec<String> = sources
        .sources
        .iter()
        .flat_map(|source| (source.reports)(world, scene.view))
        .map(|(_, report)| report.to_string())
        .collect();
    reports.sort();
    reports.into_iter().next()
}

/// Paints the whole text where there is room, else its first clause; the tile's tooltip has all of it. Returns whether all is seen.
fn paint_empty_state(painter: &egui::Painter, rect: Rect, text: &str, style: &ViewStyle) -> bool {
    let width = (rect.width() - 32.0).clamp(0.0, 420.0);
    let lay_out = |text: &str| {
        let mut job = egui::text::LayoutJob::simple(
            text.to_owned(),
            FontId::proportional(13.0),
            style.secondary_text,
            width,
        );
        job.halign = egui::Align::Center;
        painter.layout_job(job)
    };
    let whole = lay_out(text);
    let fits = whole.size().y + 16.0 <= rect.height();
    let galley = if fits {
        whole
    } else {
        lay_out(text.split([':', '.']).next().unwrap_or(text))
    };
    let place = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
    painter.galley(
        egui::pos2(rect.center().x, place.min.y),
        galley,
        style.secondary_text,
    );
    fits
}
