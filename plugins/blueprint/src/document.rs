//! A blueprint as RON text, to read and write by hand.
//!
//! ```ron
//! (
//!     version: 1,
//!     layout: Horizontal(
//!         columns: [2.0, 1.0],
//!         contents: [
//!             View(class: "3D", name: "World", origin: "/world"),
//!             Tabs(contents: [
//!                 View(class: "TimeSeries", origin: "/plots"),
//!                 View(class: "2D", origin: "/camera", contents: ["$origin/**", "- /camera/mask"]),
//!             ]),
//!         ],
//!     ),
//!     time: (timeline: "frame"),
//! )
//! ```
//!
//! All but the version may be left out. Ids too: they are then hashed from where things stand in the text. Overrides and
//! properties of views are not part of it.

use std::{fmt, marker::PhantomData, sync::Arc};

use chronoscope_store::{EntityPath, TimeRange};
use chronoscope_types::enums::Enumeration;
use ron::extensions::Extensions;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

use crate::{
    BlueprintError, ContainerBlueprint, ContainerId, ContainerKind, Contents, ContentsFilter, LoopMode,
    MAX_CONTAINER_DEPTH, PanelState, PanelStates, PlayState, TimePanelBlueprint, ViewBlueprint, ViewId,
    ViewportBlueprint,
};

/// The version of the text that is written and read.
pub const DOCUMENT_VERSION: u32 = 1;

/// The blueprint as text. Views and a layout that come from heuristics are written like all others.
///
/// # Errors
/// Where the blueprint cannot be put into words.
pub fn to_ron(blueprint: &ViewportBlueprint) -> Result<String, BlueprintError> {
    let mut blueprint = blueprint.clone();
    blueprint.normalize();
    let placed = blueprint
        .root
        .map(|root| blueprint.subtree(Contents::Container(root)))
        .unwrap_or_default();
    let loose = blueprint
        .views
        .values()
        .filter(|view| !placed.contains(&Contents::View(view.id)));
    let document = Document {
        version: DOCUMENT_VERSION,
        layout: blueprint
            .root
            .and_then(|root| node(&blueprint, Contents::Container(root))),
        views: loose.map(view_document).collect(),
        maximized: blueprint.maximized.map(|id| id.to_string()),
        auto_layout: Some(blueprint.auto_layout),
        auto_views: Some(blueprint.auto_views),
        removed: blueprint.past_recommendations.iter().copied().collect(),
        panels: PanelsDocument {
            top: blueprint.panels.top.map(Choice),
            blueprint: blueprint.panels.blueprint.map(Choice),
            selection: blueprint.panels.selection.map(Choice),
            time: blueprint.panels.time.map(Choice),
        },
        time: TimeDocument {
            timeline: blueprint.time_panel.timeline.as_deref().map(str::to_owned),
            playback_speed: blueprint.time_panel.playback_speed,
            fps: blueprint.time_panel.fps,
            play_state: blueprint.time_panel.play_state.map(Choice),
            loop_mode: blueprint.time_panel.loop_mode.map(Choice),
            selection: blueprint
                .time_panel
                .time_selection
                .map(|range| (range.min, range.max)),
        },
    };
    let pretty = ron::ser::PrettyConfig::new();
    options()
        .to_string_pretty(&document, pretty)
        .map_err(|error| BlueprintError::RonWrite(error.to_string()))
}

