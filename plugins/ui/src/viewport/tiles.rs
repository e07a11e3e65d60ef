//! How tiles look and what can be done with them: title bars, borders, the views themselves.

use std::collections::BTreeMap;

use chronoscope_blueprint::{ContainerId, ViewBlueprint, ViewId};
use chronoscope_frame::{Item, MissingChunks, ViewTile};
use chronoscope_views::{ViewStyle, ViewUis};
use egui::{
    Align2, Color32, Id, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetText, WidgetType,
    emath::GuiRounding as _,
};
use egui_tiles::{
    Behavior, EditAction, ResizeState, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, UiResponse,
};
use rustc_hash::FxHashSet;

use super::layout::TabPlace;
use crate::{
    context_menu, fonts, icons,
    looks::LooksElsewhere,
    pass::{Pass, TileRects},
    theme::{Theme, size},
    widgets::{container_title, elided_galley, empty_state, icon_button, paint_focus},
};

/// Actions on the tiles in a pass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gesture {
    /// A tile was dropped somewhere.
    pub(super) dropped: bool,
    /// A border was dragged.
    pub(super) resized: bool,
    /// A tab was clicked.
    pub(super) tab: Option<TileId>,
    /// A view is to fill the viewport, or none is any more.
    pub(super) maximize: Option<Option<ViewId>>,
    /// A view is to be hidden.
    pub(super) hide: Option<ViewId>,
}

/// Draws tiles.
pub(super) struct TileBehavior<'a, 'p> {
    pass: &'a mut Pass<'p>,
    containers: &'a BTreeMap<u64, ContainerId>,
    views: &'a BTreeMap<u64, ViewId>,
    shown: &'a mut TileRects,
    /// Number of visible tabs in the bar that is being drawn.
    tabs_in_bar: usize,
    /// The place in a tab bar that the pointer is over.
    pub(super) tab_place: Option<TabPlace>,
    /// The tiles that are dragged: one, and all that lie in it. They cannot be dropped on themselves.
    dragged: FxHashSet<TileId>,
    /// The tabs of the bar that is being drawn, while something is dragged over it.
    tabs_under_pointer: Vec<TileId>,
    /// Actions of this pass.
    pub(super) gesture: Gesture,
}

/// The widest that a tab gets where there are others beside it.
const MAX_TAB_WIDTH: f32 = 50.0 * size::GRID;

impl<'a, 'p> TileBehavior<'a, 'p> {
    pub(super) fn new(
        pass: &'a mut Pass<'p>,
        containers: &'a BTreeMap<u64, ContainerId>,
        views: &'a BTreeMap<u64, ViewId>,
        shown: &'a mut TileRects,
        dragged: FxHashSet<TileId>,
    ) -> Self {
        Self {
            pass,
            containers,
            views,
            shown,
            tabs_in_bar: 1,
            tab_place: None,
            dragged,
            tabs_under_pointer: Vec::new(),
            gesture: Gesture::default(),
        }
    }

    /// Notes the place in this bar that what is dragged would get. Before its tabs are drawn that is the end.
    fn note_bar_under_pointer(&mut self, ui: &Ui, bar: TileId, tabs: &Tabs) {
        self.tabs_under_pointer.clear();
        let rect = ui.max_rect();
        let is_over = ui
            .input(|input| input.pointer.interact_pos())
            .is_some_and(|pointer| rect.contains(pointer));
        if is_over && !self.dragged.is_empty() && !self.dragged.contains(&bar) {
            self.tabs_under_pointer.clone_from(&tabs.children);
            self.tab_place = Some(TabPlace {
                bar,
                index: tabs.children.len(),
                rect,
            });
        }
    }

    /// Moves the noted place before a tab of the bar, where the pointer is left of the tab's middle.
    fn note_tab_right_of_pointer(&mut self, ui: &Ui, tab: TileId, rect: Rect) {
        let Some(index) = self.tabs_under_pointer.iter().position(|other| *other == tab) else {
            return;
        };
        let pointer = ui.input(|input| input.pointer.interact_pos());
        if let Some(place) = &mut self.tab_place
            && pointer.is_some_and(|pointer| pointer.x < rect.center().x)
        {
            place.index = place.index.min(index);
        }
    }

