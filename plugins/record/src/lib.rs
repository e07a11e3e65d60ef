//! The recorder: a Bevy world to chunks, driven by change ticks.
