//! The colors of data that brings none: a fixed cycle, chosen by a hash of the entity's path, the same in every view.

use chronoscope_store::EntityPath;
use egui::Color32;

/// Colors that remain distinct with the common forms of color blindness, after Okabe and Ito, "Color Universal Design" (2008),
/// lightened where they would be dim on a dark ground.
const CYCLE: [Color32; 10] = [
    Color32::from_rgb(0x56, 0xB4, 0xE9),
    Color32::from_rgb(0xE6, 0x9F, 0x00),
    Color32::from_rgb(0x29, 0xC0, 0x97),
    Color32::from_rgb(0xF0, 0xE4, 0x42),
    Color32::from_rgb(0x4C, 0x8D, 0xFF),
    Color32::from_rgb(0xF0, 0x78, 0x32),
    Color32::from_rgb(0xDE, 0x8F, 0xBD),
    Color32::from_rgb(0xB8, 0xBE, 0xC8),
    Color32::from_rgb(0xA5, 0x8C, 0xE8),
    Color32::from_rgb(0xA8, 0xC6, 0x5A),
];

/// The color of an entity that brings none.
pub fn entity_color(path: &EntityPath) -> Color32 {
    cycle_color(path.stable_hash())
}

/// The color of a class or key that brings none.
pub fn cycle_color(key: u64) -> Color32 {
    CYCLE[cycle_index(key)]
}

fn cycle_index(key: u64) -> usize {
    // The middle bits of a multiplicative hash are well mixed. The rotation is the one with which common names of siblings
    // (sine and cosine, x, y and z, numbered series) collide least.
    let at = key.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    at as usize % CYCLE.len()
}

/// Colors that are told apart within one plot. An entity has its own color unless another one has it already.
#[derive(Debug, Default)]
pub(crate) struct DistinctColors {
    /// How often each color of the cycle was given away.
    taken: [usize; CYCLE.len()],
}

impl DistinctColors {
    /// Notes a color that was logged.
    pub(crate) fn take(&mut self, color: Color32) {
        if let Some(at) = CYCLE.iter().position(|other| *other == color) {
            self.taken[at] += 1;
        }
    }

    /// The color of a series of an entity: the entity's for the first one, the next of the cycle for further ones, or the first one
    /// after it that was given away least.
    pub(crate) fn color_of(&mut self, path: &EntityPath, series: usize) -> Color32 {
        let wanted = cycle_index(path.stable_hash()) + series;
        let least = self.taken.iter().min().copied().unwrap_or(0);
        let at = (wanted..wanted + CYCLE.len())
            .map(|at| at % CYCLE.len())
            .find(|at| self.taken[*at] == least)
            .unwrap_or(wanted % CYCLE.len());
        self.taken[at] += 1;
        // Beyond the cycle the colors come again, darker and then lighter.
        match least % 3 {
            0 => CYCLE[at],
            1 => CYCLE[at].lerp_to_gamma(Color32::BLACK, 0.4),
            _ => CYCLE[at].lerp_to_gamma(Color32::WHITE, 0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_differ_and_stay_as_they_are() {
        let colors = ["/plots/sine", "/plots/cosine", "/plots/noise"].map(|path| entity_color(&path.into()));
        assert!(colors[0] != colors[1] && colors[1] != colors[2] && colors[0] != colors[2]);
        assert_eq!(
            entity_color(&"/plots/sine".into()),
            entity_color(&"plots/sine/".into())
        );
    }

    #[test]
    fn a_plot_tells_thirty_series_apart() {
        let paths: Vec<EntityPath> = (0..30).map(|at| format!("/signals/{at}").into()).collect();
        let mut distinct = DistinctColors::default();
        let colors: Vec<Color32> = paths.iter().map(|path| distinct.color_of(path, 0)).collect();
        for (at, color) in colors.iter().enumerate() {
            assert!(!colors[..at].contains(color), "{at}");
        }
        assert_eq!(colors[0], entity_color(&paths[0]), "the first one keeps its own");
        let mut distinct = DistinctColors::default();
        distinct.take(entity_color(&paths[0]));
        assert_ne!(distinct.color_of(&paths[0], 0), entity_color(&paths[0]));
    }
}
