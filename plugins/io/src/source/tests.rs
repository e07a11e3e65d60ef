#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::AtomicUsize;

use super::*;

fn progress(at: u64) -> LoadEvent {
    LoadEvent::Progress {
        source: "test".into(),
        bytes_read: at,
        total_bytes: None,
    }
}

fn bytes_of(event: &LoadEvent) -> u64 {
    match event {
        LoadEvent::Progress { bytes_read, .. } => *bytes_read,
        _ => panic!("another event"),
    }
}

fn finished(opened: bool) -> LoadEvent {
    LoadEvent::Finished {
        source: "test".into(),
        outcome: LoadOutcome {
            opened,
            ..LoadOutcome::default()
        },
    }
}

fn counter() -> (Waker, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let waker = Waker::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (waker, count)
}

#[test]
fn a_live_source_connects_is_live_and_is_lost_with_a_reason() {
    let (sender, handle) = source_channel("rerun+http://robot:9876", SourceLimits::default());
    assert_eq!(handle.status(), SourceStatus::Connecting);
    sender.set_status(SourceStatus::Live);
    assert_eq!(
        (handle.status(), &**handle.name()),
        (SourceStatus::Live, "rerun+http://robot:9876")
    );
    sender.send(progress(1)).unwrap();
    let lost = SourceStatus::Lost {
        reason: "closed the connection".into(),
    };
    sender.finish(lost.clone());
    assert_eq!(
        handle.status(),
        SourceStatus::Loading,
        "something is still to be received"
    );
    assert!(!handle.is_finished());
    assert_eq!(bytes_of(&handle.recv().unwrap()), 1);
    assert_eq!(handle.status(), lost);
    assert!(handle.is_finished() && handle.recv().is_none());
    assert_ne!(
        handle.id(),
        source_channel("other", SourceLimits::default()).1.id()
    );
}

#[test]
fn a_source_that_could_not_be_opened_is_lost_and_says_why() {
    let (sender, handle) = source_channel("file", SourceLimits::default());
    sender.refuse(&IoError::Empty);
    drop(sender);
    assert_eq!(handle.events().count(), 3);
    assert_eq!(
        handle.status(),
        SourceStatus::Lost {
            reason: "is empty".into()
        }
    );
    let (sender, handle) = source_channel("file", SourceLimits::default());
    sender.send(finished(true)).unwrap();
    drop(sender);
    assert!(handle.recv().is_some());
    assert_eq!(handle.status(), SourceStatus::Finished);
    let (sender, handle) = source_channel("file", SourceLimits::default());
    drop(sender);
    assert!(
        matches!(handle.status(), SourceStatus::Lost { .. }),
        "it ended without a word"
    );
}

#[test]
fn a_full_source_refuses_what_may_not_wait_and_wakes_its_sender_when_there_is_room() {
    let limits = SourceLimits {
        events: 2,
        bytes: 1 << 20,
    };
    let (sender, handle) = source_channel("test", limits);
    let (waker, woken) = counter();
    sender.set_room_waker(&waker);
    sender.try_send(progress(1)).unwrap();
    sender.try_send(progress(2)).unwrap();
    let Err(TrySendError::Full(event)) = sender.try_send(progress(3)) else {
        panic!("there is no room");
    };
    let before = woken.load(Ordering::Relaxed);
    assert_eq!(bytes_of(&handle.try_recv().unwrap()), 1);
    assert!(woken.load(Ordering::Relaxed) > before);
    sender.try_send(event).unwrap();
    assert_eq!(bytes_of(&handle.recv().unwrap()), 2);
    assert_eq!(bytes_of(&handle.recv().unwrap()), 3);
    drop(handle);
    assert!(matches!(sender.try_send(progress(4)), Err(TrySendError::Stopped)));
}

