//! STL files, binary and in words. Faces are flat, so that vertices are shared by their places alone.

use chronoscope_render::MeshVertex;
use rustc_hash::FxHashMap;

use super::model::{Model, ModelError, Piece};
use crate::spatial::{bounds::Bounds, pictures::DecodeOptions};

const HEADER_BYTES: usize = 84;
const TRIANGLE_BYTES: usize = 50;

type Triangle = [[f32; 3]; 3];

/// Whether the bytes are an STL file.
pub(super) fn is_stl(bytes: &[u8]) -> bool {
    let says_so = binary_count(bytes)
        .and_then(|count| count.checked_mul(TRIANGLE_BYTES)?.checked_add(HEADER_BYTES))
        .is_some_and(|expected| expected == bytes.len());
    says_so || is_text(bytes)
}

/// Bounds of all triangles. Cost: O(bytes).
pub(super) fn bounds(bytes: &[u8]) -> Bounds {
    Bounds::of_points(triangles(bytes).flatten())
}

/// Cost: O(bytes).
pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Model, ModelError> {
    let mut model = Model::default();
    if is_text(bytes) {
        let (facets, whole) = (count_facets(bytes), text_triangles(bytes).count());
        if whole < facets {
            model
                .problems
                .warn(format!("facets that cannot be read: {}", facets - whole));
        }
    } else {
        let count = binary_count(bytes).ok_or(ModelError::Broken {
            format: "STL",
            reason: "its header is cut off".into(),
        })?;
        let found = bytes.len().saturating_sub(HEADER_BYTES) / TRIANGLE_BYTES;
        if found < count {
            let text = format!("the file ends after {found} of {count} triangles");
            model.problems.warn(text);
        }
    }
    let (mut vertices, mut indices) = (Vec::new(), Vec::new());
    let mut known: FxHashMap<[u32; 3], u32> = FxHashMap::default();
    for triangle in triangles(bytes) {
        if options.is_cancelled() {
            return Err(ModelError::Cancelled);
        }
        model.reserve(0, 3)?;
        let mut corners = [0; 3];
        for (corner, position) in corners.iter_mut().zip(triangle) {
            let next = vertices.len() as u32;
            *corner = *known.entry(position.map(f32::to_bits)).or_insert(next);
            if *corner == next {
                model.reserve(1, 0)?;
                vertices.push(MeshVertex::new(position));
            }
        }
        indices.push(corners);
    }
    model.push(Piece::plain(vertices), indices)?;
    model.finish()
}

/// Many binary files start with the word of those in words.
fn is_text(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"solid") && bytes.windows(5).take(4096).any(|word| word == b"facet")
}

fn triangles(bytes: &[u8]) -> Box<dyn Iterator<Item = Triangle> + '_> {
    if is_text(bytes) {
        Box::new(text_triangles(bytes))
    } else {
        Box::new(binary_triangles(bytes))
    }
}

/// How many triangles the header says there are.
fn binary_count(bytes: &[u8]) -> Option<usize> {
    let count = bytes.get(HEADER_BYTES - 4..HEADER_BYTES)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(count)).ok()
}

/// As many triangles as there are, and no more than the header says.
fn binary_triangles(bytes: &[u8]) -> impl Iterator<Item = Triangle> {
    let records = bytes.get(HEADER_BYTES..).unwrap_or(&[]);
    let records = records.as_chunks::<TRIANGLE_BYTES>().0;
    records
        .iter()
        .take(binary_count(bytes).unwrap_or(0))
        .map(|record| {
            // Twelve numbers, of which the first three are the normal.
            let (words, _) = record.as_chunks::<4>();
            let number = |at: usize| words.get(at).map_or(f32::NAN, |word| f32::from_le_bytes(*word));
            std::array::from_fn(|corner| std::array::from_fn(|axis| number(3 + 3 * corner + axis)))
        })
}

fn count_facets(bytes: &[u8]) -> usize {
    let words = bytes.split(u8::is_ascii_whitespace);
    words.filter(|word| *word == b"facet").count()
}

fn text_triangles(bytes: &[u8]) -> impl Iterator<Item = Triangle> {
    let mut words = bytes
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    std::iter::from_fn(move || {
        let (mut triangle, mut corners) = (Triangle::default(), 0);
        loop {
            match words.next()? {
                b"facet" => corners = 0,
                b"vertex" => {
                    let mut number =
                        || -> Option<f32> { std::str::from_utf8(words.next()?).ok()?.parse().ok() };
                    let place = [number(), number(), number()];
                    if let (Some(corner), [Some(x), Some(y), Some(z)]) = (triangle.get_mut(corners), place) {
                        *corner = [x, y, z];
                        corners += 1;
                    }
                    if corners == 3 {
                        return Some(triangle);
                    }
                }
                _ => {}
            }
        }
    })
}
