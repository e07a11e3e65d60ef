//! The streams on the time axis: rows at the left, marks at the right, the cursor over all of them.

use std::sync::Arc;

use chronoscope_frame::{DiffLog, Item};
use chronoscope_store::{ChunkStore, TimeRange, TimelineId};
use chronoscope_views::colors::entity_color;
use egui::{Color32, Pos2, Rangef, Rect, Sense, Ui, UiBuilder, Vec2};

use super::{
    axis::{AxisView, TimelineAxis},
    density::{Buckets, DensityCache},
    paint,
    places::{Places, places},
    pointer::{Navigation, Scale, axis_response, navigate, scrub},
    region,
    rows::{self, Row, Stream},
    ruler::{Ruler, ruler},
    state::{MadeOf, StreamsState, TimePanelState, Zoom, data_range},
};
use crate::{
    entity_drag,
    find::{EntityFilter, FilterPlace, archetypes},
    icons,
    pass::Pass,
    theme::{Theme, size},
    tree_steps::{RowPlace, Stepped, TreeStep, step},
    widgets::{ListRow, icon_button},
};

/// Draws ruler, rows and cursor, and answers the pointer.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut TimePanelState) {
    let Some(entry) = pass.active() else { return };
    let store = entry.store();
    let places = places(ui, &mut state.streams);
    let shown = data_range(pass).and_then(|(timeline, all)| {
        let axis = show_axis(ui, pass, state, timeline, all, &places)?;
        Some((axis, all))
    });
    let scale = shown.as_ref().map(|((axis, _), all)| Scale {
        axis: &axis.axis,
        time_type: store.timeline(axis.timeline).time_type(),
        zone: pass.time_zone(),
        all: *all,
    });
    let labels = scale.as_ref().map(|scale| {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let measure = |text: &str| {
            ui.painter()
                .layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE)
                .size()
                .x
        };
        ruler(scale.time_type, scale.zone, scale.axis, measure)
    });
    let axis = shown.as_ref().map(|((axis, _), _)| axis);
    let mut covered: Vec<Rangef> = Vec::new();
    if let Some(scale) = &scale {
        covered.extend(paint::folded_gaps(scale.axis));
        covered.extend(region::covered(ui, pass, scale, &places));
        covered.extend(paint::covered_by_pointer(ui, scale, &places));
    }
    paint::paint_ruler(ui, &places, labels.as_ref(), &covered);
    show_filter(ui, pass, &mut state.streams, &places);
    show_rows(ui, pass, state, store, &places, axis, labels.as_ref());
    if let (Some(((axis, scrubbed), _)), Some(scale)) = (&shown, &scale) {
        paint::paint_gaps(ui, &axis.axis, &places);
        region::show(ui, pass, scale, &places);
        paint::paint_pointer(ui, scale, &places);
        if let Some(time) = scrubbed.or(pass.cursor().map(|cursor| cursor.time)) {
            paint::paint_cursor(ui, &axis.axis, &places, time);
        }
    }
}

/// The button that opens the filter of the streams, or the field where the heading is.
fn show_filter(ui: &mut Ui, pass: &Pass<'_>, state: &mut StreamsState, places: &Places) {
    let heading = Rect::from_x_y_ranges(places.names.x_range(), places.ruler.y_range());
    let (rect, id) = (
        heading.shrink2(Vec2::new(size::GRID, 0.0)),
        pass.place.id.with("streams filter"),
    );
    if state.filter.is_open() {
        ui.painter().rect_filled(heading, 0.0, Theme::of(ui).panel);
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt("filter"));
        let archetypes = || pass.store().map(archetypes).unwrap_or_default();
        state.filter.show(&mut child, id, "Find a stream", archetypes);
        return;
    }
    let width = heading.width();
    if width < 40.0 * size::GRID {
        return;
    }
    // Behind the heading, before the unit of the axis.
    let at = Pos2::new(heading.left() + 16.0 * size::GRID, heading.top());
    let button = Rect::from_min_size(at, Vec2::splat(size::ROW));
    let mut child = ui.new_child(UiBuilder::new().max_rect(button).id_salt("filter button"));
    if icon_button(&mut child, icons::FILTER, "Find streams", None).clicked() {
        state.filter.open();
    }
}

