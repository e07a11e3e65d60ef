//! What cannot be read is tried again.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use chronoscope_frame::{Reports, Settled, chunk_loading::ReadAhead};
use chronoscope_store::Waker;

use super::{Shelf, app_with, lacks, points, settle, store};
use crate::show_all;

#[test]
fn what_can_not_be_read_now_is_read_later() {
    let chunks = [points("/world/a", 0), points("/world/b", 0)];
    let ids = [chunks[0].id(), chunks[1].id()];
    let shelf = Arc::new(Shelf::of(chunks));
    shelf.state.lock().unwrap().flaky.extend(ids);
    let mut app = app_with(&shelf);
    settle(&mut app);
    assert!(
        ids.iter()
            .all(|id| store(&app).chunk_meta(*id).is_some() && store(&app).chunk(*id).is_none())
    );
    assert!(
        lacks(&mut app).iter().any(|missing| missing.missing_chunks > 0),
        "nobody sees that it is missing"
    );
    // A share that is gone is said once, not once per chunk.
    assert_eq!(app.world().resource::<Reports>().total(), 1);
    app.world_mut().resource_mut::<ReadAhead>().retry_after = Duration::ZERO;
    settle(&mut app);
    assert!(ids.iter().all(|id| store(&app).chunk(*id).is_some()));
}

#[test]
fn a_viewer_at_rest_is_woken_to_try_again() {
    let chunk = points("/world/a", 0);
    let id = chunk.id();
    let shelf = Arc::new(Shelf::of([chunk]));
    shelf.state.lock().unwrap().flaky.insert(id);
    let mut app = app_with(&shelf);
    app.world_mut().resource_mut::<ReadAhead>().retry_after = Duration::from_millis(300);
    let (sender, woken) = mpsc::channel();
    let waker = Waker::new(move || _ = sender.send(()));
    app.world_mut().resource_mut::<Settled>().set_waker(waker);
    for _ in 0..1_000 {
        show_all(&mut app, None);
        app.update();
        if store(&app).chunk(id).is_some() {
            break;
        }
        if app.world().resource::<Settled>().resting_frames() >= 3 {
            let woken = woken.recv_timeout(Duration::from_secs(60));
            assert!(woken.is_ok(), "it rests, and what could not be read stays out");
        }
    }
    assert!(store(&app).chunk(id).is_some());
    assert_eq!(app.world().resource::<Reports>().total(), 1);
}
