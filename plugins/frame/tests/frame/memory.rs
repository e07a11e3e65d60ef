//! The memory budget: what goes when there is too much, and what stays.

use chronoscope_frame::{MemoryBudget, Recordings, View, ViewerCaches, Visuals};
use chronoscope_store::{StoreSettings, Timeline};
use chronoscope_types::{Points3D, Scalars, log_chunk};

use crate::{Series, add, new_app, show_all, store_id};

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
    let used = |app: &bevy_app::App| app.world().resource::<Recordings>().num_bytes();
    let data = used(&app);
    let limit = data + 1_000_000;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);

    // Pictures that nobody sees make room for the data.
    *app.world_mut().resource_mut::<ViewerCaches>() = ViewerCaches {
        bytes: 1_500_000,
        idle_bytes: 1_500_000,
        purge_bytes: 0,
    };
    app.update();
    let caches = *app.world().resource::<ViewerCaches>();
    assert!(
        caches.purge_bytes >= 500_000 && caches.purge_bytes <= 1_500_000,
        "{caches:?}"
    );
    assert_eq!(used(&app), data);

    // Pictures on screen stay, and the oldest data goes.
    *app.world_mut().resource_mut::<ViewerCaches>() = ViewerCaches {
        bytes: 1_500_000,
        idle_bytes: 0,
        purge_bytes: 0,
    };
    for _ in 0..20 {
        app.update();
    }
    assert_eq!(app.world().resource::<ViewerCaches>().purge_bytes, 0);
    assert!(
        used(&app) + 1_500_000 <= limit,
        "{} bytes of data where {} are left",
        used(&app),
        limit - 1_500_000
    );
    assert!(used(&app) > 0);
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
    *app.world_mut().resource_mut() = MemoryBudget {
        limit_bytes: Some(used - 1),
        protect_latest: 40,
        ..MemoryBudget::default()
    };
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
