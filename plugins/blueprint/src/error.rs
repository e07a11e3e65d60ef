//! What can go wrong: errors of commands and of RON text, and reports on what a blueprint says that makes no sense.

use std::fmt;

use chronoscope_store::{ChunkError, EntityPath, StoreError};
use chronoscope_types::ReadError;

use crate::{ContainerId, Contents, ViewId, contents::ContentsProblem};

/// Why a command or a text cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlueprintError {
    /// The view is not in the blueprint.
    #[error("there is no view {0}")]
    NoSuchView(ViewId),
    /// The container is not in the blueprint.
    #[error("there is no container {0}")]
    NoSuchContainer(ContainerId),
    /// A view or a container with this id is there already.
    #[error("{0} already exists")]
    AlreadyThere(Contents),
    /// A container would contain itself.
    #[error("container {0} cannot contain itself")]
    ContainsItself(ContainerId),
    /// The outermost container can be changed, but neither moved nor removed.
    #[error("container {0} is the root container: it cannot be moved or removed")]
    IsRoot(ContainerId),
    /// Containers nested deeper than a layout may be.
    #[error("container {container} would be nested more than {limit} levels deep")]
    TooDeep {
        /// The container.
        container: ContainerId,
        /// How many containers may lie in each other.
        limit: usize,
    },
    /// The item is not in the container.
    #[error("{item} is not in container {container}")]
    NotInContainer {
        /// What was to be found.
        item: Contents,
        /// Where.
        container: ContainerId,
    },
    /// A share of a container's space must be a positive number.
    #[error("{share} is not a valid share: shares must be positive numbers")]
    BadShare {
        /// The number.
        share: f32,
    },
    /// A component's name does not say which archetype, and so which property of a view, it belongs to.
    #[error("component {component} has no archetype, so it cannot be a view property")]
    NoArchetype {
        /// The component's name.
        component: String,
    },
    /// The rows make no chunk.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// The store does not take a chunk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text is not RON, or not a blueprint.
    #[error("line {line}, column {column}: {message}")]
    Ron {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The blueprint cannot be put into words.
    #[error("the blueprint cannot be written as text: {0}")]
    RonWrite(String),
    /// The text is longer than any blueprint.
    #[error("the text has {bytes} bytes, more than the {limit} that a blueprint may have")]
    RonTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// Something that a blueprint says and that makes no sense. It is left out; the rest holds.
#[derive(Clone, Debug, PartialEq)]
pub struct BlueprintReport {
    /// The blueprint's entity concerned.
    pub path: EntityPath,
    /// What is wrong.
    pub problem: BlueprintProblem,
}

impl fmt::Display for BlueprintReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blueprint {}: {}", self.path, self.problem)
    }
}

/// What is wrong with a part of a blueprint.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BlueprintProblem {
    /// Contents that are no ids of views or containers.
    #[error("{text:?} is neither a view nor a container")]
    NotAnId {
        /// As written.
        text: String,
    },
    /// Contents that are not there.
    #[error("{0} does not exist")]
    Dangling(Contents),
    /// An item that is in two places, or in itself.
    #[error("{0} is already in another place of the layout")]
    TwiceInLayout(Contents),
    /// Containers nested too deep.
    #[error("{item} is nested more than {limit} levels deep")]
    TooDeep {
        /// What would.
        item: Contents,
        /// The limit.
        limit: usize,
    },
    /// An active tab that is not in its container.
    #[error("the active tab {0} is not in the container")]
    ForeignTab(Contents),
    /// A number out of its range.
    #[error("{component}: {value} is out of range")]
    OutOfRange {
        /// The component.
        component: String,
        /// The number.
        value: f64,
    },
    /// An array that cannot be read as its component.
    #[error("{component}: {error}")]
    Unreadable {
        /// The component.
        component: &'static str,
        /// What is wrong with the array.
        error: ReadError,
    },
    /// A time selection that ends before it begins.
    #[error("the time selection ends before it begins")]
    EmptyTimeSelection,
    /// A rule of a view's contents.
    #[error("the contents: {0}")]
    Contents(#[from] ContentsProblem),
}
