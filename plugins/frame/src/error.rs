//! Reports: what went wrong or is done, where, in a sentence for the user.

use std::{collections::VecDeque, fmt, sync::Arc};

use bevy_ecs::prelude::*;
use chronoscope_store::EntityPath;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// What a user asked for is done.
    Success,
    /// Worth knowing.
    Info,
    /// Something is not shown, or not as it was meant.
    Warning,
    /// Something could not be done.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something that a user should know about an entity, a view or a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Report {
    /// How bad it is.
    pub severity: Severity,
    /// The file, stream or part of the viewer that it concerns.
    pub source: Arc<str>,
    /// The entity that it concerns, if one.
    pub entity: Option<EntityPath>,
    /// What happened, in a sentence.
    pub message: String,
}

impl Report {
    /// A warning about an entity.
    pub fn entity_warning(
        source: impl Into<Arc<str>>,
        entity: EntityPath,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            source: source.into(),
            entity: Some(entity),
            message: message.into(),
        }
    }

    /// Something worth knowing, of an entity or of none.
    pub fn info(source: impl Into<Arc<str>>, entity: Option<EntityPath>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Info,
            source: source.into(),
            entity,
            message: message.into(),
        }
    }

    /// What a user asked for is done.
    pub fn success(source: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Success,
            source: source.into(),
            entity: None,
            message: message.into(),
        }
    }

    /// An error that concerns no single entity.
    pub fn error(source: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            source: source.into(),
            entity: None,
            message: message.into(),
        }
    }

    /// A warning that concerns no single entity.
    pub fn warning(source: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            source: source.into(),
            entity: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if let Some(entity) = &self.entity {
            write!(f, "{entity}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// What the user should know, newest last. Bounded: the oldest are forgotten, and counted.
#[derive(Resource, Debug, Default)]
pub struct Reports {
    reports: VecDeque<Report>,
    total: usize,
}

impl Reports {
    const CAPACITY: usize = 1_000;

    /// Adds a report.
    pub fn push(&mut self, report: Report) {
        if self.reports.len() == Self::CAPACITY {
            self.reports.pop_front();
        }
        self.reports.push_back(report);
        self.total += 1;
    }

    /// The reports that are kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Report> {
        self.reports.iter()
    }

    /// How many reports there ever were.
    pub fn total(&self) -> usize {
        self.total
    }
}
