//! Rows of lists and trees.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Response, Sense, Ui, Vec2};
use egui::{WidgetInfo, WidgetType};

use super::{capped, paint_focus};
use crate::fonts;
use crate::icons;
use crate::theme::{Theme, size};

/// A row of a list or a tree: as wide as its panel, 24 points high, cut with a tooltip, lit when pointed at.
///
/// ```text
/// let row = ListRow::new("lidar").icon(icons::ENTITY).level(2).selected(true).show(ui, |ui| {
///     icon_button(ui, icons::VISIBLE, "Hide", None);
/// });
/// if row.response.clicked() { /* select it */ }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a row is drawn by `show`"]
pub struct ListRow<'a> {
    label: &'a str,
    icon: Option<&'a str>,
    icon_color: Option<Color32>,
    detail: &'a str,
    level: usize,
    expanded: Option<bool>,
    selected: bool,
    highlighted: bool,
    dimmed: bool,
    actions_shown: bool,
    sense: Sense,
}

/// Response of a [`ListRow`].
#[derive(Debug)]
pub struct ListRowResponse {
    /// The row as a whole.
    pub response: Response,
    /// The arrow was clicked, where the row has one.
    pub toggled: bool,
}

impl<'a> ListRow<'a> {
    /// A row that says `label`.
    pub fn new(label: &'a str) -> Self {
        Self {
            label,
            icon: None,
            icon_color: None,
            detail: "",
            level: 0,
            expanded: None,
            selected: false,
            highlighted: false,
            dimmed: false,
            actions_shown: false,
            sense: Sense::click(),
        }
    }

    /// An icon before the label.
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// The color of the icon, for entities in the color of their data.
    pub fn icon_color(mut self, color: Color32) -> Self {
        self.icon_color = Some(color);
        self
    }

    /// Dimmed small text behind the label, such as a count.
    pub fn detail(mut self, detail: &'a str) -> Self {
        self.detail = detail;
        self
    }

    /// Level in the tree, from 0.
    pub fn level(mut self, level: usize) -> Self {
        self.level = level;
        self
    }

    /// An arrow that opens and closes what is below, and which of both it is. Rows of a tree without children
    /// leave room for it.
    pub fn expanded(mut self, expanded: Option<bool>) -> Self {
        self.expanded = expanded;
        self
    }

    /// Part of the selection.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Pointed at in another panel.
    pub fn highlighted(mut self, highlighted: bool) -> Self {
        self.highlighted = highlighted;
        self
    }

    /// Not shown, or without effect.
    pub fn dimmed(mut self, dimmed: bool) -> Self {
        self.dimmed = dimmed;
        self
    }

    /// Draws the actions always.
    pub fn actions_shown(mut self) -> Self {
        self.actions_shown = true;
        self
    }

    /// Interactions that it senses; clicks by default.
    pub fn sense(mut self, sense: Sense) -> Self {
        self.sense = sense;
        self
    }

    /// Draws the row over the whole width. `actions` draws buttons at its right end, from right to left,
    /// while the row is pointed at or selected, or [always](Self::actions_shown).
    pub fn show(self, ui: &mut Ui, actions: impl FnOnce(&mut Ui)) -> ListRowResponse {
        let theme = Theme::of(ui);
        let width = ui.available_width();
        let (rect, mut response) = ui.allocate_exact_size(Vec2::new(width, size::ROW), self.sense);
        response.widget_info(|| {
            WidgetInfo::selected(
                WidgetType::SelectableLabel,
                ui.is_enabled(),
                self.selected,
                self.label,
            )
        });
        if !ui.is_rect_visible(rect) {
            return ListRowResponse {
                response,
                toggled: false,
            };
        }

        let is_hovered = response.hovered() || response.has_focus() || ui.rect_contains_pointer(rect);
        self.paint_background(ui, rect, &theme, is_hovered);
        paint_focus(ui, &response);

        let mut left = rect.left() + size::GRID + self.level as f32 * size::INDENT;
        let toggled = self.arrow(
            ui,
            &response,
            Rect::from_min_size(Pos2::new(left, rect.top()), Vec2::new(size::INDENT, size::ROW)),
        );
        left += size::INDENT + size::GRID / 2.0;

        let right = if is_hovered || self.selected || self.actions_shown {
            show_actions(ui, rect, left, actions)
        } else {
            rect.right() - size::GRID
        };

        let text_color = if self.dimmed { theme.secondary } else { theme.text };
        if let Some(icon) = self.icon {
            let color = self.icon_color.unwrap_or(theme.secondary);
            let center = Pos2::new(left + size::ICON / 2.0, rect.center().y);
            let color = if self.dimmed { theme.disabled } else { color };
            let font = fonts::icon(ui, size::ICON);
            ui.painter()
                .text(center, Align2::CENTER_CENTER, icon, font, color);
            left += size::ICON + size::GRID;
        }

        let elided = self.paint_text(ui, rect, left, right, text_color);
        if elided {
            let full = if self.detail.is_empty() {
                self.label.to_owned()
            } else {
                format!("{} {}", self.label, self.detail)
            };
            response = response.on_hover_text(capped(&full));
        }
        ListRowResponse { response, toggled }
    }

