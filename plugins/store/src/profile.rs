//! Scopes for the profiler.

/// Opens a scope that ends with the block, where the feature `puffin` is on.
macro_rules! profile_scope {
    ($name:literal) => {
        #[cfg(feature = "puffin")]
        puffin::profile_scope!($name);
    };
}

pub(crate) use profile_scope;
