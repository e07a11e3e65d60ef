//! Undo and redo: a cursor into the time of the blueprint.
//!
//! A blueprint is edited by rows at later and later times of its timeline. Undo moves the time at which it is read, back to
//! where a gesture ended; redo moves it forward. An edit after an undo drops what lies after the cursor, for good.

use std::collections::VecDeque;

/// Which gesture an edit belongs to. Edits of one gesture, such as a drag of a slider, are undone together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gesture(pub u64);

/// What an edit has to do before and while it writes its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the rows are to be written at this time"]
pub struct Edit {
    /// The blueprint time to write the rows at. The same for all samples of a gesture.
    pub time: i64,
    /// Rows after this blueprint time can no longer be redone, and are to be dropped first: see
    /// [`drop_rows_after`](crate::drop_rows_after).
    pub drop_after: Option<i64>,
}

/// A time at which the blueprint was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UndoPoint {
    time: i64,
    /// What was done since the point before.
    name: &'static str,
}

/// The undo points of an active blueprint, and where between them it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoState {
    /// The ground that undo cannot go below, then the end of each gesture.
    points: VecDeque<UndoPoint>,
    /// The index of the point that is shown, while it is not the last.
    cursor: Option<usize>,
    /// The gesture whose end is the last point, while it goes on.
    open: Option<Gesture>,
    max_points: usize,
}

impl UndoState {
    /// How many gestures can be undone unless told otherwise.
    pub const DEFAULT_MAX_GESTURES: usize = 200;

    /// No edits yet, on a blueprint whose newest row lies at this blueprint time (any negative one where there is no row).
    pub fn new(newest: i64) -> Self {
        Self::with_max_gestures(newest, Self::DEFAULT_MAX_GESTURES)
    }

    /// As [`Self::new`]; of more gestures than these the oldest cannot be undone. At least one can.
    pub fn with_max_gestures(newest: i64, max_gestures: usize) -> Self {
        Self {
            points: VecDeque::from([UndoPoint {
                time: newest.max(0),
                name: "",
            }]),
            cursor: None,
            open: None,
            max_points: max_gestures.max(1).saturating_add(1),
        }
    }

    /// The blueprint time to read at. `i64::MAX` unless something is undone.
    pub fn query_time(&self) -> i64 {
        self.cursor
            .and_then(|at| self.points.get(at))
            .map_or(i64::MAX, |point| point.time)
    }

    /// Begins an edit of this name, or goes on with one: edits of the same gesture, one after the other, make one undo point.
    pub fn edit(&mut self, gesture: Option<Gesture>, name: &'static str) -> Edit {
        let drop_after = self.cursor.take().map(|at| {
            self.points.truncate(at + 1);
            self.open = None;
            self.newest()
        });
        if gesture.is_none() || gesture != self.open {
            // The last time is kept for reading, so that even there an edit is seen.
            let time = self.newest().saturating_add(1).min(i64::MAX - 1);
            self.points.push_back(UndoPoint { time, name });
        }
        if self.points.len() > self.max_points {
            self.points.pop_front();
        }
        self.open = gesture;
        Edit {
            time: self.newest(),
            drop_after,
        }
    }

    /// Ends the gesture that goes on: the next edit makes an undo point of its own, whatever its gesture.
    pub fn end_gesture(&mut self) {
        self.open = None;
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.shown() > 0
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        self.cursor.is_some()
    }