/// Lays the axis out, as the pointer moves it. Returns it, and where the pointer moved the cursor.
fn show_axis(
    ui: &Ui,
    pass: &mut Pass<'_>,
    state: &mut TimePanelState,
    timeline: TimelineId,
    all: TimeRange,
    places: &Places,
) -> Option<(TimelineAxis, Option<i64>)> {
    let entry = pass.active()?;
    let store = entry.store();
    let zoom = state
        .zoom
        .as_ref()
        .filter(|zoom| zoom.recording == entry.key() && zoom.timeline == timeline);
    let now_secs = ui.input(|input| input.time);
    let is_wanted = pass.settings.fold_gaps;
    let folds = state.folds.of(store, entry.key(), timeline, is_wanted, now_secs);
    let of_all = || AxisView::of_folded_range(all, &folds);
    let mut view = zoom.map_or_else(of_all, |zoom| zoom.view);
    let lay_out = |view: AxisView| {
        let (left, width) = (places.marks.left(), places.marks.width());
        view.laid_out_folded(left, width, Arc::clone(&folds))
    };
    let response = axis_response(ui, places);
    match navigate(ui, &response, &lay_out(view)) {
        Navigation::Stay => {}
        Navigation::To(other) => {
            state.zoom = Some(Zoom {
                recording: entry.key(),
                timeline,
                view: other,
            });
            view = other;
        }
        Navigation::All => {
            state.zoom = None;
            view = of_all();
        }
    }
    let axis = lay_out(view);
    let scale = Scale {
        axis: &axis,
        time_type: store.timeline(timeline).time_type(),
        zone: pass.time_zone(),
        all,
    };
    let scrubbed = scrub(ui, pass, &mut state.streams, &response, &scale);
    let log = pass.world.resource::<DiffLog>();
    let parts = axis.parts();
    state.density.resize_with(parts.len(), DensityCache::default);
    for (part, density) in parts.iter().zip(&mut state.density) {
        let buckets = Buckets::of_axis(part.visible(), part.right() - part.left());
        density.begin(store, log, entry.key(), timeline, buckets);
    }
    Some((TimelineAxis { timeline, axis }, scrubbed))
}

fn show_rows(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    state: &mut TimePanelState,
    store: &ChunkStore,
    places: &Places,
    axis: Option<&TimelineAxis>,
    labels: Option<&Ruler>,
) {
    refresh(pass, &mut state.streams, store);
    let selected = reveal_selection(pass, &mut state.streams, store);
    refresh(pass, &mut state.streams, store);
    let rows = Arc::clone(&state.streams.rows);
    let area = Rect::from_min_max(
        places.names.min,
        Pos2::new(places.marks.right() + 3.0 * size::GRID, places.marks.bottom()),
    );
    let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt("rows"));
    child.set_clip_rect(ui.clip_rect().intersect(area));
    child.spacing_mut().item_spacing = Vec2::ZERO;
    let mut scroll = egui::ScrollArea::vertical()
        .id_salt("streams")
        .auto_shrink([false, false])
        // Drags scrub.
        .scroll_source(egui::scroll_area::ScrollSource {
            drag: egui::scroll_area::DragScroll::Never,
            ..egui::scroll_area::ScrollSource::ALL
        });
    let at = selected.and_then(|selected| rows.iter().position(|row| row.stream == selected));
    if let Some(at) = at {
        let top = at as f32 * size::ROW;
        let row = Rangef::new(top, top + size::ROW);
        let is_on_screen = |shown: Rangef| shown.contains(row.min) && shown.contains(row.max);
        if !state.streams.on_screen.is_some_and(is_on_screen) {
            scroll = scroll.vertical_scroll_offset((row.center() - area.height() / 2.0).max(0.0));
        }
    }
    let output = scroll.show_rows(&mut child, size::ROW, rows.len(), |ui, range| {
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
            let item = item_of(store, row.stream);
            show_name(&mut name_ui, pass, &mut state.streams, store, row, &item);
            if let Some(axis) = axis {
                paint_highlight(ui, pass, &item, marks);
                paint::paint_grid(ui, marks, labels);
                for density in &mut state.density {
                    paint::paint_row(ui, density, store, row, axis, marks);
                }
            }
        }
    });
    let top = output.state.offset.y;
    state.streams.on_screen = Some(Rangef::new(top, top + output.inner_rect.height()));
    if let Some(to) = pass.extend_to.take() {
        let items: Vec<Item> = rows.iter().map(|row| item_of(store, row.stream)).collect();
        pass.select_up_to(&items, &to);
    }
}

