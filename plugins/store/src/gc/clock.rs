//! The time that a step of a collection has.

use std::time::{Duration, Instant};

/// The clock of a step, and how much is done between two looks at it. A look costs as much as several entries of an index, so there
/// are many of those in between; where they take long, as when memory that was away has to be fetched first, there are fewer.
#[derive(Debug)]
pub(super) struct Clock {
    budget: Duration,
    pub(super) last: Instant,
    /// When the step should end.
    pub(super) until: Instant,
    /// How often the work between two looks was halved.
    pub(super) halved: u32,
}

impl Clock {
    const MOST_HALVED: u32 = 6;

    /// A step that begins now, of which half a budget is planned: what follows the last look counts too, and so does what the
    /// system and the allocator do on the side.
    pub(super) fn new(budget: Duration, halved: u32) -> Self {
        let now = Instant::now();
        Self {
            budget,
            last: now,
            until: now + budget / 2,
            halved,
        }
    }

    /// How much may be done before the next look, where `usual` is what fits into a small part of a step.
    pub(super) fn most(&self, usual: usize) -> usize {
        if self.budget.is_zero() {
            1
        } else {
            (usual >> self.halved).max(1)
        }
    }

    pub(super) fn look(&mut self) -> Instant {
        self.last = Instant::now();
        self.last
    }

    /// Looks at the clock after as much as [`Self::most`] says.
    pub(super) fn look_after_work(&mut self) -> Instant {
        let before = self.last;
        let took = self.look() - before;
        if took > self.budget / 32 && !self.budget.is_zero() {
            self.halved = (self.halved + 2).min(Self::MOST_HALVED);
        } else if took < self.budget / 128 {
            self.halved = self.halved.saturating_sub(1);
        }
        self.last
    }
}
