//! Which entities a moving cursor leaves behind, found without a look at the others.

use std::{cmp::Ordering, cmp::Reverse, collections::BinaryHeap};

use chronoscope_store::{EntityId, TimeRange};

/// The ends and the beginnings of validities, the nearest on top. What an entity had before its last look-up
/// stays until it comes to the top, or [`Edges::shrink`] makes all anew.
#[derive(Debug, Default)]
pub(super) struct Edges {
    ends: BinaryHeap<Edge<Reverse<i64>>>,
    begins: BinaryHeap<Edge<i64>>,
}

/// An edge of an entity's validity. Ordered by time alone: edges at one time need no order.
#[derive(Clone, Copy, Debug)]
struct Edge<T> {
    time: T,
    entity: EntityId,
}

impl<T: Ord> Ord for Edge<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

impl<T: Ord> PartialOrd for Edge<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Edge<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Edge<T> {}

impl Edges {
    /// Calls `visit` with what a cursor leaves behind that moved to a time: the entity, and whether its
    /// validity has the edge. Forgets these edges.
    ///
    /// Cost: O(k log n) for k of n edges, and no more than O(n).
    pub(super) fn pass(&mut self, time: i64, mut visit: impl FnMut(EntityId, &dyn Fn(TimeRange) -> bool)) {
        // Moved forward, validities that ended before the cursor have ended; moved back, those that begin
        // behind it.
        take_while(
            &mut self.ends,
            |end| end.0 < time,
            |edge| {
                visit(edge.entity, &|validity| validity.max == edge.time.0);
            },
        );
        take_while(
            &mut self.begins,
            |begin| begin > time,
            |edge| {
                visit(edge.entity, &|validity| validity.min == edge.time);
            },
        );
    }

    /// Takes the edges that a cursor can leave behind.
    pub(super) fn extend(&mut self, validities: impl Iterator<Item = (EntityId, TimeRange)> + Clone) {
        self.ends.extend(ends_of(validities.clone()));
        self.begins.extend(begins_of(validities));
    }

    /// Makes all anew where most of it is out of date, so that it takes no more than twice the room that it
    /// needs.
    pub(super) fn shrink<V: Iterator<Item = (EntityId, TimeRange)>>(
        &mut self,
        entities: usize,
        validities: impl Fn() -> V,
    ) {
        let most = 2 * entities + 64;
        if self.ends.len() > most {
            self.ends = ends_of(validities()).collect();
        }
        if self.begins.len() > most {
            self.begins = begins_of(validities()).collect();
        }
    }

    /// The heap bytes that they take.
    pub(super) fn heap_bytes(&self) -> usize {
        (self.ends.capacity() + self.begins.capacity()) * size_of::<Edge<i64>>()
    }

    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.begins.clear();
    }
}

fn ends_of(
    validities: impl Iterator<Item = (EntityId, TimeRange)>,
) -> impl Iterator<Item = Edge<Reverse<i64>>> {
    validities
        .filter(|(_, validity)| validity.max != i64::MAX)
        .map(|(entity, validity)| Edge {
            time: Reverse(validity.max),
            entity,
        })
}

fn begins_of(validities: impl Iterator<Item = (EntityId, TimeRange)>) -> impl Iterator<Item = Edge<i64>> {
    validities
        // The least time is reserved.
        .filter(|(_, validity)| validity.min > i64::MIN + 1)
        .map(|(entity, validity)| Edge {
            time: validity.min,
            entity,
        })
}

/// Takes the edges from the top that are past, one by one; where that are many, all at once.
fn take_while<T: Ord + Copy>(
    heap: &mut BinaryHeap<Edge<T>>,
    is_past: impl Fn(T) -> bool,
    mut visit: impl FnMut(Edge<T>),
) {
    let many = heap.len() / 8;
    let mut taken = 0;
    while heap.peek().is_some_and(|edge| is_past(edge.time)) {
        if taken > many {
            let mut edges = std::mem::take(heap).into_vec();
            edges.retain(|edge| {
                let goes = is_past(edge.time);
                if goes {
                    visit(*edge);
                }
                !goes
            });
            *heap = edges.into();
            return;
        }
        taken += 1;
        if let Some(edge) = heap.pop() {
            visit(edge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_passes_each_edge_once_however_far_it_goes() {
        let validity = |at: usize| TimeRange::new(at as i64 * 10, at as i64 * 10 + 9);
        for step in [1, 40, 5_000] {
            let mut edges = Edges::default();
            edges.extend((0..500).map(|at| (EntityId::from_index(at), validity(at))));
            let mut passed = Vec::new();
            for time in (0..=5_000).step_by(step) {
                edges.pass(time, |entity, is_edge| {
                    if time > validity(entity.index()).max {
                        assert!(is_edge(validity(entity.index())));
                        passed.push(entity.index());
                    }
                });
            }
            passed.sort_unstable();
            assert_eq!(passed, (0..500).collect::<Vec<_>>(), "in steps of {step}");
        }
    }
}
