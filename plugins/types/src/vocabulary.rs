//! The registry of all archetypes and components that recordings may carry, whether or not this crate has types for them.
//!
//! It is read once from the tables in `vocabulary/`: `archetypes.tsv` (archetype, field, component type), `components.tsv`
//! (component type, Arrow datatype) and `presence.tsv` (the fields that an archetype cannot do without, and those that
//! are usually given). `own_archetypes.tsv` and `own_components.tsv` are what this viewer adds, by full names.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock},
};

use arrow_schema::DataType;

use crate::datatype::parse_datatype;

const ARCHETYPES: &str = include_str!("../vocabulary/archetypes.tsv");
const COMPONENTS: &str = include_str!("../vocabulary/components.tsv");
const PRESENCE: &str = include_str!("../vocabulary/presence.tsv");
const OWN_ARCHETYPES: &str = include_str!("../vocabulary/own_archetypes.tsv");
const OWN_COMPONENTS: &str = include_str!("../vocabulary/own_components.tsv");

/// How much an archetype needs a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presence {
    /// Nothing can be shown without it.
    Required,
    /// Usually given.
    Recommended,
    /// May be left out.
    Optional,
}

/// A field of an archetype.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldInfo {
    /// The name in the archetype: `positions`.
    pub name: &'static str,
    /// The name of the column: `Points3D:positions`.
    pub component: Arc<str>,
    /// `rerun.components.Position3D`.
    pub component_type: &'static str,
    /// The Arrow datatype of one instance.
    pub datatype: DataType,
    /// Whether it can be left out.
    pub presence: Presence,
    /// Whether the number of instances follows from its length.
    pub(crate) counts: bool,
}

/// An archetype: components that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchetypeInfo {
    /// `rerun.archetypes.Points3D`.
    pub name: Arc<str>,
    /// `Points3D`: what stands before the colon in the names of its components. Of those of our own, the full name.
    pub short_name: &'static str,
    /// Whether it belongs in blueprints rather than recordings.
    pub is_blueprint: bool,
    /// The fields, in the order of their declaration.
    pub fields: Vec<FieldInfo>,
}

impl ArchetypeInfo {
    /// The field with this name (`positions`).
    pub fn field(&self, name: &str) -> Option<&FieldInfo> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// All archetypes and component types.
#[derive(Debug)]
pub struct Vocabulary {
    /// Ordered by short name.
    archetypes: Vec<ArchetypeInfo>,
    /// Where they stand. Visualizers ask for theirs once for each visual that they make.
    by_short_name: HashMap<&'static str, usize>,
    components: BTreeMap<&'static str, DataType>,
}

impl Vocabulary {
    /// The vocabulary, read at the first call.
    pub fn get() -> &'static Self {
        static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::parse);
        &VOCABULARY
    }

    /// The archetype of this name, full (`rerun.archetypes.Points3D`) or short (`Points3D`).
    pub fn archetype(&self, name: &str) -> Option<&ArchetypeInfo> {
        let find = |short_name: &str| Some(&self.archetypes[*self.by_short_name.get(short_name)?]);
        // Those of our own are known by their full names alone.
        find(name).or_else(|| find(name.rsplit('.').next()?).filter(|info| *info.name == *name))
    }

    /// All archetypes, ordered by short name.
    pub fn archetypes(&self) -> impl Iterator<Item = &ArchetypeInfo> {
        self.archetypes.iter()
    }

    /// The field that a column of this name (`Points3D:positions`) belongs to.
    pub fn field(&self, component: &str) -> Option<&FieldInfo> {
        let (archetype, field) = component.split_once(':')?;
        self.archetype(archetype)?.field(field)
    }

    /// The Arrow datatype of one instance of a component type (`rerun.components.Position3D`).
    pub fn datatype(&self, component_type: &str) -> Option<&DataType> {
        self.components.get(component_type)
    }

    /// All component types with their datatypes, ordered by name.
    pub fn component_types(&self) -> impl Iterator<Item = (&'static str, &DataType)> {
        self.components.iter().map(|(name, datatype)| (*name, datatype))
    }

    /// Lines that do not parse are left out; a test makes sure that there are none.
    fn parse() -> Self {
        let mut components = BTreeMap::new();
        for [name, datatype] in lines(COMPONENTS).chain(lines(OWN_COMPONENTS)) {
            if let Ok(datatype) = parse_datatype(datatype) {
                components.insert(name, datatype);
            }
        }
        let presence: BTreeMap<&str, [&str; 2]> = lines(PRESENCE)
            .map(|[archetype, required, recommended]| (archetype, [required, recommended]))
            .collect();
        let presence_of = |archetype: &str, field: &str| {
            let [required, recommended] = presence.get(archetype).copied().unwrap_or_default();
            let has = |names: &str| names.split(' ').any(|name| name == field);
            if has(required) {
                Presence::Required
            } else if has(recommended) {
                Presence::Recommended
            } else {
                Presence::Optional
            }
        };

        let mut archetypes: BTreeMap<&str, ArchetypeInfo> = BTreeMap::new();
        for [archetype, field, component_type] in lines(ARCHETYPES) {
            let (short_name, is_blueprint) = match archetype.strip_prefix("blueprint.") {
                Some(short_name) => (short_name, true),
                None => (archetype, false),
            };
            let namespace = if is_blueprint {
                "rerun.blueprint.archetypes"
            } else {
                "rerun.archetypes"
            };
            let Some(datatype) = components.get(component_type) else {
                continue;
            };
            let info = archetypes.entry(short_name).or_insert_with(|| ArchetypeInfo {
                name: format!("{namespace}.{short_name}").into(),
                short_name,
                is_blueprint,
                fields: Vec::new(),
            });
            info.fields.push(FieldInfo {
                name: field,
                component: format!("{short_name}:{field}").into(),
                component_type,
                datatype: datatype.clone(),
                presence: presence_of(archetype, field),
                counts: false,
            });
        }
        for [archetype, field, component_type] in lines(OWN_ARCHETYPES) {
            let Some(datatype) = components.get(component_type) else {
                continue;
            };
            let info = archetypes.entry(archetype).or_insert_with(|| ArchetypeInfo {
                name: archetype.into(),
                short_name: archetype,
                is_blueprint: true,
                fields: Vec::new(),
            });
            info.fields.push(FieldInfo {
                name: field,
                component: format!("{archetype}:{field}").into(),
                component_type,
                datatype: datatype.clone(),
                presence: Presence::Optional,
                counts: false,
            });
        }
        let mut archetypes: Vec<ArchetypeInfo> = archetypes.into_values().collect();
        archetypes
            .iter_mut()
            .for_each(ArchetypeInfo::note_counting_fields);
        let short_names = archetypes.iter().map(|archetype| archetype.short_name);
        Self {
            by_short_name: short_names.zip(0..).collect(),
            archetypes,
            components,
        }
    }
}

