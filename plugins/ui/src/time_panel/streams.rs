//! The streams on the time axis: rows at the left, marks at the right, the cursor over all of them.

use std::sync::Arc;

use chronoscope_frame::{Item, LoopMode, RecordingKey, TimeCommand};
use chronoscope_store::{ChunkStore, TimeRange, TimelineId};
use chronoscope_types::format_time;
use chronoscope_views::colors::entity_color;
use egui::{
    Align2, Color32, CornerRadius, PointerButton, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, UiBuilder,
    Vec2,
};

use super::{
    TimePanelState,
    axis::{Axis, AxisView},
    data_range,
    density::{self, BUCKET, Density},
    rows::{self, Expansion, Row, Stream},
    ruler::{Ruler, ruler},
};
use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{ListRow, elided_galley},
};

/// What is expanded, and how wide the names are.
#[derive(Default)]
pub(super) struct StreamsState {
    expansion: Expansion,
    version: u64,
    made_of: Option<(RecordingKey, u64, u64)>,
    rows: Arc<Vec<Row>>,
    /// Where a selection of times began.
    selecting_from: Option<i64>,
    column_width: Option<f32>,
}

const MIN_COLUMN: f32 = 30.0 * size::GRID;

/// The places of the parts.
struct Places {
    names: Rect,
    ruler: Rect,
    marks: Rect,
}

/// Draws ruler, rows and cursor, and answers the pointer.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    let Some(entry) = pass.active() else { return };
    let store = entry.store();
    let places = places(ui, &mut state.streams);
    let all = data_range(pass);
    let shown = all.map(|(timeline, range)| {
        let view = match state.view {
            Some((of, known, view)) if of == entry.key() && known == timeline => view,
            _ => AxisView::of_range(range),
        };
        (timeline, range, view)
    });

    let mut axis = None;
    let mut time = pass.cursor().map(|cursor| cursor.time);
    if let Some((timeline, range, view)) = shown {
        let response = axis_response(ui, &places);
        let mut laid_out = view.laid_out(places.marks.left(), places.marks.width());
        match navigate(ui, &response, &laid_out) {
            Navigation::Stay => {}
            Navigation::To(view) => {
                state.view = Some((entry.key(), timeline, view));
                laid_out = view.laid_out(places.marks.left(), places.marks.width());
            }
            Navigation::All => {
                state.view = None;
                laid_out = AxisView::of_range(range).laid_out(places.marks.left(), places.marks.width());
            }
        }
        if let Some(scrubbed) = scrub(ui, pass, &mut state.streams, &response, &laid_out, range) {
            time = Some(scrubbed);
        }
        state
            .density
            .begin(entry.key(), timeline, laid_out.visible(), places.marks.width());
        axis = Some((laid_out, timeline));
    }

    let labels = axis.as_ref().map(|(axis, timeline)| {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let measure = |text: &str| {
            ui.painter()
                .layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE)
                .size()
                .x
        };
        ruler(store.timeline(*timeline).time_type(), axis, measure)
    });
    paint_ruler(ui, &places, labels.as_ref());
    show_rows(ui, pass, state, store, &places, axis.as_ref(), labels.as_ref());
    if let Some((axis, timeline)) = &axis {
        paint_selection(ui, pass, store, *timeline, axis, &places);
        paint_pointer(ui, store, *timeline, axis, &places);
        if let Some(time) = time {
            paint_cursor(ui, axis, &places, time);
        }
    }
}

