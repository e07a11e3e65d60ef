//! What lines are drawn with: the renderer, or triangles where there is none.

use bevy::{
    ecs::{resource::Resource, world::World},
    render::{render_phase::TrackedRenderPass, sync_world::RenderEntity},
};
use bevy_egui::render::{EguiBevyPaintCallback, EguiBevyPaintCallbackImpl, EguiPipelineKey};
use chronoscope_render::{ScreenArea, ScreenLines};
use egui::{Color32, Mesh, PaintCallbackInfo, Painter, Pos2, Shape};

use super::strip::{self, Profile};

/// Who turns the lines of plots into triangles. Both look the same, but for single pixels where a line is wider than a stretch of it is
/// long.
///
/// [`TimeSeriesPlugin`](super::TimeSeriesPlugin) chooses, unless the app has: who draws the egui context of the viewer by other means than
/// `bevy_egui` inserts [`Self::Egui`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Resource)]
pub enum PlotDrawing {
    /// The plot itself, as a mesh that anything can draw that draws egui. Costs some 200 bytes a point in each frame, which egui copies
    /// twice. What there is without a renderer.
    #[default]
    Egui,
    /// The GPU, in callbacks of `bevy_egui`'s pass. Costs 16 bytes a point.
    Renderer,
}

/// Draws lines onto a plot, later ones above earlier ones.
pub(super) struct Pen<'a> {
    painter: &'a Painter,
    pixel: f32,
    /// Lines that were not handed on yet, where the renderer draws them.
    lines: Option<ScreenLines>,
    /// Triangles that were not handed on yet. They lie above the lines.
    mesh: Mesh,
    capacity: usize,
    has_handed_on: bool,
    drawing: PlotDrawing,
}

impl<'a> Pen<'a> {
    pub(super) fn new(painter: &'a Painter, drawing: PlotDrawing) -> Self {
        Self {
            painter,
            pixel: 1.0 / painter.pixels_per_point(),
            lines: None,
            mesh: Mesh::default(),
            capacity: 0,
            has_handed_on: false,
            drawing,
        }
    }

    /// The size of a pixel, in points.
    pub(super) fn pixel(&self) -> f32 {
        self.pixel
    }

    /// Makes room for so many lines of as many points in one go, where nothing is drawn yet.
    pub(super) fn reserve(&mut self, points: usize, lines: usize) {
        // Once some were handed on, the others mostly are one by one, too: each has room for itself.
        self.capacity = points * if self.has_handed_on { 1 } else { lines };
        if self.drawing == PlotDrawing::Egui && self.mesh.is_empty() {
            strip::reserve(&mut self.mesh, self.capacity);
        }
    }

    /// Draws a line through these points. Fewer than two are none.
    pub(super) fn line(&mut self, points: &[Pos2], width: f32, color: Color32) {
        match self.drawing {
            PlotDrawing::Egui => {
                strip::add_line(&mut self.mesh, points, &Profile::new(width, self.pixel, color));
            }
            PlotDrawing::Renderer => {
                if !self.mesh.is_empty() {
                    self.hand_on();
                }
                let lines = self
                    .lines
                    .get_or_insert_with(|| ScreenLines::with_capacity(self.capacity));
                // A painter fades shapes, and leaves callbacks as they are.
                let color = color.gamma_multiply(self.painter.opacity()).to_array();
                lines.add(points.iter().map(|point| [point.x, point.y]), width, color);
            }
        }
    }

    /// Triangles above all that was drawn.
    pub(super) fn mesh(&mut self) -> &mut Mesh {
        if self.lines.is_some() {
            self.hand_on();
        }
        &mut self.mesh
    }

    /// Hands on what was drawn, so that it lies below what the painter gets next.
    pub(super) fn hand_on(&mut self) {
        self.has_handed_on |= self.lines.is_some() || !self.mesh.is_empty();
        if let Some(lines) = self.lines.take().filter(|lines| !lines.is_empty()) {
            let area = self.painter.clip_rect();
            self.painter.add(EguiBevyPaintCallback::new_paint_callback(
                area,
                LinesCallback(lines),
            ));
        }
        if !self.mesh.is_empty() {
            self.painter.add(Shape::mesh(std::mem::take(&mut self.mesh)));
        }
    }
}

/// Draws lines in the pass that draws egui.
struct LinesCallback(ScreenLines);

