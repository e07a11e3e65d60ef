//! What a blueprint says at one of its times, as rows of their own: to be kept, copied, or told from another.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chronoscope_store::{CLEAR_COMPONENT, Chunk, ChunkBuilder, EntityId, EntityPath, Hit, RowId, Timeline};

use crate::{
    BlueprintError, BlueprintQuery, ViewId, command::Components, content_hash, vocabulary::contents_path,
};

/// What a blueprint says at the time of `query`: a row per entity at the blueprint time `at`, and the static rows.
///
/// # Errors
/// Where rows do not make a chunk.
pub fn snapshot(query: &BlueprintQuery<'_>, at: i64) -> Result<Vec<Chunk>, BlueprintError> {
    let mut chunks = Vec::new();
    for entity in query.store().entities() {
        let path = query.store().entity_path(entity);
        chunks.extend(rows_of(query, entity, path, at)?);
    }
    Ok(chunks)
}

/// The properties, defaults and overrides of a view, as rows of another one.
///
/// # Errors
/// Where rows do not make a chunk.
pub(crate) fn copied_settings(
    query: &BlueprintQuery<'_>,
    of: ViewId,
    to: ViewId,
    at: i64,
) -> Result<Vec<Chunk>, BlueprintError> {
    let (from, into) = (of.entity_path(), to.entity_path());
    // What the model holds is written by the command itself.
    let of_model = [from.clone(), contents_path(of)];
    let mut chunks = Vec::new();
    for entity in query.store().entities() {
        let path = query.store().entity_path(entity);
        if !path.starts_with(&from) || of_model.contains(path) {
            continue;
        }
        let below = path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
        let copy = EntityPath::parse(&format!("{into}{below}"));
        chunks.extend(rows_of(query, entity, &copy, at)?);
    }
    Ok(chunks)
}

/// A hash of all that a blueprint says at the time of `query`. The same for the same values, whichever rows and stores they
/// stand in, unless they are very long.
pub fn fingerprint(query: &BlueprintQuery<'_>) -> u64 {
    let mut entities: Vec<(&EntityPath, EntityId)> = query
        .store()
        .entities()
        .map(|entity| (query.store().entity_path(entity), entity))
        .collect();
    entities.sort();
    let mut hasher = DefaultHasher::new();
    for (path, entity) in entities {
        let mut values: Vec<u64> = hits(query, entity).iter().map(content_hash).collect();
        values.sort_unstable();
        if !values.is_empty() {
            (path.as_str(), values).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn hits(query: &BlueprintQuery<'_>, entity: EntityId) -> Vec<Hit> {
    let store = query.store();
    let path = store.entity_path(entity);
    store
        .components_of(entity)
        .map(|component| &store.descriptor(component).component)
        .filter(|component| &***component != CLEAR_COMPONENT)
        .filter_map(|component| query.hit(path, component))
        .collect()
}

fn rows_of(
    query: &BlueprintQuery<'_>,
    entity: EntityId,
    path: &EntityPath,
    at: i64,
) -> Result<Vec<Chunk>, BlueprintError> {
    let (mut temporal, mut fixed) = (Components::new(), Components::new());
    for hit in hits(query, entity) {
        let row = match hit.data_time() {
            Some(_) => &mut temporal,
            None => &mut fixed,
        };
        row.push((hit.column().descriptor().clone(), hit.cell()));
    }
    let mut chunks = Vec::new();
    for (row, is_static) in [(temporal, false), (fixed, true)] {
        if !row.is_empty() {
            let when = (!is_static).then_some((Timeline::blueprint(), at));
            let chunk = ChunkBuilder::new(path.clone()).with_row(RowId::new(), when, row);
            chunks.push(chunk.build()?);
        }
    }
    Ok(chunks)
}
