//! The memory budget: what goes when there is too much, and what stays.

use std::time::Duration;

use bevy_ecs::prelude::*;
use chronoscope_frame::{
    AppViewerCacheExt as _, CacheSize, FrameDiagnostics, MemoryBudget, PurgeOrder, Recordings, Transforms,
    View, ViewerCache, Visuals,
};
use chronoscope_store::{StoreSettings, Timeline};
use chronoscope_types::{CoordinateFrame, Points3D, Scalars, Transform3D, log_chunk};

use crate::{Series, add, new_app, show_all, store_id};

/// A cache that a host adds.
#[derive(Resource, Default)]
struct Pictures {
    size: CacheSize,
    /// The bytes that were asked for at each purge.
    purges: Vec<u64>,
}

const PICTURES: ViewerCache = ViewerCache {
    name: "Pictures",
    order: PurgeOrder::Decoded,
    size: |world| world.resource::<Pictures>().size,
    purge: Some(|world, bytes| {
        let mut pictures = world.resource_mut::<Pictures>();
        pictures.size.bytes -= bytes;
        pictures.size.idle_bytes -= bytes;
        pictures.purges.push(bytes);
    }),
};

/// Another one, cheaper to make anew.
#[derive(Resource, Default)]
struct Copies(u64);

const COPIES: ViewerCache = ViewerCache {
    name: "Zoo copies",
    order: PurgeOrder::Copies,
    size: |world| {
        let bytes = world.resource::<Copies>().0;
        CacheSize {
            bytes,
            idle_bytes: bytes,
        }
    },
    purge: Some(|world, bytes| world.resource_mut::<Copies>().0 -= bytes),
};

#[test]
fn caches_that_hosts_add_are_listed_and_purged_the_cheapest_first() {
    let mut app = new_app();
    app.insert_resource(Copies(600_000));
    app.insert_resource(Pictures {
        size: CacheSize {
            bytes: 900_000,
            idle_bytes: 800_000,
        },
        purges: Vec::new(),
    });
    app.add_viewer_cache(PICTURES).add_viewer_cache(COPIES);
    app.update();
    let memory = app.world().resource::<FrameDiagnostics>().memory.clone();
    let size_of = |name: &str| {
        memory
            .caches
            .iter()
            .find(|cache| cache.name == name)
            .map(|cache| cache.size.bytes)
    };
    assert_eq!(
        (size_of("Pictures"), size_of("Zoo copies")),
        (Some(900_000), Some(600_000))
    );
    assert!(size_of("Diff log").is_some() && size_of("Latest-at results").is_some());
    assert!(memory.total_bytes() >= 1_500_000);

    // A quarter of the limit goes at least: copies are enough.
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(memory.total_bytes() - 1);
    app.update();
    assert!(app.world().resource::<Copies>().0 < 600_000);
    assert!(app.world().resource::<Pictures>().purges.is_empty());

    // They are not any more; what is shown of the pictures stays, and of the others what has room in three quarters of the limit.
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(200_000);
    app.update();
    assert_eq!(app.world().resource::<Copies>().0, 0);
    let pictures = app.world().resource::<Pictures>();
    assert!(
        (100_000..=150_000).contains(&pictures.size.bytes),
        "{:?}",
        pictures.size
    );
    assert_eq!(pictures.size.bytes - pictures.size.idle_bytes, 100_000);
    assert_eq!(pictures.purges.len(), 1);
}

#[test]
fn idle_caches_go_first_and_what_is_shown_is_made_up_for_by_data() {
    let mut app = new_app();
    {
        let mut recordings = app.world_mut().resource_mut::<Recordings>();
        let store =
            chronoscope_store::ChunkStore::with_settings(store_id(), StoreSettings::without_compaction());
        recordings.open(&store_id()).recording = chronoscope_store::Recording::from_store(store);
    }
    for frame in 0..100 {
        let points = Points3D::new((0..1_000).map(|x| [x as f32, frame as f32, 0.0]));
        add(
            &mut app,
            &store_id(),
            log_chunk("/world/a", [(Timeline::sequence("frame"), frame)], &points).unwrap(),
        );
    }
    for _ in 0..4 {
        show_all(&mut app, None);
        app.update();
    }
    app.insert_resource(Pictures::default());
    app.add_viewer_cache(PICTURES);
    app.update();
    let used = |app: &bevy_app::App| app.world().resource::<Recordings>().num_bytes();
    let data = app.world().resource::<FrameDiagnostics>().memory.total_bytes();
    let held = used(&app);
    let limit = data + 1_000_000;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);

    // Pictures that nobody sees make room for the data.
    app.world_mut().resource_mut::<Pictures>().size = CacheSize {
        bytes: 1_500_000,
        idle_bytes: 1_500_000,
    };
    app.update();
    let purges = std::mem::take(&mut app.world_mut().resource_mut::<Pictures>().purges);
    assert!(
        purges.len() == 1 && purges[0] >= 500_000 && purges[0] <= 1_500_000,
        "{purges:?}"
    );
    assert_eq!(used(&app), held);

    // Pictures on screen stay, and the oldest data goes.
    app.world_mut().resource_mut::<Pictures>().size = CacheSize {
        bytes: 1_500_000,
        idle_bytes: 0,
    };
    for _ in 0..20 {
        app.update();
    }
    assert!(app.world().resource::<Pictures>().purges.is_empty());
    assert!(
        used(&app) + 1_500_000 <= limit,
        "{} bytes of data where {} are left",
        used(&app),
        limit - 1_500_000
    );
    assert!(used(&app) > 0);
}

