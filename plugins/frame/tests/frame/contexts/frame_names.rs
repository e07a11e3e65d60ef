//! The frames that a view can look from, by their names.

use std::sync::Arc;

use bevy_app::App;
use chronoscope_frame::{Recordings, Transforms};
use chronoscope_types::Points3D;

use super::{between, in_frame, log, seek};
use crate::{new_app, products};

/// Whether a view can look from a frame.
fn has_frame(app: &App, name: &str) -> bool {
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let transforms = app.world().resource::<Transforms>();
    transforms.origin_of_frame(store, &Arc::from(name)).is_some()
}

#[test]
fn a_frame_is_there_only_while_something_names_it() {
    let mut app = new_app();
    log(&mut app, "/house", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/dog", Some(3), &in_frame("kennel"));
    log(&mut app, "/tf", Some(5), &between("base", "tf#/", 1.0));
    log(&mut app, "/tf/arm", Some(7), &between("hand", "wrist", 1.0));
    products(&mut app);
    let from = [("kennel", 3), ("base", 5), ("hand", 7), ("wrist", 7)];
    for time in [0, 3, 5, 7, 5, 3, 0, 7, 0] {
        seek(&mut app, time);
        for (frame, first) in from {
            assert_eq!(has_frame(&app, frame), time >= first, "{frame} at {time}");
        }
    }
}
