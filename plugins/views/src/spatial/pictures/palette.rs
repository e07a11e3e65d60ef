//! The colors of classes.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use rustc_hash::FxHasher;

/// The colors of classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Those that are known, ordered by class.
    known: Vec<(u16, [u8; 4])>,
}

impl Palette {
    /// The palette with these colors. Of two for one class the later holds.
    pub fn new(colors: impl IntoIterator<Item = (u16, [u8; 4])>) -> Self {
        let by_class: BTreeMap<u16, [u8; 4]> = colors.into_iter().collect();
        Self {
            known: by_class.into_iter().collect(),
        }
    }

    /// The color of a class in sRGB. A class without a description has one from the cycle, except class 0, which is then taken
    /// for what belongs to no class.
    pub fn color(&self, class: u16) -> [u8; 4] {
        match self.known.binary_search_by_key(&class, |(known, _)| *known) {
            Ok(at) => self.known.get(at).map_or([0; 4], |(_, color)| *color),
            Err(_) if class == 0 => [0; 4],
            Err(_) => crate::colors::cycle_color(u64::from(class)).to_array(),
        }
    }

    /// The colors of the first `count` classes, 4 bytes each.
    pub(crate) fn table(&self, count: u32) -> Vec<u8> {
        let classes = 0..=u16::try_from(count.saturating_sub(1)).unwrap_or(u16::MAX);
        classes.flat_map(|class| self.color(class)).collect()
    }

    /// A number that tells palettes apart.
    pub(crate) fn key(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.known.hash(&mut hasher);
        hasher.finish()
    }
}
