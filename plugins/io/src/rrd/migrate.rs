//! Metadata of older SDKs to metadata as it is now: a column's names for what it holds have changed over time.

use std::collections::HashMap;

use arrow_schema::Field;
use chronoscope_store::ComponentDescriptor;

/// The metadata of a batch or a column, with the keys of now: `rerun:` where SDKs before 0.24 have `rerun.`.
pub(super) struct Metadata<'a>(&'a HashMap<String, String>);

impl<'a> Metadata<'a> {
    pub(super) fn new(metadata: &'a HashMap<String, String>) -> Self {
        Self(metadata)
    }

    /// The value of `rerun:name`; an empty one is as good as none.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let find = |separator| self.0.get(&format!("rerun{separator}{name}"));
        find(':')
            .or_else(|| find('.'))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether the value is there and not `false`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "no"))
    }
}

/// What a column of a component is called, with the names of now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ComponentNames {
    pub component: String,
    pub archetype: Option<String>,
    pub component_type: Option<String>,
}

impl From<ComponentNames> for ComponentDescriptor {
    fn from(names: ComponentNames) -> Self {
        Self {
            component: names.component.into(),
            archetype: names.archetype.map(Into::into),
            component_type: names.component_type.map(Into::into),
        }
    }
}

/// The names of a component's column; `None` for an indicator, which SDKs before 0.25 wrote beside each archetype and
/// which holds nothing.
pub(super) fn component_names(field: &Field) -> Option<ComponentNames> {
    let metadata = Metadata::new(field.metadata());
    let owned = |name: &str| metadata.get(name).map(str::to_owned);
    let is_indicator = |name: &str| name.starts_with("rerun.components.") && name.ends_with("Indicator");
    if metadata.is_set("is_indicator")
        || metadata.get("component").is_some_and(is_indicator)
        || is_indicator(field.name())
    {
        return None;
    }

    let mut names = ComponentNames {
        component: metadata
            .get("component")
            .unwrap_or_else(|| field.name())
            .to_owned(),
        archetype: owned("archetype"),
        component_type: owned("component_type"),
    };
    // Before 0.24 the component was named by its type, and the field of the archetype stood apart.
    if names.component_type.is_none()
        && let Some(archetype_field) = owned("archetype_field")
    {
        let short = |archetype: &String| {
            let short = archetype
                .trim_start_matches("rerun.blueprint.archetypes.")
                .trim_start_matches("rerun.archetypes.");
            format!("{short}:{archetype_field}")
        };
        let component = names
            .archetype
            .as_ref()
            .map_or_else(|| archetype_field.clone(), short);
        names.component_type = Some(std::mem::replace(&mut names.component, component));
    }
    rename(&mut names);
    Some(names)
}

/// The path of an entity, where the path of now is another.
pub(super) fn entity_path(path: &str) -> &str {
    if path == "/__properties/recording" {
        "/__properties"
    } else {
        path
    }
}

fn rename(names: &mut ComponentNames) {
    // 0.24: the properties of a recording.
    for name in [Some(&mut names.component), names.archetype.as_mut()]
        .into_iter()
        .flatten()
    {
        if name.contains("RecordingProperties") {
            *name = name.replace("RecordingProperties", "RecordingInfo");
        }
    }
    // 0.27: the parts of poses have the types of the parts of transforms; two components moved.
    if let Some(component_type) = &mut names.component_type {
        let now = match component_type.as_str() {
            "rerun.components.PoseTranslation3D" => Some("rerun.components.Translation3D"),
            "rerun.components.PoseRotationAxisAngle" => Some("rerun.components.RotationAxisAngle"),
            "rerun.components.PoseRotationQuat" => Some("rerun.components.RotationQuat"),
            "rerun.components.PoseScale3D" => Some("rerun.components.Scale3D"),
            "rerun.components.PoseTransformMat3x3" => Some("rerun.components.TransformMat3x3"),
            "rerun.components.SeriesVisible" => Some("rerun.components.Visible"),
            _ => None,
        };
        if let Some(now) = now {
            now.clone_into(component_type);
        }
    }
    match names.component.as_str() {
        "Transform3D:axis_length" => {
            "TransformAxes3D:axis_length".clone_into(&mut names.component);
            names.archetype = Some("rerun.archetypes.TransformAxes3D".to_owned());
        }
        "CoordinateFrame:frame_id" => "CoordinateFrame:frame".clone_into(&mut names.component),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    fn check(
        field_name: &str,
        metadata: &[(&str, &str)],
        expected: Option<(&str, Option<&str>, Option<&str>)>,
    ) {
        let metadata = metadata
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let field = Field::new(field_name, DataType::Null, true).with_metadata(metadata);
        let names = component_names(&field);
        let names = names.as_ref().map(|names| {
            (
                names.component.as_str(),
                names.archetype.as_deref(),
                names.component_type.as_deref(),
            )
        });
        assert_eq!(names, expected);
    }

    #[test]
    fn names_of_all_times() {
        let points = Some((
            "Points3D:positions",
            Some("rerun.archetypes.Points3D"),
            Some("rerun.components.Position3D"),
        ));
        let now = [
            ("rerun:component", "Points3D:positions"),
            ("rerun:archetype", "rerun.archetypes.Points3D"),
            ("rerun:component_type", "rerun.components.Position3D"),
        ];
        check("Points3D:positions", &now, points);
        let before_0_24 = [
            ("rerun.component", "rerun.components.Position3D"),
            ("rerun.archetype", "rerun.archetypes.Points3D"),
            ("rerun.archetype_field", "positions"),
        ];
        check("Position3D", &before_0_24, points);
        check("plain", &[], Some(("plain", None, None)));
        check("plain", &[("rerun:component", "")], Some(("plain", None, None)));
    }

    #[test]
    fn indicators_are_dropped() {
        check("rerun.components.Points3DIndicator", &[], None);
        check(
            "x",
            &[("rerun.component", "rerun.components.Points3DIndicator")],
            None,
        );
        check("x", &[("rerun:is_indicator", "true")], None);
        check("x", &[("rerun:is_indicator", "false")], Some(("x", None, None)));
    }

    #[test]
    fn what_was_renamed() {
        check(
            "Transform3D:axis_length",
            &[("rerun:archetype", "rerun.archetypes.Transform3D")],
            Some((
                "TransformAxes3D:axis_length",
                Some("rerun.archetypes.TransformAxes3D"),
                None,
            )),
        );
        check(
            "InstancePoses3D:translations",
            &[("rerun:component_type", "rerun.components.PoseTranslation3D")],
            Some((
                "InstancePoses3D:translations",
                None,
                Some("rerun.components.Translation3D"),
            )),
        );
        check(
            "RecordingProperties:name",
            &[],
            Some(("RecordingInfo:name", None, None)),
        );
        assert_eq!(entity_path("/__properties/recording"), "/__properties");
    }
}
