//! What a blueprint says and the viewer does not honor yet, so that it can be reported.

use std::fmt;

use chronoscope_store::EntityPath;
use chronoscope_types::{
    blueprint as archetypes,
    own::{EyeLens3D, Lighting3D, QueryContext, ScalarAxisScale, SecondScalarAxis},
};

use crate::{
    EYE_POSITION_REST, EYE_TARGET_REST, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
    overrides::{overridden_entities, overrides_for, property_path},
    query::BlueprintQuery,
};

/// The properties that all views honor.
const OF_ALL: [&str; 7] = [
    QueryContext::APPLICATION.name,
    QueryContext::FIXED_TIME.name,
    QueryContext::OFFSET.name,
    QueryContext::RECORDING.name,
    QueryContext::TIMELINE.name,
    archetypes::ViewContents::QUERY.name,
    "ViewBlueprint:display_name",
];

/// The properties that views in the plane and in space honor.
const OF_SPACES: [&str; 5] = [
    archetypes::Background::COLOR.name,
    archetypes::Background::KIND.name,
    archetypes::NearClipPlane::NEAR_CLIP_PLANE.name,
    archetypes::SpatialInformation::SHOW_BOUNDING_BOX.name,
    archetypes::SpatialInformation::TARGET_FRAME.name,
];

const OF_3D: [&str; 19] = [
    EYE_POSITION_REST.name,
    EYE_TARGET_REST.name,
    archetypes::EyeControls3D::EYE_UP.name,
    archetypes::EyeControls3D::KIND.name,
    archetypes::EyeControls3D::LOOK_TARGET.name,
    archetypes::EyeControls3D::POSITION.name,
    archetypes::EyeControls3D::SPEED.name,
    archetypes::EyeControls3D::SPIN_SPEED.name,
    archetypes::EyeControls3D::TRACKING_ENTITY.name,
    archetypes::LineGrid3D::COLOR.name,
    archetypes::LineGrid3D::PLANE.name,
    archetypes::LineGrid3D::SPACING.name,
    archetypes::LineGrid3D::STROKE_WIDTH.name,
    archetypes::LineGrid3D::VISIBLE.name,
    archetypes::SpatialInformation::AXES.name,
    archetypes::SpatialInformation::SHOW_AXES.name,
    EyeLens3D::DEPTH_SHADING.name,
    EyeLens3D::PROJECTION.name,
    Lighting3D::SHADOWS.name,
];

const OF_2D: [&str; 1] = [archetypes::VisualBounds2D::RANGE.name];

/// The properties that plots and bar charts honor.
const OF_PLOTS: [&str; 4] = [
    archetypes::PlotBackground::COLOR.name,
    archetypes::PlotBackground::SHOW_GRID.name,
    archetypes::PlotLegend::CORNER.name,
    archetypes::PlotLegend::VISIBLE.name,
];

const OF_TIME_SERIES: [&str; 10] = [
    archetypes::PlotInteraction::POINTS_DISPLAY.name,
    archetypes::PlotInteraction::TOOLTIP_MODE.name,
    archetypes::ScalarAxis::RANGE.name,
    archetypes::ScalarAxis::ZOOM_LOCK.name,
    archetypes::TimeAxis::LINK.name,
    archetypes::TimeAxis::VIEW_RANGE.name,
    archetypes::TimeAxis::ZOOM_LOCK.name,
    ScalarAxisScale::SCALE.name,
    SecondScalarAxis::RANGE.name,
    SecondScalarAxis::SCALE.name,
];

const OF_TEXT_LOGS: [&str; 4] = [
    archetypes::TextLogColumns::TEXT_LOG_COLUMNS.name,
    archetypes::TextLogColumns::TIMELINE_COLUMNS.name,
    archetypes::TextLogFormat::MONOSPACE_BODY.name,
    archetypes::TextLogRows::FILTER_BY_LOG_LEVEL.name,
];

const OF_TEXT_DOCUMENTS: [&str; 2] = [
    archetypes::TextDocumentFormat::MONOSPACE.name,
    archetypes::TextDocumentFormat::WORD_WRAP.name,
];

