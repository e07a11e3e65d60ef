//! The order in which a view draws: by draw order, path, visualizer and part, whatever came first.

use std::{cmp::Ordering, collections::BTreeMap};

use chronoscope_frame::Space;
use chronoscope_store::EntityPath;

use super::{lists::ListKey, sources::SourceId};

/// What a part is ordered by.
#[derive(Clone, Debug)]
pub(crate) struct OrderOfPart {
    /// What is greater lies in front. Equal everywhere in 3D, where depth decides.
    pub(crate) draw_order: f32,
    pub(crate) path: EntityPath,
    pub(crate) source: SourceId,
    /// Grows along the parts of a visual. See [`PlacedPart::rank`](super::scene::PlacedPart::rank).
    pub(crate) rank: i32,
}

impl PartialEq for OrderOfPart {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for OrderOfPart {}

impl PartialOrd for OrderOfPart {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderOfPart {
    fn cmp(&self, other: &Self) -> Ordering {
        self.draw_order
            .total_cmp(&other.draw_order)
            .then_with(|| self.path.cmp(&other.path))
            .then_with(|| (self.source, self.rank).cmp(&(other.source, other.rank)))
    }
}

/// A part within the list that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) list: ListKey,
    pub(crate) segment: u64,
}

/// Parts of one list that are drawn one after the other, with nothing of another list in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) list: ListKey,
    /// Position of its first part among all that the view draws in order: greater is drawn later.
    pub(crate) index: u32,
    pub(crate) segments: Vec<u64>,
}

/// The parts that a view draws, in order.
pub(crate) struct DrawOrder {
    space: Space,
    parts: BTreeMap<OrderOfPart, Segment>,
    is_changed: bool,
    #[cfg(test)]
    num_rebuilt: usize,
}

impl DrawOrder {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            space,
            parts: BTreeMap::new(),
            is_changed: false,
            #[cfg(test)]
            num_rebuilt: 0,
        }
    }

    /// How many times the runs were made.
    #[cfg(test)]
    pub(crate) fn num_rebuilt(&self) -> usize {
        self.num_rebuilt
    }

    /// Whether the parts of a list are drawn in order. In space depth decides, except among instances that are translucent.
    fn is_ordered(&self, list: &ListKey) -> bool {
        self.space == Space::Two || list.is_translucent
    }

    pub(crate) fn insert(&mut self, order: OrderOfPart, segment: Segment) {
        let before = self.parts.insert(order, segment);
        if before != Some(segment) {
            self.set_changed(&segment.list);
            if let Some(before) = before {
                self.set_changed(&before.list);
            }
        }
    }

    pub(crate) fn remove(&mut self, order: &OrderOfPart) {
        if let Some(before) = self.parts.remove(order) {
            self.set_changed(&before.list);
        }
    }

    /// The bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.len() * size_of::<(OrderOfPart, Segment)>()
    }

    /// All parts in the order in which they are drawn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OrderOfPart, &Segment)> {
        self.parts.iter()
    }

    /// Notes that a part came into a list or left it. No matter where no order is kept.
    fn set_changed(&mut self, list: &ListKey) {
        self.is_changed |= self.is_ordered(list);
    }

    /// The runs of what is drawn in order, if they may have changed since the last call. Cost: O(parts) where they did.
    pub(crate) fn take_changed_runs(&mut self) -> Option<Vec<Run>> {
        if !std::mem::take(&mut self.is_changed) {
            return None;
        }
        #[cfg(test)]
        {
            self.num_rebuilt += 1;
        }
        Some(self.runs())
    }

    /// The runs in the order in which they are drawn.
    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let ordered = self.parts.values().filter(|part| self.is_ordered(&part.list));
        for (index, Segment { list, segment }) in ordered.enumerate() {
            match runs.last_mut() {
                Some(run) if run.list == *list => run.segments.push(*segment),
                _ => runs.push(Run {
                    list: *list,
                    index: index as u32,
                    segments: vec![*segment],
                }),
            }
        }
        runs
    }
}

/// Decides which of two entities at the same depth is seen in 3D. The same in every process.
pub(crate) fn depth_tie(path: &EntityPath) -> u8 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(path.as_str().as_bytes());
    (hasher.finish() >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: u16) -> ListKey {
        ListKey {
            source: 0,
            kind,
            is_translucent: true,
        }
    }

    #[test]
    fn what_lies_between_splits_a_run() {
        let mut order = DrawOrder::new(Space::Three);
        let mut insert = |path: &str, draw_order: f32, kind: u16, segment: u64| {
            let place = OrderOfPart {
                draw_order,
                path: path.into(),
                source: 0,
                rank: 0,
            };
            let list = list(kind);
            order.insert(place, Segment { list, segment });
        };
        insert("/c", 1.0, 0, 3);
        insert("/a", 1.0, 0, 1);
        insert("/b", 1.0, 1, 2);
        insert("/d", 1.0, 0, 4);
        insert("/z", -1.0, 0, 0);
        let runs: Vec<(u16, u32, Vec<u64>)> = order
            .take_changed_runs()
            .into_iter()
            .flatten()
            .map(|run| (run.list.kind, run.index, run.segments))
            .collect();
        assert_eq!(
            runs,
            [(0, 0, vec![0, 1]), (1, 2, vec![2]), (0, 3, vec![3, 4])],
            "by draw order, then by path"
        );
        assert_eq!(order.take_changed_runs(), None);
    }
}
