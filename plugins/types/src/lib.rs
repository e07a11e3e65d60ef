//! The vocabulary: archetypes and components, typed zero-copy readers over Arrow arrays, builders to log with.
