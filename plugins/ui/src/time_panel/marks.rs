//! From counts by bucket to marks on the axis.

/// A mark: the buckets from `begin` to before `end`, and the most that one of them holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) most: u32,
}

/// Joins buckets that lie side by side, or with no more than one empty bucket between them: marks of their
/// own would touch there.
///
/// Marks with an empty bucket between them stay apart only if the whole run does, so that rows at regular
/// intervals do not switch between single marks and one bar.
pub(super) fn marks(counts: &[u32]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    // The first mark of the run, and whether two buckets in it lie side by side.
    let (mut first, mut any_side_by_side) = (0, false);
    let join = |marks: &mut Vec<Mark>, first: usize, any_side_by_side: bool| {
        if any_side_by_side
            && let (Some(begin), Some(last)) = (marks.get(first).map(|mark| mark.begin), marks.last())
        {
            let most = marks.iter().skip(first).map(|mark| mark.most).max().unwrap_or(0);
            let joined = Mark {
                begin,
                end: last.end,
                most,
            };
            marks.truncate(first);
            marks.push(joined);
        }
    };
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        match marks.last() {
            Some(last) if at <= last.end + 1 => any_side_by_side |= at == last.end,
            _ => {
                join(&mut marks, first, any_side_by_side);
                (first, any_side_by_side) = (marks.len(), false);
            }
        }
        marks.push(Mark {
            begin: at,
            end: at + 1,
            most: *count,
        });
    }
    join(&mut marks, first, any_side_by_side);
    marks
}

/// The mean count of a run of buckets, if the counts are even: of rows logged at regular intervals some
/// buckets have one time more than others, depending on where they begin.
pub(super) fn even(counts: &[u32]) -> Option<f64> {
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    if most - least > *least.max(&1) {
        return None;
    }
    let jitter = f64::from(most - least).max(1.0);
    let mean = counts.iter().copied().map(f64::from).sum::<f64>() / counts.len() as f64;
    let mut sums = counts.iter().scan(0.0, |sum, count| {
        *sum += f64::from(*count) - mean;
        Some(*sum)
    });
    // One time more or less, and no more than that up to any bucket: else there is more in one part than in
    // another.
    sums.all(|sum| sum.abs() <= 1.01 * jitter).then_some(mean)
}

/// The count of a bucket; the mean of the buckets around it if those are even.
pub(super) fn evened(counts: &[u32], at: usize) -> f64 {
    let around = counts
        .get(at.saturating_sub(8)..(at + 9).min(counts.len()))
        .unwrap_or_default();
    even(around).unwrap_or_else(|| f64::from(counts.get(at).copied().unwrap_or(0)))
}

/// The runs of buckets that are set.
pub(super) fn runs(set: &[bool]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in set.iter().enumerate().filter(|(_, is_set)| **is_set) {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The height of a bar, as a share of the row's: more where more was logged, but not in proportion, so that
/// one event is still seen.
pub(super) fn bar_height(count: f64, most: u32) -> f32 {
    let share = (count + 1.0).ln() / (f64::from(most.max(1)) + 1.0).ln();
    (0.35 + 0.65 * share as f32).clamp(0.35, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_are_joined() {
        assert_eq!(marks(&[]), []);
        assert_eq!(marks(&[0, 0]), []);
        assert_eq!(
            marks(&[1, 0, 0, 2, 5, 0, 1, 0, 0, 1]),
            [
                Mark {
                    begin: 0,
                    end: 1,
                    most: 1
                },
                Mark {
                    begin: 3,
                    end: 7,
                    most: 5
                },
                Mark {
                    begin: 9,
                    end: 10,
                    most: 1
                }
            ]
        );
    }

    #[test]
    fn even_distances_look_even() {
        for thirds in 3..20_usize {
            let mut counts = vec![0; 300];
            (0..)
                .map(|event| event * thirds / 3)
                .take_while(|at| *at < 300)
                .for_each(|at| counts[at] += 1);
            let marks = marks(&counts);
            let widths: Vec<usize> = marks.iter().map(|mark| mark.end - mark.begin).collect();
            assert!(
                widths.len() == 1 || widths.iter().all(|width| *width == 1),
                "{thirds}: {widths:?}"
            );
        }
        for thirds in 1..6_usize {
            let mut counts = vec![0; 100];
            (0..)
                .map(|event| event * thirds / 3)
                .take_while(|at| *at < 100)
                .for_each(|at| counts[at] += 1);
            let mark = marks(&counts)[0];
            let mean = even(&counts[mark.begin..mark.end]);
            assert!(
                mean.is_some_and(|mean| (mean - 3.0 / thirds as f64).abs() < 0.1),
                "{thirds}: {mean:?}"
            );
        }
        assert!(even(&[1, 1, 9, 1]).is_none());
        assert!(
            even(&[50, 50, 50, 50, 100, 100, 100, 100]).is_none(),
            "twice as much in one half is to be seen"
        );
        assert!((evened(&[1, 1, 9, 1], 2) - 9.0).abs() < 1e-9, "a peak stays one");
    }

    #[test]
    fn runs_of_buckets() {
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[true, true, false, true, false]), [0..2, 3..4]);
    }

    #[test]
    fn heights_grow_with_counts() {
        assert!(bar_height(1.0, 1_000) > 0.3);
        assert!(bar_height(1.0, 1_000) < bar_height(10.0, 1_000));
        assert!((bar_height(7.0, 7) - 1.0).abs() < 1e-6);
    }
}
