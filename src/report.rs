//! By what each view shows each entity, and what is wrong there, as lines for people and scripts.

use std::collections::BTreeMap;

use bevy::prelude::*;
use chronoscope_blueprint::{Contents, MAX_CONTAINER_DEPTH, ViewId, ViewportBlueprint};
use chronoscope_frame::{
    ActiveBlueprint, DataResult, DataResults, EntityContexts, Report, Reports, ResultKey, View,
    ViewOverrides, Visualizers, error::Severity, visualizer::VisualizerId,
};
use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use chronoscope_views::{recording_of, without_visualizer};

/// What [`report`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextReport {
    /// The lines, with a line break after each.
    pub text: String,
    /// Whether one of them says `error`.
    pub has_errors: bool,
}

/// One line per view, entity and visualizer: view, entity, visualizer and message, with tabs between them.
///
/// - Views come in the order of the layout, entities in that of their paths, visualizers as they are instructed.
/// - An entity that no visualizer shows has `context:NAME` for each context that it serves, else `-`; so has what is said
///   of an entity beside its visuals, or of the view as a whole, whose entity is `-`, too.
/// - The message is empty, or `severity: text`.
/// - What is said of files, blueprints and recordings follows, with its source in place of the view.
///
/// Entities without data have no line. Views that are not shown have no visuals, see [`chronoscope_ui::UiSettings::keep_hidden_views`].
pub fn report(world: &mut World) -> TextReport {
    let mut lines = TextReport::default();
    let mut views = world.query::<(Entity, &View)>();
    let views: BTreeMap<ViewId, Entity> = views
        .iter(world)
        .map(|(entity, view)| (view.id, entity))
        .collect();
    let viewport = world.resource::<ActiveBlueprint>().viewport();
    for view in in_order_of_layout(viewport, &views) {
        lines.add_view(world, view);
    }
    for report in world.resource::<Reports>().iter() {
        let line = Line {
            view: &report.source,
            entity: report.entity.as_ref(),
            visualizer: "-",
        };
        lines.add(&line, Some((report.severity, &report.message)));
    }
    lines
}

/// The entities of the views, first those in the layout, then what no container has.
fn in_order_of_layout(viewport: &ViewportBlueprint, views: &BTreeMap<ViewId, Entity>) -> Vec<Entity> {
    fn visit(viewport: &ViewportBlueprint, at: &Contents, depth: usize, out: &mut Vec<ViewId>) {
        match at {
            Contents::View(view) => out.push(*view),
            Contents::Container(container) => {
                // A layout that holds itself is none, whatever a blueprint says.
                let container = viewport
                    .containers
                    .get(container)
                    .filter(|_| depth < MAX_CONTAINER_DEPTH);
                for contents in container.iter().flat_map(|container| &container.contents) {
                    visit(viewport, contents, depth + 1, out);
                }
            }
        }
    }
    let mut order = Vec::new();
    if let Some(root) = viewport.root {
        visit(viewport, &Contents::Container(root), 0, &mut order);
    }
    order.extend(
        views
            .keys()
            .filter(|view| !order.contains(view))
            .collect::<Vec<_>>(),
    );
    order.iter().filter_map(|view| views.get(view).copied()).collect()
}

struct Line<'a> {
    view: &'a str,
    entity: Option<&'a EntityPath>,
    visualizer: &'a str,
}

impl TextReport {
    fn add(&mut self, line: &Line<'_>, message: Option<(Severity, &str)>) {
        self.has_errors |= message.is_some_and(|(severity, _)| severity == Severity::Error);
        let entity = line.entity.map_or_else(|| "-".to_owned(), ToString::to_string);
        let message = message.map_or_else(String::new, |(severity, text)| {
            format!("{severity}: {}", one_line(text))
        });
        let fields = [
            &one_line(line.view),
            &one_line(&entity),
            line.visualizer,
            &message,
        ];
        self.text.push_str(&fields.join("\t"));
        self.text.push('\n');
    }

    fn add_view(&mut self, world: &World, entity: Entity) {
        let (Some(view), Some(results), Some(overrides), Some(recording)) = (
            world.get::<View>(entity),
            world.get::<DataResults>(entity),
            world.get::<ViewOverrides>(entity),
            recording_of(world, entity),
        ) else {
            return;
        };
        let title = view.blueprint.title();
        let visualizers = world.resource::<Visualizers>();
        let mut of_results: BTreeMap<(ResultKey, VisualizerId), Vec<Report>> = BTreeMap::new();
        for (visualizer, key, report) in visualizers.result_reports(world, view.id) {
            of_results.entry((key, visualizer)).or_default().push(report);
        }
        let mut others: BTreeMap<Option<EntityPath>, Vec<Report>> = BTreeMap::new();
        for report in visualizers.other_reports(world, view.id) {
            others.entry(report.entity.clone()).or_default().push(report);
        }
        let unshown: BTreeMap<_, _> = without_visualizer(world, entity).into_iter().collect();
        for result in results.iter() {
            if !recording.store().has_data(result.entity) {
                continue;
            }
            let line = |visualizer| Line {
                view: &title,
                entity: Some(&result.path),
                visualizer,
            };
            let is_hidden = !overrides.is_visible(result.entity);
            let hidden = is_hidden.then_some((Severity::Info, "hidden by the blueprint"));
            let instructions = overrides.all_instructions(result, visualizers);
            for (key, visualizer) in &instructions {
                let name = visualizers.info(*visualizer).map_or("-", |info| info.name);
                let reports = of_results.remove(&(*key, *visualizer)).unwrap_or_default();
                if reports.is_empty() {
                    self.add(&line(name), hidden);
                }
                for report in &reports {
                    self.add(&line(name), Some((report.severity, &report.message)));
                }
            }
            if instructions.is_empty() {
                let message = unshown
                    .get(&result.path)
                    .map(|archetypes| format!("{} is not shown here", archetypes.join(", ")));
                let message = message.as_deref().map(|text| (Severity::Info, text)).or(hidden);
                let mut served = contexts_of(world, recording.store(), result);
                if served.is_empty() {
                    served.push("-".to_owned());
                }
                for name in &served {
                    let visualizer = name.as_str();
                    self.add(
                        &Line {
                            visualizer,
                            ..line("-")
                        },
                        message,
                    );
                }
            }
            for report in others.remove(&Some(result.path.clone())).unwrap_or_default() {
                self.add(&line("-"), Some((report.severity, &report.message)));
            }
        }
        // What is left concerns the view, or what lies above its entities.
        for (entity, reports) in others {
            let line = Line {
                view: &title,
                entity: entity.as_ref(),
                visualizer: "-",
            };
            for report in reports {
                self.add(&line, Some((report.severity, &report.message)));
            }
        }
    }
}

/// `context:NAME` for each context that an entity has a component of.
fn contexts_of(world: &World, store: &ChunkStore, result: &DataResult) -> Vec<String> {
    let has = |entity: EntityId, component: &str| {
        let component = store.component_id(component);
        component.is_some_and(|component| store.has_component(entity, component))
    };
    let contexts = world.resource::<EntityContexts>().iter();
    contexts
        .filter(|(_, components)| components.iter().any(|component| has(result.entity, component)))
        .map(|(name, _)| format!("context:{name}"))
        .collect()
}

/// A text without what would end a field or a line.
fn one_line(text: &str) -> String {
    text.split(['\t', '\n', '\r']).collect::<Vec<_>>().join(" ")
}
