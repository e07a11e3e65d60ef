//! The time that a step of a collection has.

use std::time::{Duration, Instant};

/// How many items a collection works on before it looks at the clock again: see [`GcReport::max_items_between_looks`](crate::GcReport::max_items_between_looks).
pub const MAX_ITEMS_BETWEEN_LOOKS: usize = 256;

/// The clock of a step. A look at it costs as much as several items, so there are some of those between two looks.
#[derive(Debug)]
pub(super) struct Clock {
    begin: Instant,
    budget: Duration,
    items: usize,
    max_items: usize,
    is_late: bool,
}

impl Clock {
    /// A step that begins now.
    pub(super) fn new(budget: Duration) -> Self {
        Self {
            begin: Instant::now(),
            budget,
            items: 0,
            max_items: 0,
            is_late: false,
        }
    }

    /// Counts items that were worked on. Looks at the clock once they are enough; with no time at all, that is after the first.
    pub(super) fn did(&mut self, items: usize) {
        self.items += items;
        self.max_items = self.max_items.max(self.items);
        if self.items >= MAX_ITEMS_BETWEEN_LOOKS || self.budget.is_zero() {
            self.items = 0;
            self.is_late |= self.elapsed() >= self.budget;
        }
    }

    /// Whether there was time left at the last look.
    pub(super) fn has_time(&self) -> bool {
        !self.is_late
    }

    pub(super) fn max_items_between_looks(&self) -> usize {
        self.max_items
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}
