//! OBJ files: vertices with colors and normals, and faces. Materials lie in files of their own.

use chronoscope_render::MeshVertex;
use glam::Vec3;
use rustc_hash::FxHashMap;

use super::model::{Model, ModelError, Piece};
use crate::spatial::{bounds::Bounds, pictures::DecodeOptions};

/// How many lines are looked at for what tells the format.
const HEAD_LINES: usize = 1024;

/// Whether the bytes look like an OBJ file.
pub(super) fn is_obj(bytes: &[u8]) -> bool {
    let keywords = lines(bytes).take(HEAD_LINES).map(|line| line.keyword);
    let mut known = keywords.filter(|keyword| !keyword.is_empty() && *keyword != "#");
    known.any(|keyword| matches!(keyword, "v" | "vn" | "vt" | "f" | "mtllib"))
}

/// Bounds of all vertices. Cost: O(bytes).
pub(super) fn bounds(bytes: &[u8]) -> Bounds {
    let vertices = lines(bytes).filter(|line| line.keyword == "v");
    Bounds::of_points(vertices.filter_map(|line| numbers(line.rest)))
}

/// Cost: O(bytes).
pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Model, ModelError> {
    let mut file = ObjFile::default();
    for (at, line) in lines(bytes).enumerate() {
        if at.is_multiple_of(1024) && options.is_cancelled() {
            return Err(ModelError::Cancelled);
        }
        file.read(&line)?;
    }
    let ObjFile {
        mut model,
        vertices,
        triangles,
        unreadable,
        ..
    } = file;
    if unreadable > 0 {
        model
            .problems
            .warn(format!("lines that cannot be read: {unreadable}"));
    }
    model.push(Piece::plain(vertices), triangles)?;
    model.finish()
}

/// A line with what it says and what it says it of.
struct Line<'a> {
    keyword: &'a str,
    rest: &'a str,
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    bytes.split(|byte| *byte == b'\n').map(|line| {
        // What is no text says nothing.
        let line = std::str::from_utf8(line).unwrap_or("").trim();
        let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Line { keyword, rest }
    })
}

fn numbers<const N: usize>(text: &str) -> Option<[f32; N]> {
    let mut words = text.split_whitespace();
    let mut values = [0.0; N];
    for value in &mut values {
        *value = words.next()?.parse().ok()?;
    }
    Some(values)
}

/// What was read so far. What cannot be read keeps its place, so that indices stay right.
#[derive(Default)]
struct ObjFile {
    model: Model,
    positions: Vec<([f32; 3], [u8; 4])>,
    normals: Vec<Vec3>,
    vertices: Vec<MeshVertex>,
    /// Vertices by the positions of their places and normals.
    known: FxHashMap<(u32, u32), u32>,
    triangles: Vec<[u32; 3]>,
    unreadable: usize,
}

/// Stands for no normal, and for a vertex that is not there.
const NONE: u32 = u32::MAX;

impl ObjFile {
    fn read(&mut self, line: &Line<'_>) -> Result<(), ModelError> {
        match line.keyword {
            "v" => {
                self.model.reserve(1, 0)?;
                let position = numbers(line.rest);
                self.unreadable += usize::from(position.is_none());
                // The colors of vertices are an extension that many programs write.
                let color = numbers::<6>(line.rest).map_or([255; 4], |[.., r, g, b]| {
                    let [r, g, b] = [r, g, b].map(|part| (part * 255.0).round().clamp(0.0, 255.0) as u8);
                    [r, g, b, 255]
                });
                self.positions.push((position.unwrap_or([f32::NAN; 3]), color));
            }
            "vn" => {
                self.model.reserve(1, 0)?;
                let normal = numbers(line.rest);
                self.unreadable += usize::from(normal.is_none());
                self.normals.push(normal.map_or(Vec3::ZERO, Vec3::from_array));
            }
            "f" => self.read_face(line.rest)?,
            "mtllib" => {
                self.model.problems.inform(format!(
                    "the materials in {} are not used: they lie in another file",
                    line.rest
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// A polygon becomes triangles about its first corner.
    fn read_face(&mut self, text: &str) -> Result<(), ModelError> {
        let (mut first, mut before, mut corners) = (NONE, NONE, 0);
        for corner in text.split_whitespace() {
            let vertex = self.vertex(corner)?;
            if corners >= 2 {
                self.model.reserve(0, 3)?;
                self.triangles.push([first, before, vertex]);
            } else if corners == 0 {
                first = vertex;
            }
            (before, corners) = (vertex, corners + 1);
        }
        self.unreadable += usize::from(corners < 3);
        Ok(())
    }

    /// The vertex of a corner: `place`, `place/texture`, `place//normal` or `place/texture/normal`.
    fn vertex(&mut self, corner: &str) -> Result<u32, ModelError> {
        let mut parts = corner.split('/');
        let place = parts.next().and_then(|part| index_of(part, self.positions.len()));
        let normal = parts.nth(1).and_then(|part| index_of(part, self.normals.len()));
        let Some((place, (position, color))) =
            place.and_then(|at| Some((at, *self.positions.get(at as usize)?)))
        else {
            return Ok(NONE);
        };
        let key = (place, normal.unwrap_or(NONE));
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        self.model.reserve(1, 0)?;
        let mut vertex = MeshVertex::new(position).with_color(color);
        if let Some(normal) = normal.and_then(|at| self.normals.get(at as usize)) {
            vertex = vertex.with_normal(*normal);
        }
        let index = self.vertices.len() as u32;
        self.vertices.push(vertex);
        self.known.insert(key, index);
        Ok(index)
    }
}

/// Indices count from one, or backwards from the last. `None` where it is none, or names nothing.
fn index_of(text: &str, count: usize) -> Option<u32> {
    let index: i64 = text.parse().ok()?;
    let index = match index {
        1.. => index - 1,
        ..0 => i64::try_from(count).ok()?.checked_add(index)?,
        0 => return None,
    };
    let index = u32::try_from(index).ok()?;
    ((index as usize) < count).then_some(index)
}
