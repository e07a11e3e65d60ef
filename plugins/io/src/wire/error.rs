//! Why a message gives nothing.

use std::fmt;

use chronoscope_store::EntityPath;

use crate::MessageError;

/// Why a message gives nothing, and the entity whose data it holds.
#[derive(Debug)]
pub struct WireError {
    /// `None` where the message cannot be read that far.
    pub entity: Option<EntityPath>,
    /// Why. Displays as a part of a sentence about the message: `it has no store id`.
    pub reason: MessageError,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entity {
            Some(entity) => write!(f, "a message about {entity} cannot be decoded: {}", self.reason),
            None => write!(f, "a message cannot be decoded: {}", self.reason),
        }
    }
}

impl std::error::Error for WireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

impl<E: Into<MessageError>> From<E> for WireError {
    fn from(error: E) -> Self {
        Self {
            entity: None,
            reason: error.into(),
        }
    }
}
