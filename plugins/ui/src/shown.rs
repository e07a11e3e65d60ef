//! Which views are shown, and how large: what the passes since the last frame said.

use std::collections::BTreeMap;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Settled, View, ViewTile};

use rustc_hash::FxHashMap;

use crate::{UiSettings, pass::TileRects};

/// The tiles of all instances since the last frame. A pass that is repeated replaces what the pass before
/// said.
#[derive(Resource, Default)]
pub(crate) struct ShownTiles {
    by_instance: FxHashMap<egui::Id, BTreeMap<ViewId, ViewTile>>,
    /// Some instance was drawn before this frame.
    is_shown: bool,
    /// And before the frame before it.
    was_shown: bool,
}

impl ShownTiles {
    /// Takes down the tiles of an instance.
    pub(crate) fn record(&mut self, instance: egui::Id, tiles: &TileRects, pixels_per_point: f32) {
        let pixels = |points: f32| (points * pixels_per_point).round().clamp(1.0, 16_384.0) as u32;
        let tile = |rect: &egui::Rect| ViewTile {
            shown: true,
            size_pixels: [pixels(rect.width()), pixels(rect.height())],
            pixels_per_point,
        };
        let tiles = tiles.iter().map(|(view, rect)| (*view, tile(rect)));
        self.by_instance.insert(instance, tiles.collect());
    }

    /// The tile of a view, the largest of all instances that show it: its picture is scaled in the others.
    fn tile(&self, view: ViewId) -> Option<ViewTile> {
        // Of as large ones the wider, so that it is the same one each time.
        let area = |tile: &ViewTile| {
            (
                tile.size_pixels.map(u64::from).iter().product::<u64>(),
                tile.size_pixels[0],
            )
        };
        self.by_instance
            .values()
            .filter_map(|tiles| tiles.get(&view).copied())
            .max_by_key(area)
    }
}

/// The least size in pixels of a view that is kept up to date in a tab that is not open.
const LEAST_HIDDEN_PIXELS: u32 = 64;

/// Tells each view whether and how large it is shown.
pub(crate) fn tell_views(
    mut shown: ResMut<ShownTiles>,
    mut views: Query<(&View, &mut ViewTile)>,
    settings: Res<UiSettings>,
    mut settled: ResMut<Settled>,
) {
    let mut changed = false;
    for (view, mut tile) in &mut views {
        let next = shown.tile(view.id).unwrap_or_else(|| {
            // The last size is kept, so that a view that comes back need not be drawn twice.
            let mut hidden = ViewTile {
                shown: settings.keep_hidden_views,
                ..*tile
            };
            if hidden.shown {
                hidden.size_pixels = hidden.size_pixels.map(|side| side.max(LEAST_HIDDEN_PIXELS));
                hidden.pixels_per_point = hidden.pixels_per_point.max(1.0);
            }
            hidden
        });
        changed |= tile.set_if_neq(next);
    }
    shown.was_shown = shown.is_shown;
    shown.is_shown = !shown.by_instance.is_empty();
    shown.by_instance.clear();
    if changed || shown.was_shown != shown.is_shown {
        settled.disturb();
    }
}

/// Whether views are worked on: while some instance is shown, and once more after that, so that they come to
/// rest.
pub(crate) fn is_needed(shown: Res<ShownTiles>) -> bool {
    shown.is_shown || shown.was_shown
}
