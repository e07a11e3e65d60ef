//! The tile of a spatial view: its picture, its labels, what the pointer points at, and what to say where there is nothing.

use std::sync::Arc;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{
    ActiveBlueprint, DataResults, Item, QueryContext, Recordings, ResultKey, Selection, View, ViewOverrides,
    ViewerCommand, ViewerCommands, visualizer::resolve,
};
use chronoscope_store::{Chunk, ChunkId, ChunkStore, EntityPath, arrow::ArrayRef};
use chronoscope_types::{ComponentName, format_time_in};
use egui::{Align2, Color32, FontId, Pos2, Rect, Response, Sense, Ui, emath::GuiRounding as _};
use glam::{DVec2, UVec2};

use super::{
    bounds::Bounds,
    camera::SceneCamera,
    color_bar::paint_color_bars,
    labels::paint_labels,
    marks::logged_label,
    notices::paint_notices,
    picking::{Click, Pick, Picks, push_click},
    pictures::{
        Picture, PixelValues,
        values::{Decode, Pixel},
    },
    scene::{SpatialScene, SpatialScenes},
    sources::{SpatialSources, instruction_of},
};
use crate::{
    ViewStyle, ViewUiContext, clicked_buttons,
    empty::{self, in_view},
    view_ui::recording_of,
};

/// A tile with what happened in it.
pub(crate) struct Tile<'w> {
    /// What is shown.
    pub(crate) scene: &'w SpatialScene,
    /// What the pointer does.
    pub(crate) response: Response,
    /// Where the tile is.
    pub(crate) rect: Rect,
    /// Where its picture is. It is stretched where another instance of the interface shows the view larger.
    picture: Rect,
    /// What the pointer is over: a label, or what the last answer said.
    pub(crate) pick: Option<Pick>,
    /// Whether the pointer is on a label.
    is_on_label: bool,
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

    /// The label that was logged for what the pointer is over, shown or not.
    pub(crate) fn label_of(&self, pick: &Pick) -> Option<Arc<str>> {
        let sources = self.world.get_resource::<SpatialSources>()?;
        self.scene.keys_on(&pick.entity).find_map(|(source, entity)| {
            let key = ResultKey {
                entity,
                instruction: instruction_of(source),
            };
            let component = sources.of(source)?.labels?;
            let labels = match pick.row {
                Some(_) => {
                    let (chunk, at) = self.row_of(pick)?;
                    chunk.cell(component, at)?
                }
                None => resolve(self.world, self.scene.view, key, component)?.array,
            };
            logged_label(&labels, pick.instance.unwrap_or_default() as usize)
        })
    }

    /// When the row was logged that the pointer is over, where several are shown.
    pub(crate) fn time_of(&self, pick: &Pick) -> Option<String> {
        let (store, active) = (self.store()?, self.world.get_resource::<ActiveBlueprint>()?);
        let (chunk, at) = self.row_of(pick)?;
        let looks = self.world.get::<QueryContext>(active.entity(self.scene.view)?)?;
        let timeline = store.timeline(looks.cursor.timeline?);
        let time = *chunk.timeline(timeline.name())?.times().get(at)?;
        let time = format_time_in(timeline.time_type(), self.style.time_zone, time);
        Some(format!("{} {time}", timeline.name()))
    }

    /// Where the row lies that the pointer is over, where several are shown. It is looked for where it is not where it was found last.
    fn row_of(&self, pick: &Pick) -> Option<(&Arc<Chunk>, usize)> {
        let (store, row) = (self.store()?, pick.row?);
        let id = self.response.id.with("place of the row");
        let known: Option<(ChunkId, usize)> = self.response.ctx.data(|data| data.get_temp(id));
        let is_there = known.and_then(|(chunk, at)| {
            let chunk = store.chunk(chunk)?;
            (chunk.row_ids().get(at) == Some(&row)).then_some((chunk, at))
        });
        is_there.or_else(|| {
            let (chunk, at) = store.row_by_id(store.entity_id(&pick.entity)?, row)?;
            let place = (chunk.id(), at);
            self.response.ctx.data_mut(|data| data.insert_temp(id, place));
            Some((chunk, at))
        })
    }

    /// What is shown, as it was recorded.
    fn store(&self) -> Option<&ChunkStore> {
        let recordings = self.world.get_resource::<Recordings>()?;
        Some(recordings.get(self.scene.recording()?)?.store())
    }

    /// The value of a pixel in words, if it is known.
    pub(crate) fn pixel_text(&self, picture: &Picture, place: [u32; 2]) -> Option<String> {
        let (values, decode) = self.pixel_values()?;
        values.text(picture, place, decode)
    }

    /// The channels of a pixel, if they are known.
    pub(crate) fn pixel_channels(&self, picture: &Picture, place: [u32; 2]) -> Option<Pixel> {
        let (values, decode) = self.pixel_values()?;
        values.pixel(picture, place, decode)
    }

    fn pixel_values(&self) -> Option<(&PixelValues, Decode<'_>)> {
        let decode = Decode {
            decoders: self.world.get_resource()?,
            settled: self.world.get_resource()?,
        };
        Some((self.world.get_resource()?, decode))
    }

    /// The pixel of the picture at a place on screen, from its top left corner.
    fn pixel(&self, position: Pos2) -> UVec2 {
        let in_f64 = |at: egui::Vec2| DVec2::new(f64::from(at.x), f64::from(at.y));
        let size = DVec2::from(self.scene.tile.size_pixels.map(f64::from));
        // Multiplied first, so that where the picture is not stretched the pixel is exact.
        let pixel = in_f64(position - self.picture.min) * size / in_f64(self.picture.size()).max(DVec2::ONE);
        pixel.max(DVec2::ZERO).as_uvec2()
    }

    /// Width and height in points.
    pub(crate) fn size(&self) -> DVec2 {
        DVec2::new(f64::from(self.rect.width()), f64::from(self.rect.height()))
    }

    /// Around all in the scene that is selected.
    pub(crate) fn selected_bounds(&self) -> Bounds {
        let selection = self.world.get_resource::<Selection>();
        let selected = selection.map_or(&[][..], |selection| &selection.selected);
        let entities = selected.iter().filter_map(Item::entity);
        let bounds = entities.map(|entity| self.scene.bounds_of(entity));
        bounds.fold(Bounds::EMPTY, Bounds::union)
    }
}