/// Reads a blueprint from text.
///
/// # Errors
/// Where the text is not RON, not a blueprint or one of another version, has ids that are none or stand there twice, or
/// containers too deep in each other.
pub fn from_ron(text: &str) -> Result<ViewportBlueprint, BlueprintError> {
    let document: Document = options().from_str(text).map_err(|error| BlueprintError::Ron {
        line: error.span.start.line,
        column: error.span.start.col,
        message: error.code.to_string(),
    })?;
    if document.version != DOCUMENT_VERSION {
        return Err(BlueprintError::RonVersion {
            found: document.version,
            known: DOCUMENT_VERSION,
        });
    }
    let mut blueprint = ViewportBlueprint::default();
    match document.layout {
        None => {}
        Some(Node::View(view)) => {
            let item = read_node(&mut blueprint, Node::View(view), "0", 1)?;
            let root =
                ContainerBlueprint::new(ContainerId::hashed(["document", ""]), ContainerKind::Tabs, [item]);
            blueprint.root = Some(root.id);
            blueprint.containers.insert(root.id, root);
        }
        Some(layout) => {
            if let Contents::Container(root) = read_node(&mut blueprint, layout, "", 0)? {
                blueprint.root = Some(root);
            }
        }
    }
    for (at, view) in document.views.into_iter().enumerate() {
        read_node(&mut blueprint, Node::View(view), &format!("views/{at}"), 0)?;
    }
    blueprint.maximized = match document.maximized {
        None => None,
        Some(text) => {
            let id = ViewId::parse(&text).ok_or(BlueprintError::BadId { text })?;
            Some(id)
                .filter(|id| blueprint.views.contains_key(id))
                .ok_or(BlueprintError::NoSuchView(id))
                .map(Some)?
        }
    };
    let default = blueprint.root.is_none();
    blueprint.auto_layout = document.auto_layout.unwrap_or(default);
    blueprint.auto_views = document.auto_views.unwrap_or(default);
    blueprint.past_recommendations = document.removed.into_iter().collect();
    blueprint.panels = PanelStates {
        top: document.panels.top.map(|choice| choice.0),
        blueprint: document.panels.blueprint.map(|choice| choice.0),
        selection: document.panels.selection.map(|choice| choice.0),
        time: document.panels.time.map(|choice| choice.0),
    };
    let speed = |value: Option<f64>, least: f64| match value {
        Some(value) if !value.is_finite() || value <= least => Err(BlueprintError::BadSpeed { value }),
        value => Ok(value),
    };
    blueprint.time_panel = TimePanelBlueprint {
        timeline: document.time.timeline.map(Arc::from),
        playback_speed: speed(document.time.playback_speed, f64::NEG_INFINITY)?,
        fps: speed(document.time.fps, 0.0)?,
        play_state: document.time.play_state.map(|choice| choice.0),
        loop_mode: document.time.loop_mode.map(|choice| choice.0),
        time_selection: document
            .time
            .selection
            .map(|(min, max)| TimeRange::new(min, max))
            .filter(|range| !range.is_empty()),
    };
    blueprint.normalize();
    Ok(blueprint)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<Node>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    views: Vec<ViewDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximized: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auto_layout: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auto_views: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<u64>,
    #[serde(default)]
    panels: PanelsDocument,
    #[serde(default)]
    time: TimeDocument,
}

#[derive(Serialize, Deserialize)]
enum Node {
    View(ViewDocument),
    Tabs(ContainerDocument),
    Horizontal(ContainerDocument),
    Vertical(ContainerDocument),
    Grid(ContainerDocument),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewDocument {
    class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default = "root")]
    origin: String,
    #[serde(default = "origin_subtree")]
    contents: Vec<String>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    visible: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContainerDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<f32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid_columns: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_tab: Option<usize>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    visible: bool,
    #[serde(default)]
    contents: Vec<Node>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PanelsDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blueprint: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<Choice<PanelState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Choice<PanelState>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TimeDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    playback_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    play_state: Option<Choice<PlayState>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loop_mode: Option<Choice<LoopMode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<(i64, i64)>,
}

/// A choice by its name, without quotes.
struct Choice<E>(E);

impl<E: Enumeration> Serialize for Choice<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Choice", u32::from(self.0.code()), self.0.name())
    }
}

impl<'de, E: Enumeration> Deserialize<'de> for Choice<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named<E>(PhantomData<E>);

        impl<E: Enumeration> Visitor<'_> for Named<E> {
            type Value = Choice<E>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names: Vec<&str> = E::ALL.iter().map(|choice| choice.name()).collect();
                write!(f, "one of {}", names.join(", "))
            }

            fn visit_str<F: serde::de::Error>(self, name: &str) -> Result<Choice<E>, F> {
                let found = E::ALL.iter().copied().find(|choice| choice.name() == name);
                found
                    .map(Choice)
                    .ok_or_else(|| F::invalid_value(serde::de::Unexpected::Str(name), &self))
            }
        }

        deserializer.deserialize_identifier(Named(PhantomData))
    }
}

fn options() -> ron::Options {
    // Each container takes a few levels of the parser's.
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(8 * MAX_CONTAINER_DEPTH)
}

