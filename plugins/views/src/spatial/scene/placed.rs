//! Where the parts of a visual are drawn, and which of them stay when the visual is replaced by another.
//!
//! The visual of a range of times shares its parts with the one before, except at the edges. Parts are told apart by their content, so
//! those that both have are neither written nor put in order again, and a new one takes the place of one that is gone.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::spatial::{lists::ListKey, parts::Part};

/// Where the parts of a visual are drawn, by their position; `None` where one is not drawn.
pub(crate) type Placed = SmallVec<[Option<PlacedPart>; 2]>;

/// Bytes beside the value itself. Where a visual has more than two parts, these are on the heap.
pub(super) fn heap_bytes(placed: &Placed) -> usize {
    if placed.spilled() {
        placed.capacity() * size_of::<Option<PlacedPart>>()
    } else {
        0
    }
}

/// Where a part is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedPart {
    pub(super) list: ListKey,
    /// Tells it from the others of its entity. What takes the place of a part takes over its name.
    pub(super) name: u32,
    /// Grows along the parts of the visual. Another number than the position, so that a range that slides renumbers none.
    pub(crate) rank: i32,
}

/// What becomes of the parts of a visual.
pub(super) struct Plan {
    /// What is to be drawn, by the position of the part; `None` where nothing is.
    pub(super) parts: SmallVec<[Option<PlannedPart>; 2]>,
    /// What is to be removed.
    pub(super) gone: SmallVec<[PlacedPart; 2]>,
}

/// Where a part is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlannedPart {
    pub(super) placed: PlacedPart,
    /// The rank of what is drawn under its name; `None` where nothing is.
    pub(super) rank_before: Option<i32>,
    /// Whether the part itself is drawn there already.
    pub(super) is_kept: bool,
}

/// A visual that is drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub(super) parts: &'a [Part],
    pub(super) placed: &'a [Option<PlacedPart>],
}

impl Drawn<'_> {
    fn part(&self, at: usize) -> Option<(&Part, PlacedPart)> {
        Some((self.parts.get(at)?, *self.placed.get(at)?.as_ref()?))
    }
}

/// Works out what becomes of a visual that is drawn when these parts are to be drawn in its place, each in the list that `list_of`
/// says, if any. Cost: O(parts) for each list.
pub(super) fn plan(drawn: Drawn<'_>, parts: &[Part], list_of: impl Fn(&Part) -> Option<ListKey>) -> Plan {
    let kept = kept_parts(drawn, parts, &list_of);
    let mut left: SmallVec<[Option<PlacedPart>; 2]> = drawn.placed.iter().copied().collect();
    for at in kept.iter().flatten() {
        left[*at] = None;
    }
    let ranks = ranks(drawn, &kept);
    let mut fresh_names = drawn
        .placed
        .iter()
        .flatten()
        .map(|placed| placed.name)
        .max()
        .map_or(0, |name| name + 1)..;
    // By list, up to where its parts that are left were handed on.
    let mut handed_on: SmallVec<[(ListKey, usize); 2]> = SmallVec::new();
    let planned = parts.iter().zip(&kept).zip(ranks).map(|((part, kept), rank)| {
        if let Some((_, placed)) = kept.and_then(|at| drawn.part(at)) {
            return Some(PlannedPart {
                placed: PlacedPart { rank, ..placed },
                rank_before: Some(placed.rank),
                is_kept: true,
            });
        }
        let list = list_of(part)?;
        let known = handed_on.iter().position(|(of, _)| *of == list);
        let known = known.unwrap_or_else(|| {
            handed_on.push((list, 0));
            handed_on.len() - 1
        });
        let next = &mut handed_on[known].1;
        let is_other = |left: &Option<PlacedPart>| left.is_none_or(|placed| placed.list != list);
        while left.get(*next).is_some_and(is_other) {
            *next += 1;
        }
        let taken_over = left.get_mut(*next).and_then(Option::take);
        let name = match taken_over {
            Some(before) => before.name,
            None => fresh_names.next()?,
        };
        Some(PlannedPart {
            placed: PlacedPart { list, name, rank },
            rank_before: taken_over.map(|before| before.rank),
            is_kept: false,
        })
    });
    Plan {
        parts: planned.collect(),
        gone: left.into_iter().flatten().collect(),
    }
}

/// For each part, the position at which it is drawn already, if it is: in the same list, and in the same order.
fn kept_parts(
    drawn: Drawn<'_>,
    parts: &[Part],
    list_of: impl Fn(&Part) -> Option<ListKey>,
) -> SmallVec<[Option<usize>; 2]> {
    let by_address: FxHashMap<usize, usize> = match drawn.parts {
        [] | [_] => FxHashMap::default(),
        many => many
            .iter()
            .enumerate()
            .map(|(at, part)| (part.address(), at))
            .collect(),
    };
    let mut next = 0;
    let kept = parts.iter().map(|part| {
        let at = match drawn.parts {
            [] | [_] => 0,
            _ => *by_address.get(&part.address())?,
        };
        let (before, placed) = drawn.part(at).filter(|_| at >= next)?;
        let is_kept = before.is_clone_of(part) && list_of(part) == Some(placed.list);
        is_kept.then(|| {
            next = at + 1;
            at
        })
    });
    kept.collect()
}

