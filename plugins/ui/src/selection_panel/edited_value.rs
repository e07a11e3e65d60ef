//! A row with a value: an editor fit for its type, where it comes from, and a way back. Of several values each has a row of its own.

use arrow_array::{Array as _, cast::AsArray as _};
use chronoscope_frame::ViewerCommand;
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::format_value;
use egui::{Align, Context, Id, Layout, Memory, Response, RichText, Sense, Ui};

use super::parts::{grouped, list_rows};
use crate::{
    editors::{ComponentEditors, Edited},
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_small, icon_button, property_row, value_label},
};

/// Characters of a value that are laid out.
const MAX_CHARS: usize = 80;

/// The most values that are edited one by one: all of them are written when one is changed.
pub(super) const MAX_EDITED: usize = 1_000;

/// A value and what is said about it.
pub(super) struct EditedValue<'a> {
    /// What stands at the left.
    pub(super) name: &'a str,
    /// Its component, in full.
    pub(super) component: &'a str,
    pub(super) component_type: Option<&'a str>,
    pub(super) array: &'a ArrayRef,
    /// Where it comes from.
    pub(super) source: &'a str,
    /// What the button says that takes it back, where there is one.
    pub(super) reset: Option<&'a str>,
}

/// Whether one value is several numbers, as a position is.
fn has_several_numbers(array: &ArrayRef) -> bool {
    array.as_fixed_size_list_opt().is_some() || array.as_struct_opt().is_some()
}

/// Where it is kept in which field a value was changed last, until that is a step of its own.
fn editing_id() -> Id {
    Id::new("editing a value")
}

fn field_in_focus(ctx: &Context) -> Option<Id> {
    let is_typing = ctx.text_edit_focused();
    ctx.memory(Memory::focused).filter(|_| is_typing)
}

/// Ends the step to undo that changing a value is: a drag ends with the button, what is typed into a field once that is left, be it
/// because it is not there any more. Called once a pass, when all values are drawn.
pub(super) fn end_edit(ctx: &Context, pass: &mut Pass<'_>) {
    if ctx.input(|input| !input.pointer.any_down())
        && let Some(edited_in) = ctx.data(|data| data.get_temp::<Option<Id>>(editing_id()))
        && (edited_in.is_none() || edited_in != field_in_focus(ctx))
    {
        ctx.data_mut(|data| data.remove::<Option<Id>>(editing_id()));
        pass.push(ViewerCommand::EndGesture);
    }
}

/// What the user did to a value.
pub(super) enum ValueAnswer {
    Set(ArrayRef),
    Reset,
}

impl EditedValue<'_> {
    /// Whether it can be changed here.
    pub(super) fn can_edit(&self, pass: &Pass<'_>) -> bool {
        let editors = pass.world.get_resource::<ComponentEditors>();
        editors
            .zip(self.component_type)
            .is_some_and(|(editors, component_type)| editors.has(component_type))
    }

    /// Draws the row, and one for each of several values where they are unfolded. Returns the response of the row, and what was done.
    pub(super) fn show(&self, ui: &mut Ui, pass: &Pass<'_>) -> (Response, Option<ValueAnswer>) {
        let is_list = (2..=MAX_EDITED).contains(&self.array.len()) && self.can_edit(pass);
        let unfolded_id = ui.make_persistent_id("values");
        let mut is_unfolded = ui
            .data(|data| data.get_temp::<bool>(unfolded_id))
            .unwrap_or(false);
        let editors = pass.world.get_resource::<ComponentEditors>();
        let mut answer = None;
        // Before what lies on it, which takes the clicks on itself.
        let place = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), size::ROW));
        let row = ui.interact(place, ui.id().with("row"), Sense::CLICK);
        property_row(ui, self.name, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = size::GRID;
                if let Some(reset) = self.reset
                    && icon_button(ui, icons::RESET, reset, None).clicked()
                {
                    answer = Some(ValueAnswer::Reset);
                }
                let room = ui.available_rect_before_wrap();
                // The value takes precedence where there is little room, and where it is of several numbers.
                let has_room = room.width() > 16.0 * size::GRID;
                let mut part = room;
                let is_crowded = !has_room || has_several_numbers(self.array);
                part.set_width(room.width() * if is_crowded { 1.0 } else { 0.6 });
                let layout = Layout::left_to_right(Align::Center);
                // Not by what stands beside it: a button that comes with the first letter must not take the focus.
                let id = ui.id().with("value");
                let mut left = ui.new_child(egui::UiBuilder::new().id(id).max_rect(part).layout(layout));
                if is_list {
                    let icon = if is_unfolded {
                        icons::EXPANDED
                    } else {
                        icons::COLLAPSED
                    };
                    if icon_button(&mut left, icon, "Edit the values", None).clicked() {
                        is_unfolded = !is_unfolded;
                        left.data_mut(|data| data.insert_temp(unfolded_id, is_unfolded));
                    }
                }
                let edited = match editors.zip(self.component_type) {
                    Some((editors, component_type)) if self.array.len() == 1 => {
                        editors.show(&mut left, component_type, self.array, 0)
                    }
                    _ => Edited::Unreadable,
                };
                match edited {
                    Edited::No => {}
                    Edited::To(value) => answer = Some(ValueAnswer::Set(value)),
                    Edited::Unreadable => {
                        value_label(&mut left, &self.text(), "");
                    }
                }
                let mut rest = room;
                rest.min.x = left.min_rect().right() + size::GRID;
                if has_room && rest.width() > 10.0 * size::GRID {
                    let layout = Layout::right_to_left(Align::Center);
                    let mut right = ui.new_child(egui::UiBuilder::new().max_rect(rest).layout(layout));
                    // What the tooltip of the row says in full.
                    let short = self.source.strip_prefix("logged ").unwrap_or(self.source);
                    elided_small(&mut right, short);
                }
                ui.advance_cursor_after_rect(room);
            });
        });
        if let Some((editors, component_type)) = editors.zip(self.component_type)
            && is_list
            && is_unfolded
        {
            let changed = self.show_values(ui, editors, component_type);
            answer = changed.map(ValueAnswer::Set).or(answer);
        }
        if answer.is_some() {
            let field = field_in_focus(ui.ctx());
            ui.data_mut(|data| data.insert_temp(editing_id(), field));
        }
        let response = row.on_hover_ui(|ui| {
            ui.label(RichText::new(self.component).monospace());
            if let Some(component_type) = self.component_type {
                let color = Theme::of(ui).secondary;
                ui.label(RichText::new(component_type).monospace().color(color));
            }
            ui.label(self.source);
        });
        (response, answer)
    }

    fn text(&self) -> String {
        match self.array.len() {
            0 | 1 => format_value(self.component_type, self.array.as_ref(), MAX_CHARS),
            several => format!("{} values", grouped(several as u64)),
        }
    }

    /// The values one by one, in a list of its own where there are many. Returns all of them where one was changed.
    fn show_values(&self, ui: &mut Ui, editors: &ComponentEditors, component_type: &str) -> Option<ArrayRef> {
        let mut changed = None;
        let show_row = |ui: &mut Ui, at: usize| {
            let show = |ui: &mut Ui| editors.show(ui, component_type, self.array, at);
            match property_row(ui, &at.to_string(), |ui| ui.push_id(at, show).inner) {
                Edited::To(values) => changed = Some(values),
                Edited::No | Edited::Unreadable => {}
            }
        };
        list_rows(ui, "values", self.array.len(), show_row);
        changed
    }
}
