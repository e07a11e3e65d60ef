//! The colors of numbers.
//!
//! The tables are those of matplotlib, at 33 places each, between which colors are interpolated; no color is more than 3 / 255 off
//! the full table. Inferno, Magma, Plasma and Viridis are by Nathaniel Smith and Stéfan van der Walt (CC0), Turbo by Anton Mikhailov
//! (Apache-2.0), Twilight by Bastian Bechtold (CC0), Spectral by Cynthia Brewer (`ColorBrewer`, Apache-2.0). Cyan to yellow is the
//! formula of Rasmus Brönnegård (CC0).

use chronoscope_types::enums::Colormap;

/// The number of colors in a table.
pub(crate) const TABLE_LEN: u32 = 256;

/// The color of a number from 0 to 1 in sRGB. The maps of occupancy and costs are for bytes with a meaning, of which 1 is 255.
pub fn color(colormap: Colormap, value: f32) -> [u8; 3] {
    let value = if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    };
    match colormap {
        Colormap::Inferno => interpolated(&INFERNO, value),
        Colormap::Magma => interpolated(&MAGMA, value),
        Colormap::Plasma => interpolated(&PLASMA, value),
        Colormap::Turbo => interpolated(&TURBO, value),
        Colormap::Viridis => interpolated(&VIRIDIS, value),
        Colormap::Spectral => interpolated(&SPECTRAL, value),
        Colormap::Twilight => interpolated(&TWILIGHT, value),
        Colormap::CyanToYellow => {
            let signed = value * 2.0 - 1.0;
            let channels = [
                1.0 + 3.0 * signed,
                1.0 + 3.0 * signed * signed,
                1.0 - 3.0 * signed,
            ];
            channels.map(|channel| byte(channel * 255.0 / 4.0))
        }
        Colormap::Grayscale => [byte(value * 255.0); 3],
        Colormap::RvizMap | Colormap::RvizCostmap | Colormap::Costmap => {
            let [r, g, b, _] = cell_color(colormap, byte(value * 255.0));
            [r, g, b]
        }
    }
}

/// The colors of [`TABLE_LEN`] numbers from 0 to 1 in sRGB, 4 bytes each.
pub(crate) fn table(colormap: Colormap) -> Vec<u8> {
    let is_of_cells = matches!(
        colormap,
        Colormap::RvizMap | Colormap::RvizCostmap | Colormap::Costmap
    );
    if is_of_cells {
        return (0..=u8::MAX)
            .flat_map(|cell| cell_color(colormap, cell))
            .collect();
    }
    let last = TABLE_LEN - 1;
    let colors = (0..=last).map(|at| color(colormap, at as f32 / last as f32));
    colors.flat_map(|[r, g, b]| [r, g, b, 255]).collect()
}

/// The color of a cell of a map of occupancy or costs in sRGB and alpha. 0 is free, 100 is occupied, 99 is what the robot
/// would touch; 255, which is -1, is unknown; what lies between has no meaning. After the palettes of `RViz`.
fn cell_color(colormap: Colormap, cell: u8) -> [u8; 4] {
    let share = |from: u8, to: u8| byte(255.0 * f32::from(cell - from) / f32::from(to - from));
    let is_costmap = colormap == Colormap::Costmap;
    match (colormap, cell) {
        (_, 255) => [112, 137, 134, 255],
        (_, 128..) => [255, share(128, 254), 0, 255],
        (_, 101..) => [0, 255, 0, 255],
        (Colormap::RvizMap, _) => {
            let gray = 255 - share(0, 100);
            [gray, gray, gray, 255]
        }
        (_, 0) => [0, 0, 0, 0],
        (_, 100) if is_costmap => [165, 0, 38, 255],
        (_, 99) if is_costmap => [244, 109, 67, 255],
        (_, _) if is_costmap => {
            let [r, g, b] = interpolated(&VIRIDIS, f32::from(cell) / 98.0);
            [r, g, b, 255]
        }
        (_, 100) => [255, 0, 255, 255],
        (_, 99) => [0, 255, 255, 255],
        (..) => {
            let cost = share(0, 100);
            [cost, 0, 255 - cost, 255]
        }
    }
}

fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Precondition: the value is from 0 to 1.
fn interpolated(colors: &[u32], value: f32) -> [u8; 3] {
    let place = value * colors.len().saturating_sub(1) as f32;
    let channels = |at: usize| {
        let [_, r, g, b] = colors.get(at).copied().unwrap_or_default().to_be_bytes();
        [r, g, b].map(f32::from)
    };
    let below = channels(place as usize);
    let above = channels((place.ceil() as usize).min(colors.len().saturating_sub(1)));
    std::array::from_fn(|at| byte(below[at] + (above[at] - below[at]) * place.fract()))
}

const INFERNO: [u32; 33] = [
    0x000004, 0x040312, 0x0b0724, 0x150b37, 0x210c4a, 0x2e0a5a, 0x3c0965, 0x4a0c6b, 0x57106d, 0x63146e,
    0x70196e, 0x7d1e6d, 0x89226a, 0x962766, 0xa32b61, 0xaf315c, 0xbb3755, 0xc63e4d, 0xd14644, 0xdb4f3b,
    0xe35932, 0xeb6528, 0xf1711e, 0xf67f14, 0xf98d0a, 0xfb9c06, 0xfcab0f, 0xfbba1f, 0xf9ca32, 0xf5d949,
    0xf2e865, 0xf3f586, 0xfcffa4,
];

const MAGMA: [u32; 33] = [
    0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c, 0x5d177f,
    0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75, 0xcf4170, 0xdb486a,
    0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571, 0xfeb47b, 0xfec387, 0xfed194,
    0xfde0a2, 0xfceeb0, 0xfcfdbf,
];

const PLASMA: [u32; 33] = [
    0x0d0887, 0x220690, 0x310596, 0x3f049c, 0x4c02a1, 0x5901a5, 0x6600a7, 0x7201a8, 0x7e03a8, 0x8909a6,
    0x9511a2, 0x9f1a9c, 0xa92396, 0xb22c8e, 0xbb3587, 0xc33e80, 0xcb4778, 0xd25071, 0xd9596a, 0xe06263,
    0xe66c5c, 0xeb7555, 0xf07f4f, 0xf48a48, 0xf89441, 0xfb9f3a, 0xfdab33, 0xfeb72d, 0xfdc328, 0xfcd025,
    0xf9dd25, 0xf5eb27, 0xf0f921,
];

const TURBO: [u32; 33] = [
    0x30123b, 0x392a73, 0x4040a1, 0x4456c7, 0x466be3, 0x467ff6, 0x4293ff, 0x37a7fa, 0x29bbec, 0x1dcdd8,
    0x18dcc3, 0x1ee8b0, 0x31f299, 0x4cf97e, 0x6bfd64, 0x8aff4d, 0xa3fd3c, 0xb8f735, 0xcced34, 0xdee037,
    0xedd03a, 0xf8c03a, 0xfdae35, 0xfe982c, 0xfb8022, 0xf56817, 0xec520f, 0xe04009, 0xd23105, 0xc02302,
    0xac1701, 0x950d01, 0x7a0403,
];

const VIRIDIS: [u32; 33] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b, 0x375a8d,
    0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b, 0x1f9f88, 0x21a685,
    0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c, 0x96d83f, 0xabdc32, 0xc0df24,
    0xd5e21a, 0xeae51a, 0xfde725,
];

const SPECTRAL: [u32; 11] = [
    0x9e0142, 0xd53e4f, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbe, 0xe6f598, 0xabdda4, 0x66c2a5, 0x3388bc,
    0x5e4fa2,
];

const TWILIGHT: [u32; 33] = [
    0xe2d9e2, 0xd6d7dd, 0xc3ced4, 0xabc2cc, 0x94b4c7, 0x81a6c3, 0x7297c1, 0x6886be, 0x6275ba, 0x5f63b5,
    0x5e51ad, 0x5d3da1, 0x592a8f, 0x521b77, 0x45135c, 0x381146, 0x2f1437, 0x3a113a, 0x4b1342, 0x5f174a,
    0x741e4f, 0x872750, 0x983550, 0xa64550, 0xb25652, 0xbb6858, 0xc27c62, 0xc78f72, 0xcca388, 0xd1b5a2,
    0xd8c6bd, 0xded3d5, 0xe2d9e2,
];
