//! What else is drawn: pictures that were logged as files, plots, charts and texts.

use std::io::Cursor;

use chronoscope::{
    store::Timeline,
    types::{
        AsComponents, BarChart, EncodedDepthImage, EncodedImage, Measurements, Scalars, SeriesLines,
        SeriesPoints, TextDocument, TextLog, columns_chunk, log_chunk,
    },
};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, RgbImage};

use super::{COLOR, Piece, piece};

/// The columns and rows of the pictures of distances.
const SIZE: [u32; 2] = [8, 6];

/// The same distances as files of two kinds.
pub(super) const SAME_DISTANCES: [&str; 2] = ["depth_png", "depth_rvl"];

pub(super) fn pieces() -> Vec<Piece> {
    let magenta = RgbImage::from_pixel(4, 3, image::Rgb([255, 0, 255]));
    let distances = ImageBuffer::<Luma<u16>, Vec<u16>>::from_fn(SIZE[0], SIZE[1], |x, y| {
        Luma([1_000 + 200 * x as u16 + 50 * y as u16])
    });
    let in_rvl = EncodedDepthImage::new(rvl(SIZE, distances.as_raw())).with_media_type("application/rvl");
    let [as_png, as_rvl] = SAME_DISTANCES;
    let chart = BarChart::default()
        .with_values(vec![1.0_f32, 3.0, 2.0])
        .with_color(COLOR);
    let document =
        TextDocument::from_markdown("# A title\n\n- one\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
    vec![
        piece("2D", "image_png", &EncodedImage::new(png(magenta.into()))),
        piece("2D", as_png, &EncodedDepthImage::new(png(distances.into()))),
        piece("2D", as_rvl, &in_rvl),
        plot(
            "plot_lines",
            &Scalars::new(values()),
            &SeriesLines::default().with_colors([COLOR]).with_widths([6.0]),
        ),
        plot(
            "plot_points",
            &Scalars::new(values()),
            &SeriesPoints::default()
                .with_colors([COLOR])
                .with_marker_sizes([6.0]),
        ),
        plot(
            "measurements",
            &Measurements::default()
                .with_values(values())
                .with_variances(values()),
            &Measurements::default().with_colors([COLOR]).with_widths([6.0]),
        ),
        piece("BarChart", "bar_chart", &chart),
        text_log(),
        piece("TextDocument", "document", &document),
    ]
}

fn values() -> impl Iterator<Item = f64> {
    (0..=10).map(f64::from)
}

/// A row at each of some times, and how they look.
fn plot(name: &'static str, rows: &dyn AsComponents, looks: &dyn AsComponents) -> Piece {
    let path = format!("/{name}");
    let times = [(Timeline::sequence("frame"), (0..=10).collect())];
    Piece {
        class: "TimeSeries",
        name,
        chunks: vec![
            columns_chunk(path.as_str(), times, rows).unwrap(),
            log_chunk(path.as_str(), [], looks).unwrap(),
        ],
        entity: "",
    }
}

fn text_log() -> Piece {
    let lines = [("INFO", "started"), ("WARN", "slow"), ("ERROR", "lost")];
    let chunks = (0..).zip(lines).map(|(frame, (level, text))| {
        let at = [(Timeline::sequence("frame"), frame)];
        log_chunk("/text_log", at, &TextLog::new(text).with_level(level)).unwrap()
    });
    Piece {
        class: "TextLog",
        name: "text_log",
        chunks: chunks.collect(),
        entity: "",
    }
}

fn png(picture: DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Distances, none of which is zero, as ROS writes them in RVL.
fn rvl(size: [u32; 2], distances: &[u16]) -> Vec<u8> {
    let mut nibbles: Vec<u32> = Vec::new();
    let mut number = |mut number: u32| {
        while number > 7 {
            nibbles.push(8 | number & 7);
            number >>= 3;
        }
        nibbles.push(number);
    };
    number(0);
    number(distances.len() as u32);
    let mut before = 0;
    for distance in distances.iter().copied().map(i32::from) {
        let difference = distance - before;
        number((difference << 1 ^ difference >> 31) as u32);
        before = distance;
    }
    let words = nibbles.chunks(8).map(|nibbles| {
        let word = nibbles.iter().fold(0_u32, |word, nibble| word << 4 | nibble);
        word << (4 * (8 - nibbles.len()))
    });
    let header = [0, 0, 0, size[0], size[1]];
    header
        .into_iter()
        .chain(words)
        .flat_map(u32::to_le_bytes)
        .collect()
}
