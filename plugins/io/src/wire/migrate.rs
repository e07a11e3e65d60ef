//! Metadata of older SDKs to today's names, and the limits on names.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use chronoscope_store::{ChunkId, ComponentDescriptor, EntityPath};

use crate::error::MessageError;

/// The most bytes that a path, the name of a column, or an id of a store may have.
pub(crate) const MAX_NAME_BYTES: usize = 64 << 10;

/// A name, if it is not longer than names may be.
pub(crate) fn checked_name<'a>(what: &'static str, name: &'a str) -> Result<&'a str, MessageError> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(name);
    }
    Err(MessageError::TooLong {
        what,
        text: abbreviated(name),
        bytes: name.len(),
        limit: MAX_NAME_BYTES,
    })
}

/// The path of an entity as it is now called.
///
/// # Errors
/// Where it is longer or deeper than paths may be.
pub(crate) fn entity_path(path: &str) -> Result<EntityPath, MessageError> {
    // 0.24: the properties of a recording.
    let path = if path == "/__properties/recording" {
        "/__properties"
    } else {
        path
    };
    Ok(EntityPath::try_parse(checked_name("entity path", path)?)?)
}

/// The beginning of a text that may be very long, for a report.
pub(crate) fn abbreviated(text: &str) -> String {
    const CHARACTERS: usize = 60;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// What keys of metadata begin with: those of now, and those before 0.24.
const PREFIXES: [&str; 2] = ["rerun:", "rerun."];

/// Whether a key of metadata has this name.
pub(crate) fn is_key(key: &str, name: &str) -> bool {
    PREFIXES
        .iter()
        .any(|prefix| key.strip_prefix(prefix) == Some(name))
}

/// A chunk's id in hexadecimal digits, behind a prefix or not.
pub(crate) fn parse_id(text: &str) -> Option<ChunkId> {
    let digits = text.rsplit('_').next()?;
    u128::from_str_radix(digits, 16).ok().map(ChunkId::from_u128)
}

/// The metadata of a batch or a column, with the keys of now: `rerun:` where SDKs before 0.24 have `rerun.`.
pub(crate) struct Metadata<'a>(&'a HashMap<String, String>);

impl<'a> Metadata<'a> {
    pub(crate) fn new(metadata: &'a HashMap<String, String>) -> Self {
        Self(metadata)
    }

    /// The value of `rerun:name`, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        // The maps have a handful of entries: to look at each costs less than to make a key and hash it.
        let find = |prefix: &str| {
            let mut pairs = self.0.iter();
            pairs.find(|(key, _)| key.strip_prefix(prefix) == Some(name))
        };
        let (_, value) = PREFIXES.into_iter().find_map(find)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The path of the entity whose data a batch holds.
    pub(crate) fn entity_path(&self) -> Result<EntityPath, MessageError> {
        entity_path(self.written_entity_path()?)
    }

    fn written_entity_path(&self) -> Result<&'a str, MessageError> {
        self.get("entity_path")
            .ok_or(MessageError::Missing("entity path"))
    }

    /// Whether the value is there and not `false`.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "no"))
    }
}

/// What a column of a component is called, with the names of now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ComponentNames {
    pub component: String,
    pub archetype: Option<String>,
    pub component_type: Option<String>,
}

impl ComponentNames {
    pub(crate) fn descriptor(&self, shared: &mut SharedNames) -> ComponentDescriptor {
        ComponentDescriptor {
            component: shared.get(&self.component),
            archetype: self.archetype.as_deref().map(|name| shared.get(name)),
            component_type: self.component_type.as_deref().map(|name| shared.get(name)),
        }
    }
}

/// Names, paths and types that chunks share, since each chunk of a file has the same few.
#[derive(Debug, Default)]
pub(crate) struct SharedNames {
    names: HashSet<Arc<str>>,
    /// By the path as it is written.
    paths: HashMap<Box<str>, EntityPath>,
    path_bytes: usize,
    fields: HashMap<String, FieldRef>,
}

impl SharedNames {
    /// Where there are more names than this they are hardly shared.
    const MAX: usize = 1 << 14;
    /// The most bytes of paths that are kept to be shared.
    const MAX_PATH_BYTES: usize = 16 << 20;
    /// The most columns whose types are kept to be shared, and the most bytes that one may have.
    const MAX_FIELDS: usize = 1 << 10;
    const MAX_FIELD_BYTES: usize = 16 << 10;

    pub(crate) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() >= Self::MAX {
            self.names.clear();
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// The path of the entity that a batch with this metadata is about.
    ///
    /// # Errors
    /// Where there is none, or it is longer or deeper than paths may be.
    pub(crate) fn entity_path(&mut self, metadata: &Metadata<'_>) -> Result<EntityPath, MessageError> {
        let written = metadata.written_entity_path()?;
        if let Some(known) = self.paths.get(written) {
            return Ok(known.clone());
        }
        let path = entity_path(written)?;
        if self.path_bytes >= Self::MAX_PATH_BYTES {
            self.paths.clear();
            self.path_bytes = 0;
        }
        // The text as it is written, the path, and the place in the table.
        self.path_bytes += 2 * written.len() + 2 * size_of::<EntityPath>();
        self.paths.insert(written.into(), path.clone());
        Ok(path)
    }

    /// The schema with the types of columns that came before, so that their descriptions are in memory once and not in each array.
    pub(crate) fn schema(&mut self, schema: Schema) -> Schema {
        let Schema { fields, metadata } = schema;
        let fields: Fields = fields.iter().map(|field| self.field(field)).collect();
        Schema::new_with_metadata(fields, metadata)
    }

    fn field(&mut self, field: &FieldRef) -> FieldRef {
        // Dictionaries are numbered, message by message, and fields are equal whatever their numbers are.
        if has_dictionary(field.data_type()) {
            return Arc::clone(field);
        }
        match self.fields.get(field.name()) {
            Some(known) if known == field => Arc::clone(known),
            known => {
                let is_known = known.is_some();
                if field.size() <= Self::MAX_FIELD_BYTES {
                    if !is_known && self.fields.len() >= Self::MAX_FIELDS {
                        self.fields.clear();
                    }
                    self.fields.insert(field.name().clone(), Arc::clone(field));
                }
                Arc::clone(field)
            }
        }
    }
}

/// Whether a type has a dictionary in it. A type is no deeper than a verified message of it.
fn has_dictionary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(..) => true,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => has_dictionary(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_dictionary(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| has_dictionary(field.data_type())),
        DataType::RunEndEncoded(_, values) => has_dictionary(values.data_type()),
        _ => false,
    }
}

