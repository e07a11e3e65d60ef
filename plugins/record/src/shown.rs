//! Which recorded entities are looked at, so that their rows are sent first.

use bevy_ecs::{prelude::*, system::SystemParam};
use chronoscope_frame::{DataResults, QueryContext, RecordingKey, Selection, ViewTile};
use chronoscope_store::EntityPath;
use rustc_hash::FxHashSet;

use crate::{
    slots::{SlotId, Slots},
    ticks::Tick,
};

/// Of more, none comes first: a frame sends the rows of fewer. Of a view of everything, what is selected still does.
const MAX_SHOWN: usize = 1024;

/// Where only paths have changed, they are looked up once in so many frames: an app may spawn something in each.
const FRAMES_BETWEEN: Tick = 16;

/// What is looked at in the viewer of this app.
#[derive(SystemParam)]
pub(crate) struct LookedAt<'w, 's> {
    views: Query<
        'w,
        's,
        (
            Entity,
            &'static ViewTile,
            &'static QueryContext,
            &'static DataResults,
        ),
    >,
    selection: Option<Res<'w, Selection>>,
}

/// The places of the entities that views show or that are selected, and of those above them, whose transforms they are seen by.
#[derive(Debug, Default)]
pub(crate) struct ShownSlots {
    slots: Vec<SlotId>,
    key: Option<Key>,
    /// The version of the paths, and the frame in which they were looked up.
    paths: (u64, Tick),
}

/// What they follow from.
#[derive(Debug, PartialEq)]
struct Key {
    /// The views that are shown, with the versions of their results.
    views: Vec<(Entity, u64)>,
    selected: Vec<EntityPath>,
}

impl ShownSlots {
    /// The places, each once.
    pub(crate) fn slots(&self) -> &[SlotId] {
        &self.slots
    }

    /// Finds them anew where something that they follow from has changed.
    ///
    /// Cost: that of the views; and of the entities that are looked at, where these are others than before.
    pub(crate) fn update(
        &mut self,
        looked_at: &LookedAt<'_, '_>,
        recording: RecordingKey,
        slots: &Slots,
        now: Tick,
    ) {
        let views = || {
            looked_at
                .views
                .iter()
                .filter(|(_, tile, context, _)| tile.shown && context.cursor.recording == Some(recording))
        };
        let selected = looked_at
            .selection
            .iter()
            .flat_map(|selection| &selection.selected);
        let key = Key {
            views: views()
                .map(|(view, .., results)| (view, results.version()))
                .collect(),
            selected: selected.filter_map(|item| item.entity().cloned()).collect(),
        };
        let (paths, since) = self.paths;
        let has_paths = paths == slots.version() || now.wrapping_sub(since) < FRAMES_BETWEEN;
        if has_paths && self.key.as_ref() == Some(&key) {
            return;
        }
        self.paths = (slots.version(), now);
        self.slots.clear();
        let num_selected = key.selected.len();
        let num_shown = views().map(|(.., results)| results.len()).sum::<usize>();
        if num_selected <= MAX_SHOWN {
            let few = views().filter(|_| num_shown + num_selected <= MAX_SHOWN);
            let shown = few.flat_map(|(.., results)| results.iter().map(|result| &result.path));
            let mut seen = FxHashSet::default();
            for path in shown.chain(&key.selected) {
                for path in path.ancestors() {
                    let slot = slots.find_path(&path);
                    if !seen.insert(path) {
                        // So were those above it.
                        break;
                    }
                    self.slots.extend(slot);
                }
            }
        }
        self.key = Some(key);
    }
}