fn node(blueprint: &ViewportBlueprint, item: Contents) -> Option<Node> {
    let id = match item {
        Contents::View(id) => {
            return blueprint
                .views
                .get(&id)
                .map(|view| Node::View(view_document(view)));
        }
        Contents::Container(id) => id,
    };
    let container = blueprint.containers.get(&id)?;
    let document = ContainerDocument {
        id: Some(id.to_string()),
        name: container.name.clone(),
        columns: container.col_shares.clone(),
        rows: container.row_shares.clone(),
        grid_columns: container.grid_columns,
        active_tab: container
            .active_tab
            .and_then(|tab| container.contents.iter().position(|item| *item == tab)),
        visible: container.visible,
        contents: container
            .contents
            .iter()
            .filter_map(|item| node(blueprint, *item))
            .collect(),
    };
    Some(match container.kind {
        ContainerKind::Tabs => Node::Tabs(document),
        ContainerKind::Horizontal => Node::Horizontal(document),
        ContainerKind::Vertical => Node::Vertical(document),
        ContainerKind::Grid => Node::Grid(document),
    })
}

fn view_document(view: &ViewBlueprint) -> ViewDocument {
    ViewDocument {
        class: view.class.to_string(),
        id: Some(view.id.to_string()),
        name: view.name.clone(),
        origin: view.origin.to_string(),
        contents: view.contents.expressions().collect(),
        visible: view.visible,
    }
}

/// Puts what a node says into the blueprint. `place` is where it stands in the text, `depth` how many containers it lies in.
fn read_node(
    blueprint: &mut ViewportBlueprint,
    node: Node,
    place: &str,
    depth: usize,
) -> Result<Contents, BlueprintError> {
    let (kind, document) = match node {
        Node::View(document) => return read_view(blueprint, document, place),
        Node::Tabs(document) => (ContainerKind::Tabs, document),
        Node::Horizontal(document) => (ContainerKind::Horizontal, document),
        Node::Vertical(document) => (ContainerKind::Vertical, document),
        Node::Grid(document) => (ContainerKind::Grid, document),
    };
    let id = match document.id {
        None => ContainerId::hashed(["document", place]),
        Some(text) => ContainerId::parse(&text).ok_or(BlueprintError::BadId { text })?,
    };
    if depth >= MAX_CONTAINER_DEPTH {
        return Err(BlueprintError::TooDeep {
            container: id,
            limit: MAX_CONTAINER_DEPTH,
        });
    }
    if let Some(share) = document
        .columns
        .iter()
        .chain(&document.rows)
        .find(|share| !(share.is_finite() && **share > 0.0))
    {
        return Err(BlueprintError::BadShare { share: *share });
    }
    if blueprint.containers.contains_key(&id) {
        return Err(BlueprintError::DuplicateId(Contents::Container(id)));
    }
    let mut container = ContainerBlueprint::new(id, kind, []);
    // Known before what lies in it, so that an id that comes again inside is found.
    blueprint.containers.insert(id, container.clone());
    for (at, inner) in document.contents.into_iter().enumerate() {
        container
            .contents
            .push(read_node(blueprint, inner, &format!("{place}/{at}"), depth + 1)?);
    }
    container.name = document.name;
    container.col_shares = document.columns;
    container.row_shares = document.rows;
    container.grid_columns = document.grid_columns.filter(|columns| *columns > 0);
    container.active_tab = document
        .active_tab
        .and_then(|at| container.contents.get(at).copied());
    container.visible = document.visible;
    blueprint.containers.insert(id, container);
    Ok(Contents::Container(id))
}

fn read_view(
    blueprint: &mut ViewportBlueprint,
    document: ViewDocument,
    place: &str,
) -> Result<Contents, BlueprintError> {
    let id = match document.id {
        None => ViewId::hashed(["document", place]),
        Some(text) => ViewId::parse(&text).ok_or(BlueprintError::BadId { text })?,
    };
    if blueprint.views.contains_key(&id) {
        return Err(BlueprintError::DuplicateId(Contents::View(id)));
    }
    let view = ViewBlueprint {
        id,
        class: document.class.as_str().into(),
        name: document.name,
        origin: EntityPath::parse(&document.origin),
        contents: ContentsFilter::from_expressions(document.contents.iter().map(String::as_str)),
        visible: document.visible,
    };
    blueprint.views.insert(id, view);
    Ok(Contents::View(id))
}

