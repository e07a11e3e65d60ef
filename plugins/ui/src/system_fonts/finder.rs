//! Picks faces for characters.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use egui::FontData;
use fontdb::{Database, FaceInfo, ID, Source, Stretch, Style, Weight};
use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
    outline::{DrawSettings, OutlinePen},
};

/// The most faces, and bytes of their files, that are picked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) num_faces: usize,
    pub(super) num_bytes: usize,
}

/// The faces of a database, and those of them that were picked.
pub(super) struct Finder {
    database: Database,
    limits: Limits,
    /// All faces, those for text first. Independent of the order in which they were loaded.
    order: Vec<ID>,
    /// The picked faces by their place in the order.
    picked: BTreeMap<usize, (String, Arc<FontData>)>,
    /// The files that they are in.
    files: BTreeMap<PathBuf, &'static [u8]>,
    num_bytes: usize,
}

impl Finder {
    pub(super) fn new(database: Database, limits: Limits) -> Self {
        let mut faces: Vec<&FaceInfo> = database.faces().collect();
        faces.sort_by_cached_key(|face| rank(face));
        Self {
            order: faces.into_iter().map(|face| face.id).collect(),
            database,
            limits,
            picked: BTreeMap::new(),
            files: BTreeMap::new(),
            num_bytes: 0,
        }
    }

    /// Picks for each character the first face that draws it, as long as the limits allow.
    ///
    /// Cost: opens one face after the other until all characters are found.
    pub(super) fn pick(&mut self, chars: &BTreeSet<char>) {
        let mut missing: Vec<char> = chars.iter().copied().collect();
        for (place, id) in self.order.clone().into_iter().enumerate() {
            if missing.is_empty() {
                return;
            }
            let without = |data: &[u8], index| chars_without_ink(data, index, &missing);
            let Some(rest) = self.database.with_face_data(id, without) else {
                continue;
            };
            if rest.len() < missing.len() && (self.picked.contains_key(&place) || self.load(place, id)) {
                missing = rest;
            }
        }
    }

    /// The names and the data of the picked faces, best first.
    pub(super) fn faces(&self) -> impl Iterator<Item = (String, Arc<FontData>)> + '_ {
        self.picked.values().cloned()
    }

    /// Loads a face. Returns whether it fits the limits.
    fn load(&mut self, place: usize, id: ID) -> bool {
        let Some(face) = self.database.face(id) else {
            return false;
        };
        let path = match &face.source {
            Source::Binary(_) => None,
            Source::File(path) | Source::SharedFile(path, _) => Some(path.clone()),
        };
        let (index, name) = (
            face.index,
            format!("chronoscope system {place}: {}", face.post_script_name),
        );
        let known = path.as_ref().and_then(|path| self.files.get(path)).copied();
        let room = self.limits.num_bytes - self.num_bytes;
        if self.picked.len() >= self.limits.num_faces {
            return false;
        }
        let copy = |data: &[u8], _| (data.len() <= room).then(|| data.to_vec());
        let data = match known {
            Some(data) => data,
            None => match self.database.with_face_data(id, copy).flatten() {
                // egui keeps a face for as long as its context lives, and makes a copy for each context and
                // each change of the fonts, unless the bytes outlive everything.
                Some(data) => Vec::leak(data),
                None => return false,
            },
        };
        if known.is_none() {
            self.num_bytes += data.len();
            self.files.extend(path.map(|path| (path, data)));
        }
        let data = FontData {
            index,
            ..FontData::from_static(data)
        };
        self.picked.insert(place, (name, Arc::new(data)));
        true
    }
}

/// What faces are sorted by: upright before slanted, without serifs before with, regular before bold and
/// narrow, proportional before monospaced; then by name and place.
fn rank(face: &FaceInfo) -> impl Ord + use<> {
    let family = face.families.first().map_or("", |(name, _)| name.as_str());
    let has_serifs = ["Serif", "Mincho", "Ming", "Song"]
        .iter()
        .any(|word| family.contains(word));
    // Draws the number of each character.
    let is_last_resort = family.contains("LastResort") || family.contains("Last Resort");
    let path = match &face.source {
        Source::Binary(_) => PathBuf::new(),
        Source::File(path) | Source::SharedFile(path, _) => path.clone(),
    };
    (
        (
            is_last_resort,
            face.style != Style::Normal,
            has_serifs,
            face.weight.0.abs_diff(Weight::NORMAL.0),
            face.stretch.to_number().abs_diff(Stretch::Normal.to_number()),
            face.monospaced,
        ),
        (family.to_owned(), face.post_script_name.clone(), path, face.index),
    )
}

