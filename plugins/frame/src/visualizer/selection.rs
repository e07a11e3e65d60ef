//! Parts of components that the blueprint selects: the columns that were made of them, and what is wrong.

use std::sync::{Mutex, OnceLock, PoisonError};

use chronoscope_store::{MappedColumns, RangeResult};
use chronoscope_types::{Selector, SelectorError};
use smallvec::SmallVec;

/// A selector, or why it cannot be read.
pub(crate) type ParsedSelector = Result<Selector, SelectorError>;

/// What making a visual leaves behind of the selections that it read.
#[derive(Debug, Default)]
pub(super) struct Selections {
    columns: Mutex<SelectedColumns>,
    /// What was wrong first.
    problem: OnceLock<String>,
}

/// Columns of selected parts, by the visualizer's component. They are kept beside the visual that was made
/// from them, so that the next one selects from new chunks alone.
#[derive(Debug, Default)]
pub(super) struct SelectedColumns {
    by_component: SmallVec<[(Box<str>, MappedColumns<SelectorError>); 1]>,
}

impl Selections {
    /// To go on from columns that were made before, with the same selectors.
    pub(super) fn new(columns: SelectedColumns) -> Self {
        Self {
            columns: Mutex::new(columns),
            problem: OnceLock::new(),
        }
    }

    pub(super) fn into_columns(self) -> SelectedColumns {
        self.columns.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was wrong first.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.get().map(String::as_str)
    }

    /// Notes why a part of a visualizer's component cannot be taken.
    pub(super) fn note(&self, component: &str, error: &SelectorError) {
        self.problem.get_or_init(|| problem(component, error));
    }

    /// The selected part of an answer, without the rows of which nothing can be selected: why that is so is
    /// noted.
    pub(super) fn select(
        &self,
        component: &str,
        selector: &ParsedSelector,
        answer: &RangeResult,
    ) -> RangeResult {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut columns.by_component;
        let at = known.iter().position(|(name, _)| **name == *component);
        let at = at.unwrap_or_else(|| {
            known.push((component.into(), MappedColumns::default()));
            known.len() - 1
        });
        let (selected, error) = answer.map_columns(&mut known[at].1, |lists| match selector {
            Ok(selector) => selector.select_column(lists),
            Err(error) => Err(error.clone()),
        });
        if let Some(error) = error {
            self.note(component, &error);
        }
        selected
    }
}

impl SelectedColumns {
    pub(super) fn is_empty(&self) -> bool {
        self.by_component.is_empty()
    }

    /// The bytes that they take beside the chunks that they were made from.
    pub(super) fn heap_bytes(&self) -> u64 {
        let columns = self.by_component.iter().map(|(_, columns)| columns.heap_bytes());
        columns.sum::<usize>() as u64
    }
}

/// Why a part of a visualizer's component cannot be taken, for the user.
pub(super) fn problem(component: &str, error: &SelectorError) -> String {
    format!("{component} cannot be taken: {error}")
}
