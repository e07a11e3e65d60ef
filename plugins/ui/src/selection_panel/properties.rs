//! The properties of a view that its settings do not draw: each with its value, where that comes from, an editor and a way back.

use arrow_array::Array as _;
use chronoscope_blueprint::{
    BlueprintCommand, BlueprintQuery, EYE_POSITION_REST, EYE_TARGET_REST, ViewId, view_properties,
    view_property,
};
use chronoscope_frame::ViewerCommand;
use chronoscope_store::{ComponentDescriptor, Hit, arrow::ArrayRef};
use chronoscope_types::{
    ComponentName,
    blueprint::{EyeControls3D, VisibleTimeRanges},
    own::{EyeControls3DRest, QueryContext},
};
use chronoscope_views::ViewUis;
use egui::Ui;

use super::edited_value::{EditedValue, ValueAnswer};
use crate::{pass::Pass, widgets::section_header};

/// A property and its value.
struct Property {
    descriptor: ComponentDescriptor,
    array: ArrayRef,
    source: PropertySource,
    /// What the blueprint says that was sent.
    sent: Option<ArrayRef>,
}

/// Where the value of a property comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PropertySource {
    /// Somebody set it.
    Set,
    /// The blueprint that was sent says so.
    Sent,
    /// Nobody says anything: it is as the class has it.
    Fallback,
}

/// Draws the properties, below the names of their archetypes.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId) {
    let mut archetype = String::new();
    for property in properties(pass, view) {
        let component = &*property.descriptor.component;
        let of = property.descriptor.archetype_of_name();
        if of != archetype {
            section_header(ui, of, |_| {});
            of.clone_into(&mut archetype);
        }
        ui.push_id(component, |ui| show_property(ui, pass, view, &property));
    }
}

fn show_property(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId, property: &Property) {
    let descriptor = &property.descriptor;
    let name = descriptor.field_name().replace('_', " ");
    let is_other_than_sent = property.source == PropertySource::Set && property.sent.is_some();
    let value = EditedValue {
        name: &name,
        component: &descriptor.component,
        component_type: descriptor.component_type.as_deref(),
        array: &property.array,
        source: match property.source {
            PropertySource::Set => "set",
            PropertySource::Sent => "default",
            PropertySource::Fallback => "fallback",
        },
        reset: match property.source {
            PropertySource::Set if is_other_than_sent => Some("Reset to the default blueprint"),
            PropertySource::Set | PropertySource::Sent => Some("Reset"),
            PropertySource::Fallback => None,
        },
    };
    let (_, answer) = value.show(ui, pass);
    let Some(answer) = answer else { return };
    let array = match (&answer, &property.sent) {
        (ValueAnswer::Set(array), _) => array.clone(),
        (ValueAnswer::Reset, Some(sent)) if is_other_than_sent => sent.clone(),
        (ValueAnswer::Reset, _) => property.array.slice(0, 0),
    };
    let mut components = vec![(descriptor.clone(), array)];
    // What a place leaves out belongs to the place of before.
    if let Some(rest) = rest_of(&descriptor.component) {
        components.push((rest.descriptor(), property.array.slice(0, 0)));
    }
    pass.edit(BlueprintCommand::edit_property(view, components));
    if matches!(answer, ValueAnswer::Reset) {
        pass.push(ViewerCommand::EndGesture);
    }
}

fn rest_of(component: &str) -> Option<ComponentName> {
    let rests = [
        (EyeControls3D::POSITION, EYE_POSITION_REST),
        (EyeControls3D::LOOK_TARGET, EYE_TARGET_REST),
    ];
    let found = rests.into_iter().find(|(place, _)| place.name == component);
    found.map(|(_, rest)| rest)
}

/// Those that the class has, in its order, then what else the blueprint sets and nothing else in the panel shows.
fn properties(pass: &mut Pass<'_>, view: ViewId) -> Vec<Property> {
    let Some((of_class, drawn)) = of_class(pass, view) else {
        return Vec::new();
    };
    let recordings = pass.recordings();
    let Some((entry, blueprints)) = recordings.active_blueprint() else {
        return Vec::new();
    };
    let store = entry.store();
    let at = blueprints.undo.query_time();
    let mut set = view_properties(&BlueprintQuery::new(store, &entry.recording.cache, at), view);
    let sent = blueprints.default.as_ref().and_then(|id| recordings.find(id));
    let new = |descriptor: ComponentDescriptor, hit: Option<&Hit>, fallback: ArrayRef| {
        let sent = sent.and_then(|sent| {
            let query = BlueprintQuery::new(sent.store(), &sent.recording.cache, i64::MAX);
            Some(view_property(&query, view, &descriptor.component)?.cell())
        });
        let array = hit.map(Hit::cell);
        Property {
            source: match &array {
                None => PropertySource::Fallback,
                Some(_) if array == sent => PropertySource::Sent,
                Some(_) => PropertySource::Set,
            },
            array: array.unwrap_or(fallback),
            descriptor,
            sent,
        }
    };
    let mut found = Vec::new();
    for (name, fallback) in of_class {
        let at = set.iter().position(|hit| **hit.column().name() == *name.name);
        let hit = at.map(|at| set.remove(at));
        found.push(new(name.descriptor(), hit.as_ref(), fallback));
    }
    let others = set.iter().filter(|hit| {
        let component = &**hit.column().name();
        let has_row = |archetype: &str| {
            let field = component.strip_prefix(archetype);
            field.is_some_and(|field| field.starts_with(':'))
        };
        let is_drawn = drawn.iter().any(|name| name.name == component);
        let is_range = VisibleTimeRanges::RANGES.name == component;
        !is_drawn && !is_range && !has_row(QueryContext::ARCHETYPE) && !has_row(EyeControls3DRest::ARCHETYPE)
    });
    found.extend(others.filter_map(|hit| {
        let component = store.component_id(hit.column().name())?;
        Some(new(store.descriptor(component).clone(), Some(hit), hit.cell()))
    }));
    found
}

/// The properties of a view as its class has them, with their fallbacks, and those that its settings draw. A view of no known class has
/// what is set.
fn of_class(
    pass: &mut Pass<'_>,
    view: ViewId,
) -> Option<(Vec<(ComponentName, ArrayRef)>, &'static [ComponentName])> {
    let class = &pass.viewport().views.get(&view)?.class;
    let view_ui = pass.world.resource::<ViewUis>().get(class);
    let context = pass.view_context(view)?;
    let Some(view_ui) = view_ui else {
        let nothing: &[ComponentName] = &[];
        return Some((Vec::new(), nothing));
    };
    Some((view_ui.properties(&context), view_ui.drawn_properties()))
}