/// Draws a view's picture and labels into all the space there is, and lights up and selects what the pointer is over.
///
/// `None` where the view has no scene yet: in its first frame. Clicks select nothing where they do something else.
pub(crate) fn show<'w>(
    ui: &mut Ui,
    context: &mut ViewUiContext<'w>,
    view: ViewId,
    selects: bool,
) -> Option<Tile<'w>> {
    let world = context.world;
    let style = ViewStyle::of(world);
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    // A texture pixel is a pixel of the screen.
    let rect = rect.round_to_pixels(ui.pixels_per_point());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, style.background);
    let scene = world.get_resource::<SpatialScenes>()?.get(view)?;
    let background = scene.camera.as_ref().and_then(SceneCamera::background);
    let style = match background {
        Some(background) => style.on(background).into_owned(),
        None => style,
    };
    // The picture has as many pixels as the tile when it was laid out; a rounding is not to stretch it.
    let [width, height] = scene.tile.size_pixels.map(|side| side as f32);
    let size = egui::vec2(width, height) / ui.pixels_per_point();
    let is_close = (size - rect.size()).abs().max_elem() * ui.pixels_per_point() < 2.0;
    let picture = if is_close {
        Rect::from_min_size(rect.min, size)
    } else {
        rect
    };
    if let Some(texture) = scene.texture() {
        let all = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        painter.image(texture, picture, all, Color32::WHITE);
    }
    paint_notices(&painter, picture, scene, &style);
    let is_pointed_at = response.hovered() && !response.dragged();
    let pointer = response.hover_pos().filter(|_| is_pointed_at);
    let labels = scene.layers().flat_map(|scene| {
        let labels = scene.labels();
        labels.map(|(path, label)| (path, label, scene.projector()))
    });
    let label = paint_labels(&painter, picture, labels, &style, pointer);
    let label = label.filter(|(entity, _)| is_interactive(context, entity));
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
        picture,
        pick: label.map(|(entity, label)| Pick {
            entity: entity.clone(),
            row: label.row,
            instance: label.instance,
            is_face: false,
            position: label.position,
        }),
        is_on_label: label.is_some(),
        style,
        world,
    };
    if let Some(picks) = world.get_resource::<Picks>() {
        let pointer = pointer.filter(|_| !tile.is_on_label);
        picks.point(tile.response.id, view, pointer.map(|pointer| tile.pixel(pointer)));
        let mut is_known = tile.is_on_label;
        if pointer.is_some()
            && let Some(over) = picks.over(view)
        {
            tile.pick = over.cloned();
            is_known = true;
        }
        announce(ui, context, &tile, view, is_known);
        if selects {
            click(ui, context, &tile, view, picks);
        }
    }
    Some(tile)
}

/// Whether an entity can be pointed at.
pub(crate) fn is_interactive(context: &ViewUiContext<'_>, entity: &EntityPath) -> bool {
    let overrides = context.get::<ViewOverrides>();
    let recording = recording_of(context.world, context.view);
    let entity = recording.and_then(|entry| entry.store().entity_id(entity));
    overrides
        .zip(entity)
        .is_none_or(|(overrides, entity)| overrides.is_interactive(entity))
}

/// A tile in which there is something to see.
pub(crate) struct OpenTile<'w, T> {
    pub(crate) view: ViewId,
    pub(crate) tile: Tile<'w>,
    /// Where its view looks.
    pub(crate) look: T,
}