    /// What an undo takes back: "hide view".
    pub fn undo_name(&self) -> Option<&'static str> {
        self.can_undo()
            .then(|| self.points.get(self.shown()).map(|point| point.name))?
    }

    /// What a redo does again.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.points.get(self.cursor? + 1).map(|point| point.name)
    }

    /// How many gestures can be undone from here.
    pub fn undo_steps(&self) -> usize {
        self.shown()
    }

    /// How many gestures can be redone from here.
    pub fn redo_steps(&self) -> usize {
        self.points.len() - 1 - self.shown()
    }

    /// What was done, oldest first, what can be redone included.
    pub fn step_names(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.points.iter().skip(1).map(|point| point.name)
    }

    /// Goes to where the first so many gestures are done and the others are not; to the last where there are fewer.
    pub fn go_to(&mut self, num_steps: usize) {
        self.open = None;
        self.cursor = (num_steps + 1 < self.points.len()).then_some(num_steps);
    }

    /// Goes back by a gesture. Returns whether there was one.
    pub fn undo(&mut self) -> bool {
        self.open = None;
        let shown = self.shown();
        if shown == 0 {
            return false;
        }
        self.cursor = Some(shown - 1);
        true
    }

    /// Goes forward by a gesture. Returns whether there was one.
    pub fn redo(&mut self) -> bool {
        self.open = None;
        let Some(at) = self.cursor else { return false };
        self.cursor = (at + 2 < self.points.len()).then_some(at + 1);
        true
    }

    /// The earliest blueprint time that can be read.
    pub(crate) fn ground(&self) -> i64 {
        self.points.front().map_or(0, |point| point.time)
    }

    /// The blueprint time of the last edit.
    pub(crate) fn newest(&self) -> i64 {
        self.points.back().map_or(0, |point| point.time)
    }

    /// The blueprint times that can be read, sorted.
    pub(crate) fn points(&self) -> Vec<i64> {
        self.points.iter().map(|point| point.time).collect()
    }

    /// The index of the point that is shown. There is always at least one point.
    fn shown(&self) -> usize {
        self.cursor.unwrap_or(self.points.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_and_redo_move_between_gestures() {
        let mut undo = UndoState::new(0);
        assert_eq!(
            (undo.query_time(), undo.can_undo(), undo.can_redo()),
            (i64::MAX, false, false)
        );
        assert!(!undo.undo() && !undo.redo());
        assert_eq!(
            undo.edit(None, ""),
            Edit {
                time: 1,
                drop_after: None
            }
        );
        assert_eq!(undo.edit(None, "").time, 2);
        assert_eq!(undo.undo_steps(), 2);
        assert!(undo.undo());
        assert_eq!(undo.query_time(), 1);
        assert!(undo.undo());
        assert_eq!(
            (undo.query_time(), undo.undo_steps(), undo.redo_steps()),
            (0, 0, 2)
        );
        assert!(!undo.undo());
        assert!(undo.redo());
        assert_eq!(undo.query_time(), 1);
        assert!(undo.redo());
        assert_eq!((undo.query_time(), undo.can_redo()), (i64::MAX, false));
    }

    #[test]
    fn an_edit_after_an_undo_drops_what_could_be_redone() {
        let mut undo = UndoState::new(-7);
        for _ in 0..3 {
            let _ = undo.edit(None, "");
        }
        undo.undo();
        undo.undo();
        assert_eq!(undo.query_time(), 1);
        assert_eq!(
            undo.edit(None, ""),
            Edit {
                time: 2,
                drop_after: Some(1)
            }
        );
        assert_eq!(
            (undo.query_time(), undo.redo_steps(), undo.undo_steps()),
            (i64::MAX, 0, 2)
        );
    }

    #[test]
    fn a_gesture_is_one_step() {
        let mut undo = UndoState::new(0);
        let drag = Some(Gesture(1));
        for _ in 1..=5 {
            assert_eq!(undo.edit(drag, "").time, 1);
        }
        assert_eq!(undo.undo_steps(), 1);
        undo.end_gesture();
        assert_eq!(undo.edit(drag, "").time, 2);
        assert_eq!(undo.undo_steps(), 2);
        assert_eq!(undo.edit(Some(Gesture(2)), "").time, 3);
        assert_eq!(undo.edit(drag, "").time, 4);
        assert_eq!(undo.undo_steps(), 4);
        undo.undo();
        assert_eq!(
            undo.edit(drag, ""),
            Edit {
                time: 4,
                drop_after: Some(3)
            }
        );
    }

    #[test]
    fn steps_have_names_and_are_few() {
        let mut undo = UndoState::with_max_gestures(0, 3);
        for name in ["a", "b", "c", "d"] {
            let _ = undo.edit(None, name);
        }
        assert_eq!(
            (undo.undo_steps(), undo.undo_name(), undo.redo_name()),
            (3, Some("d"), None)
        );
        undo.undo();
        assert_eq!((undo.undo_name(), undo.redo_name()), (Some("c"), Some("d")));
        undo.undo();
        undo.undo();
        assert_eq!((undo.undo_name(), undo.redo_name()), (None, Some("b")));
        assert_eq!(undo.step_names().collect::<Vec<_>>(), ["b", "c", "d"]);
        undo.go_to(2);
        assert_eq!((undo.undo_name(), undo.redo_name()), (Some("c"), Some("d")));
        undo.go_to(3);
        assert_eq!((undo.undo_name(), undo.redo_name()), (Some("d"), None));
        undo.go_to(0);
        assert_eq!((undo.undo_steps(), undo.redo_steps()), (0, 3));
        let mut undo = UndoState::new(i64::MAX);
        assert_eq!(undo.edit(None, "a").time, i64::MAX - 1);
    }
}