#[test]
fn of_what_comes_in_one_frame_as_much_stays_as_has_room() {
    let mut app = new_app();
    let at_rest = {
        app.update();
        app.world().resource::<FrameDiagnostics>().memory.total_bytes()
    };
    // A limit that four times as much comes against, in one frame.
    for frame in 0..400 {
        let points = Points3D::new((0..1_000).map(|x| [x as f32, frame as f32, 0.0]));
        let time = [(Timeline::sequence("frame"), frame)];
        add(
            &mut app,
            &store_id(),
            log_chunk("/world/a", time, &points).unwrap(),
        );
    }
    let data = app.world().resource::<Recordings>().num_bytes();
    let limit = at_rest + data / 4;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    for _ in 0..100 {
        app.update();
    }
    let used = app.world().resource::<FrameDiagnostics>().memory.total_bytes();
    assert!(
        (limit / 2..=limit).contains(&used),
        "{used} bytes are held of {data} where {limit} may be"
    );
}

#[test]
fn what_transforms_take_grows_with_the_rows_that_place_frames_and_goes_with_them() {
    let mut app = new_app();
    let place = |app: &mut bevy_app::App, rows: std::ops::Range<i64>| {
        for row in rows {
            let time = [(Timeline::sequence("frame"), row)];
            let placed = Transform3D::from_translation([row as f32, 0.0, 0.0])
                .with_child_frame(format!("f{}", row % 7))
                .with_parent_frame("tf#/");
            add(app, &store_id(), log_chunk("/tf", time, &placed).unwrap());
        }
        for _ in 0..3 {
            show_all(app, None);
            app.update();
        }
    };
    let bytes = |app: &bevy_app::App| {
        let memory = &app.world().resource::<FrameDiagnostics>().memory;
        let cache = memory.caches.iter().find(|cache| cache.name == "Transforms");
        cache.unwrap().size.bytes
    };
    place(&mut app, 0..10);
    let few = bytes(&app);
    place(&mut app, 10..2_000);
    let many = bytes(&app);
    // A time, an id and a place for each row, with what lists keep in reserve.
    assert!(
        (2_000 * 32..2_000 * 32 * 3).contains(&(many - few)),
        "{few} {many}"
    );
    crate::change(&mut app, &store_id(), |recording| {
        let entity = recording.store.entity_id(&"/tf".into()).unwrap();
        recording.drop_entity(entity)
    });
    place(&mut app, 0..0);
    assert!(bytes(&app) <= few, "{few} {}", bytes(&app));
}

#[test]
fn frames_that_are_named_no_more_take_no_memory() {
    let mut app = new_app();
    let bytes = |app: &bevy_app::App| {
        let memory = &app.world().resource::<FrameDiagnostics>().memory;
        let cache = memory.caches.iter().find(|cache| cache.name == "Transforms");
        cache.unwrap().size.bytes
    };
    let mut most = Vec::new();
    // A tracker names a new frame for whatever it sees, and the oldest data is collected.
    for round in 0..6 {
        let rows = 2_000;
        for row in round * rows..(round + 1) * rows {
            let time = [(Timeline::sequence("frame"), row)];
            let placed = Transform3D::from_translation([row as f32, 0.0, 0.0])
                .with_child_frame(format!("track_{row}"))
                .with_parent_frame("tf#/");
            add(&mut app, &store_id(), log_chunk("/tf", time, &placed).unwrap());
            if row % 100 == 0 {
                show_all(&mut app, None);
                app.update();
            }
        }
        (0..3).for_each(|_| app.update());
        most.push(bytes(&app));
        crate::change(&mut app, &store_id(), |recording| {
            let ids: Vec<_> = recording.store.chunks().map(|(meta, _)| meta.id).collect();
            recording.drop_chunks(ids)
        });
        (0..3).for_each(|_| app.update());
    }
    assert!(most[5] < most[0] * 3, "{most:?}");
    assert!(bytes(&app) < most[0], "{} {most:?}", bytes(&app));
    // The frame that comes next stands where it is said to.
    let next = Transform3D::from_translation([3.0, 0.0, 0.0])
        .with_child_frame("next")
        .with_parent_frame("tf#/");
    add(&mut app, &store_id(), log_chunk("/tf", [], &next).unwrap());
    let stands = CoordinateFrame::default().with_frame("next");
    add(&mut app, &store_id(), log_chunk("/world/a", [], &stands).unwrap());
    for _ in 0..3 {
        show_all(&mut app, None);
        app.update();
    }
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let entity = store.entity_id(&"/world/a".into()).unwrap();
    let world = app
        .world()
        .resource::<Transforms>()
        .world_from_entity(store, entity);
    assert_eq!(world.unwrap().translation.x, 3.0);
}

