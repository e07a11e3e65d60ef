//! Annotation contexts: what classes are called and which colors they have.

use std::sync::Arc;

use chronoscope_types::{AnnotationContext, read, records};

use super::{ContextRows, EntityContext};
use crate::Report;

/// Labels and colors of classes, as they hold for an entity: those of the nearest entity at or above it.
pub enum Annotations {}

impl Annotations {
    /// The name, by which visualizers say that they read it.
    pub const NAME: &'static str = "AnnotationContext";
}

impl EntityContext for Annotations {
    const NAME: &'static str = Self::NAME;
    const COMPONENTS: &'static [&'static str] = &[AnnotationContext::CONTEXT.name];

    type Value = Arc<records::AnnotationContext>;

    fn read(rows: &ContextRows<'_>, above: Option<&Self::Value>) -> Result<Option<Self::Value>, Report> {
        let Some(cell) = rows.cell(&AnnotationContext::CONTEXT) else {
            return Ok(above.cloned());
        };
        let contexts = read::annotation_contexts(&cell).map_err(|error| rows.report(error.to_string()))?;
        Ok(Some(Arc::new(contexts.into_iter().next().unwrap_or_default())))
    }

    fn heap_bytes(value: &Self::Value) -> u64 {
        // Labels are short; a map keeps some room.
        (size_of::<records::AnnotationContext>() + value.classes.len() * 128) as u64
    }
}