#[test]
fn a_source_wakes_the_viewer_when_there_is_something_and_when_it_ends() {
    let (sender, handle) = source_channel("test", SourceLimits::default());
    let (waker, woken) = counter();
    handle.set_waker(&waker);
    let count = || woken.load(Ordering::Relaxed);
    let before = count();
    sender.send(progress(1)).unwrap();
    assert!(count() > before);
    let before = count();
    sender.set_status(SourceStatus::Live);
    assert!(count() > before, "a status is to be shown");
    let before = count();
    drop(sender);
    assert!(count() > before);
}

#[test]
fn sources_that_are_opened_together_can_be_drained_in_any_order() {
    // Room for one event in all: each source may still have one of its own.
    let group = Arc::new(Group::new(SourceLimits { events: 1, bytes: 1 }));
    let (senders, handles): (Vec<_>, Vec<_>) =
        (0..4).map(|at| add_to(&group, format!("{at}").into())).unzip();
    let threads: Vec<_> = senders
        .into_iter()
        .map(|sender| std::thread::spawn(move || (0..100).all(|at| sender.send(progress(at)).is_ok())))
        .collect();
    for handle in handles.iter().rev() {
        let received: Vec<u64> = handle.events().map(|event| bytes_of(&event)).collect();
        assert!(received.iter().copied().eq(0..100));
    }
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    assert!(group.is_finished());
    assert_eq!(group.state.lock().waiting_bytes, 0);
}

#[test]
fn a_removed_source_stops_its_sender_and_leaves_room_for_others() {
    let group = Arc::new(Group::new(SourceLimits {
        events: 2,
        bytes: u64::MAX,
    }));
    let (removed_sender, removed) = add_to(&group, "removed".into());
    let (sender, handle) = add_to(&group, "stays".into());
    removed_sender.send(progress(1)).unwrap();
    removed_sender.send(progress(2)).unwrap();
    let waits = std::thread::spawn(move || removed_sender.send(progress(3)));
    drop(removed);
    assert!(waits.join().unwrap().is_err());
    sender.try_send(progress(4)).unwrap();
    sender.try_send(progress(5)).unwrap();
    drop(sender);
    assert_eq!(handle.events().count(), 2);
    assert!(group.is_finished());
}

#[test]
fn places_in_a_group_are_used_again() {
    let group = SourceGroup::new(SourceLimits::default());
    let (kept, kept_handle) = group.add("kept");
    for number in 0..100 {
        let (sender, handle) = group.add("comes and goes");
        sender.send(progress(number)).unwrap();
        assert_eq!(handle.try_recv().as_ref().map(bytes_of), Some(number));
        drop((sender, handle));
    }
    assert_eq!(group.0.state.lock().queues.len(), 2);
    kept.send(progress(7)).unwrap();
    assert_eq!(kept_handle.try_recv().as_ref().map(bytes_of), Some(7));
}

#[test]
fn a_sender_learns_that_its_source_is_removed() {
    let (sender, handle) = source_channel("robot", SourceLimits::default());
    let (waker, count) = counter();
    sender.set_cancel_waker(&waker);
    sender.send(progress(1)).unwrap();
    handle.try_recv();
    assert_eq!(count.load(Ordering::Relaxed), 0);
    drop(handle);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    sender.set_cancel_waker(&waker);
    assert_eq!(
        count.load(Ordering::Relaxed),
        2,
        "it is said to those who ask late, too"
    );
}

#[test]
fn a_sender_that_waits_goes_on_when_there_is_room() {
    let (sender, handle) = source_channel(
        "robot",
        SourceLimits {
            events: 8,
            bytes: u64::MAX,
        },
    );
    let sent = std::thread::spawn(move || (0..1_000).try_for_each(|at| sender.send(progress(at))).is_ok());
    let received: Vec<u64> = handle.events().map(|event| bytes_of(&event)).collect();
    assert_eq!(received, (0..1_000).collect::<Vec<_>>());
    assert!(sent.join().unwrap());
}
