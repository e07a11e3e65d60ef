//! Lines as triangles. egui's tessellator serves any path: it copies the points, cuts each sharp corner into two and
//! grows its buffers while it goes. A dense series is nothing but sharp corners, so that a plot spent most of its
//! frame there.

use egui::{Color32, Mesh, Pos2, Vec2};

/// The vertices across a thin line.
const THIN: usize = 3;

/// How a line looks across: fades over a pixel on both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Distances from the middle, from one side to the other. Thin lines have the first three.
    offsets: [f32; 4],
    colors: [Color32; 4],
    len: usize,
}

impl Profile {
    /// The profile of a line of this width, in points, where a pixel is `pixel` points wide.
    pub(super) fn new(width: f32, pixel: f32, color: Color32) -> Self {
        let clear = Color32::TRANSPARENT;
        if width <= pixel {
            // A line thinner than a pixel is a paler one.
            let middle = color.gamma_multiply((width / pixel).clamp(0.0, 1.0));
            Self {
                offsets: [-pixel, 0.0, pixel, 0.0],
                colors: [clear, middle, clear, clear],
                len: THIN,
            }
        } else {
            let (outer, inner) = ((width + pixel) / 2.0, (width - pixel) / 2.0);
            Self {
                offsets: [-outer, -inner, inner, outer],
                colors: [clear, color, color, clear],
                len: 4,
            }
        }
    }
}

/// Makes room for lines of so many points in all, as far as they are thin.
pub(super) fn reserve(mesh: &mut Mesh, points: usize) {
    mesh.reserve_vertices(points * THIN);
    mesh.reserve_triangles(points * 2 * (THIN - 1));
}

/// Adds a line through these points. Fewer than two points are none.
///
/// Cost: three vertices a point, four where the line is wider than a pixel. A corner sharper than a right angle is cut
/// off at its point: what was left of the line is right of it from there on.
pub(super) fn add_line(mesh: &mut Mesh, points: &[Pos2], profile: &Profile) {
    let (Some(last), Some(mut normal)) = (points.len().checked_sub(1), first_normal(points)) else {
        return;
    };
    let rows = profile.len as u32;
    mesh.reserve_vertices(points.len() * profile.len);
    mesh.reserve_triangles(last * 2 * (profile.len - 1));
    // Where the vertices of the point before begin, and whether the line leaves it with its sides exchanged.
    let mut before: Option<(u32, bool)> = None;
    for (at, &point) in points.iter().enumerate() {
        let next = points.get(at + 1).and_then(|next| normal_of(*next - point));
        let next = next.unwrap_or(normal);
        let is_sharp = normal.dot(next) < 0.0;
        let sum = if is_sharp { normal - next } else { normal + next };
        // Half of the sum, made longer so that both lines keep their width. Its square is two at least.
        let across = if at == 0 || at == last {
            if at == 0 { next } else { normal }
        } else {
            sum * (2.0 / sum.length_sq())
        };
        let base = mesh.vertices.len() as u32;
        for row in 0..profile.len {
            mesh.colored_vertex(point + across * profile.offsets[row], profile.colors[row]);
        }
        if let Some((from, exchanged)) = before {
            for row in 0..rows - 1 {
                let left = |row: u32| from + if exchanged { rows - 1 - row } else { row };
                mesh.add_triangle(left(row), left(row + 1), base + row);
                mesh.add_triangle(left(row + 1), base + row, base + row + 1);
            }
        }
        before = Some((base, is_sharp && at != 0));
        normal = next;
    }
}

/// The normal of a line's first stretch that has a length; `None` where all points are the same.
fn first_normal(points: &[Pos2]) -> Option<Vec2> {
    points.windows(2).find_map(|pair| normal_of(pair[1] - pair[0]))
}