/// The rows of a table with tabs between its `N` columns, without the line of headings.
pub(crate) fn lines<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        let vocabulary = Vocabulary::get();
        let num_lines = |table: &str| table.lines().count() - 1;
        let components = num_lines(COMPONENTS) + num_lines(OWN_COMPONENTS);
        assert_eq!(vocabulary.components.len(), components);
        let fields: usize = vocabulary
            .archetypes()
            .map(|archetype| archetype.fields.len())
            .sum();
        assert_eq!(fields, num_lines(ARCHETYPES) + num_lines(OWN_ARCHETYPES));
        for [archetype, required, recommended] in lines(PRESENCE) {
            let info = vocabulary
                .archetype(archetype.trim_start_matches("blueprint."))
                .expect(archetype);
            for name in required
                .split(' ')
                .chain(recommended.split(' '))
                .filter(|name| !name.is_empty())
            {
                assert!(info.field(name).is_some(), "{archetype} {name}");
            }
        }
        assert_eq!(lines::<3>(PRESENCE).count(), PRESENCE.lines().count() - 1);
    }

    #[test]
    fn finds_by_full_and_short_name() {
        let vocabulary = Vocabulary::get();
        let points = vocabulary.archetype("Points3D").unwrap();
        assert_eq!(&*points.name, "rerun.archetypes.Points3D");
        assert_eq!(vocabulary.archetype("rerun.archetypes.Points3D"), Some(points));
        assert_eq!(vocabulary.archetype("rerun.blueprint.archetypes.Points3D"), None);
        assert_eq!(vocabulary.archetype(""), None);
        let positions = vocabulary.field("Points3D:positions").unwrap();
        assert_eq!(positions.presence, Presence::Required);
        assert_eq!(positions.component_type, "rerun.components.Position3D");
        assert_eq!(
            vocabulary.field("Points3D:colors").unwrap().presence,
            Presence::Recommended
        );
        assert_eq!(
            vocabulary.field("Points3D:labels").unwrap().presence,
            Presence::Optional
        );
        assert_eq!(vocabulary.field("positions"), None);
        assert!(vocabulary.archetype("ViewportBlueprint").unwrap().is_blueprint);
        assert_eq!(vocabulary.archetype("QueryContext"), None);
        let name = crate::own::QueryContext::ARCHETYPE;
        assert_eq!(&*vocabulary.archetype(name).unwrap().name, name);
        assert!(vocabulary.field(&crate::own::QueryContext::OFFSET).is_some());
    }
}
