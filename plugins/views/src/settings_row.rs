//! A row of a view's settings, with a way back where something is set.

use chronoscope_blueprint::{BlueprintCommand, BlueprintQuery, ViewId, view_property};
use chronoscope_frame::{Recordings, ViewerCommand};
use chronoscope_store::arrow::Array as _;
use chronoscope_types::ComponentName;
use egui::{Button, RichText, Ui, WidgetInfo, WidgetType};

use crate::ViewUiContext;

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
            context
                .commands
                .blueprint(BlueprintCommand::SetProperty(view, set));
            context.commands.push(ViewerCommand::EndGesture);
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
