//! What views frame, and what is kept for that.

use bevy_ecs::world::Mut;
use chronoscope_frame::{
    DataResults, FrameDiagnostics, View, ViewOverrides, Visualizers,
    visualizer::{FirstChunks, FirstLook, FirstLookChunks, sample_times},
};
use chronoscope_store::RowId;
use chronoscope_types::{AsComponents as _, Pinhole};

use super::*;
use crate::Points;

/// A source that never gives anything.
#[derive(Debug)]
struct Nowhere;

impl ChunkSource for Nowhere {
    fn want(&self, _: &[ChunkId]) {}

    fn try_next(&self) -> Option<Result<Arc<Chunk>, ChunkSourceError>> {
        None
    }

    fn has(&self, _: ChunkId) -> bool {
        true
    }
}

/// Looks at the first points of all entities of the first view, as framing does. Tells how many of them there
/// are, how many are placed, and how many latest-at queries that took.
fn look(app: &mut App) -> (usize, usize, u64) {
    look_again(app, &[])
}

/// The same, also at these times.
fn look_again(app: &mut App, samples: &[i64]) -> (usize, usize, u64) {
    let world = app.world_mut();
    world.resource_scope(|world, mut chunks: Mut<FirstLookChunks>| {
        let mut views = world.query::<(&View, &DataResults, &ViewOverrides)>();
        let (view, results, overrides) = views.iter(world).min_by_key(|(view, ..)| view.id).unwrap();
        let recording = world.resource::<Recordings>().active().unwrap();
        let timeline = recording.store().timeline_id("frame");
        let queries = || {
            let stats = recording.recording.cache.stats();
            stats.hits + stats.misses
        };
        let before = queries();
        let look = FirstLook::new(view, None, overrides, recording, timeline, world.resource());
        let look = look.with_samples(samples);
        let visualizer = world.resource::<Visualizers>().find("Points3D").unwrap();
        let (mut all, mut placed) = (0, 0);
        for result in results.iter() {
            let mut read = FirstChunks::default();
            for first in look.visuals::<Points>(visualizer, result, &mut read) {
                all += 1;
                placed += usize::from(first.origin_from_entity.is_some());
            }
            chunks.set(view.id, result.entity, read);
        }
        look.finish(view.id, &mut chunks);
        (all, placed, queries() - before)
    })
}

#[test]
fn what_an_index_lacks_is_kept_once_for_all_that_is_framed() {
    let absent = (0..500).map(|time| log_chunk("/tf", at(time), &placed("f", time as f32)).unwrap());
    let absent = absent.map(|chunk| AbsentChunk::of(&chunk)).collect();
    let mut app = app_told(Arc::new(Nowhere), absent);
    for entity in 0..200 {
        let path = format!("/world/{entity}");
        let in_frame = CoordinateFrame::default().with_frame("f");
        add(
            &mut app,
            &store_id(),
            log_chunk(path.as_str(), Vec::new(), &in_frame).unwrap(),
        );
        add(&mut app, &store_id(), points(&path, 400));
    }
    for _ in 0..4 {
        show_all(&mut app, None);
        app.update();
    }
    let (all, placed, _) = look(&mut app);
    assert_eq!((all, placed), (200, 0), "nothing says yet where the frame is");
    app.update();
    let memory = &app.world().resource::<FrameDiagnostics>().memory;
    let cache = memory
        .caches
        .iter()
        .find(|cache| cache.name == "First looks")
        .unwrap();
    let bytes = cache.size.bytes;
    // A list of the chunks, and a few for each entity.
    assert!((500 * 16..500 * 16 + 200 * 200).contains(&bytes), "{bytes}");
}

#[test]
fn the_names_of_cameras_are_read_once_for_all_that_is_framed() {
    let mut app = new_app();
    let log = |app: &mut App, path: &str, time: Option<i64>, components| {
        let chunk = Chunk::builder(path).with_row(RowId::new(), time.map(at).unwrap_or_default(), components);
        add(app, &store_id(), chunk.build().unwrap());
    };
    for camera in 0..20 {
        let pinhole = Pinhole::from_focal_length_and_resolution([100.0, 100.0], [200.0, 200.0]);
        let pinhole = pinhole.with_child_frame(format!("picture{camera}"));
        log(
            &mut app,
            &format!("/cameras/{camera}"),
            None,
            pinhole.components(),
        );
    }
    for frame in 0..5 {
        let parent = if frame == 0 {
            "tf#/".to_owned()
        } else {
            format!("f{}", frame - 1)
        };
        let placed = Transform3D::from_translation([1.0, 0.0, 0.0])
            .with_child_frame(format!("f{frame}"))
            .with_parent_frame(parent);
        log(&mut app, &format!("/tf/{frame}"), None, placed.components());
    }
    let stand = |app: &mut App, path: &str, frame: &str, time: i64| {
        let in_frame = CoordinateFrame::default().with_frame(frame);
        log(app, path, None, in_frame.components());
        add(app, &store_id(), points(path, time));
    };
    for entity in 0..50 {
        stand(&mut app, &format!("/world/{entity}"), "f4", entity);
    }
    stand(&mut app, "/world/seen", "picture7", 3);
    for _ in 0..4 {
        show_all(&mut app, None);
        app.update();
    }
    let (all, placed, queries) = look(&mut app);
    assert_eq!((all, placed), (51, 50), "what is in a picture is left out");
    // Of 50 entities, each below five frames, beside 20 cameras.
    assert!(queries < 1_500, "{queries}");
}

#[test]
fn later_times_are_looked_at_where_rows_are_small() {
    let rows = |path: &'static str, count: usize| -> Vec<Chunk> {
        let row = move |time: i64| {
            let points = Points3D::new(vec![[time as f32; 3]; count]);
            log_chunk(path, at(time * 40), &points).unwrap()
        };
        (0..10).map(row).collect()
    };
    let (small, large) = (rows("/small", 3), rows("/large", 100_000));
    let absent = small.iter().chain(&large).map(AbsentChunk::of).collect();
    let mut app = app_told(Arc::new(Nowhere), absent);
    for _ in 0..4 {
        show_all(&mut app, None);
        app.update();
    }
    let timeline = store(&app).timeline_id("frame").unwrap();
    let samples = sample_times(store(&app).time_range(timeline));
    assert_eq!(samples.len(), 3);
    let asked = |app: &mut App, samples: &[i64]| {
        look_again(app, samples);
        let world = app.world_mut();
        let view = world
            .query::<&View>()
            .iter(world)
            .map(|view| view.id)
            .min()
            .unwrap();
        let chunks = app.world().resource::<FirstLookChunks>();
        [("/small", &small), ("/large", &large)].map(|(path, of)| {
            let entity = store(app).entity_id(&path.into()).unwrap();
            let named = of.iter().filter(|chunk| chunks.names(view, entity, chunk.id()));
            named.count()
        })
    };
    assert_eq!(asked(&mut app, &[]), [1, 1], "the first rows");
    assert_eq!(asked(&mut app, &samples), [4, 1]);
}