/// The characters that a face does not draw, or does by pictures only, which egui does not show.
fn chars_without_ink(data: &[u8], index: u32, chars: &[char]) -> Vec<char> {
    let Ok(font) = FontRef::from_index(data, index) else {
        return chars.to_vec();
    };
    let (charmap, outlines) = (font.charmap(), font.outline_glyphs());
    let settings = || DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
    let has_ink = |c: char| {
        let outline = charmap.map(c).and_then(|glyph| outlines.get(glyph));
        let mut ink = Ink(false);
        outline.is_some_and(|outline| outline.draw(settings(), &mut ink).is_ok()) && ink.0
    };
    chars.iter().copied().filter(|c| !has_ink(*c)).collect()
}

/// Whether a glyph has a line.
struct Ink(bool);

impl OutlinePen for Ink {
    fn move_to(&mut self, _: f32, _: f32) {}

    fn line_to(&mut self, _: f32, _: f32) {
        self.0 = true;
    }

    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {
        self.0 = true;
    }

    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {
        self.0 = true;
    }

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system_fonts::testing::Font;

    const ROOMY: Limits = Limits {
        num_faces: 16,
        num_bytes: 1 << 20,
    };

    /// The names of the faces that are picked for the characters of each text in turn.
    fn picked(fonts: &[Font], limits: Limits, texts: &[&str]) -> Vec<String> {
        let mut database = Database::new();
        for font in fonts {
            database.load_font_data(font.to_bytes());
        }
        let mut finder = Finder::new(database, limits);
        for text in texts {
            finder.pick(&text.chars().collect());
        }
        let names = finder.faces().map(|(name, _)| name);
        names
            .map(|name| name.split(": ").last().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn the_choice_depends_on_the_fonts_alone() {
        let fonts = [
            Font::named("Noto Serif").with_glyphs("中文"),
            Font::named("Noto Sans").with_glyphs("中文").with_weight(700),
            Font::named("Other Sans").with_glyphs("中文אב"),
            Font::named("LastResort").with_glyphs("中文אב한"),
            Font::named("Noto Sans B").with_glyphs("א"),
        ];
        let mut reversed = fonts.clone();
        reversed.reverse();
        for fonts in [&fonts, &reversed] {
            assert_eq!(picked(fonts, ROOMY, &["中"]), ["Other Sans"]);
            assert_eq!(picked(fonts, ROOMY, &["中א"]), ["Noto Sans B", "Other Sans"]);
            assert_eq!(picked(fonts, ROOMY, &["א", "中"]), ["Noto Sans B", "Other Sans"]);
            assert_eq!(picked(fonts, ROOMY, &["中", "א"]), ["Noto Sans B", "Other Sans"]);
            assert_eq!(picked(fonts, ROOMY, &["한", "ㅎ"]), ["LastResort"]);
        }
        assert_eq!(picked(&[], ROOMY, &["中"]), Vec::<String>::new());
    }

    #[test]
    fn faces_without_outlines_are_of_no_use() {
        let fonts = [
            Font::named("A Pictures").with_blanks("😀"),
            Font::named("B Outlines").with_glyphs("😀"),
        ];
        assert_eq!(picked(&fonts, ROOMY, &["😀"]), ["B Outlines"]);
    }

    #[test]
    fn damaged_fonts_are_skipped() {
        let whole = Font::named("A Damaged").with_glyphs("中").to_bytes();
        for length in 0..whole.len() {
            let mut database = Database::new();
            database.load_font_data(whole.get(..length).unwrap_or_default().to_vec());
            database.load_font_data(Font::named("B Whole").with_glyphs("中").to_bytes());
            let mut finder = Finder::new(database, ROOMY);
            finder.pick(&BTreeSet::from(['中']));
            assert!(finder.faces().count() == 1, "{length}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let fonts = [
            Font::named("A").with_glyphs("中"),
            Font::named("B").with_glyphs("א"),
            Font::named("C").with_glyphs("한"),
        ];
        let size = fonts.iter().map(|font| font.to_bytes().len()).max().unwrap_or(0);
        let bytes = |num_bytes| Limits { num_bytes, ..ROOMY };
        assert_eq!(picked(&fonts, bytes(2 * size), &["한", "א", "中"]), ["B", "C"]);
        assert_eq!(picked(&fonts, bytes(size - 1), &["한"]), Vec::<String>::new());
        let faces = Limits {
            num_faces: 1,
            ..ROOMY
        };
        assert_eq!(picked(&fonts, faces, &["中", "한א"]), ["A"]);
    }
}
