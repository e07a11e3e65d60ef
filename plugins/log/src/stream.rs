//! One component of an entity, a value at a time.

use std::{fmt, marker::PhantomData, sync::Arc};

use chronoscope_types::Component;

use crate::state::Shared;

/// A component of an entity that gets a value per row: the fast way to log a series. See
/// [`Recorder::stream`](crate::Recorder::stream).
pub struct Stream<C> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) at: usize,
    pub(crate) component: PhantomData<fn(C)>,
}

impl<C> Clone for Stream<C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            at: self.at,
            component: PhantomData,
        }
    }
}

impl<C: Component> fmt::Debug for Stream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream of {}", C::TYPE)
    }
}
