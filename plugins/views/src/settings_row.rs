//! Rows of a view's settings, with a way back where something is set.

use chronoscope_blueprint::{BlueprintCommand, BlueprintQuery, ViewId, view_property};
use chronoscope_frame::Recordings;
use chronoscope_store::arrow::Array as _;
use chronoscope_types::{AsComponents, ComponentName};
use egui::{Button, RichText, Ui, WidgetInfo, WidgetType};

use crate::ViewUiContext;

/// A property that is on or off.
pub(crate) struct Switch {
    pub(crate) property: ComponentName,
    pub(crate) text: &'static str,
    /// What it does, where the text does not say.
    pub(crate) hint: &'static str,
    pub(crate) is_on: bool,
}

impl Switch {
    /// Draws the row. Where the user turns the switch, `values` says what is set.
    pub(crate) fn show<A: AsComponents>(
        self,
        ui: &mut Ui,
        context: &mut ViewUiContext<'_>,
        view: ViewId,
        values: impl FnOnce(bool) -> A,
    ) {
        settings_row(ui, context, view, &[self.property], |ui, context| {
            let mut is_on = self.is_on;
            let mut response = ui.checkbox(&mut is_on, self.text);
            if !self.hint.is_empty() {
                response = response.on_hover_text(self.hint);
            }
            if response.changed() {
                context.edit(BlueprintCommand::set_property(view, &values(is_on)));
            }
        });
    }
}

/// Whether a value that was changed in the passes before is let go of: what comes then is a step of its own to undo.
pub(crate) fn is_let_go(ui: &Ui, view: ViewId, property: ComponentName, is_changed: bool) -> bool {
    let memory = egui::Id::new(("is changed", view.to_bytes(), property.name));
    if is_changed {
        ui.data_mut(|data| data.insert_temp(memory, true));
        return false;
    }
    let is_held = ui.input(|input| input.pointer.any_down());
    !is_held && ui.data_mut(|data| data.remove_temp::<bool>(memory)).is_some()
}

/// Draws a row of settings. Where the blueprint sets one of these properties, a button behind them takes all of them
/// back, which is one step to undo.
pub(crate) fn settings_row(
    ui: &mut Ui,
    context: &mut ViewUiContext<'_>,
    view: ViewId,
    properties: &[ComponentName],
    show: impl FnOnce(&mut Ui, &mut ViewUiContext<'_>),
) {
    let set = set_properties(context, view, properties);
    ui.horizontal(|ui| {
        show(ui, context);
        if set.is_empty() {
            return;
        }
        let icon = RichText::new(egui_phosphor::regular::ARROW_COUNTER_CLOCKWISE);
        let button = ui.add(Button::new(icon).frame(false));
        button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), "Reset"));
        if button.on_hover_text("Reset").clicked() {
            context.edit(BlueprintCommand::edit_property(view, set));
        }
    });
}

/// Of these properties those that the blueprint sets, each with no value instead.
fn set_properties(
    context: &ViewUiContext<'_>,
    view: ViewId,
    properties: &[ComponentName],
) -> Vec<(
    chronoscope_store::ComponentDescriptor,
    chronoscope_store::arrow::ArrayRef,
)> {
    let recordings = context.world.get_resource::<Recordings>();
    let Some((entry, blueprints)) = recordings.and_then(Recordings::active_blueprint) else {
        return Vec::new();
    };
    let at = blueprints.undo.query_time();
    let query = BlueprintQuery::new(entry.store(), &entry.recording.cache, at);
    let set = properties.iter().filter_map(|property| {
        let value = view_property(&query, view, property)?.cell();
        (!value.is_empty()).then(|| (property.descriptor(), value.slice(0, 0)))
    });
    set.collect()
}
