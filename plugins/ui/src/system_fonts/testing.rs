//! Fonts that tests make: a square for each character.

use fontdb::Database;

/// A source that nobody may ask.
pub(super) const NEVER: fn() -> Database = || unreachable!("nobody asked for the fonts of the system");

/// A TrueType font.
#[derive(Clone)]
pub(super) struct Font {
    name: String,
    weight: u16,
    glyphs: String,
    blanks: String,
}

impl Font {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            weight: 400,
            glyphs: String::new(),
            blanks: String::new(),
        }
    }

    /// Draws these characters.
    pub(super) fn with_glyphs(mut self, chars: &str) -> Self {
        self.glyphs += chars;
        self
    }

    /// Has glyphs without outlines for these.
    pub(super) fn with_blanks(mut self, chars: &str) -> Self {
        self.blanks += chars;
        self
    }

    pub(super) fn with_weight(mut self, weight: u16) -> Self {
        self.weight = weight;
        self
    }

    /// The bytes of its file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Of the square: one contour, its box, its last point, no instructions, four points on the curve.
        let square: [i16; 7] = [1, 0, 0, 1000, 1000, 3, 0];
        let deltas: [i16; 8] = [0, 1000, 0, -1000, 0, 0, 1000, 0];
        let glyf = [big_endian(&square), vec![1; 4], big_endian(&deltas)].concat();
        let half = (glyf.len() / 2) as i16;
        let mut head = big_endian(&[1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0, 1000]);
        head.extend([0; 16]);
        head.extend(big_endian(&[0, 0, 1000, 1000, 0, 8, 2, 0, 0]));
        let mut os2 = vec![0; 78];
        if let Some(weight) = os2.get_mut(4..6) {
            weight.copy_from_slice(&self.weight.to_be_bytes());
        }
        let mut maxp = big_endian(&[1, 0, 3]);
        maxp.extend([0; 26]);
        let mut hhea = big_endian(&[1, 0, 800, -200, 0, 1000]);
        hhea.extend([0; 22]);
        hhea.extend(big_endian(&[3]));
        let tables = [
            (b"OS/2", os2),
            (b"cmap", self.cmap()),
            (b"glyf", glyf),
            (b"head", head),
            (b"hhea", hhea),
            (b"hmtx", big_endian(&[500, 0, 1000, 0, 1000, 0])),
            // Glyph 0 has no outline, 1 is the square, 2 has none again.
            (b"loca", big_endian(&[0, 0, half, half])),
            (b"maxp", maxp),
            (b"name", self.names()),
        ];
        let mut file = big_endian(&[1, 0, tables.len() as i16, 128, 3, 16]);
        let mut offset = file.len() + 16 * tables.len();
        for (tag, table) in &tables {
            file.extend(*tag);
            for number in [0, offset, table.len()] {
                file.extend((number as u32).to_be_bytes());
            }
            offset += table.len().next_multiple_of(4);
        }
        for (_, mut table) in tables {
            table.resize(table.len().next_multiple_of(4), 0);
            file.extend(table);
        }
        file
    }

    /// Format 12, with a group for each character.
    fn cmap(&self) -> Vec<u8> {
        let of = |chars: &str, glyph: u32| -> Vec<[u32; 3]> {
            chars.chars().map(|c| [c as u32, c as u32, glyph]).collect()
        };
        let mut groups = [of(&self.glyphs, 1), of(&self.blanks, 2)].concat();
        groups.sort_unstable();
        let mut table = big_endian(&[0, 1, 3, 10, 0, 12, 12, 0]);
        let header = [16 + 12 * groups.len() as u32, 0, groups.len() as u32];
        for number in header.iter().chain(groups.as_flattened()) {
            table.extend(number.to_be_bytes());
        }
        table
    }

    /// The family and the name for PostScript.
    fn names(&self) -> Vec<u8> {
        let name: Vec<u8> = self.name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let length = name.len() as i16;
        let mut table = big_endian(&[0, 2, 30]);
        for id in [1, 6] {
            table.extend(big_endian(&[3, 1, 0x409, id, length, 0]));
        }
        table.extend(name);
        table
    }
}

fn big_endian(numbers: &[i16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
