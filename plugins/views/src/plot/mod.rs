//! What all plots share, whatever they plot over.
//!
//! [`window`] is what of the data a plot shows, [`gestures`] move and zoom it, [`links`] are the times that
//! several show together, [`resets`] have it show everything again, [`events`] are what a user does, with what a tile answers. [`ticks`] are the lines of
//! the grid, [`axes`] draws them with their labels, [`names`] is what the data is called, [`legend`] lists
//! it, [`highlight`] has it stand out, a [`tooltip`] says its values. A [`pyramid`] makes drawing cost
//! pixels, not values. [`looks`] are the properties that all plots have, with their settings, [`table`] writes values for other programs.

pub(crate) mod axes;
pub(crate) mod events;
pub(crate) mod gestures;
pub(crate) mod highlight;
pub(crate) mod legend;
pub(crate) mod links;
pub(crate) mod looks;
pub(crate) mod names;
pub(crate) mod pyramid;
pub(crate) mod resets;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod ticks;
pub(crate) mod tooltip;
pub(crate) mod window;