impl EguiBevyPaintCallbackImpl for LinesCallback {
    fn update(
        &self,
        info: PaintCallbackInfo,
        _: RenderEntity,
        key: EguiPipelineKey,
        render_world: &mut World,
    ) {
        // The size of the screen is not known here, so this is not cut off at its edges.
        let scaled = |at: f32| (at * info.pixels_per_point).round();
        let (min, max) = (info.viewport.min, info.viewport.max);
        let origin = [scaled(min.x), scaled(min.y)];
        let area = ScreenArea {
            origin,
            size: [scaled(max.x) - origin[0], scaled(max.y) - origin[1]],
            pixels_per_point: info.pixels_per_point,
        };
        self.0.prepare(render_world, &area, key.target_format);
    }

    fn render<'pass>(
        &self,
        _: PaintCallbackInfo,
        pass: &mut TrackedRenderPass<'pass>,
        _: RenderEntity,
        _: EguiPipelineKey,
        render_world: &'pass World,
    ) {
        self.0.draw(pass, render_world);
    }
}

#[cfg(test)]
mod tests {
    use egui::{Context, LayerId, Rect, pos2, vec2};

    use super::*;

    /// What a pen hands on of two lines with triangles between them: whether each is a callback.
    fn callbacks(drawing: PlotDrawing, opacity: f32) -> Vec<bool> {
        let mut output = Context::default().run_ui(egui::RawInput::default(), |ui| {
            let clip = Rect::from_min_size(Pos2::ZERO, vec2(50.0, 50.0));
            let mut painter = Painter::new(ui.ctx().clone(), LayerId::background(), clip);
            painter.set_opacity(opacity);
            let mut pen = Pen::new(&painter, drawing);
            let points = [pos2(0.0, 1.0), pos2(9.0, 1.0)];
            pen.line(&points, 1.0, Color32::WHITE);
            pen.line(&points, 1.0, Color32::WHITE);
            let corner = pos2(9.0, 9.0);
            for at in [Pos2::ZERO, corner, pos2(0.0, 9.0)] {
                pen.mesh().colored_vertex(at, Color32::WHITE);
            }
            pen.mesh().add_triangle(0, 1, 2);
            pen.line(&points, 1.0, Color32::WHITE);
            pen.line(&points[..1], 1.0, Color32::WHITE);
            pen.hand_on();
            // There is nothing more.
            pen.hand_on();
        });
        output.textures_delta.clear();
        let shapes = output.shapes.iter().map(|shape| &shape.shape);
        shapes
            .filter_map(|shape| match shape {
                Shape::Callback(_) => Some(true),
                Shape::Mesh(_) => Some(false),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn what_is_drawn_later_lies_above() {
        assert_eq!(callbacks(PlotDrawing::Renderer, 1.0), [true, false, true]);
        assert_eq!(callbacks(PlotDrawing::Egui, 1.0), [false]);
    }

    #[test]
    fn what_is_not_visible_is_not_drawn() {
        assert_eq!(callbacks(PlotDrawing::Renderer, 0.0), [false; 0]);
    }

    #[test]
    fn lines_that_are_handed_on_one_by_one_have_room_for_themselves() {
        let mut output = Context::default().run_ui(egui::RawInput::default(), |ui| {
            let mut pen = Pen::new(ui.painter(), PlotDrawing::Egui);
            for lines_left in (1..=100).rev() {
                pen.reserve(50, lines_left);
                pen.line(&[Pos2::ZERO, pos2(9.0, 1.0)], 1.0, Color32::WHITE);
                pen.hand_on();
            }
        });
        output.textures_delta.clear();
        let capacities = output.shapes.iter().filter_map(|shape| match &shape.shape {
            Shape::Mesh(mesh) => Some(mesh.vertices.capacity()),
            _ => None,
        });
        let capacities: Vec<usize> = capacities.collect();
        assert_eq!(capacities.len(), 100);
        assert!(
            capacities[1..].iter().all(|capacity| *capacity < 1_000),
            "{capacities:?}"
        );
    }

    /// What a pen whose painter has this opacity is about to hand on.
    fn lines_of(opacity: f32, color: Color32) -> String {
        let mut painter = Painter::new(Context::default(), LayerId::background(), Rect::EVERYTHING);
        painter.set_opacity(opacity);
        let mut pen = Pen::new(&painter, PlotDrawing::Renderer);
        pen.line(&[Pos2::ZERO, pos2(9.0, 1.0)], 1.0, color);
        format!("{:?}", pen.lines)
    }

    #[test]
    fn lines_fade_with_what_is_around_them() {
        let white = Color32::WHITE;
        assert_eq!(lines_of(0.5, white), lines_of(1.0, white.gamma_multiply(0.5)));
        assert_ne!(lines_of(0.5, white), lines_of(1.0, white));
    }
}