/// Divides the room, by a border that can be dragged.
fn places(ui: &mut Ui, state: &mut StreamsState) -> Places {
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let most = (rect.width() * 0.5).max(MIN_COLUMN);
    let width = state
        .column_width
        .unwrap_or(rect.width() * 0.17)
        .clamp(MIN_COLUMN, most);
    let border = rect.left() + width;
    let grip = Rect::from_x_y_ranges(border - size::GRID..=border + size::GRID / 2.0, rect.y_range());
    let response = ui
        .interact(grip, ui.id().with("column"), Sense::drag())
        .on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
    if response.dragged() {
        state.column_width = Some((width + response.drag_delta().x).clamp(MIN_COLUMN, most));
    }
    let stroke = if response.hovered() || response.dragged() {
        theme.selection_edge()
    } else {
        theme.hairline_stroke()
    };
    ui.painter().vline(border, rect.y_range(), stroke);
    let top = (rect.top() + size::ROW).min(rect.bottom());
    let left = border + size::PADDING;
    let right = (rect.right() - 3.0 * size::GRID).max(left + 1.0);
    Places {
        names: Rect::from_min_max(
            Pos2::new(rect.left(), top),
            Pos2::new(border - size::HAIRLINE, rect.bottom()),
        ),
        ruler: Rect::from_min_max(Pos2::new(left, rect.top()), Pos2::new(right, top)),
        marks: Rect::from_min_max(Pos2::new(left, top), Pos2::new(right, rect.bottom())),
    }
}

/// Ruler and marks together answer the pointer.
fn axis_response(ui: &Ui, places: &Places) -> Response {
    ui.interact(
        places.ruler.union(places.marks),
        ui.id().with("axis"),
        Sense::click_and_drag(),
    )
}

enum Navigation {
    Stay,
    To(AxisView),
    All,
}

/// Zoom with the wheel and a modifier, pan with the other buttons.
fn navigate(ui: &Ui, response: &Response, axis: &Axis) -> Navigation {
    if response.double_clicked() {
        return Navigation::All;
    }
    if response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle) {
        return Navigation::To(axis.panned(response.drag_delta().x));
    }
    let Some(pointer) = response.hover_pos() else {
        return Navigation::Stay;
    };
    let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
    if (zoom - 1.0).abs() > f32::EPSILON {
        return Navigation::To(axis.zoomed(pointer.x, f64::from(zoom)));
    }
    if scroll.x.abs() > 0.0 {
        return Navigation::To(axis.panned(scroll.x));
    }
    Navigation::Stay
}

/// Moves the cursor, or selects times, and returns where the cursor is from now on.
fn scrub(
    ui: &Ui,
    pass: &mut Pass<'_>,
    state: &mut StreamsState,
    response: &Response,
    axis: &Axis,
    all: TimeRange,
) -> Option<i64> {
    let pointer = response.interact_pointer_pos();
    let (shift, primary_down) = ui.input(|input| (input.modifiers.shift, input.pointer.primary_down()));
    if let (Some(from), Some(pointer)) = (state.selecting_from, pointer) {
        let to = axis.time(pointer.x);
        let range = TimeRange::new(from.min(to), from.max(to));
        pass.time(TimeCommand::SetLoopSelection(
            (range.length() > 0).then_some(range),
        ));
        if !primary_down {
            state.selecting_from = None;
            let mode = if range.length() > 0 {
                LoopMode::Selection
            } else {
                LoopMode::Off
            };
            pass.time(TimeCommand::SetLoop(mode));
        }
        return None;
    }
    if !primary_down {
        state.selecting_from = None;
    }
    let pressed = response.is_pointer_button_down_on() && primary_down;
    let pointer = pointer.filter(|_| pressed || response.clicked_by(PointerButton::Primary))?;
    if shift {
        state.selecting_from = Some(axis.time(pointer.x));
        return None;
    }
    let time = axis.time(pointer.x).clamp(all.min, all.max);
    if pass.cursor().is_some_and(|cursor| cursor.time != time) {
        pass.time(TimeCommand::SetTime(time));
    }
    Some(time)
}