const NOTHING: &[&str] = &[];

/// The properties that views of a class honor beside those of all views, by their components; none for a class that others add.
pub fn honored_properties(class: &ViewClassId) -> impl Iterator<Item = &'static str> + use<> {
    of_class(class).into_iter().flatten().flatten().copied()
}

fn of_class(class: &ViewClassId) -> Option<[&'static [&'static str]; 2]> {
    let lists: [&[&str]; 2] = match class.as_str() {
        ViewClassId::SPATIAL_3D => [&OF_SPACES, &OF_3D],
        ViewClassId::SPATIAL_2D => [&OF_SPACES, &OF_2D],
        ViewClassId::TIME_SERIES => [&OF_PLOTS, &OF_TIME_SERIES],
        ViewClassId::BAR_CHART => [&OF_PLOTS, NOTHING],
        ViewClassId::TEXT_LOG => [&OF_TEXT_LOGS, NOTHING],
        ViewClassId::TEXT_DOCUMENT => [&OF_TEXT_DOCUMENTS, NOTHING],
        _ => return None,
    };
    Some(lists)
}

/// Whether views of a class honor a property. Of a class that others add, nothing that another honors is called ignored.
fn honors(class: &ViewClassId, component: &str) -> bool {
    let all: [&[&str]; 7] = [
        &OF_SPACES,
        &OF_3D,
        &OF_2D,
        &OF_PLOTS,
        &OF_TIME_SERIES,
        &OF_TEXT_LOGS,
        &OF_TEXT_DOCUMENTS,
    ];
    let is_in = |lists: &[&[&str]]| lists.iter().any(|some| some.contains(&component));
    OF_ALL.contains(&component) || of_class(class).map_or_else(|| is_in(&all), |lists| is_in(&lists))
}

/// Something that a blueprint says of a view and that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoredSetting {
    /// The view.
    pub view: ViewId,
    /// The entity of the recording, where it is said of one.
    pub entity: Option<EntityPath>,
    /// What is ignored.
    pub kind: IgnoredKind,
}

/// What is ignored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IgnoredKind {
    /// A property of a view, by its component.
    Property(String),
    /// A range of times in a view that shows the latest values alone.
    TimeRange,
}

impl fmt::Display for IgnoredKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(component) => write!(f, "{component} is not supported yet"),
            Self::TimeRange => f.write_str("visible time ranges are not supported in this view yet"),
        }
    }
}

