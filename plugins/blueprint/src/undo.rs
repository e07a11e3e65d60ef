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
    /// The blueprint time to write the rows at.
    pub time: i64,
    /// Rows after this blueprint time can no longer be redone, and are to be dropped first: see
    /// [`drop_rows_after`](crate::drop_rows_after).
    pub drop_after: Option<i64>,
}

/// The undo points of an active blueprint, and where between them it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoState {
    /// Times at which the blueprint was complete: the ground that undo cannot go below, then the end of each gesture.
    points: VecDeque<i64>,
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
            points: VecDeque::from([newest.max(-1)]),
            cursor: None,
            open: None,
            max_points: max_gestures.max(1).saturating_add(1),
        }
    }

    /// The blueprint time to read at. `i64::MAX` unless something is undone.
    pub fn query_time(&self) -> i64 {
        self.cursor
            .and_then(|at| self.points.get(at))
            .copied()
            .unwrap_or(i64::MAX)
    }

    /// Begins an edit, or goes on with one: edits of the same gesture, one after the other, make one undo point.
    pub fn edit(&mut self, gesture: Option<Gesture>) -> Edit {
        let drop_after = self.cursor.take().and_then(|at| {
            self.points.truncate(at + 1);
            self.open = None;
            self.points.back().copied()
        });
        // The last time is kept for reading, so that even there an edit is seen.
        let newest = self.newest();
        let time = newest.saturating_add(1).min(i64::MAX - 1);
        let goes_on = gesture.is_some() && gesture == self.open;
        match self.points.back_mut().filter(|_| goes_on) {
            Some(last) => *last = time,
            None => self.points.push_back(time),
        }
        if self.points.len() > self.max_points {
            self.points.pop_front();
        }
        self.open = gesture;
        Edit { time, drop_after }
    }

    /// Ends the gesture that goes on: the next edit makes an undo point of its own, whatever its gesture.
    pub fn end_gesture(&mut self) {
        self.open = None;
    }

    /// Rows of a blueprint arrived that nobody edited here. They are the new ground: what was edited before cannot be
    /// undone any more, since that would undo them too.
    pub fn incoming(&mut self, newest: i64) {
        *self = Self {
            points: VecDeque::from([newest.max(self.newest())]),
            cursor: None,
            open: None,
            max_points: self.max_points,
        };
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.shown() > 0
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        self.cursor.is_some()
    }

    /// How many gestures can be undone from here.
    pub fn undo_steps(&self) -> usize {
        self.shown()
    }

    /// How many gestures can be redone from here.
    pub fn redo_steps(&self) -> usize {
        self.points.len() - 1 - self.shown()
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

    /// The index of the point that is shown. There is always at least one point.
    fn shown(&self) -> usize {
        self.cursor.unwrap_or(self.points.len().saturating_sub(1))
    }

    fn newest(&self) -> i64 {
        self.points.back().copied().unwrap_or(-1)
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
            undo.edit(None),
            Edit {
                time: 1,
                drop_after: None
            }
        );
        assert_eq!(undo.edit(None).time, 2);
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
            let _ = undo.edit(None);
        }
        undo.undo();
        undo.undo();
        assert_eq!(undo.query_time(), 0);
        assert_eq!(
            undo.edit(None),
            Edit {
                time: 1,
                drop_after: Some(0)
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
        for time in 1..=5 {
            assert_eq!(undo.edit(drag).time, time);
        }
        assert_eq!(undo.undo_steps(), 1);
        undo.end_gesture();
        assert_eq!(undo.edit(drag).time, 6);
        assert_eq!(undo.undo_steps(), 2);
        assert_eq!(undo.edit(Some(Gesture(2))).time, 7);
        assert_eq!(undo.edit(drag).time, 8);
        assert_eq!(undo.undo_steps(), 4);
        undo.undo();
        assert_eq!(
            undo.edit(drag),
            Edit {
                time: 8,
                drop_after: Some(7)
            }
        );
    }

    #[test]
    fn incoming_rows_are_ground_and_points_are_few() {
        let mut undo = UndoState::with_max_gestures(0, 3);
        for _ in 0..10 {
            let _ = undo.edit(None);
        }
        assert_eq!(undo.undo_steps(), 3);
        undo.undo();
        undo.incoming(4);
        assert_eq!(
            (undo.can_undo(), undo.can_redo(), undo.query_time()),
            (false, false, i64::MAX)
        );
        assert_eq!(undo.edit(None).time, 11);
        undo.incoming(i64::MAX);
        assert_eq!(undo.edit(None).time, i64::MAX - 1);
    }
}
