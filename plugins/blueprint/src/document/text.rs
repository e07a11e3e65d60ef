//! Blueprints to the form of their text, and back.

use std::{collections::BTreeSet, sync::Arc};

use chronoscope_store::{EntityPath, TimeRange};
use ron::extensions::Extensions;

use super::{
    BlueprintDocument, DOCUMENT_VERSION, EntitySettings, ViewSettings, VisualizerSettings,
    form::{
        BlueprintForm, Choice, ContainerForm, EntityForm, Id, Node, PanelsForm, PathForm, Share, Speed,
        StepsPerSecond, TimeForm, Version, ViewForm, VisualizerForm,
    },
    value::with_padding,
    values::Values,
};
use crate::{
    BlueprintError, ContainerBlueprint, ContainerId, ContainerKind, Contents, ContentsFilter, InstructionId,
    MAX_CONTAINER_DEPTH, PanelStates, TimePanelBlueprint, ViewBlueprint, ViewId,
};

pub(super) fn write(document: &BlueprintDocument) -> Result<String, BlueprintError> {
    let viewport = &document.viewport;
    let placed = viewport
        .root
        .map(|root| viewport.subtree(Contents::Container(root)))
        .unwrap_or_default();
    let loose = viewport
        .views
        .values()
        .filter(|view| !placed.contains(&Contents::View(view.id)));
    let (panels, time) = (&viewport.panels, &viewport.time_panel);
    let form = BlueprintForm {
        version: Version(DOCUMENT_VERSION),
        application: document.application.as_deref().map(str::to_owned),
        layout: viewport
            .root
            .and_then(|root| node(document, Contents::Container(root))),
        views: loose.map(|view| view_form(document, view)).collect(),
        maximized: viewport.maximized.map(Id),
        auto_layout: Some(viewport.auto_layout),
        auto_views: Some(viewport.auto_views),
        removed: viewport.past_recommendations.iter().copied().collect(),
        panels: PanelsForm {
            top: panels.top.map(Choice),
            blueprint: panels.blueprint.map(Choice),
            selection: panels.selection.map(Choice),
            time: panels.time.map(Choice),
        },
        time: TimeForm {
            timeline: time.timeline.as_deref().map(str::to_owned),
            playback_speed: time.playback_speed.map(Speed),
            fps: time.fps.map(StepsPerSecond),
            play_state: time.play_state.map(Choice),
            loop_mode: time.loop_mode.map(Choice),
            selection: time.time_selection.map(|range| (range.min, range.max)),
        },
    };
    let pretty = ron::ser::PrettyConfig::new().compact_arrays(true);
    options()
        .to_string_pretty(&form, pretty)
        .map_err(|error| BlueprintError::RonWrite(error.to_string()))
}

pub(super) fn read(text: &str) -> Result<BlueprintDocument, BlueprintError> {
    let form = with_padding(|| options().from_str::<BlueprintForm>(text));
    let form = form.map_err(|error| BlueprintError::Ron {
        line: error.span.start.line,
        column: error.span.start.col,
        message: error.code.to_string(),
    })?;
    let mut reader = Reader {
        text,
        document: BlueprintDocument::default(),
    };
    match form.layout {
        None => {}
        Some(Node::View(view)) => {
            let item = reader.node(Node::View(view), "0")?;
            let root =
                ContainerBlueprint::new(ContainerId::hashed(["document", ""]), ContainerKind::Tabs, [item]);
            let viewport = &mut reader.document.viewport;
            viewport.root = Some(root.id);
            viewport.containers.insert(root.id, root);
        }
        Some(layout) => {
            if let Contents::Container(root) = reader.node(layout, "")? {
                reader.document.viewport.root = Some(root);
            }
        }
    }
    for (at, view) in form.views.into_iter().enumerate() {
        reader.node(Node::View(Box::new(view)), &format!("views/{at}"))?;
    }
    let mut document = reader.document;
    document.application = form.application.map(Arc::from);
    let viewport = &mut document.viewport;
    viewport.maximized = form.maximized.map(|id| id.0);
    if let Some(id) = viewport.maximized
        && !viewport.views.contains_key(&id)
    {
        let message = format!("there is no view {id} to be maximized: expected the id of one of the views");
        return Err(error_at(text, text.find("maximized").unwrap_or(0), message));
    }
    let default = viewport.root.is_none();
    viewport.auto_layout = form.auto_layout.unwrap_or(default);
    viewport.auto_views = form.auto_views.unwrap_or(default);
    viewport.past_recommendations = form.removed.into_iter().collect();
    viewport.panels = PanelStates {
        top: form.panels.top.map(|choice| choice.0),
        blueprint: form.panels.blueprint.map(|choice| choice.0),
        selection: form.panels.selection.map(|choice| choice.0),
        time: form.panels.time.map(|choice| choice.0),
    };
    viewport.time_panel = TimePanelBlueprint {
        timeline: form.time.timeline.map(Arc::from),
        playback_speed: form.time.playback_speed.as_deref().copied(),
        fps: form.time.fps.as_deref().copied(),
        play_state: form.time.play_state.map(|choice| choice.0),
        loop_mode: form.time.loop_mode.map(|choice| choice.0),
        time_selection: form
            .time
            .selection
            .map(|(min, max)| TimeRange::new(min, max))
            .filter(|range| !range.is_empty()),
    };
    viewport.normalize();
    Ok(document)
}