/// All that a blueprint says of its views and the viewer ignores, sorted. `takes_ranges` tells whether views of a class show visible
/// time ranges.
///
/// Cost: all properties and overrides of all views.
pub fn ignored(
    query: &BlueprintQuery<'_>,
    viewport: &ViewportBlueprint,
    takes_ranges: impl Fn(&ViewClassId) -> bool,
) -> Vec<IgnoredSetting> {
    let mut found = Vec::new();
    for view in viewport.views.values() {
        let takes_ranges = takes_ranges(&view.class);
        ignored_properties(query, view, takes_ranges, &mut found);
        for entity in overridden_entities(query, view.id) {
            ignored_overrides(query, view, &entity, takes_ranges, &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn ignored_properties(
    query: &BlueprintQuery<'_>,
    view: &ViewBlueprint,
    takes_ranges: bool,
    found: &mut Vec<IgnoredSetting>,
) {
    let tree = query.store().tree();
    let path = view.id.entity_path();
    let Some(id) = tree.find(&path) else {
        return;
    };
    for folder in tree.children(id) {
        let path = tree.path(folder);
        for hit in query.values(path) {
            let component = &**hit.column().name();
            // Defaults are found by the visualizers that ask for them.
            if property_path(view.id, component).as_ref() != Some(path) {
                continue;
            }
            let kind = if component == archetypes::VisibleTimeRanges::RANGES.name {
                (!takes_ranges).then_some(IgnoredKind::TimeRange)
            } else {
                (!honors(&view.class, component)).then(|| IgnoredKind::Property(component.to_owned()))
            };
            found.extend(kind.map(|kind| IgnoredSetting {
                view: view.id,
                entity: None,
                kind,
            }));
        }
    }
}

fn ignored_overrides(
    query: &BlueprintQuery<'_>,
    view: &ViewBlueprint,
    entity: &EntityPath,
    takes_ranges: bool,
    found: &mut Vec<IgnoredSetting>,
) {
    let mut add = |kind| {
        found.push(IgnoredSetting {
            view: view.id,
            entity: Some(entity.clone()),
            kind,
        });
    };
    let overrides = overrides_for(query, view.id, entity);
    for hit in &overrides.entity {
        let component = &**hit.column().name();
        if component == archetypes::VisibleTimeRanges::RANGES.name && !takes_ranges {
            add(IgnoredKind::TimeRange);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::Arc;

    use arrow_array::Int32Array;
    use chronoscope_store::{ComponentDescriptor, Recording, StoreId, arrow::ArrayRef};

    use super::*;
    use crate::{BlueprintCommand, OverrideTarget, UndoState, edit_blueprint, read_viewport};

    #[test]
    fn each_kind_of_view_honors_its_own() {
        let check = |class: &str, component: &str, expected: bool| {
            assert_eq!(
                honors(&ViewClassId::from(class), component),
                expected,
                "{class} {component}"
            );
        };
        check("3D", "SpatialInformation:show_axes", true);
        check("2D", "SpatialInformation:show_axes", false);
        check("3D", Lighting3D::SHADOWS.name, true);
        check("2D", Lighting3D::SHADOWS.name, false);
        check("2D", "SpatialInformation:show_bounding_box", true);
        check("TextLog", "TextLogRows:filter_by_log_level", true);
        check("TextDocument", "TextLogFormat:monospace_body", false);
        check("TextDocument", "TextDocumentFormat:word_wrap", true);
        check("BarChart", "PlotBackground:color", true);
        check("BarChart", "ScalarAxis:range", false);
        check("OfSomebodyElse", "ScalarAxis:range", true);
        check("OfSomebodyElse", "ForceLink:distance", false);
    }

    #[test]
    fn what_is_ignored_is_told() {
        let mut blueprint = Recording::new(StoreId::blueprint("app", "active"));
        let mut undo = UndoState::new(-1);
        let view = ViewBlueprint::new(ViewId::hashed(["v"]), "3D", "/");
        let id = view.id;
        let components = |names: &[&str]| {
            let one = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
            names
                .iter()
                .map(|name| (ComponentDescriptor::partial(*name), one()))
                .collect::<Vec<_>>()
        };
        let set = |target: OverrideTarget, names: &[&str]| BlueprintCommand::SetOverride {
            view: id,
            entity: "/world".into(),
            target,
            components: components(names),
        };
        for command in [
            BlueprintCommand::AddView(view, None),
            BlueprintCommand::SetProperty(id, components(&["EyeControls3D:position", "EyeControls3D:speed"])),
            BlueprintCommand::SetProperty(id, components(&["ForceLink:distance"])),
            BlueprintCommand::SetDefault(id, components(&["Points3D:radii"])),
            set(
                OverrideTarget::Entity,
                &["EntityBehavior:interactive", "VisibleTimeRanges:ranges"],
            ),
        ] {
            let (current, _) = read_viewport(&blueprint.store, &blueprint.cache, i64::MAX);
            edit_blueprint(&mut blueprint, &mut undo, &current, &command).unwrap();
        }
        let (viewport, _) = read_viewport(&blueprint.store, &blueprint.cache, i64::MAX);
        let query = BlueprintQuery::new(&blueprint.store, &blueprint.cache, i64::MAX);
        let told = |takes_ranges: bool| -> Vec<String> {
            let found = ignored(&query, &viewport, |_| takes_ranges);
            found
                .iter()
                .map(|setting| {
                    let entity = setting.entity.as_ref().map_or("", EntityPath::as_str);
                    format!("{entity} {}", setting.kind)
                })
                .collect()
        };
        let expected = [
            " ForceLink:distance is not supported yet",
            "/world visible time ranges are not supported in this view yet",
        ];
        assert_eq!(told(false), expected);
        assert_eq!(told(true).len(), expected.len() - 1);
    }
}