/// The ranks of parts: those that are kept keep theirs, if all others lie before the first or after the last of them.
fn ranks(drawn: Drawn<'_>, kept: &[Option<usize>]) -> impl Iterator<Item = i32> {
    let rank_of = |at: usize| Some((at, drawn.part(kept[at]?)?.1.rank));
    let first = (0..kept.len()).find_map(rank_of);
    let last = (0..kept.len()).rev().find_map(rank_of);
    // The rank of position zero, and that of the last kept one, from which the rest goes on.
    let edges = first
        .zip(last)
        .and_then(|((first, first_rank), (last, last_rank))| {
            let is_whole = kept[first..=last].iter().all(Option::is_some);
            let start = first_rank.checked_sub(i32::try_from(first).ok()?)?;
            last_rank.checked_add(i32::try_from(kept.len() - last).ok()?)?;
            is_whole.then_some((start, first, last, last_rank))
        });
    let ranks: SmallVec<[i32; 2]> = (0..kept.len())
        .map(|at| match edges {
            Some((start, first, ..)) if at < first => start + at as i32,
            Some((.., last, last_rank)) if at > last => last_rank + (at - last) as i32,
            Some(_) => rank_of(at).map_or(0, |(_, rank)| rank),
            None => at as i32,
        })
        .collect();
    ranks.into_iter()
}

#[cfg(test)]
mod tests {
    use chronoscope_render::PointInstance;

    use super::*;

    const LIST: ListKey = ListKey {
        source: 0,
        kind: 0,
        is_translucent: false,
    };

    fn part() -> Part {
        Part::new(vec![PointInstance::new([0.0; 3].into(), 1.0, 0)])
    }

    /// Names, ranks, and whether a part is kept; and the names of what is gone.
    type Outcome = (Vec<(u32, i32, bool)>, Vec<u32>);

    struct Window {
        parts: Vec<Part>,
        placed: Placed,
    }

    impl Window {
        fn show(&mut self, parts: &[Part]) -> Outcome {
            let drawn = Drawn {
                parts: &self.parts,
                placed: &self.placed,
            };
            let plan = plan(drawn, parts, |_| Some(LIST));
            self.parts = parts.to_vec();
            self.placed = plan
                .parts
                .iter()
                .map(|part| part.map(|part| part.placed))
                .collect();
            let planned = plan.parts.iter().flatten();
            (
                planned
                    .map(|part| (part.placed.name, part.placed.rank, part.is_kept))
                    .collect(),
                plan.gone.iter().map(|placed| placed.name).collect(),
            )
        }
    }

    #[test]
    fn a_range_that_slides_writes_what_enters_in_the_place_of_what_leaves() {
        let rows: Vec<Part> = (0..6).map(|_| part()).collect();
        let mut window = Window {
            parts: Vec::new(),
            placed: Placed::new(),
        };
        let none = Vec::new();
        assert_eq!(
            window.show(&rows[..3]),
            (vec![(0, 0, false), (1, 1, false), (2, 2, false)], none.clone())
        );
        assert_eq!(
            window.show(&rows[1..4]),
            (vec![(1, 1, true), (2, 2, true), (0, 3, false)], none.clone()),
            "forwards"
        );
        assert_eq!(
            window.show(&rows[..3]),
            (vec![(0, 0, false), (1, 1, true), (2, 2, true)], none.clone()),
            "backwards"
        );
        assert_eq!(
            window.show(&rows[..5]).0[3..],
            [(3, 3, false), (4, 4, false)],
            "it grows"
        );
        assert_eq!(
            window.show(&rows[3..4]),
            (vec![(3, 3, true)], vec![0, 1, 2, 4]),
            "it shrinks"
        );
    }

    #[test]
    fn parts_that_change_places_are_renumbered() {
        let rows: Vec<Part> = (0..3).map(|_| part()).collect();
        let mut window = Window {
            parts: Vec::new(),
            placed: Placed::new(),
        };
        window.show(&rows);
        let turned: Vec<Part> = rows.iter().rev().cloned().collect();
        let (planned, gone) = window.show(&turned);
        assert!(planned.is_sorted_by_key(|part| part.1), "{planned:?}");
        assert!(planned[0].2, "one of them stays");
        let mut names: Vec<u32> = planned.iter().map(|part| part.0).collect();
        names.sort_unstable();
        assert_eq!((names, gone), (vec![0, 1, 2], vec![]));
        // One comes in between.
        let between = [turned[0].clone(), part(), turned[1].clone()];
        let (planned, _) = window.show(&between);
        assert_eq!(planned.iter().map(|part| part.1).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(
            planned.iter().map(|part| part.2).collect::<Vec<_>>(),
            [true, false, true]
        );
    }

    #[test]
    fn another_visual_takes_over_the_place() {
        let mut window = Window {
            parts: Vec::new(),
            placed: Placed::new(),
        };
        window.show(&[part()]);
        assert_eq!(window.show(&[part()]), (vec![(0, 0, false)], vec![]));
    }
}