fn root() -> String {
    "/".to_owned()
}

fn origin_subtree() -> Vec<String> {
    vec!["$origin/**".to_owned()]
}

const fn yes() -> bool {
    true
}

const fn is_yes(value: &bool) -> bool {
    *value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const TEXT: &str = r#"(
        version: 1,
        layout: Horizontal(
            columns: [2.0, 1.0],
            contents: [
                View(class: "3D", name: "World", origin: "/world"),
                Tabs(name: "Rest", active_tab: 1, contents: [
                    View(class: "TimeSeries", origin: "/plots", visible: false),
                    View(class: "2D", origin: "/camera", contents: ["$origin/**", "- /camera/mask"]),
                ]),
            ],
        ),
        views: [(class: "TextLog")],
        panels: (selection: Hidden),
        time: (timeline: "frame", loop_mode: All, selection: (3, 9)),
    )"#;

    #[test]
    fn written_by_hand_and_back() {
        let blueprint = from_ron(TEXT).unwrap();
        assert_eq!(
            (
                blueprint.views.len(),
                blueprint.containers.len(),
                blueprint.auto_views
            ),
            (4, 2, false)
        );
        let root = &blueprint.containers[&blueprint.root.unwrap()];
        assert_eq!(
            (root.kind, root.share(0), root.share(5)),
            (ContainerKind::Horizontal, 2.0, 1.0)
        );
        let Contents::Container(tabs) = root.contents[1] else {
            panic!("a container")
        };
        assert_eq!(
            blueprint.containers[&tabs].active_tab,
            Some(blueprint.containers[&tabs].contents[1])
        );
        assert_eq!(blueprint.panels.selection, Some(PanelState::Hidden));
        assert_eq!(blueprint.time_panel.loop_mode, Some(LoopMode::All));
        let written = to_ron(&blueprint).unwrap();
        assert_eq!(from_ron(&written).unwrap(), blueprint, "{written}");
        assert_eq!(from_ron("(version: 1)").unwrap(), ViewportBlueprint::default());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = |text: &str| from_ron(text).unwrap_err().to_string();
        assert!(error("").starts_with("line 1"));
        assert!(
            error("(version: 1,\n layout: Diagonal())").starts_with("line 2"),
            "{}",
            error("(version: 1,\n layout: Diagonal())")
        );
        assert!(error("(version: 2)").contains("version 2"));
        assert!(error("(version: 1, colour: 3)").contains("colour"));
        assert!(error("(version: 1, panels: (top: Ajar))").contains("Hidden, Collapsed, Expanded"));
        assert!(error(r#"(version: 1, views: [(class: "3D", id: "7")])"#).contains("UUID"));
        assert!(error("(version: 1, layout: Horizontal(columns: [-1.0]))").contains("-1"));
        assert!(error("(version: 1, time: (fps: 0.0))").contains("speed"));
        let id = ViewId::hashed(["a"]);
        assert!(
            error(&format!(
                r#"(version: 1, views: [(class: "3D", id: "{id}"), (class: "2D", id: "{id}")])"#
            ))
            .contains("twice")
        );
        let deep = format!(
            "(version: 1, layout: {}{})",
            "Tabs(contents: [".repeat(40),
            "])".repeat(40)
        );
        assert!(error(&deep).contains("32 levels"), "{}", error(&deep));
        // Deeper than any parser should follow.
        let abyss = format!("(version: 1, layout: {}", "Tabs(contents: [".repeat(100_000));
        assert!(from_ron(&abyss).is_err());
    }

    #[test]
    fn the_deepest_layout_goes_through() {
        let depth = MAX_CONTAINER_DEPTH;
        let deep = format!(
            "(version: 1, layout: {}{})",
            "Tabs(contents: [".repeat(depth),
            "])".repeat(depth)
        );
        let blueprint = from_ron(&deep).unwrap();
        assert_eq!(blueprint.containers.len(), depth);
        assert_eq!(from_ron(&to_ron(&blueprint).unwrap()).unwrap(), blueprint);
    }
}