fn options() -> ron::Options {
    // Each container takes a few levels of the parser's.
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(8 * MAX_CONTAINER_DEPTH)
}

fn node(document: &BlueprintDocument, item: Contents) -> Option<Node> {
    let id = match item {
        Contents::View(id) => {
            let view = document.viewport.views.get(&id)?;
            return Some(Node::View(Box::new(view_form(document, view))));
        }
        Contents::Container(id) => id,
    };
    let container = document.viewport.containers.get(&id)?;
    let shares = |shares: &[f32]| shares.iter().copied().map(Share).collect();
    let form = ContainerForm {
        id: Some(Id(id)),
        name: container.name.clone(),
        columns: shares(&container.col_shares),
        rows: shares(&container.row_shares),
        grid_columns: container.grid_columns,
        active_tab: container
            .active_tab
            .and_then(|tab| container.contents.iter().position(|item| *item == tab)),
        visible: container.visible,
        contents: container
            .contents
            .iter()
            .filter_map(|item| node(document, *item))
            .collect(),
    };
    Some(match container.kind {
        ContainerKind::Tabs => Node::Tabs(form),
        ContainerKind::Horizontal => Node::Horizontal(form),
        ContainerKind::Vertical => Node::Vertical(form),
        ContainerKind::Grid => Node::Grid(form),
    })
}

fn view_form(document: &BlueprintDocument, view: &ViewBlueprint) -> ViewForm {
    let settings = document.views.get(&view.id).cloned().unwrap_or_default();
    let entity_form = |settings: EntitySettings| EntityForm {
        values: Values(settings.values),
        visualizers: settings.visualizers.map(|visualizers| {
            let form = |visualizer: VisualizerSettings| VisualizerForm {
                visualizer: visualizer.visualizer.to_string(),
                id: Some(Id(visualizer.id)),
                values: Values(visualizer.values),
            };
            visualizers.into_iter().map(form).collect()
        }),
    };
    ViewForm {
        class: view.class.to_string(),
        id: Some(Id(view.id)),
        name: view.name.clone(),
        origin: PathForm(view.origin.clone()),
        contents: view.contents.expressions().collect(),
        visible: view.visible,
        title_bar: view.title_bar,
        properties: Values(settings.properties),
        defaults: Values(settings.defaults),
        overrides: settings
            .overrides
            .into_iter()
            .map(|(entity, settings)| (PathForm(entity), entity_form(settings)))
            .collect(),
    }
}

struct Reader<'a> {
    text: &'a str,
    document: BlueprintDocument,
}

