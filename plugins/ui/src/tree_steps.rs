//! The selection walks through a tree by keys: from row to row, out to what a row lies in, and rows are opened and shut.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeStep {
    /// The row above.
    Previous,
    /// The row below.
    Next,
    /// To show what lies below the row; the first of that where it is shown.
    Expand,
    /// To shut the row; what it lies in where it is shut.
    Collapse,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// This row is selected.
    To(usize),
    /// The selected row is opened or shut.
    Expanded(bool),
    Nothing,
}

/// How a row stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) level: usize,
    /// Whether it is expanded; `None` if there is nothing below.
    pub(crate) expanded: Option<bool>,
}

/// Goes a step from the selected row; to the first one where none is selected. Cost: the rows between.
pub(crate) fn step<T>(
    rows: &[T],
    selected: Option<usize>,
    step: TreeStep,
    place: impl Fn(&T) -> RowPlace,
) -> Stepped {
    let to = |at: usize| {
        if at < rows.len() {
            Stepped::To(at)
        } else {
            Stepped::Nothing
        }
    };
    let Some((at, row)) = selected.and_then(|at| Some((at, place(rows.get(at)?)))) else {
        return to(0);
    };
    match (step, row.expanded) {
        (TreeStep::Previous, _) => at.checked_sub(1).map_or(Stepped::Nothing, to),
        (TreeStep::Next, _) | (TreeStep::Expand, Some(true)) => to(at + 1),
        (TreeStep::Expand, Some(false)) => Stepped::Expanded(true),
        (TreeStep::Expand, None) => Stepped::Nothing,
        (TreeStep::Collapse, Some(true)) => Stepped::Expanded(false),
        (TreeStep::Collapse, _) => {
            let before = rows.get(..at).unwrap_or(&[]);
            let around = before.iter().rposition(|other| place(other).level < row.level);
            around.map_or(Stepped::Nothing, Stepped::To)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_through_a_tree() {
        let row = |level: usize, expanded: Option<bool>| RowPlace { level, expanded };
        let rows = [
            row(0, Some(true)),
            row(1, Some(false)),
            row(1, Some(true)),
            row(2, None),
            row(0, None),
        ];
        let check = |selected: Option<usize>, by: TreeStep, expected: Stepped| {
            let stepped = step(&rows, selected, by, |row| *row);
            assert_eq!(stepped, expected, "{by:?} from {selected:?}");
        };
        check(None, TreeStep::Next, Stepped::To(0));
        check(Some(0), TreeStep::Previous, Stepped::Nothing);
        check(Some(1), TreeStep::Next, Stepped::To(2));
        check(Some(4), TreeStep::Next, Stepped::Nothing);
        check(Some(1), TreeStep::Expand, Stepped::Expanded(true));
        check(Some(2), TreeStep::Expand, Stepped::To(3));
        check(Some(3), TreeStep::Expand, Stepped::Nothing);
        check(Some(2), TreeStep::Collapse, Stepped::Expanded(false));
        check(Some(3), TreeStep::Collapse, Stepped::To(2));
        check(Some(1), TreeStep::Collapse, Stepped::To(0));
        check(Some(4), TreeStep::Collapse, Stepped::Nothing);
        assert_eq!(
            step::<RowPlace>(&[], None, TreeStep::Next, |row| *row),
            Stepped::Nothing
        );
    }
}