/// As [`show`], for the view of a tile's user interface; `selects` says whether clicks select, `look` where it looks, `paint` paints over the picture. `None` where there is nothing to point at.
pub(crate) fn open<'w, T>(
    ui: &mut Ui,
    context: &mut ViewUiContext<'w>,
    selects: impl FnOnce(&Ui, ViewId) -> bool,
    look: impl FnOnce(&'w World, ViewId) -> Option<T>,
    paint: impl FnOnce(&Ui, &Tile<'w>, &T),
) -> Option<OpenTile<'w, T>> {
    let view = context.get::<View>()?.id;
    let selects = selects(ui, view);
    let tile = show(ui, context, view, selects)?;
    let look = look(context.world, view)?;
    paint(ui, &tile, &look);
    paint_color_bars(&ui.painter_at(tile.rect), tile.rect, tile.scene, &tile.style);
    (!tile.scene.is_empty()).then_some(OpenTile { view, tile, look })
}

/// The scene of a view that is shown and in which there is something to see.
pub(crate) fn shown_scene<'w>(context: &ViewUiContext<'w>) -> Option<&'w SpatialScene> {
    let view = context.get::<View>()?.id;
    let scene = context.world.get_resource::<SpatialScenes>()?.get(view)?;
    (scene.tile.shown && !scene.is_empty() && !scene.bounds().is_empty()).then_some(scene)
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

/// How far is scrolled, in points, and by what factor two fingers move apart.
pub(crate) fn scroll_and_pinch(ui: &Ui) -> (f64, f64) {
    ui.input(|input| {
        (
            f64::from(input.smooth_scroll_delta().y),
            f64::from(input.zoom_delta()),
        )
    })
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

/// Says what the pointer is over, where that is known and has changed: a resting pointer is no command.
fn announce(ui: &Ui, context: &mut ViewUiContext<'_>, tile: &Tile<'_>, view: ViewId, is_known: bool) {
    let memory = ui.id().with(("points at", view));
    let pointed_before = ui.data(|data| data.get_temp::<bool>(memory)).unwrap_or(false);
    let is_over = tile.response.hovered();
    if is_over && !is_known {
        return;
    }
    let item = tile.pick.as_ref().filter(|_| is_over).map(|pick| pick.item(view));
    let is_pointing = item.is_some();
    let hovered = &context.world.resource::<Selection>().hovered;
    let is_new = !is_over || *hovered != item;
    // The view that the pointer was over before may be gone, and says nothing more.
    let is_of_other = || {
        hovered
            .as_ref()
            .and_then(Item::view)
            .is_some_and(|other| other != view)
    };
    if is_new && (is_pointing || pointed_before || (is_over && is_of_other())) {
        context.commands.push(ViewerCommand::Hover(item));
    }
    if is_pointing != pointed_before {
        ui.data_mut(|data| data.insert_temp(memory, is_pointing));
    }
}

/// Selects what was clicked on: at once where that is a label, else when it is known what lies there.
fn click(ui: &Ui, context: &mut ViewUiContext<'_>, tile: &Tile<'_>, view: ViewId, picks: &Picks) {
    let buttons: Vec<_> = clicked_buttons(&tile.response).collect();
    let Some(place) = tile
        .response
        .interact_pointer_pos()
        .filter(|_| !buttons.is_empty())
    else {
        return;
    };
    let click = Click {
        view,
        pixel: tile.pixel(place),
        buttons,
        toggles: ui.input(|input| input.modifiers.command),
    };
    if tile.is_on_label {
        let recording = recording_of(context.world, context.view);
        push_click(context.commands, &click, tile.pick.as_ref(), recording);
    } else {
        picks.click(click);
    }
}

/// Why there is nothing to see, and what to do.
fn empty_state(context: &ViewUiContext<'_>, scene: &SpatialScene) -> String {
    let kind = match scene.space {
        super::Space::Three => "3D",
        super::Space::Two => "2D",
    };
    if context
        .get::<QueryContext>()
        .is_some_and(|context| context.problem.is_some())
        && let Some((_, text)) = empty::not_there(context)
    {
        return text;
    }
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
    if let Some((_, text)) = empty::not_there(context) {
        return text;
    }
    match context.cursor().timeline {
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
        .map(|(_, report)| in_view(&report))
        .collect();
    reports.sort();
    reports.into_iter().next()
}

/// Paints the whole text where there is room, else its beginning; the tile's tooltip has all of it. Returns whether all is seen.
fn paint_empty_state(painter: &egui::Painter, rect: Rect, text: &str, style: &ViewStyle) -> bool {
    let width = (rect.width() - 32.0).clamp(0.0, 420.0);
    let lay_out = |max_rows: usize| {
        let mut job = egui::text::LayoutJob::simple(
            text.to_owned(),
            FontId::proportional(13.0),
            style.secondary_text,
            width,
        );
        job.halign = egui::Align::Center;
        job.wrap.max_rows = max_rows;
        painter.layout_job(job)
    };
    let whole = lay_out(usize::MAX);
    let fits = whole.size().y + 16.0 <= rect.height();
    let galley = if fits {
        whole
    } else {
        let row = whole.size().y / whole.rows.len().max(1) as f32;
        lay_out((((rect.height() - 16.0) / row.max(1.0)) as usize).max(1))
    };
    let place = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
    painter.galley(
        egui::pos2(rect.center().x, place.min.y),
        galley,
        style.secondary_text,
    );
    fits
}
