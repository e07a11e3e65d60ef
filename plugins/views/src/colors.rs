//! The colours of data that brings none: a fixed cycle, chosen by a hash of the entity's path, the same in every view.

use chronoscope_store::EntityPath;
use egui::Color32;

/// Colours that remain distinct with the common forms of colour blindness, after Okabe and Ito, "Color Universal Design" (2008),
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

/// The colour of an entity that brings none.
pub fn entity_color(path: &EntityPath) -> Color32 {
    cycle_color(path.stable_hash())
}

/// The colour of a class or key that brings none.
pub fn cycle_color(key: u64) -> Color32 {
    // The middle bits of a multiplicative hash are well mixed. The rotation is the one with which common names of siblings
    // (sine and cosine, x, y and z, numbered series) collide least.
    let at = key.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    CYCLE[at as usize % CYCLE.len()]
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
}
