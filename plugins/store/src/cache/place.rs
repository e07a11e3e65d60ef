//! Where the rows of a kept answer are, in few bytes.

use smallvec::SmallVec;

use crate::{
    ChunkStore, TimeRange,
    interval_index::Entry,
    latest_at::{Answer, Found, Run},
};

/// Where the row of an answer is, or the rows that it is one of. With its validity it is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    kind: Kind,
    slot: u32,
    /// The row; of a run the number of rows.
    row: u32,
    column: u16,
    time_column: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// There is no row.
    Nothing,
    /// One row.
    Row,
    /// One chunk decides alone: which of its rows is found by their times.
    Run { in_order: bool },
}

impl Place {
    const NOTHING: Self = Self {
        kind: Kind::Nothing,
        slot: 0,
        row: 0,
        column: 0,
        time_column: 0,
    };

    /// The row of an answer that is not provisional. Goes with the answer's validity.
    pub(super) fn of_row(answer: &Answer) -> Self {
        answer.found.map_or(Self::NOTHING, |found| Self {
            kind: Kind::Row,
            slot: found.slot,
            row: found.row,
            // A chunk has fewer columns than this holds.
            column: found.column as u16,
            time_column: 0,
        })
    }

    /// The run of an answer that is not provisional, or its row, and the cursors for which it holds.
    pub(super) fn of_run(answer: &Answer) -> (Self, TimeRange) {
        let Some(Run { range, entry }) = answer.run else {
            return (Self::of_row(answer), answer.validity);
        };
        let place = Self {
            kind: Kind::Run {
                in_order: entry.is_in_order(),
            },
            slot: entry.slot,
            row: entry.rows,
            column: entry.column,
            time_column: entry.time_column(),
        };
        (place, range)
    }

    /// How many rows it leads to.
    pub(super) fn num_rows(&self) -> u32 {
        match self.kind {
            Kind::Nothing => 0,
            Kind::Row => 1,
            Kind::Run { .. } => self.row,
        }
    }

    /// The slot of the chunk.
    pub(super) fn slot(&self) -> Option<u32> {
        (self.kind != Kind::Nothing).then_some(self.slot)
    }

    /// The answer at a time of its validity.
    #[inline]
    pub(super) fn answer(&self, store: &ChunkStore, validity: TimeRange, time: i64) -> Option<Answer> {
        let found = match self.kind {
            Kind::Nothing => None,
            Kind::Row => Some(Found {
                slot: self.slot,
                column: u32::from(self.column),
                row: self.row,
                // An answer that is not provisional holds from its row's time on.
                time: validity.min,
            }),
            Kind::Run { in_order } => {
                let columns = (usize::from(self.column), usize::from(self.time_column));
                let entry = Entry::new(validity, self.slot, self.row, columns, true).with_order(in_order);
                let run = Run {
                    range: validity,
                    entry,
                };
                return store.find_in_run(run, time);
            }
        };
        Some(Answer {
            found,
            validity,
            missing: SmallVec::new(),
            run: None,
        })
    }

    /// The place in two words.
    pub(super) fn to_bits(self) -> [u64; 2] {
        let kind = match self.kind {
            Kind::Nothing => 0,
            Kind::Row => 1,
            Kind::Run { in_order: false } => 2,
            Kind::Run { in_order: true } => 3,
        };
        let columns = u64::from(self.time_column) << 16 | u64::from(self.column);
        [
            u64::from(self.slot) << 32 | u64::from(self.row),
            columns << 8 | kind,
        ]
    }

    /// The place that these two words were made of.
    pub(super) fn from_bits([rows, columns]: [u64; 2]) -> Self {
        let kind = match columns & 0xff {
            0 => Kind::Nothing,
            1 => Kind::Row,
            2 => Kind::Run { in_order: false },
            _ => Kind::Run { in_order: true },
        };
        Self {
            kind,
            slot: (rows >> 32) as u32,
            row: rows as u32,
            column: (columns >> 8) as u16,
            time_column: (columns >> 24) as u16,
        }
    }

    /// A place in which each field says the same number, so that a mixture is seen.
    #[cfg(test)]
    pub(super) fn of_number(number: u16) -> Self {
        Self {
            kind: Kind::Run { in_order: true },
            slot: u32::from(number),
            row: u32::from(number),
            column: number,
            time_column: number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_out_of_their_bits_as_they_went_in() {
        let kinds = [
            Kind::Nothing,
            Kind::Row,
            Kind::Run { in_order: false },
            Kind::Run { in_order: true },
        ];
        for kind in kinds {
            for number in [0, 1, u16::MAX] {
                let place = Place {
                    kind,
                    slot: u32::from(number) * 65_537,
                    row: u32::from(number).wrapping_mul(3),
                    column: number,
                    time_column: !number,
                };
                assert_eq!(Place::from_bits(place.to_bits()), place);
            }
        }
    }
}