fn paint_ruler(ui: &Ui, places: &Places, labels: Option<&Ruler>) {
    let theme = Theme::of(ui);
    let painter = ui.painter();
    let bottom = places.ruler.bottom();
    let line = egui::Rangef::new(places.names.left(), places.ruler.right() + 3.0 * size::GRID);
    painter.hline(line, bottom, theme.hairline_stroke());
    let names = Rect::from_x_y_ranges(places.names.x_range(), places.ruler.y_range());
    let font = crate::fonts::medium(ui.ctx(), size::BODY);
    painter.text(
        names.left_center() + Vec2::new(size::PADDING, 0.0),
        Align2::LEFT_CENTER,
        "Streams",
        font,
        theme.text,
    );
    let Some(ruler) = labels else { return };
    let font = egui::TextStyle::Small.resolve(ui.style());
    if !ruler.unit.is_empty() {
        let at = names.right_center() - Vec2::new(size::PADDING, 0.0);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            &ruler.unit,
            font.clone(),
            theme.secondary,
        );
    }
    let painter = painter.with_clip_rect(
        ui.clip_rect()
            .intersect(places.ruler.expand2(Vec2::new(size::PADDING, 0.0))),
    );
    for tick in &ruler.ticks {
        let height = if tick.label.is_some() {
            1.5 * size::GRID
        } else {
            0.75 * size::GRID
        };
        painter.vline(
            tick.x,
            bottom - height..=bottom,
            Stroke::new(size::HAIRLINE, theme.disabled),
        );
        if let Some(label) = &tick.label {
            let at = Pos2::new(tick.x, places.ruler.top() + size::GRID / 2.0);
            painter.text(at, Align2::CENTER_TOP, label, font.clone(), theme.secondary);
        }
    }
}

fn show_rows(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    state: &mut TimePanelState,
    store: &ChunkStore,
    places: &Places,
    axis: Option<&(Axis, TimelineId)>,
    labels: Option<&Ruler>,
) {
    refresh(pass, &mut state.streams, store);
    let rows = Arc::clone(&state.streams.rows);
    let area = Rect::from_min_max(
        places.names.min,
        Pos2::new(places.marks.right() + 3.0 * size::GRID, places.marks.bottom()),
    );
    let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt("rows"));
    child.set_clip_rect(ui.clip_rect().intersect(area));
    child.spacing_mut().item_spacing = Vec2::ZERO;
    let scroll = egui::ScrollArea::vertical()
        .id_salt("streams")
        .auto_shrink([false, false])
        // Drags scrub.
        .scroll_source(egui::scroll_area::ScrollSource {
            drag: egui::scroll_area::DragScroll::Never,
            ..egui::scroll_area::ScrollSource::ALL
        });
    scroll.show_rows(&mut child, size::ROW, rows.len(), |ui, range| {
        for row in rows.get(range).unwrap_or(&[]) {
            let (rect, _) =
                ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::hover());
            let name = Rect::from_min_max(rect.min, Pos2::new(places.names.right(), rect.bottom()));
            let marks = Rect::from_min_max(
                Pos2::new(places.marks.left(), rect.top()),
                Pos2::new(places.marks.right(), rect.bottom()),
            );
            let salt = match row.stream {
                Stream::Entity(entity) => (entity.index(), usize::MAX),
                Stream::Component(entity, component) => (entity.index(), component.index()),
            };
            let mut name_ui = ui.new_child(UiBuilder::new().max_rect(name).id_salt(salt));
            name_ui.set_clip_rect(ui.clip_rect().intersect(name));
            show_name(&mut name_ui, pass, &mut state.streams, store, row);
            if let Some((axis, timeline)) = axis {
                paint_grid(ui, marks, labels);
                paint_row(ui, pass, &mut state.density, store, row, (axis, *timeline), marks);
            }
        }
    });
}

fn refresh(pass: &Pass<'_>, state: &mut StreamsState, store: &ChunkStore) {
    let Some(entry) = pass.active() else { return };
    let made_of = (entry.key(), store.schema_version(), state.version);
    if state.made_of != Some(made_of) {
        state.made_of = Some(made_of);
        state.rows = Arc::new(rows::rows(store, &state.expansion));
    }
}