    fn view(&self, id: ViewId) -> Option<&'p ViewBlueprint> {
        self.pass.viewport().views.get(&id)
    }

    /// Icon and title of a tab, and what is selected by it.
    fn title(&self, tiles: &Tiles<ViewId>, tile: TileId) -> (&'static str, String, Option<Item>) {
        if let Some(view) = self.views.get(&tile.0).and_then(|view| self.view(*view)) {
            let icon = self.pass.view_icon(&view.class);
            return (icon, view.title(), Some(Item::View(view.id)));
        }
        let known = self
            .containers
            .get(&tile.0)
            .and_then(|id| self.pass.viewport().containers.get(id));
        if let Some(container) = known {
            return (
                icons::container(container.kind),
                container_title(container),
                Some(Item::Container(container.id)),
            );
        }
        // Tabs that are only a title bar, or a container that was made in this very gesture.
        match tiles.get(tile).and_then(|tile| match tile {
            Tile::Container(container) => container.only_child(),
            Tile::Pane(_) => None,
        }) {
            Some(only) if only != tile => self.title(tiles, only),
            _ => (icons::CONTAINER_TABS, "Container".to_owned(), None),
        }
    }

    fn draw_view(&mut self, ui: &mut Ui, id: ViewId) {
        let Some(view) = self.view(id) else { return };
        let Some(view_ui) = self.pass.world.resource::<ViewUis>().get(&view.class) else {
            let title = format!("This viewer has no view class {} yet", view.class);
            empty_state(
                ui,
                icons::VIEW_UNKNOWN,
                &title,
                "The blueprint keeps the view and its contents.",
            );
            return;
        };
        // What has its first tile is shown in the frame after this one: what it would say now is not so.
        let had_tile = |tile: &ViewTile| tile.shown || tile.size_pixels != [0; 2];
        if !self.pass.of_view(id).is_some_and(had_tile) {
            let style = self.pass.world.get_resource::<ViewStyle>();
            let color = style.map_or(Color32::TRANSPARENT, |style| style.background);
            ui.painter().rect_filled(ui.max_rect(), 0.0, color);
            return;
        }
        if let Some(mut context) = self.pass.view_context(id) {
            view_ui.ui(ui, &mut context);
        }
    }
}

/// Marks a view that still waits for chunks.
fn provisional_mark(ui: &mut Ui, missing: &MissingChunks) {
    let Some(text) = missing.explain() else {
        return;
    };
    let theme = Theme::of(ui);
    let (icon, color) = if missing.is_over_limit {
        (icons::WARNING, theme.warning)
    } else {
        (icons::LOADING, theme.secondary)
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &text));
    let font = fonts::icon(ui, size::ICON);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, icon, font, color);
    response.on_hover_text(text);
}

/// Marks a view that does not look at the cursor: with what differs where there is room, else with an icon.
fn elsewhere_mark(ui: &mut Ui, looks: &LooksElsewhere) {
    const MAX_WIDTH: f32 = 40.0 * size::GRID;
    let theme = Theme::of(ui);
    let color = if looks.is_problem {
        theme.warning
    } else {
        theme.accent_text
    };
    let font = egui::TextStyle::Small.resolve(ui.style());
    // The title takes precedence.
    let room = (ui.available_width() / 2.0 - size::ROW).min(MAX_WIDTH);
    let galley = (room > size::ROW).then(|| elided_galley(ui, &looks.short, font, color, room));
    let text_width = galley.as_ref().map_or(0.0, |galley| galley.size().x + size::GRID);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(size::ROW + text_width, size::ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &looks.long));
    let icon_font = fonts::icon(ui, size::ICON);
    let icon_at = egui::pos2(rect.left() + size::ROW / 2.0, rect.center().y);
    ui.painter()
        .text(icon_at, Align2::CENTER_CENTER, icons::TIMELINE, icon_font, color);
    if let Some(galley) = galley {
        let top = rect.center().y - galley.size().y / 2.0;
        ui.painter()
            .galley(egui::pos2(rect.left() + size::ROW, top), galley, color);
    }
    response.on_hover_text(&looks.long);
}

