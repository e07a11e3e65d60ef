//! The memory budget: what goes when there is too much, and what stays.

use chronoscope_frame::{MemoryBudget, Recordings, memory::ViewerCaches};
use chronoscope_store::{StoreSettings, Timeline};
use chronoscope_types::{Points3D, log_chunk};

use crate::{add, new_app, show_all, store_id};

#[test]
fn idle_caches_go_first_and_what_is_shown_is_made_up_for_by_data() {
    let mut app = new_app();
    {
        let mut recordings = app.world_mut().resource_mut::<Recordings>();
        let store = chronoscope_store::ChunkStore::with_settings(store_id(), StoreSettings::without_compaction());
        recordings.open(&store_id()).recording = chronoscope_store::Recording::from_store(store);
    }
    for frame in 0..100 {
        let points = Points3D::new((0..1_000).map(|x| [x as f32, frame as f32, 0.0]));
        add(&mut app, &store_id(), log_chunk("/world/a", [(Timeline::sequence("frame"), frame)], &points).unwrap());
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
    *app.world_mut().resource_mut::<ViewerCaches>() = ViewerCaches { bytes: 1_500_000, idle_bytes: 1_500_000, purge_bytes: 0 };
    app.update();
    let caches = *app.world().resource::<ViewerCaches>();
    assert!(caches.purge_bytes >= 500_000 && caches.purge_bytes <= 1_500_000, "{caches:?}");
    assert_eq!(used(&app), data);

    // Pictures on screen stay, and the oldest data goes.
    *app.world_mut().resource_mut::<ViewerCaches>() = ViewerCaches { bytes: 1_500_000, idle_bytes: 0, purge_bytes: 0 };
    for _ in 0..20 {
        app.update();
    }
    assert_eq!(app.world().resource::<ViewerCaches>().purge_bytes, 0);
    assert!(used(&app) + 1_500_000 <= limit, "{} bytes of data where {} are left", used(&app), limit - 1_500_000);
    assert!(used(&app) > 0);
}
