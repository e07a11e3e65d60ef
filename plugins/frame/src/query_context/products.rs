//! What is found where views look, per context.

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::{prelude::*, system::SystemParam};
use chronoscope_blueprint::QueryContextSettings;
use chronoscope_store::ChunkStore;

use super::{ContextId, QueryContext};
use crate::{ContextReader, Cursor, EntityContexts, LatestAtResults, RecordingEntry, Recordings, Transforms};

/// The query contexts beside that of the cursor, whose products are resources of their own. Empty as long as
/// all views look at the cursor.
#[derive(Resource, Default)]
pub struct QueryContexts {
    pub(crate) others: BTreeMap<ContextId, ContextProducts>,
    by_settings: BTreeMap<Arc<QueryContextSettings>, ContextId>,
    /// The number of contexts that there ever were, without that of the cursor.
    num_made: u32,
}

/// What is found in a context.
pub(crate) struct ContextProducts {
    pub(crate) cursor: Cursor,
    pub(crate) latest_at: LatestAtResults,
    pub(crate) transforms: Transforms,
    pub(crate) contexts: EntityContexts,
    /// Whether it moves as the cursor does.
    pub(crate) follows_cursor: bool,
    /// Whether a shown view looks there in this frame.
    is_used: bool,
}

impl QueryContexts {
    /// The number of contexts beside that of the cursor.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// Whether all views look at the cursor.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// The heap bytes of the latest rows of all contexts here.
    pub(crate) fn latest_at_bytes(&self) -> u64 {
        let products = self.others.values();
        products.map(|products| products.latest_at.heap_bytes()).sum()
    }

    /// The heap bytes of the transforms of all contexts here.
    pub(crate) fn transforms_bytes(&self) -> u64 {
        let products = self.others.values();
        products.map(|products| products.transforms.heap_bytes()).sum()
    }

    /// The heap bytes of what holds for entities in all contexts here.
    pub(crate) fn contexts_bytes(&self) -> u64 {
        let products = self.others.values();
        products.map(|products| products.contexts.heap_bytes()).sum()
    }

    /// The context of these settings, which a shown view has.
    pub(super) fn take(
        &mut self,
        settings: &Arc<QueryContextSettings>,
        cursor: Cursor,
        follows_cursor: bool,
    ) -> ContextId {
        let num_made = &mut self.num_made;
        let id = *self.by_settings.entry(settings.clone()).or_insert_with(|| {
            *num_made += 1;
            ContextId(*num_made)
        });
        let products = self.others.entry(id).or_insert_with(|| ContextProducts::new(id));
        products.is_used = true;
        (products.cursor, products.follows_cursor) = (cursor, follows_cursor);
        id
    }

    /// Forgets the contexts that no view has taken since the last call.
    pub(super) fn forget_unused(&mut self) {
        let others = &mut self.others;
        others.retain(|_, products| std::mem::take(&mut products.is_used));
        self.by_settings.retain(|_, id| others.contains_key(id));
    }
}

impl ContextProducts {
    fn new(id: ContextId) -> Self {
        Self {
            cursor: Cursor::default(),
            latest_at: LatestAtResults::default(),
            transforms: Transforms::beginning_at(id.first_version()),
            // They are registered with those of the cursor.
            contexts: EntityContexts::default(),
            follows_cursor: false,
            is_used: false,
        }
    }
}

/// The products of the frame as they are in one query context.
#[derive(Clone, Copy)]
pub struct InContext<'a> {
    /// Where it looks.
    pub cursor: Cursor,
    /// The latest rows there.
    pub latest_at: &'a LatestAtResults,
    /// Where entities stand there.
    pub transforms: &'a Transforms,
    /// What holds for entities there.
    pub contexts: &'a EntityContexts,
}

impl<'a> InContext<'a> {
    /// Those of a view, by its ECS entity. `None` where there is nothing where it looks, and nothing is kept
    /// while it is not shown and looks elsewhere than the cursor.
    pub fn of_view(world: &'a World, view: Entity) -> Option<Self> {
        Self::of(world, world.get::<QueryContext>(view)?.id)
    }

    /// Those of a context.
    pub fn of(world: &'a World, id: ContextId) -> Option<Self> {
        if id == ContextId::CURSOR {
            return Some(Self {
                cursor: *world.get_resource::<Cursor>()?,
                latest_at: world.get_resource()?,
                transforms: world.get_resource()?,
                contexts: world.get_resource()?,
            });
        }
        let products = world.get_resource::<QueryContexts>()?.others.get(&id)?;
        Some(products.into())
    }

    /// The recording.
    pub fn recording(self, recordings: &Recordings) -> Option<&RecordingEntry> {
        recordings.get(self.cursor.recording?)
    }

    /// A reader of what holds for entities, whose store this is.
    pub fn reader(self, store: &'a ChunkStore) -> ContextReader<'a> {
        ContextReader::new(self.contexts, self.transforms, store)
    }
}

impl<'a> From<&'a ContextProducts> for InContext<'a> {
    fn from(products: &'a ContextProducts) -> Self {
        Self {
            cursor: products.cursor,
            latest_at: &products.latest_at,
            transforms: &products.transforms,
            contexts: &products.contexts,
        }
    }
}

/// The products of all query contexts, for systems that read them.
#[derive(SystemParam)]
pub struct InContexts<'w> {
    cursor: Res<'w, Cursor>,
    latest_at: Res<'w, LatestAtResults>,
    transforms: Res<'w, Transforms>,
    contexts: Res<'w, EntityContexts>,
    others: Res<'w, QueryContexts>,
}

impl InContexts<'_> {
    /// Those at the cursor.
    pub fn at_cursor(&self) -> InContext<'_> {
        InContext {
            cursor: *self.cursor,
            latest_at: &self.latest_at,
            transforms: &self.transforms,
            contexts: &self.contexts,
        }
    }

    /// Those of a context; `None` where nothing is kept of it.
    pub fn get(&self, id: ContextId) -> Option<InContext<'_>> {
        if id == ContextId::CURSOR {
            return Some(self.at_cursor());
        }
        self.others.others.get(&id).map(InContext::from)
    }

    /// Those of all contexts, that of the cursor first.
    pub fn iter(&self) -> impl Iterator<Item = (ContextId, InContext<'_>)> {
        let others = self.others.others.iter();
        std::iter::once((ContextId::CURSOR, self.at_cursor()))
            .chain(others.map(|(id, products)| (*id, products.into())))
    }
}