impl Behavior<ViewId> for TileBehavior<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, view: &mut ViewId) -> UiResponse {
        // The view is drawn to an image of whole pixels; on whole pixels of the screen it stays sharp.
        let rect = ui.max_rect().round_to_pixels(ui.pixels_per_point());
        if rect.width() < 1.0 || rect.height() < 1.0 {
            return UiResponse::None;
        }
        self.shown.insert(*view, rect);
        self.pass.is_over_view |= ui.rect_contains_pointer(rect);
        // The same id wherever the tile lies, so that what egui remembers of a view moves with it.
        let builder = egui::UiBuilder::new()
            .id(self.pass.place.id.with(("view", view.to_bytes())))
            .max_rect(rect);
        ui.scope_builder(builder, |ui| {
            ui.set_clip_rect(rect);
            self.draw_view(ui, *view);
            context_menu::show_in_view(ui, self.pass, *view, rect);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, view: &ViewId) -> WidgetText {
        self.view(*view)
            .map_or_else(String::new, ViewBlueprint::title)
            .into()
    }

    fn tab_title_for_tile(&mut self, tiles: &Tiles<ViewId>, tile: TileId) -> WidgetText {
        self.title(tiles, tile).1.into()
    }

    fn tab_ui(
        &mut self,
        tiles: &mut Tiles<ViewId>,
        ui: &mut Ui,
        id: Id,
        tile: TileId,
        state: &TabState,
    ) -> Response {
        let theme = Theme::of(ui);
        let (icon, title, item) = self.title(tiles, tile);
        let text_color = if state.active { theme.text } else { theme.secondary };
        let is_alone = self.tabs_in_bar <= 1;
        let room = if is_alone {
            ui.available_width()
        } else {
            MAX_TAB_WIDTH
        };
        let left = size::PADDING + size::ICON + size::GRID;
        let font = egui::TextStyle::Body.resolve(ui.style());
        // Text may be half a point wider than it is allowed to be, and the room is rounded to whole pixels.
        let text_room = room - left - size::PADDING - 2.0;
        let galley = elided_galley(ui, &title, font, text_color, text_room);
        let width = left + galley.size().x + size::PADDING;
        // All of the bar is a view's that has it for itself.
        let taken = if is_alone { width.max(room - 2.0) } else { width };
        let (_, rect) = ui.allocate_space(Vec2::new(taken, ui.available_height()));
        let title_rect = rect.with_max_x(rect.left() + width);
        self.note_tab_right_of_pointer(ui, tile, title_rect);

        let is_draggable = self.is_tile_draggable(tiles, tile);
        let sense = if is_draggable {
            Sense::click_and_drag()
        } else {
            Sense::click()
        };
        let mut response = ui.interact(rect, id, sense);
        response
            .widget_info(|| WidgetInfo::selected(WidgetType::Button, ui.is_enabled(), state.active, &title));
        if response.double_clicked()
            && self.pass.only.is_none()
            && let Some(Item::View(view)) = &item
        {
            let is_maximized = self.pass.viewport().maximized.is_some();
            self.gesture.maximize = Some((!is_maximized).then_some(*view));
        }
        if response.clicked() {
            self.gesture.tab = Some(tile);
        }
        let mut icon_color = text_color;
        if let Some(item) = &item {
            self.pass.respond(&response, item);
            if self.pass.is_selected(item) {
                icon_color = theme.accent_text;
            }
        }
        if ui.is_rect_visible(rect) && !state.is_being_dragged {
            if response.hovered() {
                ui.painter().rect_filled(
                    title_rect.shrink2(Vec2::new(0.0, 2.0)),
                    f32::from(size::RADIUS),
                    theme.hover(),
                );
            }
            paint_focus(ui, &response);
            let icon_font = fonts::icon(ui, size::ICON);
            let at = egui::pos2(rect.left() + size::PADDING, rect.center().y);
            ui.painter()
                .text(at, Align2::LEFT_CENTER, icon, icon_font, icon_color);
            let top = rect.center().y - galley.size().y / 2.0;
            let is_elided = galley.elided;
            ui.painter()
                .galley(egui::pos2(rect.left() + left, top), galley, text_color);
            if state.active && !is_alone {
                let line =
                    Rect::from_x_y_ranges(rect.x_range(), rect.bottom() - size::EMPHASIS..=rect.bottom());
                ui.painter().rect_filled(line, 0.0, theme.accent);
            }
            if is_elided {
                response = response.on_hover_text(title);
            }
        }
        response
    }

    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<ViewId>,
        ui: &mut Ui,
        tile: TileId,
        tabs: &Tabs,
        _scroll: &mut f32,
    ) {
        // egui_tiles calls this before the tabs of the same bar.
        self.note_bar_under_pointer(ui, tile, tabs);
        self.tabs_in_bar = tabs
            .children
            .iter()
            .filter(|tab| tiles.is_visible_in_layout(**tab))
            .count();
        let Some(view) = tabs.active.and_then(|active| self.views.get(&active.0)).copied() else {
            return;
        };
        ui.spacing_mut().item_spacing.x = 0.0;
        // In a narrow bar the title takes precedence over the buttons.
        let is_roomy = ui.available_width() >= 5.0 * size::ROW;
        let is_wide = ui.available_width() >= 8.0 * size::ROW;
        let is_maximized = self.pass.viewport().maximized.is_some();
        let is_apart = self.pass.only.is_some();
        if is_roomy && !is_apart {
            let (icon, tooltip) = if is_maximized {
                (icons::MINIMIZE, "Restore the view")
            } else {
                (icons::MAXIMIZE, "Maximize the view")
            };
            if icon_button(ui, icon, tooltip, None).clicked() {
                self.gesture.maximize = Some((!is_maximized).then_some(view));
            }
        }
        if let Some(missing) = self.pass.of_view::<MissingChunks>(view) {
            provisional_mark(ui, missing);
        }
        if let Some(looks) = LooksElsewhere::of(self.pass, view) {
            elsewhere_mark(ui, &looks);
        }
        // The menu of the title has these, too.
        if !is_wide {
            return;
        }
        let is_pointed_at = tiles
            .rect(tile)
            .is_some_and(|rect| ui.rect_contains_pointer(rect));
        let item = Item::View(view);
        if is_pointed_at || self.pass.is_selected(&item) {
            let settings = icon_button(ui, icons::SETTINGS, "Select the view, to change it", None);
            self.pass.respond(&settings, &item);
            if !is_maximized && !is_apart && icon_button(ui, icons::HIDDEN, "Hide the view", None).clicked() {
                self.gesture.hide = Some(view);
            }
        }
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        size::ROW
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        size::HAIRLINE
    }