/// The names of a component's column; `None` for an indicator, which SDKs before 0.25 wrote beside each archetype and
/// which holds nothing.
///
/// # Errors
/// Where a name is longer than names may be.
pub(crate) fn component_names(field: &Field) -> Result<Option<ComponentNames>, MessageError> {
    let metadata = Metadata::new(field.metadata());
    let owned = |name: &'static str| -> Result<Option<String>, MessageError> {
        let value = metadata.get(name).map(|value| checked_name(name, value));
        Ok(value.transpose()?.map(str::to_owned))
    };
    let is_indicator = |name: &str| name.starts_with("rerun.components.") && name.ends_with("Indicator");
    if metadata.is_set("is_indicator")
        || metadata.get("component").is_some_and(is_indicator)
        || is_indicator(field.name())
    {
        return Ok(None);
    }

    let mut names = ComponentNames {
        component: match owned("component")? {
            Some(component) => component,
            None => checked_name("column", field.name())?.to_owned(),
        },
        archetype: owned("archetype")?,
        component_type: owned("component_type")?,
    };
    // Before 0.24 the component was named by its type, and the field of the archetype stood apart.
    if names.component_type.is_none()
        && let Some(mut archetype_field) = owned("archetype_field")?
    {
        rename_0_23(&mut names, &mut archetype_field);
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
    Ok(Some(names))
}

/// 0.24: what a plot shows became plural, under new names; 0.23 wrote both.
fn rename_0_23(names: &mut ComponentNames, archetype_field: &mut String) {
    let (now, fields): (&str, &[(&str, &str)]) = match names.archetype.as_deref() {
        Some("rerun.archetypes.Scalar") => ("rerun.archetypes.Scalars", &[("scalar", "scalars")]),
        Some("rerun.archetypes.SeriesLine") => (
            "rerun.archetypes.SeriesLines",
            &[("color", "colors"), ("width", "widths"), ("name", "names")],
        ),
        Some("rerun.archetypes.SeriesPoint") => (
            "rerun.archetypes.SeriesPoints",
            &[
                ("color", "colors"),
                ("marker", "markers"),
                ("name", "names"),
                ("marker_size", "marker_sizes"),
            ],
        ),
        _ => return,
    };
    names.archetype = Some(now.to_owned());
    if let Some((_, field)) = fields.iter().find(|(old, _)| old == archetype_field) {
        (*field).clone_into(archetype_field);
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
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
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
        let names = component_names(&field).unwrap();
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
    fn what_plots_show_in_0_23_has_the_names_of_now() {
        let check_field = |archetype: &str, field: &str, expected: &str| {
            let archetype = format!("rerun.archetypes.{archetype}");
            let metadata = [
                ("rerun.component", "rerun.components.Any"),
                ("rerun.archetype", archetype.as_str()),
                ("rerun.archetype_field", field),
            ];
            let now = format!("rerun.archetypes.{}", expected.split(':').next().unwrap());
            check(
                "Any",
                &metadata,
                Some((expected, Some(&now), Some("rerun.components.Any"))),
            );
        };
        check_field("Scalar", "scalar", "Scalars:scalars");
        for (field, now) in [("color", "colors"), ("width", "widths"), ("name", "names")] {
            check_field("SeriesLine", field, &format!("SeriesLines:{now}"));
        }
        check_field(
            "SeriesLine",
            "aggregation_policy",
            "SeriesLines:aggregation_policy",
        );
        for field in ["color", "marker", "name", "marker_size"] {
            check_field("SeriesPoint", field, &format!("SeriesPoints:{field}s"));
        }
        check_field("Points3D", "colors", "Points3D:colors");
    }

    #[test]
    fn paths_and_names_have_limits() {
        let text = |error: MessageError| error.to_string();
        assert!(entity_path(&["a"; 256].join("/")).is_ok());
        let deep = text(entity_path(&["a"; 257].join("/")).unwrap_err());
        assert!(
            deep.contains("256 parts") && deep.contains("/a/a/a") && deep.len() < 300,
            "{deep}"
        );
        assert!(entity_path(&"z".repeat(MAX_NAME_BYTES - 1)).is_ok());
        let long = text(entity_path(&"\u{e9}".repeat(MAX_NAME_BYTES)).unwrap_err());
        assert!(long.contains("\u{e9}\u{2026}") && long.len() < 300, "{long}");
        let field = Field::new("c".repeat(MAX_NAME_BYTES + 1), DataType::Null, true);
        assert!(text(component_names(&field).unwrap_err()).contains("its column \"ccc"));
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
        assert_eq!(
            entity_path("/__properties/recording").unwrap().as_str(),
            "/__properties"
        );
    }
}