#[test]
fn what_nobody_sees_is_let_go_of_where_memory_is_short() {
    let mut app = new_app();
    for frame in 0..40 {
        let time = [(Timeline::sequence("frame"), frame)];
        add(
            &mut app,
            &store_id(),
            log_chunk("/world/a", time, &Scalars::new([frame as f64])).unwrap(),
        );
    }
    for _ in 0..4 {
        show_all(&mut app, None);
        app.update();
    }
    let visuals = |app: &mut bevy_app::App| -> Vec<Vec<Vec<(i64, f64)>>> {
        let mut views: Vec<_> = app
            .world_mut()
            .query::<&View>()
            .iter(app.world())
            .map(|view| view.id)
            .collect();
        views.sort();
        let visuals = app.world().resource::<Visuals<Series>>();
        let of_view = |view: &_| {
            Some(
                visuals
                    .view(*view)?
                    .iter()
                    .map(|(_, series)| series.0.clone())
                    .collect(),
            )
        };
        views.iter().filter_map(of_view).collect()
    };
    let before = visuals(&mut app);
    assert!(
        !before.is_empty() && before.iter().all(|view| view[0].len() == 40),
        "{before:?}"
    );

    // Hidden, and there is memory enough: it waits.
    show_all(&mut app, Some(0));
    app.update();
    assert_eq!(visuals(&mut app), before);
    let used = app.world().resource::<Recordings>().num_bytes();
    // Of the data itself, nothing may go.
    let mut budget = app.world_mut().resource_mut::<MemoryBudget>();
    (budget.limit_bytes, budget.protect_latest) = (Some(used - 1), 40);
    app.update();
    let after = visuals(&mut app);
    assert_eq!(
        after.iter().filter(|view| view.is_empty()).count(),
        1,
        "the hidden view holds nothing"
    );
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = None;
    show_all(&mut app, None);
    app.update();
    assert_eq!(visuals(&mut app), before);
}

/// An app with data over a limit that it is told of in this frame, and what the data takes.
fn app_over_its_limit(gc_time: Duration) -> (bevy_app::App, u64) {
    let mut app = new_app();
    let store = chronoscope_store::ChunkStore::with_settings(store_id(), StoreSettings::without_compaction());
    let recording = chronoscope_store::Recording::from_store(store);
    app.world_mut()
        .resource_mut::<Recordings>()
        .open(&store_id())
        .recording = recording;
    for frame in 0..100 {
        let points = Points3D::new((0..100).map(|x| [x as f32, frame as f32, 0.0]));
        let chunk = log_chunk("/world/a", [(Timeline::sequence("frame"), frame)], &points).unwrap();
        add(&mut app, &store_id(), chunk);
    }
    app.update();
    let used = app.world().resource::<FrameDiagnostics>().memory.total_bytes();
    let mut budget = app.world_mut().resource_mut::<MemoryBudget>();
    (budget.limit_bytes, budget.gc_time) = (Some(used - 1), gc_time);
    let data = app.world().resource::<FrameDiagnostics>().memory.data_bytes;
    (app, data)
}

fn data_bytes(app: &bevy_app::App) -> u64 {
    app.world().resource::<FrameDiagnostics>().memory.data_bytes
}

#[test]
fn a_purge_that_ran_out_of_time_goes_on_in_the_next_frame() {
    let (mut app, data) = app_over_its_limit(Duration::from_nanos(1));
    for _ in 0..3 {
        app.update();
    }
    assert_eq!(data_bytes(&app), data, "there was no time");
    app.world_mut().resource_mut::<MemoryBudget>().gc_time = Duration::from_secs(10);
    for _ in 0..8 {
        app.update();
    }
    assert!(data_bytes(&app) < data);
}

#[test]
fn a_limit_that_is_raised_ends_the_purge_that_it_began() {
    let (mut app, data) = app_over_its_limit(Duration::from_nanos(1));
    app.update();
    let mut budget = app.world_mut().resource_mut::<MemoryBudget>();
    budget.limit_bytes = budget.limit_bytes.map(|limit| limit * 2);
    budget.gc_time = Duration::from_secs(10);
    for _ in 0..8 {
        app.update();
    }
    assert_eq!(data_bytes(&app), data);
}