    fn min_size(&self) -> f32 {
        3.0 * size::ROW
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> Color32 {
        visuals.panel_fill
    }

    fn tab_bar_hline_stroke(&self, visuals: &egui::Visuals) -> Stroke {
        visuals.widgets.noninteractive.bg_stroke
    }

    fn dragged_overlay_color(&self, visuals: &egui::Visuals) -> Color32 {
        visuals.panel_fill.gamma_multiply(0.6)
    }

    fn resize_stroke(&self, style: &egui::Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => style.visuals.widgets.noninteractive.bg_stroke,
            ResizeState::Hovering => Stroke::new(
                size::EMPHASIS,
                style.visuals.widgets.noninteractive.bg_stroke.color,
            ),
            ResizeState::Dragging => {
                Stroke::new(size::EMPHASIS, style.visuals.widgets.active.bg_stroke.color)
            }
        }
    }

    fn drag_preview_color(&self, visuals: &egui::Visuals) -> Color32 {
        visuals.selection.bg_fill
    }

    fn paint_on_top_of_tile(&self, painter: &egui::Painter, style: &egui::Style, tile: TileId, rect: Rect) {
        let item = match (self.views.get(&tile.0), self.containers.get(&tile.0)) {
            (Some(view), _) => Item::View(*view),
            (None, Some(container)) => Item::Container(*container),
            (None, None) => return,
        };
        let accent = style.visuals.widgets.active.bg_stroke.color;
        if self.pass.is_selected(&item) {
            painter.rect_stroke(
                rect,
                0.0,
                Stroke::new(size::HAIRLINE, accent),
                egui::StrokeKind::Inside,
            );
        } else if self.pass.selection().hovered.as_ref() == Some(&item) {
            painter.rect_stroke(
                rect,
                0.0,
                Stroke::new(size::HAIRLINE, accent.gamma_multiply(0.5)),
                egui::StrokeKind::Inside,
            );
        }
    }

    fn paint_drag_preview(
        &self,
        visuals: &egui::Visuals,
        painter: &egui::Painter,
        parent: Option<Rect>,
        preview: Rect,
    ) {
        let stroke = self.drag_preview_stroke(visuals);
        let (parent, preview) = match self.tab_place {
            Some(place) => (None, place.rect),
            None => (parent, preview),
        };
        if let Some(parent) = parent {
            painter.rect_stroke(parent, 1.0, stroke, egui::StrokeKind::Inside);
        }
        let fill = self.drag_preview_color(visuals);
        painter.rect(preview, 1.0, fill, stroke, egui::StrokeKind::Inside);
    }

    fn simplification_options(&self) -> SimplificationOptions {
        // Nothing is changed by drawing alone: the layout is the blueprint's.
        SimplificationOptions::OFF
    }

    fn is_tile_draggable(&self, _tiles: &Tiles<ViewId>, _tile: TileId) -> bool {
        self.pass.viewport().maximized.is_none() && self.pass.only.is_none()
    }

    fn on_edit(&mut self, action: EditAction) {
        match action {
            EditAction::TileDropped => self.gesture.dropped = true,
            EditAction::TileResized => self.gesture.resized = true,
            EditAction::TileDragged | EditAction::TabSelected => {}
        }
    }
}