    fn paint_background(&self, ui: &Ui, rect: Rect, theme: &Theme, is_hovered: bool) {
        let radius = CornerRadius::same(size::RADIUS);
        let painter = ui.painter();
        if self.selected {
            painter.rect(
                rect,
                radius,
                theme.selection(),
                theme.selection_edge(),
                egui::StrokeKind::Inside,
            );
        } else if is_hovered {
            painter.rect_filled(rect, radius, theme.hover());
        } else if self.highlighted {
            painter.rect_filled(rect, radius, theme.highlight());
        }
    }

    /// Draws the arrow, and says whether it was clicked.
    fn arrow(&self, ui: &Ui, row: &Response, rect: Rect) -> bool {
        let Some(expanded) = self.expanded else {
            return false;
        };
        let theme = Theme::of(ui);
        let arrow = ui.interact(rect, row.id.with("arrow"), Sense::click());
        let name = if expanded { "Collapse" } else { "Expand" };
        arrow.widget_info(|| {
            WidgetInfo::labeled(
                WidgetType::Button,
                ui.is_enabled(),
                format!("{name} {}", self.label),
            )
        });
        paint_focus(ui, &arrow);
        let icon = if expanded {
            icons::EXPANDED
        } else {
            icons::COLLAPSED
        };
        let color = if arrow.hovered() {
            theme.text
        } else {
            theme.secondary
        };
        let font = fonts::text(ui, size::SMALL);
        ui.painter()
            .text(rect.center(), Align2::CENTER_CENTER, icon, font, color);
        arrow.clicked()
    }

    /// Draws label and detail between `left` and `right`, and says whether something had to be cut.
    fn paint_text(&self, ui: &Ui, rect: Rect, left: f32, right: f32, color: Color32) -> bool {
        let theme = Theme::of(ui);
        let body = egui::TextStyle::Body.resolve(ui.style());
        let mut job = LayoutJob::single_section(self.label.to_owned(), TextFormat::simple(body, color));
        if !self.detail.is_empty() {
            let small = egui::TextStyle::Small.resolve(ui.style());
            let format = TextFormat {
                valign: egui::Align::Center,
                ..TextFormat::simple(small, theme.secondary)
            };
            job.append(self.detail, 2.0 * size::GRID, format);
        }
        job.wrap = TextWrapping::truncate_at_width((right - left).max(0.0));
        let galley = ui.painter().layout_job(job);
        let position = Pos2::new(left, rect.center().y - galley.size().y / 2.0);
        let elided = galley.elided;
        ui.painter().galley(position, galley, color);
        elided
    }
}

/// Draws `actions` at the right end of a row, and returns where they begin.
fn show_actions(ui: &mut Ui, row: Rect, left: f32, actions: impl FnOnce(&mut Ui)) -> f32 {
    let room = Rect::from_min_max(Pos2::new(left, row.top()), row.right_bottom());
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(room).layout(layout));
    child.spacing_mut().item_spacing.x = 0.0;
    actions(&mut child);
    child.min_rect().left().min(row.right() - size::GRID)
}
