//! Other instances in the place of a visual.

use std::sync::Arc;

use super::{Buffer, Mirror, points};
use crate::instances::{AllUsers, Slot};

#[test]
fn replacing_sends_one_range() {
    let mut buffer = Buffer::default();
    let mut mirror = Mirror::default();
    let slots: Vec<Slot> = (0..10).map(|_| buffer.insert(points(1000, 1)).unwrap()).collect();
    mirror.sync(&buffer);
    assert_eq!(buffer.replace(slots[4], points(1000, 2)).unwrap(), slots[4]);
    assert_eq!(mirror.sync(&buffer), 1000);
}

#[test]
fn what_is_shared_is_replaced_for_one_user_only() {
    let mut buffer = Buffer::default();
    let shared = points(10, 1);
    let slot = buffer.insert(shared.clone()).unwrap();
    buffer.insert(shared.clone()).unwrap();
    let other = buffer.replace(slot, points(10, 2)).unwrap();
    assert_ne!(other, slot);
    assert!(Arc::ptr_eq(buffer.get(slot).unwrap(), &shared));
    assert_eq!(buffer.len(), 20);
    assert!(buffer.remove(slot));
    assert_eq!(buffer.len(), 10);
}

#[test]
fn what_all_users_replace_is_sent_once_in_its_place() {
    let mut buffer = Buffer::default();
    let mut mirror = Mirror::default();
    let before = points(10, 1);
    let slots: Vec<Slot> = (0..3).map(|_| buffer.insert(before.clone()).unwrap()).collect();
    mirror.sync(&buffer);
    let (slot, after) = (slots[0], points(10, 2));
    let all = |number| {
        let address = before.as_ptr().addr();
        Some(AllUsers { number, address })
    };
    // One more user than say so, another number, or somebody else who holds the slice.
    assert!(!buffer.overwrite_in_place(slot, after.clone(), None));
    assert!(!buffer.overwrite_in_place(slot, after.clone(), all(2)));
    assert!(!buffer.overwrite_in_place(slot, points(9, 2), all(3)));
    let held = before.clone();
    assert!(!buffer.overwrite_in_place(slot, after.clone(), all(3)));
    drop(held);
    assert!(Arc::ptr_eq(buffer.get(slot).unwrap(), &before));
    assert!(buffer.overwrite_in_place(slot, after.clone(), all(3)));
    // One who shows something else from now on leaves the others what they have there.
    assert!(!buffer.overwrite_in_place(slot, points(10, 3), all(3)));
    for _ in 0..2 {
        assert!(buffer.overwrite_in_place(slot, after.clone(), all(3)));
    }
    assert_eq!(mirror.sync(&buffer), 10);
    assert!(Arc::ptr_eq(buffer.get(slot).unwrap(), &after));
    // The users are as many as before.
    assert_eq!([slot; 3].map(|slot| buffer.remove(slot)), [false, false, true]);
    assert!(buffer.is_empty());
}

#[test]
fn what_was_put_in_a_place_is_found_there() {
    let mut buffer = Buffer::default();
    let [one, two] = [1, 2].map(|color| buffer.insert(points(10, color)).unwrap());
    let (first, second) = (points(10, 3), points(10, 4));
    assert!(buffer.overwrite_in_place(one, first.clone(), None));
    assert!(buffer.overwrite_in_place(one, second.clone(), None));
    assert_eq!(buffer.insert(second.clone()).unwrap(), one, "it is stored once");
    assert!(!buffer.overwrite_in_place(two, second.clone(), None));
    assert_eq!(buffer.visual_count(), 2);
    // What is gone is not found any more.
    assert!(!buffer.remove(one));
    assert!(buffer.overwrite_in_place(one, first.clone(), None));
    assert!(buffer.remove(one));
    assert_ne!(buffer.insert(second).unwrap(), two);
    assert_eq!((buffer.visual_count(), buffer.len()), (2, 20));
}

#[test]
fn a_slice_that_is_handed_over_for_good_is_stored_once() {
    let mut buffer = Buffer::default();
    let shared = points(10, 1);
    let one = buffer.insert(shared.clone()).unwrap();
    let two = buffer.insert(points(10, 2)).unwrap();
    // From here on the buffer alone holds it.
    assert_eq!(buffer.replace(two, shared).unwrap(), one);
    assert_eq!((buffer.visual_count(), buffer.len()), (1, 10));
    // By itself it is replaced as well.
    let shared = buffer.get(one).unwrap().clone();
    assert_eq!(buffer.replace(one, shared).unwrap(), one);
    assert_eq!([one; 2].map(|slot| buffer.remove(slot)), [false, true]);
}
