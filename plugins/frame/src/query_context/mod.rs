//! Query contexts: where views look.
//!
//! A context is (recording, timeline, time). That of the viewer's cursor has the id zero, and most views look
//! there. A view of which the blueprint says otherwise has another one, and views of which it says the same
//! share it. [`place`] finds in each frame where each view looks ([`resolve`] says how); [`products`] keeps
//! what is found there, per context: latest rows, transforms, and values that hold for entities.

mod place;
mod products;
mod resolve;

pub use place::{QueryContext, QueryContextsPlugin};
pub use products::{InContext, InContexts, QueryContexts};
pub use resolve::ContextProblem;

/// Names a query context for as long as some shown view looks there; never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(u32);

impl ContextId {
    /// The viewer's cursor.
    pub const CURSOR: Self = Self(0);

    /// Of views that look elsewhere and for which nothing is kept: they are not shown, or there is nothing
    /// where they look.
    pub const NOTHING: Self = Self(u32::MAX);

    /// Where the versions of a context's products begin, so that none is one of another context.
    pub(crate) fn first_version(self) -> u64 {
        u64::from(self.0) << 32
    }
}
