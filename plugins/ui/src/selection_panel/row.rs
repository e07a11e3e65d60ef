//! What one row of an entity says, as a view shows it: a line of a log, or a row in a range of times.

use std::sync::Arc;

use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    Cursor, DataResults, QueryContext, RecordingEntry, Visualizers, visualizer::QueryMode,
};
use chronoscope_store::{
    Chunk, ChunkId, ChunkStore, ComponentId, EntityId, EntityPath, Hit, LatestAt, RowId,
};
use chronoscope_types::{Component as _, components, format_time_in, read};
use chronoscope_views::plain_text;
use egui::{Label, RichText, Ui};

use super::{
    entity::{show_title, show_values, show_view_link},
    parts::{entity_link, text_row, value_row},
    values::{self, EntityRef},
};
use crate::{
    pass::Pass,
    theme::size,
    widgets::{elided_small, section_header},
};

/// The most bytes of a text that are laid out.
const MAX_TEXT: usize = 100_000;

/// Lines of a text that are shown without scrolling.
const MAX_LINES: f32 = 20.0;

/// A row in its chunk, as a view shows it.
#[derive(Clone, Copy)]
pub(super) struct RowRef<'a> {
    chunk: &'a Arc<Chunk>,
    at: usize,
    /// The timeline of the view.
    timeline: Option<&'a str>,
    /// Whether the row stands by itself, as a line of a log does. Others are shown with what else holds at their time.
    is_alone: bool,
}

impl<'a> RowRef<'a> {
    /// The row at a place, as a view shows it.
    fn new(pass: &Pass<'a>, view: ViewId, entity: EntityId, (chunk, at): (&'a Arc<Chunk>, usize)) -> Self {
        let results = pass.of_view::<DataResults>(view);
        let result = results.and_then(|results| results.get(entity));
        let visualizers = pass.world.resource::<Visualizers>();
        let mut modes = result
            .into_iter()
            .flat_map(|result| result.visualizers.iter())
            .filter_map(|id| Some(visualizers.info(*id)?.mode));
        let timeline = pass
            .of_view::<QueryContext>(view)
            .and_then(|looks| looks.cursor.timeline)
            .zip(pass.recording_of(view))
            .map(|(timeline, entry)| &**entry.store().timeline(timeline).name());
        Self {
            chunk,
            at,
            timeline,
            is_alone: modes.any(|mode| mode == QueryMode::Range),
        }
    }

    /// A row of an entity, by its id.
    pub(super) fn find(pass: &Pass<'a>, view: ViewId, path: &EntityPath, row: RowId) -> Option<Self> {
        let store = pass.recording_of(view)?.store();
        let entity = store.entity_id(path)?;
        Some(Self::new(pass, view, entity, store.row_by_id(entity, row)?))
    }

    /// Its id.
    pub(super) fn id(&self) -> Option<RowId> {
        self.chunk.row_ids().get(self.at).copied()
    }

    /// Where the view would look to show it.
    pub(super) fn cursor(&self, looks: Cursor) -> Cursor {
        let times = self.timeline.and_then(|timeline| self.chunk.timeline(timeline));
        let time = times.and_then(|column| column.times().get(self.at).copied());
        Cursor {
            time: time.unwrap_or(looks.time),
            ..looks
        }
    }

    /// What it has of a component; `None` where that is to be asked for at its time.
    pub(super) fn value(&self, component: &str) -> Option<LatestAt> {
        let hit = Hit::of_row(self.chunk, self.at, component, self.timeline);
        (hit.is_some() || self.is_alone).then(|| LatestAt {
            hit,
            ..LatestAt::nothing()
        })
    }

    /// Whether it says something of a component.
    pub(super) fn has(&self, component: &str) -> bool {
        self.value(component).is_none_or(|value| value.hit.is_some())
    }
}

/// Draws a row of an entity; the values of one instance, where that is given.
pub(super) fn show(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    view: ViewId,
    path: &EntityPath,
    row: RowId,
    instance: Option<u32>,
) {
    show_title(ui, path, instance);
    entity_link(ui, pass, "Entity", path);
    show_view_link(ui, pass, view);
    let Some(entry) = pass.recording_of(view) else {
        return;
    };
    let store = entry.store();
    let found = store
        .entity_id(path)
        .and_then(|entity| Some((entity, place_of(ui, store, entity, row)?)));
    let Some((entity, (chunk, at))) = found else {
        text_row(ui, "Data", "This row is not in memory.");
        return;
    };
    section_header(ui, "Logged at", |_| {});
    if chunk.is_static() {
        text_row(ui, "Time", "static, the same at all times");
    }
    let zone = pass.time_zone();
    for column in chunk.timelines() {
        let timeline = column.timeline();
        if let Some(time) = column.times().get(at) {
            let time = format_time_in(timeline.time_type(), zone, *time);
            value_row(ui, timeline.name(), &time, "");
        }
    }
    let row = RowRef::new(pass, view, entity, (chunk, at));
    let looks = pass.of_view::<QueryContext>(view);
    let of_row = EntityRef {
        cursor: looks.map(|looks| row.cursor(looks.cursor)),
        id: entity,
        path,
        instance,
        view: Some(view),
        row: Some(row),
    };
    show_values(ui, pass, entry, of_row);
}

/// Where a row lies. It is looked for where it is not where it was found last.
fn place_of<'a>(
    ui: &Ui,
    store: &'a ChunkStore,
    entity: EntityId,
    row: RowId,
) -> Option<(&'a Arc<Chunk>, usize)> {
    let id = ui.id().with("place of the row");
    let known: Option<(ChunkId, usize)> = ui.data(|data| data.get_temp(id));
    let is_there = known.and_then(|(chunk, at)| {
        let chunk = store.chunk(chunk)?;
        (chunk.row_ids().get(at) == Some(&row)).then_some((chunk, at))
    });
    is_there.or_else(|| {
        let (chunk, at) = store.row_by_id(entity, row)?;
        ui.data_mut(|data| data.insert_temp(id, (chunk.id(), at)));
        Some((chunk, at))
    })
}

/// Draws the whole of a text that a row has. Returns whether the component is one.
pub(super) fn show_text(
    ui: &mut Ui,
    pass: &Pass<'_>,
    entry: &RecordingEntry,
    entity: EntityRef<'_>,
    component: ComponentId,
) -> bool {
    let descriptor = entry.store().descriptor(component);
    let is_text = descriptor.component_type.as_deref() == Some(components::Text::TYPE);
    if entity.row.is_none() || !is_text {
        return false;
    }
    let answer = values::value_of(pass, entry, &entity, component);
    let Some(hit) = answer.hit.filter(|hit| hit.cell_ref().len() == 1) else {
        return false;
    };
    let Ok(texts) = read::texts(hit.cell_ref()) else {
        return false;
    };
    // Cut before it is gone through: that is done in every pass.
    let text = texts.first().unwrap_or_default().trim_end();
    let (begin, rest) = text.split_at(text.floor_char_boundary(MAX_TEXT));
    let plain = plain_text(begin);
    let shown = plain.trim_end();
    elided_small(ui, descriptor.field_name());
    egui::ScrollArea::vertical()
        .id_salt(("text of a row", &*descriptor.component))
        .max_height(MAX_LINES * size::ROW)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            let text = RichText::new(shown).monospace();
            ui.add(Label::new(text).wrap().selectable(true));
        });
    if !rest.is_empty() {
        elided_small(ui, &format!("and {} bytes more", rest.len()));
    }
    true
}