/// A selected or hovered stream is lit over the whole width.
fn paint_highlight(ui: &Ui, pass: &Pass<'_>, item: &Item, rect: Rect) {
    let theme = Theme::of(ui);
    if pass.is_selected(item) {
        ui.painter().rect_filled(rect, 0.0, theme.highlight());
    } else if pass.is_highlighted(item) {
        ui.painter().rect_filled(rect, 0.0, theme.raised);
    }
}

/// Expands what lies above a newly selected stream. Returns the stream, so that its row can be scrolled to.
fn reveal_selection(pass: &Pass<'_>, state: &mut StreamsState, store: &ChunkStore) -> Option<Stream> {
    let selected = pass.selection().selected.first();
    if state.revealed.as_ref() == selected {
        return None;
    }
    state.revealed = selected.cloned();
    let entity = store.entity_id(selected?.entity()?)?;
    let tree = store.tree();
    for above in tree
        .ancestors(entity)
        .skip(1)
        .filter(|above| *above != tree.root())
    {
        let node = Stream::Entity(above);
        let is_collapsed = state
            .rows
            .iter()
            .any(|row| row.stream == node && row.expanded == Some(false));
        let is_unknown = !state.rows.iter().any(|row| row.stream == node);
        if is_collapsed || is_unknown {
            state.expansion.insert(tree.path(above).clone(), true);
            state.version += 1;
        }
    }
    Some(Stream::Entity(entity))
}

/// Goes a step from the selected item, as a key asks. Returns what is to be selected.
pub(super) fn step_from(
    state: &mut StreamsState,
    store: &ChunkStore,
    selected: &Item,
    by: TreeStep,
) -> Option<Item> {
    let rows = Arc::clone(&state.rows);
    let entity = store.entity_id(selected.entity()?)?;
    let stream = match selected {
        Item::Component { component, .. } => Stream::Component(entity, store.component_id(component)?),
        _ => Stream::Entity(entity),
    };
    let at = rows.iter().position(|row| row.stream == stream)?;
    let place = |row: &Row| RowPlace {
        level: row.level,
        expanded: row.expanded,
    };
    match step(&rows, Some(at), by, place) {
        Stepped::To(at) => Some(item_of(store, rows.get(at)?.stream)),
        Stepped::Expanded(expanded) => {
            state
                .expansion
                .insert(store.entity_path(entity).clone(), expanded);
            state.version += 1;
            None
        }
        Stepped::Nothing => None,
    }
}

fn refresh(pass: &Pass<'_>, state: &mut StreamsState, store: &ChunkStore) {
    let Some(entry) = pass.active() else { return };
    let made_of = MadeOf {
        recording: entry.key(),
        schema: store.schema_version(),
        expansion: state.version,
        filter: egui::Id::new(state.filter.text()).value(),
    };
    let place = FilterPlace::shown(pass);
    let is_kept = place.as_ref().is_none_or(|place| place.keeps(state.found_at));
    if state.made_of != Some(made_of) || !is_kept {
        state.made_of = Some(made_of);
        let filter = EntityFilter::parse(state.filter.text());
        let place = place.filter(|_| !filter.is_empty());
        state.rows = Arc::new(match &place {
            Some(place) => filter.search(|filter| rows::found_rows(place, filter)),
            None => rows::rows(store, &state.expansion),
        });
        state.found_at = place.and_then(|place| place.answers());
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

fn show_name(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    state: &mut StreamsState,
    store: &ChunkStore,
    row: &Row,
    item: &Item,
) {
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
        .selected(pass.is_selected(item))
        .highlighted(pass.is_highlighted(item));
    if let Some(color) = color {
        list_row = list_row.icon_color(color);
    }
    let shown = list_row.sense(Sense::click_and_drag()).show(ui, |_| {});
    pass.respond_in_tree(&shown.response, item);
    entity_drag::drag_source(&shown.response, pass, item);
    let toggled = shown.toggled || (shown.response.double_clicked() && row.expanded.is_some());
    if let (true, Stream::Entity(entity)) = (toggled, row.stream) {
        state
            .expansion
            .insert(store.entity_path(entity).clone(), row.expanded != Some(true));
        state.version += 1;
    }
}