fn item_of(store: &ChunkStore, stream: Stream) -> Item {
    match stream {
        Stream::Entity(entity) => Item::Entity(store.entity_path(entity).clone()),
        Stream::Component(entity, component) => Item::Component {
            entity: store.entity_path(entity).clone(),
            component: store.descriptor(component).component.to_string(),
        },
    }
}

fn show_name(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut StreamsState, store: &ChunkStore, row: &Row) {
    let item = item_of(store, row.stream);
    let (label, icon, color) = match row.stream {
        Stream::Entity(entity) => {
            let path = store.entity_path(entity);
            let color = store.has_data(entity).then(|| entity_color(path));
            (
                path.ui_name(),
                if color.is_some() {
                    icons::ENTITY
                } else {
                    icons::ENTITY_EMPTY
                },
                color,
            )
        }
        Stream::Component(entity, component) => {
            let is_static = store.has_static(entity, component);
            let icon = if is_static {
                icons::COMPONENT_STATIC
            } else {
                icons::COMPONENT
            };
            (store.descriptor(component).field_name().to_owned(), icon, None)
        }
    };
    let mut list_row = ListRow::new(&label)
        .icon(icon)
        .level(row.level)
        .expanded(row.expanded)
        .selected(pass.is_selected(&item))
        .highlighted(pass.is_highlighted(&item));
    if let Some(color) = color {
        list_row = list_row.icon_color(color);
    }
    let shown = list_row.show(ui, |_| {});
    pass.respond(&shown.response, &item);
    let toggled = shown.toggled || (shown.response.double_clicked() && row.expanded.is_some());
    if let (true, Stream::Entity(entity)) = (toggled, row.stream) {
        state
            .expansion
            .insert(store.entity_path(entity).clone(), row.expanded != Some(true));
        state.version += 1;
    }
}

/// Lines under the ruler's labels, so that a mark can be read off.
fn paint_grid(ui: &Ui, rect: Rect, labels: Option<&Ruler>) {
    let theme = Theme::of(ui);
    for tick in labels
        .iter()
        .flat_map(|ruler| &ruler.ticks)
        .filter(|tick| tick.label.is_some())
    {
        ui.painter()
            .vline(tick.x, rect.y_range(), Stroke::new(size::HAIRLINE, theme.raised));
    }
}

/// When something was logged to one stream.
fn paint_row(
    ui: &Ui,
    pass: &Pass<'_>,
    density: &mut density::DensityCache,
    store: &ChunkStore,
    row: &Row,
    (axis, timeline): (&Axis, TimelineId),
    rect: Rect,
) {
    let theme = Theme::of(ui);
    let item = item_of(store, row.stream);
    if pass.is_selected(&item) {
        ui.painter().rect_filled(rect, 0.0, theme.highlight());
    } else if pass.is_highlighted(&item) {
        ui.painter().rect_filled(rect, 0.0, theme.raised);
    }
    let is_open = row.expanded == Some(true);
    let (color, only_static) = match row.stream {
        Stream::Entity(entity) => {
            let stats = store.entity_stats(entity);
            let color = if store.has_data(entity) {
                entity_color(store.entity_path(entity))
            } else {
                theme.secondary
            };
            (
                color,
                stats.num_chunks > 0 && stats.num_chunks == stats.num_static_chunks,
            )
        }
        Stream::Component(entity, component) => {
            let timed = !store.component_time_range(entity, timeline, component).is_empty();
            (
                entity_color(store.entity_path(entity)),
                store.has_static(entity, component) && !timed,
            )
        }
    };
    if only_static && (matches!(row.stream, Stream::Component(..)) || is_leaf(store, row.stream)) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let at = rect.left_center();
        let text = format!("{} static", icons::COMPONENT_STATIC);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, text, font, theme.secondary);
        return;
    }
    // What lies below the root has rows of its own, always.
    let stands_for_below = !is_open && row.stream != Stream::Entity(store.tree().root());
    let Some(density) = density.of(store, row.stream, stands_for_below) else {
        return;
    };
    paint_marks(
        ui,
        &density,
        axis,
        rect,
        color.gamma_multiply(if row.level == 0 && is_open { 0.6 } else { 0.9 }),
    );
}