fn normal_of(along: Vec2) -> Option<Vec2> {
    let length_sq = along.length_sq();
    (length_sq > 1e-12).then(|| along.rot90() / length_sq.sqrt())
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    fn mesh_of(points: &[Pos2], width: f32) -> Mesh {
        let mut mesh = Mesh::default();
        add_line(&mut mesh, points, &Profile::new(width, 1.0, Color32::WHITE));
        assert!(mesh.is_valid());
        assert!(mesh.vertices.iter().all(|vertex| vertex.pos.is_finite()));
        mesh
    }

    /// What is covered at a place, by the triangle that covers it most.
    fn coverage(mesh: &Mesh, place: Pos2) -> f32 {
        let cross = |a: Vec2, b: Vec2| a.x * b.y - a.y * b.x;
        let mut most: f32 = 0.0;
        for triangle in mesh.triangles() {
            let [a, b, c] = triangle.map(|at| mesh.vertices[at as usize]);
            let area = cross(b.pos - a.pos, c.pos - a.pos);
            let weights =
                [(b, c), (c, a), (a, b)].map(|(from, to)| cross(to.pos - from.pos, place - from.pos) / area);
            if area != 0.0 && weights.iter().all(|weight| *weight >= -1e-4) {
                let alpha = [a, b, c].map(|vertex| f32::from(vertex.color.a()) / 255.0);
                most = most.max(
                    weights
                        .iter()
                        .zip(alpha)
                        .map(|(weight, alpha)| weight * alpha)
                        .sum(),
                );
            }
        }
        most
    }

    fn check(mesh: &Mesh, x: f32, y: f32, expected: f32) {
        let found = coverage(mesh, pos2(x, y));
        assert!(
            (found - expected).abs() < 0.02,
            "{found} instead of {expected} at {x}, {y}"
        );
    }

    #[test]
    fn a_line_is_as_wide_as_asked_and_fades_over_a_pixel() {
        let points = [pos2(0.0, 5.0), pos2(10.0, 5.0), pos2(20.0, 5.0)];
        let mesh = mesh_of(&points, 3.0);
        for x in [1.0, 10.0, 19.0] {
            check(&mesh, x, 5.0, 1.0);
            check(&mesh, x, 6.0, 1.0);
            check(&mesh, x, 6.5, 0.5);
            check(&mesh, x, 3.5, 0.5);
            check(&mesh, x, 7.1, 0.0);
        }
        check(&mesh_of(&points, 0.5), 10.0, 5.0, 0.5);
    }

    #[test]
    fn a_peak_is_filled_up_to_its_point_and_not_beyond() {
        let mesh = mesh_of(&[pos2(0.0, 100.0), pos2(2.0, 0.0), pos2(4.0, 100.0)], 1.0);
        check(&mesh, 2.0, 0.1, 1.0);
        check(&mesh, 2.0, -0.1, 0.0);
        // On both ways.
        check(&mesh, 1.0, 50.0, 1.0);
        check(&mesh, 3.0, 50.0, 1.0);
    }

    #[test]
    fn a_dense_line_takes_three_vertices_a_point() {
        let points: Vec<Pos2> = (0..1_000)
            .map(|at| pos2((at / 2) as f32, if at % 2 == 0 { 0.0 } else { 100.0 }))
            .collect();
        let mesh = mesh_of(&points, 1.0);
        assert_eq!(mesh.vertices.len(), 3_000);
        assert_eq!(mesh.indices.len(), 999 * 12);
    }

    #[test]
    fn points_that_are_the_same_are_no_corners() {
        let twice = pos2(5.0, 5.0);
        let mesh = mesh_of(&[pos2(0.0, 5.0), twice, twice, twice, pos2(9.0, 5.0)], 1.0);
        check(&mesh, 5.0, 5.0, 1.0);
        check(&mesh, 5.0, 5.5, 0.5);
        assert!(mesh_of(&[twice, twice], 1.0).is_empty());
        assert!(mesh_of(&[twice], 1.0).is_empty());
        assert!(mesh_of(&[], 1.0).is_empty());
    }
}
