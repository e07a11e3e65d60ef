//! Annotation contexts: what classes are called and which colours they have.

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkStore, EntityPath};
use chronoscope_types::{read, records::AnnotationContext};

use crate::{LatestAtResults, RecordingKey, Report};

/// The name of the component that holds the context.
pub(crate) const CONTEXT: &str = "AnnotationContext:context";

/// The annotation contexts at the cursor.
#[derive(Resource, Default)]
pub struct Annotations {
    recording: Option<RecordingKey>,
    /// The epoch of the latest-at results that these were read from.
    epoch: u64,
    by_entity: BTreeMap<EntityPath, Context>,
    version: u64,
    reports: Vec<Report>,
}

struct Context {
    context: Arc<AnnotationContext>,
    version: u64,
}

/// The annotation context as it holds for one entity.
#[derive(Clone, Debug, Default)]
pub struct ResolvedAnnotations {
    context: Option<Arc<AnnotationContext>>,
}

impl ResolvedAnnotations {
    /// The context of the nearest entity at or above, if one.
    pub fn context(&self) -> Option<&AnnotationContext> {
        self.context.as_deref()
    }
}

impl Annotations {
    /// The context that holds for an entity: that of the nearest entity at or above it.
    pub fn resolve(&self, path: &EntityPath) -> ResolvedAnnotations {
        ResolvedAnnotations {
            context: self.find(path).map(|context| context.context.clone()),
        }
    }

    /// Grows with each change of any context.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows with each change of the context that holds for an entity; zero where none does.
    pub fn version_of(&self, path: &EntityPath) -> u64 {
        self.find(path).map_or(0, |context| context.version)
    }

    /// The contexts that could not be read.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    fn find(&self, path: &EntityPath) -> Option<&Context> {
        if self.by_entity.is_empty() {
            return None;
        }
        path.ancestors().find_map(|path| self.by_entity.get(&path))
    }

    /// Reads the contexts that changed.
    pub fn update(
        &mut self,
        recording: Option<RecordingKey>,
        store: Option<&ChunkStore>,
        latest_at: &LatestAtResults,
    ) {
        let reset = self.recording != recording || self.epoch != latest_at.epoch();
        if reset {
            self.recording = recording;
            self.epoch = latest_at.epoch();
            self.by_entity.clear();
            self.reports.clear();
            self.version += 1;
        }
        let Some(store) = store else { return };
        let Some(component) = store.component_id(CONTEXT) else {
            return;
        };
        let entities: Vec<_> = if reset {
            latest_at.entities().collect()
        } else {
            latest_at.changed().to_vec()
        };
        for entity in entities {
            let path = store.entity_path(entity);
            let hit = latest_at
                .get(entity)
                .and_then(|latest_at| latest_at.hit(component));
            if hit.is_none() && !self.by_entity.contains_key(path) {
                continue;
            }
            self.version += 1;
            self.reports.retain(|report| report.entity.as_ref() != Some(path));
            let read = |cell| {
                read::annotation_contexts(&cell)
                    .map(|contexts| contexts.into_iter().next().unwrap_or_default())
            };
            match hit.map(|hit| read(hit.cell())) {
                Some(Ok(context)) => {
                    self.by_entity.insert(
                        path.clone(),
                        Context {
                            context: Arc::new(context),
                            version: self.version,
                        },
                    );
                }
                Some(Err(error)) => {
                    self.by_entity.remove(path);
                    self.reports.push(Report::entity_warning(
                        "annotation context",
                        path.clone(),
                        error.to_string(),
                    ));
                }
                None => {
                    self.by_entity.remove(path);
                }
            }
        }
    }
}