fn is_leaf(store: &ChunkStore, stream: Stream) -> bool {
    match stream {
        Stream::Entity(entity) => entity == store.tree().root() || store.tree().num_children(entity) == 0,
        Stream::Component(..) => true,
    }
}

/// Marks: where rows lie, and how dense; paler, and without saying how dense, where rows are known and not loaded.
fn paint_marks(ui: &Ui, density: &Density, axis: &Axis, rect: Rect, color: Color32) {
    let counts = &*density.counts;
    let painter = ui
        .painter()
        .with_clip_rect(ui.clip_rect().intersect(rect.expand2(Vec2::new(size::GRID, 0.0))));
    let visible = axis.visible();
    let units = u128::from(visible.length()) + 1;
    let begin_of = |bucket: usize| {
        let distance = units * bucket as u128 / counts.len().max(1) as u128;
        axis.x(visible
            .min
            .saturating_add_unsigned(u64::try_from(distance).unwrap_or(u64::MAX)))
    };
    // Where a unit has room for a mark of its own, each one is shown by itself.
    let one_by_one = counts.len() as u128 == units && axis.points_per_unit() > 2.0 * f64::from(BUCKET);
    let most = counts.iter().copied().max().unwrap_or(0);
    let height = rect.height() - 2.5 * size::GRID;
    let band = |left: f32, right: f32, height: f32| {
        Rect::from_center_size(
            Pos2::new((left + right) / 2.0, rect.center().y),
            Vec2::new((right - left).max(1.0), height),
        )
    };
    let radius = |count: u32| if count > 1 { 4.5 } else { 3.5 };
    let pale = color.gamma_multiply(0.4);
    for absent in density::runs(&density.absent) {
        let (left, right) = (begin_of(absent.start), begin_of(absent.end));
        if absent.len() > 1 {
            painter.rect_filled(band(left, right, height * 0.5), CornerRadius::same(1), pale);
        } else {
            let x = if one_by_one { left } else { (left + right) / 2.0 };
            let count = counts.get(absent.start).copied().unwrap_or(1);
            paint_diamond(&painter, Pos2::new(x, rect.center().y), radius(count), pale);
        }
    }
    let loaded: Vec<u32> = counts
        .iter()
        .enumerate()
        .map(|(at, count)| if density.is_loaded(at) { *count } else { 0 })
        .collect();
    if one_by_one {
        for (at, count) in loaded.iter().enumerate().filter(|(_, count)| **count > 0) {
            paint_diamond(
                &painter,
                Pos2::new(begin_of(at), rect.center().y),
                radius(*count),
                color,
            );
        }
        return;
    }
    for mark in density::marks(&loaded) {
        let (left, right) = (begin_of(mark.begin), begin_of(mark.end));
        if mark.end - mark.begin == 1 {
            paint_diamond(
                &painter,
                Pos2::new((left + right) / 2.0, rect.center().y),
                radius(mark.most),
                color,
            );
            continue;
        }
        let run = loaded.get(mark.begin..mark.end).unwrap_or_default();
        if let Some(count) = density::even(run) {
            painter.rect_filled(
                band(left, right, height * density::bar_height(count, most)),
                CornerRadius::same(1),
                color,
            );
            continue;
        }
        // A ground for the whole run, and on it how dense it is.
        painter.rect_filled(
            band(left, right, height * 0.35),
            CornerRadius::same(1),
            color.gamma_multiply(0.55),
        );
        for (at, _) in run.iter().enumerate().filter(|(_, count)| **count > 0) {
            let bar = height * density::bar_height(density::evened(run, at), most);
            let (left, right) = (begin_of(mark.begin + at), begin_of(mark.begin + at + 1));
            painter.rect_filled(band(left, right, bar), CornerRadius::ZERO, color);
        }
    }
}

