//! Chronoscope.
