//! Series that a plot hides, as they are hidden in its legend: a tree of the entities shows that, too, and shows them again.

use bevy::ecs::world::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{RecordingEntry, View};
use chronoscope_store::EntityId;

use super::{
    entries::SeriesEntries,
    lines::{NamedLine, PlotLines},
    ui::{Plotted, plot_lines},
};
use crate::{ViewUiContext, plot::events, recording_of};

/// Whether a plot has series of an entity, and hides them all.
///
/// Cost: the series of the plot.
pub fn hides_series(world: &World, view: ViewId, entity: EntityId) -> bool {
    let Some(lines) = world.get_resource::<PlotLines>() else {
        return false;
    };
    let plotted = Plotted::of(world, view);
    let is_shown = |line: &NamedLine| {
        let style = plotted.get(line).and_then(|series| series.styles.get(line.index));
        style.is_none_or(|style| style.visible)
    };
    let mut of_entity = lines.get(view).iter().filter(|line| line.entity == entity);
    of_entity
        .next()
        .is_some_and(|first| !is_shown(first) && !of_entity.any(is_shown))
}

/// Shows all series of an entity in a plot, as one edit.
pub fn show_series(context: &mut ViewUiContext<'_>, entity: EntityId) {
    let world = context.world;
    let (Some(view), Some(store), Some(lines)) = (
        context.get::<View>(),
        recording_of(world, context.view).map(RecordingEntry::store),
        world.get_resource::<PlotLines>(),
    ) else {
        return;
    };
    let named = lines.get(view.id);
    let lines = plot_lines(world, view.id, store, context.cursor().time, named);
    if lines.len() != named.len() {
        return;
    }
    let Some(entries) = SeriesEntries::new(context, view.id, store, named, &lines) else {
        return;
    };
    let of_entity = named.iter().enumerate().filter(|(_, line)| line.entity == entity);
    let changes: Vec<(usize, bool)> = of_entity.map(|(at, _)| (at, true)).collect();
    events::set_visible(&entries, &changes, context);
}
