//! Views and containers in windows of their own: what is to be shown there. Who opens windows is the host.

use std::collections::BTreeSet;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{Contents, ViewportBlueprint};

/// The views and containers that are shown in windows of their own, and not among the others.
///
/// A host that opens windows inserts this resource, and shows in each what [`UiState::of_contents`](crate::UiState::of_contents)
/// draws; without it the command is not offered. It does not belong to the blueprint: what is arranged stays as it is, and
/// what comes back stands where it stood.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnWindows {
    contents: BTreeSet<Contents>,
}

impl OwnWindows {
    /// What is shown in windows of its own.
    pub fn iter(&self) -> impl Iterator<Item = Contents> {
        self.contents.iter().copied()
    }

    /// Whether something is.
    pub fn contains(&self, item: Contents) -> bool {
        self.contents.contains(&item)
    }

    /// Shows something in a window of its own.
    pub fn open(&mut self, item: Contents) {
        self.contents.insert(item);
    }

    /// Puts something back among the others.
    pub fn close(&mut self, item: Contents) {
        self.contents.remove(&item);
    }

    /// Puts back what is not in a blueprint. Returns whether there was something.
    pub fn close_missing(&mut self, viewport: &ViewportBlueprint) -> bool {
        let before = self.contents.len();
        self.contents.retain(|item| is_in(viewport, *item));
        self.contents.len() < before
    }
}

/// Whether a view or a container is in a blueprint.
pub(crate) fn is_in(viewport: &ViewportBlueprint, item: Contents) -> bool {
    match item {
        Contents::View(id) => viewport.views.contains_key(&id),
        Contents::Container(id) => viewport.containers.contains_key(&id),
    }
}