impl Reader<'_> {
    /// Puts what a node says into the blueprint. `place` is where it stands in the text.
    fn node(&mut self, node: Node, place: &str) -> Result<Contents, BlueprintError> {
        let (kind, form) = match node {
            Node::View(form) => return self.view(*form, place),
            Node::Tabs(form) => (ContainerKind::Tabs, form),
            Node::Horizontal(form) => (ContainerKind::Horizontal, form),
            Node::Vertical(form) => (ContainerKind::Vertical, form),
            Node::Grid(form) => (ContainerKind::Grid, form),
        };
        let id = form
            .id
            .map_or_else(|| ContainerId::hashed(["document", place]), |id| id.0);
        let mut container = ContainerBlueprint::new(id, kind, []);
        // Known before what lies in it, so that an id that comes again inside is found.
        if self
            .document
            .viewport
            .containers
            .insert(id, container.clone())
            .is_some()
        {
            return Err(self.twice(&id.to_string()));
        }
        for (at, inner) in form.contents.into_iter().enumerate() {
            container
                .contents
                .push(self.node(inner, &format!("{place}/{at}"))?);
        }
        let shares = |shares: Vec<Share>| shares.into_iter().map(|share| share.0).collect();
        container.name = form.name;
        container.col_shares = shares(form.columns);
        container.row_shares = shares(form.rows);
        container.grid_columns = form.grid_columns.filter(|columns| *columns > 0);
        container.active_tab = form.active_tab.and_then(|at| container.contents.get(at).copied());
        container.visible = form.visible;
        self.document.viewport.containers.insert(id, container);
        Ok(Contents::Container(id))
    }

    fn view(&mut self, form: ViewForm, place: &str) -> Result<Contents, BlueprintError> {
        let id = form
            .id
            .map_or_else(|| ViewId::hashed(["document", place]), |id| id.0);
        let view = ViewBlueprint {
            id,
            class: form.class.as_str().into(),
            name: form.name,
            origin: form.origin.0,
            contents: ContentsFilter::from_expressions(form.contents.iter().map(String::as_str)),
            visible: form.visible,
            title_bar: form.title_bar,
        };
        if self.document.viewport.views.insert(id, view).is_some() {
            return Err(self.twice(&id.to_string()));
        }
        let mut settings = ViewSettings {
            properties: form.properties.0,
            defaults: form.defaults.0,
            ..ViewSettings::default()
        };
        for (PathForm(entity), form) in form.overrides {
            let entity_settings = self.entity(id, &entity, form)?;
            if entity_settings != EntitySettings::default() {
                settings.overrides.insert(entity, entity_settings);
            }
        }
        if settings != ViewSettings::default() {
            self.document.views.insert(id, settings);
        }
        Ok(Contents::View(id))
    }

    fn entity(
        &self,
        view: ViewId,
        entity: &EntityPath,
        form: EntityForm,
    ) -> Result<EntitySettings, BlueprintError> {
        let view = view.to_string();
        let mut known = BTreeSet::new();
        let visualizer = |(at, form): (usize, VisualizerForm)| {
            // The id that an edit would give it; of several of one kind those that follow have ids of their own.
            let hashed = || {
                let first = InstructionId::hashed([&*view, entity.as_str(), &form.visualizer]);
                if known.contains(&first) {
                    InstructionId::hashed([&*view, entity.as_str(), &form.visualizer, &at.to_string()])
                } else {
                    first
                }
            };
            let id = form.id.as_ref().map_or_else(hashed, |id| id.0);
            if !known.insert(id) {
                return Err(self.twice(&id.to_string()));
            }
            Ok(VisualizerSettings {
                id,
                visualizer: form.visualizer.into(),
                values: form.values.0,
            })
        };
        let visualizers = form
            .visualizers
            .map(|forms| forms.into_iter().enumerate().map(visualizer).collect())
            .transpose()?;
        Ok(EntitySettings {
            values: form.values.0,
            visualizers,
        })
    }

    /// The error of an id that stands in the text twice.
    fn twice(&self, id: &str) -> BlueprintError {
        let quoted = format!("\"{id}\"");
        let is_own = |at: &usize| {
            let before = self.text.get(..*at).unwrap_or_default().trim_end();
            before
                .strip_suffix(':')
                .is_some_and(|key| key.trim_end().ends_with("id"))
        };
        let places = self.text.match_indices(&quoted).map(|(at, _)| at).filter(is_own);
        error_at(
            self.text,
            places.last().unwrap_or(0),
            format!("id {id} appears twice"),
        )
    }
}

/// An error at a byte of the text.
fn error_at(text: &str, at: usize, message: String) -> BlueprintError {
    let before = text.get(..at).unwrap_or_default();
    let line_begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    BlueprintError::Ron {
        line: before.matches('\n').count() + 1,
        column: before.get(line_begin..).unwrap_or_default().chars().count() + 1,
        message,
    }
}