fn paint_diamond(painter: &egui::Painter, center: Pos2, radius: f32, color: Color32) {
    let corner = |x: f32, y: f32| center + Vec2::new(x * radius, y * radius);
    let corners = vec![
        corner(0.0, -1.0),
        corner(0.8, 0.0),
        corner(0.0, 1.0),
        corner(-0.8, 0.0),
    ];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// The times that loop.
fn paint_selection(
    ui: &Ui,
    pass: &Pass<'_>,
    store: &ChunkStore,
    timeline: TimelineId,
    axis: &Axis,
    places: &Places,
) {
    let name = store.timeline(timeline).name();
    let Some(selection) = pass
        .time_control()
        .and_then(|control| control.loop_selection(name))
    else {
        return;
    };
    let theme = Theme::of(ui);
    let x = |time: i64| axis.x(time).clamp(places.ruler.left(), places.ruler.right());
    let (left, right) = (x(selection.min), x(selection.max));
    if right <= left {
        return;
    }
    let all = Rect::from_x_y_ranges(left..=right, places.ruler.top()..=places.marks.bottom());
    ui.painter().rect_filled(all, 0.0, theme.highlight());
    let head = Rect::from_x_y_ranges(
        left..=right,
        places.ruler.bottom() - size::EMPHASIS..=places.ruler.bottom(),
    );
    ui.painter().rect_filled(head, 0.0, theme.accent);
}

/// Where a click would put the cursor.
fn paint_pointer(ui: &Ui, store: &ChunkStore, timeline: TimelineId, axis: &Axis, places: &Places) {
    let area = places.ruler.union(places.marks);
    let is_free = !ui.input(|input| input.pointer.any_down());
    let Some(pointer) = ui
        .input(|input| input.pointer.hover_pos())
        .filter(|pointer| area.contains(*pointer) && is_free)
    else {
        return;
    };
    if !ui.rect_contains_pointer(area) {
        return;
    }
    let theme = Theme::of(ui);
    let time = axis.time(pointer.x);
    let x = axis.x(time).clamp(places.ruler.left(), places.ruler.right());
    ui.painter()
        .vline(x, area.y_range(), Stroke::new(size::HAIRLINE, theme.disabled));
    if places.ruler.contains(pointer) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let text = format_time(store.timeline(timeline).time_type(), time);
        let galley = elided_galley(ui, &text, font, theme.text, places.ruler.width());
        let left = (x + size::GRID).min(places.ruler.right() - galley.size().x);
        let at = Pos2::new(left, places.ruler.top());
        let ground = Rect::from_min_size(at, galley.size()).expand2(Vec2::new(size::GRID / 2.0, 0.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(2), theme.raised);
        ui.painter().galley(at, galley, theme.text);
    }
}

/// The cursor: one line over everything, with a head in the ruler.
fn paint_cursor(ui: &Ui, axis: &Axis, places: &Places, time: i64) {
    let x = axis.x(time);
    if x < places.ruler.left() - 1.0 || x > places.ruler.right() + 1.0 {
        return;
    }
    let theme = Theme::of(ui);
    let painter = ui.painter();
    painter.vline(
        x,
        places.ruler.bottom() - size::PADDING..=places.marks.bottom(),
        theme.cursor_stroke(),
    );
    let head = size::GRID * 1.25;
    let top = places.ruler.bottom() - size::PADDING - head;
    let corners = vec![
        Pos2::new(x - head, top),
        Pos2::new(x + head, top),
        Pos2::new(x, top + 1.6 * head),
    ];
    painter.add(Shape::convex_polygon(corners, theme.cursor, Stroke::NONE));
}
