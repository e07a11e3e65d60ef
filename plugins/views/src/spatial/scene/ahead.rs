//! Which pictures the cursor will come to while time plays: they are decoded before they are shown.

use std::sync::Arc;

use bevy::{asset::Assets, ecs::prelude::*, image::Image};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    ContextId, DataResult, DataResults, FrameDiagnostics, InContexts, InstructionIndex, Recordings, Settled,
    TimeControls, View, ViewOverrides, Visualizer,
    visualizer::{ComingVisuals, Way, ways_ahead},
};
use rustc_hash::FxHashMap;

use super::{SceneKey, SpatialScene, SpatialScenes};
use crate::spatial::{
    SpatialSources, SpatialVisual,
    pictures::{Picture, PictureKey, PixelDecoders},
    sources::instruction_of,
    textures::{AheadBudget, PictureTextures},
};

/// How many pictures of an entity are decoded before they are shown.
const PICTURES_AHEAD: usize = 3;

/// The pictures that a data result will show along a way, each with its time. At most so many of its rows are looked at.
pub(crate) type ComingPictures =
    fn(&ComingVisuals<'_>, &DataResult, InstructionIndex, &Way, usize) -> Vec<(i64, Arc<Picture>)>;

/// The [`ComingPictures`] of a visualizer.
pub(crate) fn coming_pictures<V: Visualizer<Visual = SpatialVisual>>(
    coming: &ComingVisuals<'_>,
    result: &DataResult,
    instruction: InstructionIndex,
    way: &Way,
    max: usize,
) -> Vec<(i64, Arc<Picture>)> {
    let visuals = coming.along::<V>(result, instruction, way, max).into_iter();
    visuals
        .filter_map(|(time, visual)| Some((time, Arc::clone(visual.picture()?))))
        .collect()
}

/// What was found for the pictures that are shown, so that it is looked for once for each of them.
#[derive(Default)]
pub(crate) struct KnownAhead {
    ends: Vec<i64>,
    by_quad: FxHashMap<(ViewId, SceneKey), QuadAhead>,
}

/// The pictures that come after one.
#[derive(Clone)]
struct QuadAhead {
    shown: PictureKey,
    /// The nearest first.
    coming: Vec<ComingPicture>,
}

#[derive(Clone)]
struct ComingPicture {
    /// On which of the ways.
    way: usize,
    time: i64,
    picture: Arc<Picture>,
}

/// Has the pictures decoded that the cursor will come to. What it comes to no more, because it was moved, turned or stopped, is
/// cancelled.
///
/// Cost: the pictures that are shown while time plays; what comes after one is looked up once.
pub(crate) fn look_ahead(
    mut commands: Commands,
    mut known: Local<KnownAhead>,
    scenes: Res<SpatialScenes>,
    textures: Res<PictureTextures>,
    sources: Res<SpatialSources>,
    views: Query<(&View, &DataResults, &ViewOverrides)>,
    recordings: Res<Recordings>,
    controls: Res<TimeControls>,
    contexts: InContexts<'_>,
) {
    let products = contexts.at_cursor();
    let entry = products.recording(&recordings);
    let ways = match (entry, products.cursor.timeline) {
        (Some(entry), Some(timeline)) if !controls.clock_frozen => {
            let control = controls.get(entry.key());
            ways_ahead(control, entry.store(), timeline, products.cursor.time)
        }
        _ => Vec::new(),
    };
    let ends: Vec<i64> = ways.iter().map(|way| way.range.max).collect();
    let before = std::mem::take(&mut *known);
    let before = (before.ends == ends).then_some(before.by_quad);
    let mut coming: Vec<ComingPicture> = Vec::new();
    for (view, results, overrides) in &views {
        let scene = scenes.get(view.id);
        // Where else views look, time need not play.
        let scene = scene.filter(|scene| scene.tile.shown && scene.context == ContextId::CURSOR);
        let (Some(scene), Some(entry)) = (scene, entry.filter(|_| !ways.is_empty())) else {
            continue;
        };
        let visuals = ComingVisuals::new(overrides, entry, products);
        for (key, shown) in scene.layers().flat_map(pictures_of) {
            let quad = (view.id, key);
            let found = before.as_ref().and_then(|before| before.get(&quad));
            // Where there were fewer, more may have come since.
            let found = found.filter(|found| found.shown == shown && found.coming.len() == PICTURES_AHEAD);
            let found = found.cloned().or_else(|| {
                let result = results.get(key.1)?;
                let source = sources.of(key.0)?;
                let instruction = instruction_of(key.0);
                let along = |way: &Way| (source.coming)(&visuals, result, instruction, way, PICTURES_AHEAD);
                Some(QuadAhead {
                    shown,
                    coming: nearest(shown, ways.iter().map(along)),
                })
            });
            if let Some(found) = found {
                coming.extend(found.coming.iter().cloned());
                known.by_quad.insert(quad, found);
            }
        }
    }
    known.ends = ends;
    if coming.is_empty() && !textures.has_ahead() {
        return;
    }
    coming.sort_by_key(|coming| (coming.way, coming.time, coming.picture.key));
    let pictures: Vec<Arc<Picture>> = coming.into_iter().map(|coming| coming.picture).collect();
    let shown = scenes.iter().filter(|scene| scene.tile.shown);
    let may_begin = !shown
        .flat_map(SpatialScene::layers)
        .any(|scene| scene.is_decoding);
    commands.queue(move |world: &mut World| hold(world, &pictures, may_begin));
}

/// The pictures that are to be shown in a scene.
fn pictures_of(scene: &SpatialScene) -> impl Iterator<Item = (SceneKey, PictureKey)> {
    scene.quads.values().filter_map(|quad| {
        let shown = scene.entities.get(&quad.key)?;
        Some((quad.key, shown.visual.picture()?.key))
    })
}

/// The first pictures of all ways that are others than the one that is shown.
fn nearest(shown: PictureKey, ways: impl Iterator<Item = Vec<(i64, Arc<Picture>)>>) -> Vec<ComingPicture> {
    let mut nearest: Vec<ComingPicture> = Vec::new();
    for (way, pictures) in ways.enumerate() {
        for (time, picture) in pictures {
            let is_known = |known: &ComingPicture| known.picture.key == picture.key;
            if picture.key != shown && nearest.len() < PICTURES_AHEAD && !nearest.iter().any(is_known) {
                nearest.push(ComingPicture { way, time, picture });
            }
        }
    }
    nearest
}

/// Holds pictures, as far as there is room for them in memory.
fn hold(world: &mut World, pictures: &[Arc<Picture>], may_begin: bool) {
    let memory = &world.resource::<FrameDiagnostics>().memory;
    let room_bytes = memory
        .limit_bytes
        .map_or(u64::MAX, |limit| limit.saturating_sub(memory.total_bytes()));
    let budget = AheadBudget {
        may_begin,
        room_bytes,
    };
    // Over the limit, what can be made anew goes.
    let pictures: &[Arc<Picture>] = if room_bytes == 0 { &[] } else { pictures };
    world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
        world.resource_scope(|world, mut images: Mut<Assets<Image>>| {
            textures.bypass_change_detection().hold_ahead(
                pictures,
                budget,
                &mut images,
                world.resource::<PixelDecoders>(),
                world.resource::<Settled>(),
            );
        });
    });
}
