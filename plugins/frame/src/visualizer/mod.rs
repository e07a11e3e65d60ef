//! Phase 9: visualizers turn data results into visuals.
//!
//! Each visualizer is one system with its own [`Visuals`], which runs where it has something to show; inside,
//! changed results are worked on in parallel. A visual is made in the entity's own space: where it stands is
//! up to [`crate::Transforms`], so a cloud that is moved is not made anew.
//!
//! A visual is made once for all views that ask for the same: [`pool`] keeps it under what it was made from,
//! and views share it.

mod block;
mod candidates;
mod chunks;
mod coming;
mod concerned;
mod entity_map;
mod first_look;
mod input;
mod inputs;
mod make;
mod pool;
mod resolve;
mod rows;
mod selection;
mod update;
mod visuals;

use std::{any::TypeId, collections::BTreeSet, sync::Arc};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_store::{EntityPath, RowId};
pub(crate) use chunks::VisualChunks;
pub use coming::{ComingVisuals, Way, ways_ahead};
pub(crate) use concerned::ConcernedVisualizers;
pub use first_look::{FirstChunks, FirstLook, FirstLookChunks, FirstVisual, sample_times};
pub use input::VisualizerInput;
pub use resolve::{AppFallbackExt, Fallback, FallbackInput, Fallbacks, Resolved, Source, StoredRow, resolve};
pub(crate) use selection::ParsedSelector;
pub use visuals::{ViewVisuals, Visuals};

use crate::{
    AppViewerCacheExt as _, CacheSize, Frame, FrameSystems, PurgeOrder, Report, ResultKey, ViewerCache,
    overrides::update_overrides,
};

/// Which rows a visualizer is given where the blueprint does not give a range of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryMode {
    /// The latest row at the cursor, per component. Where the blueprint gives a range of times and the
    /// visuals of several rows can be joined ([`Visual::JOINS_ROWS`]), each row in it.
    LatestAt,
    /// All rows.
    Range,
}

/// What a visualizer makes.
pub trait Visual: Sized + Send + Sync + 'static {
    /// Whether the visuals of several rows can be shown together. See [`Self::join`].
    const JOINS_ROWS: bool = false;

    /// The bytes on the heap. They count against the memory budget, where nothing else tells of them.
    fn heap_bytes(&self) -> u64;

    /// The visuals of the rows in a range of times as one, in the order of the rows. It shares what is large
    /// with them. Called with at least one, where [`Self::JOINS_ROWS`] is set.
    fn join(_rows: &[VisualOfRow<Self>]) -> Option<Self> {
        None
    }
}

/// The visual of a row in a range of times.
#[derive(Clone, Debug)]
pub struct VisualOfRow<T> {
    /// The row.
    pub row: RowId,
    /// What it shows.
    pub visual: Arc<T>,
}

/// What a visualizer is called and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisualizerInfo {
    /// The visualizer's name: `Points3D` for that of the viewer, named after the archetype that it shows. Another one of a known name takes
    /// its place, one of another name is shown beside it.
    pub name: &'static str,
    /// The components that an entity must have, all of them, to be shown: `Points3D:positions`. All visualizers of a view's class of which that
    /// is true show it, unless the blueprint says otherwise.
    pub required: &'static [&'static str],
    /// The components that change how it looks.
    pub optional: &'static [&'static str],
    /// The contexts that it reads, by their names, such as [`Annotations::NAME`](crate::Annotations::NAME): it is run again when one of them
    /// changed for its entity.
    pub contexts: &'static [&'static str],
    /// Which rows it is given.
    pub mode: QueryMode,
}

/// Turns a data result into what is drawn.
pub trait Visualizer: Send + Sync + 'static {
    /// What is drawn for one entity, in all views that ask for the same.
    type Visual: Visual;

    /// What it is called and what it needs.
    const INFO: VisualizerInfo;

    /// Whether [`Self::visualize_from_spare`] uses the memory that it is given. Where not, it is not called, and nothing is kept for it.
    const REUSES_MEMORY: bool = false;

    /// Makes the visual of one data result. A pure function of its input; runs on any thread.
    ///
    /// `Ok(None)` where there is nothing to draw.
    ///
    /// # Errors
    /// Where the data cannot be drawn; the report is shown on the entity, and the rest goes on.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report>;

    /// Makes the visual of a data result that had one before. The result must be that of [`Self::visualize`];
    /// what the visual before may save is work. No view holds it, unless a clone of it was kept:
    /// [`Arc::into_inner`] takes it apart.
    ///
    /// # Errors
    /// As [`Self::visualize`].
    fn update(
        input: &VisualizerInput<'_>,
        _previous: Arc<Self::Visual>,
    ) -> Result<Option<Self::Visual>, Report> {
        Self::visualize(input)
    }

    /// Makes the visual of one data result from the memory of another visual that nobody shows any more: what is made in each frame need
    /// not be allocated in each. Called instead of [`Self::update`] too, where there is a spare one. The result must be that of
    /// [`Self::visualize`]; what is left in `spare` does not matter.
    ///
    /// # Errors
    /// As [`Self::visualize`].
    fn visualize_from_spare(
        input: &VisualizerInput<'_>,
        _spare: &mut Self::Visual,
    ) -> Result<Option<Self::Visual>, Report> {
        Self::visualize(input)
    }
}

/// The position of a visualizer in [`Visualizers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisualizerId(u16);

/// The visualizers, in the order in which they were registered.
#[derive(Resource, Default, Debug)]
pub struct Visualizers {
    entries: Vec<RegisteredVisualizer>,
    /// The classes in whose views some visualizer is seen through the camera of their origin.
    with_projected: BTreeSet<ViewClassId>,
    /// Reads the reports of a view that come from elsewhere than from making visuals.
    reports: Vec<fn(&World, ViewId) -> Vec<Report>>,
}

#[derive(Debug)]
struct RegisteredVisualizer {
    info: VisualizerInfo,
    classes: Vec<ViewClassId>,
    /// The classes in whose views it is seen through the camera of their origin.
    projected: Vec<ViewClassId>,
    takes_ranges: bool,
    type_id: TypeId,
    /// The type of [`Visualizer::Visual`].
    visual: TypeId,
    /// Reads the reports of a view out of the visualizer's own resource, whose type nobody else need know.
    reports: fn(&World, ViewId) -> Vec<(ResultKey, Report)>,
    /// The same for what the visuals of a view were made from.
    chunks: fn(&World, ViewId) -> Option<&VisualChunks>,
    /// Removes the visualizer's own resource, and with it stops its system.
    remove: fn(&mut World),
}

impl Visualizers {
    /// All visualizers.
    pub fn iter(&self) -> impl Iterator<Item = (VisualizerId, &VisualizerInfo, &[ViewClassId])> {
        self.entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (VisualizerId(at as u16), &entry.info, entry.classes.as_slice()))
    }

    /// The visualizer with this id.
    pub fn info(&self, id: VisualizerId) -> Option<&VisualizerInfo> {
        self.entries.get(usize::from(id.0)).map(|entry| &entry.info)
    }

    /// The view classes that a visualizer belongs to.
    pub fn classes(&self, id: VisualizerId) -> &[ViewClassId] {
        self.entries
            .get(usize::from(id.0))
            .map_or(&[], |entry| &entry.classes)
    }

    /// Whether a visualizer shows the entity at a path in a view of a class: one that it belongs to, or one that it is seen in
    /// through a camera, where the entity is not below that camera.
    pub(crate) fn shows(
        &self,
        id: VisualizerId,
        class: &ViewClassId,
        camera: Option<&EntityPath>,
        path: &EntityPath,
    ) -> bool {
        let Some(entry) = self.entries.get(usize::from(id.0)) else {
            return false;
        };
        entry.classes.contains(class)
            || (entry.projected.contains(class) && camera.is_some_and(|camera| !path.starts_with(camera)))
    }

    /// Whether something is seen in views of a class through the camera of their origin.
    pub(crate) fn has_projected(&self, class: &ViewClassId) -> bool {
        self.with_projected.contains(class)
    }

    /// The visualizers that are seen in views of a class through the camera of their origin.
    pub fn projected(&self, class: &ViewClassId) -> impl Iterator<Item = VisualizerId> {
        // Most classes have none, and are asked in each frame.
        let entries = match self.has_projected(class) {
            true => self.entries.as_slice(),
            false => &[],
        };
        let ids = (0..).map(VisualizerId).zip(entries);
        ids.filter(move |(_, entry)| entry.projected.contains(class))
            .map(|(id, _)| id)
    }

    /// The type of the visuals that a visualizer makes.
    pub fn visual_type(&self, id: VisualizerId) -> Option<TypeId> {
        self.entries.get(usize::from(id.0)).map(|entry| entry.visual)
    }

    /// Whether the blueprint can give a visualizer a range of times.
    pub(crate) fn takes_ranges(&self, id: VisualizerId) -> bool {
        self.entries
            .get(usize::from(id.0))
            .is_some_and(|entry| entry.takes_ranges)
    }

    /// The visualizer with this name.
    pub fn find(&self, name: &str) -> Option<VisualizerId> {
        self.iter()
            .find(|(_, info, _)| info.name == name)
            .map(|(id, ..)| id)
    }

    /// What is wrong with the entities of a view, ordered by entity and visualizer.
    pub fn reports(&self, world: &World, view: ViewId) -> Vec<Report> {
        let of_results = self.result_reports(world, view).map(|(_, _, report)| report);
        let mut reports: Vec<Report> = of_results.chain(self.other_reports(world, view)).collect();
        reports.sort_by(|a, b| a.entity.cmp(&b.entity));
        reports
    }

    /// What is wrong with the visuals of a view, ordered by visualizer and result.
    pub fn result_reports(
        &self,
        world: &World,
        view: ViewId,
    ) -> impl Iterator<Item = (VisualizerId, ResultKey, Report)> {
        let ids = (0..).map(VisualizerId);
        ids.zip(&self.entries).flat_map(move |(id, entry)| {
            let reports = (entry.reports)(world, view).into_iter();
            reports.map(move |(key, report)| (id, key, report))
        })
    }

    /// What is wrong with a view beside making its visuals: see [`AppVisualizerExt::add_view_reports`].
    pub fn other_reports(&self, world: &World, view: ViewId) -> impl Iterator<Item = Report> {
        self.reports.iter().flat_map(move |reports| reports(world, view))
    }

    /// What the visuals of a view were made from beside the [`crate::LatestAtResults`], by the position of the
    /// visualizer.
    pub(crate) fn chunks<'w>(
        &self,
        world: &'w World,
        view: ViewId,
    ) -> impl Iterator<Item = (usize, &'w VisualChunks)> {
        let first = world
            .get_resource::<FirstLookChunks>()
            .and_then(|first| Some((usize::MAX, first.get(view)?)));
        self.entries
            .iter()
            .enumerate()
            .filter_map(move |(at, entry)| Some((at, (entry.chunks)(world, view)?)))
            .chain(first)
    }

    fn add<V: Visualizer>(&mut self, classes: &[&str]) -> Added {
        let classes = classes.iter().map(|class| ViewClassId::from(*class));
        let mut new = RegisteredVisualizer {
            info: V::INFO,
            classes: classes.collect(),
            projected: Vec::new(),
            takes_ranges: inputs::takes_ranges::<V>(),
            type_id: TypeId::of::<V>(),
            visual: TypeId::of::<V::Visual>(),
            reports: reports_of::<V>,
            chunks: chunks_of::<V>,
            remove: |world| _ = world.remove_resource::<Visuals<V>>(),
        };
        let at = self
            .entries
            .iter()
            .position(|known| known.info.name == new.info.name);
        let Some(at) = at else {
            self.entries.push(new);
            return Added::New(VisualizerId(self.entries.len() as u16 - 1));
        };
        let known = &mut self.entries[at];
        new.classes.append(&mut known.classes);
        new.classes.sort();
        new.classes.dedup();
        new.projected.append(&mut known.projected);
        let before = std::mem::replace(known, new);
        if before.type_id == known.type_id {
            Added::Extended
        } else {
            Added::Replaced(VisualizerId(at as u16), before.remove)
        }
    }
}

/// What adding a visualizer did.
enum Added {
    /// Its name is new.
    New(VisualizerId),
    /// It was there, and belongs to further classes now.
    Extended,
    /// It takes the place of another of its name, whose visuals are to be removed.
    Replaced(VisualizerId, fn(&mut World)),
}

/// The reports of one visualizer in one view, ordered by result.
fn reports_of<V: Visualizer>(world: &World, view: ViewId) -> Vec<(ResultKey, Report)> {
    let Some(visuals) = world
        .get_resource::<Visuals<V>>()
        .and_then(|visuals| visuals.view(view))
    else {
        return Vec::new();
    };
    let mut reports: Vec<_> = visuals
        .reports()
        .map(|(key, report)| (key, report.clone()))
        .collect();
    reports.sort_by_key(|(key, _)| *key);
    reports
}

fn chunks_of<V: Visualizer>(world: &World, view: ViewId) -> Option<&VisualChunks> {
    Some(&world.get_resource::<Visuals<V>>()?.view(view)?.chunks)
}

/// Registers visualizers.
pub trait AppVisualizerExt {
    /// Adds a visualizer to view classes: its [`Visuals`] and the system that keeps them.
    ///
    /// Added again, it is added to further classes. Another visualizer of the same name takes the place of
    /// the first, in all classes of both.
    fn add_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self;

    /// Has a visualizer that was added be seen in views of further classes, too, where a camera is at or above their origin: of what
    /// is not below the camera, as the camera sees it. How, is up to the view.
    fn project_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self;

    /// Adds a source of reports about the entities of a view: for what is only partly shown, and for what
    /// turns out to be wrong after its visual was made.
    fn add_view_reports(&mut self, reports: fn(&World, ViewId) -> Vec<Report>) -> &mut Self;
}

impl AppVisualizerExt for App {
    fn add_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self {
        self.init_resource::<Visualizers>();
        let id = match self.world_mut().resource_mut::<Visualizers>().add::<V>(classes) {
            Added::Extended => return self,
            Added::New(id) => id,
            Added::Replaced(id, remove) => {
                remove(self.world_mut());
                id
            }
        };
        self.insert_resource(Visuals::<V>::new(id));
        self.add_viewer_cache(ViewerCache {
            name: V::INFO.name,
            order: PurgeOrder::Derived,
            size: |world| {
                let visuals = world.get_resource::<Visuals<V>>();
                visuals.map_or_else(CacheSize::default, |visuals| CacheSize {
                    bytes: visuals.bytes(),
                    idle_bytes: visuals.idle_bytes(),
                })
            },
            purge: Some(|world, bytes| {
                if let Some(mut visuals) = world.get_resource_mut::<Visuals<V>>() {
                    visuals.bypass_change_detection().purge(bytes);
                }
            }),
        });
        self.add_systems(
            Frame,
            update::visualize::<V>
                .in_set(FrameSystems::Visualizers)
                .run_if(concerned::is_concerned::<V>),
        )
    }

    fn project_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self {
        self.init_resource::<Visualizers>();
        let mut visualizers = self.world_mut().resource_mut::<Visualizers>();
        let Visualizers {
            entries,
            with_projected,
            ..
        } = &mut *visualizers;
        let known = entries.iter_mut();
        for entry in known.filter(|entry| entry.type_id == TypeId::of::<V>()) {
            let classes = || classes.iter().map(|class| ViewClassId::from(*class));
            entry.projected.extend(classes());
            with_projected.extend(classes());
        }
        self
    }

    fn add_view_reports(&mut self, reports: fn(&World, ViewId) -> Vec<Report>) -> &mut Self {
        self.init_resource::<Visualizers>();
        self.world_mut()
            .resource_mut::<Visualizers>()
            .reports
            .push(reports);
        self
    }
}

/// Visualizers are added one by one; this has what they share.
pub struct VisualizersPlugin;

impl Plugin for VisualizersPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<Visualizers>()
            .init_resource::<Fallbacks>()
            .init_resource::<FirstLookChunks>()
            .add_viewer_cache(ViewerCache {
                name: "First looks",
                order: PurgeOrder::Derived,
                // Framing asks for them as long as the views are shown.
                size: |world| CacheSize {
                    bytes: world.get_resource().map_or(0, FirstLookChunks::heap_bytes),
                    idle_bytes: 0,
                },
                purge: None,
            });
        let find = concerned::find_concerned.after(update_overrides);
        app.init_resource::<ConcernedVisualizers>()
            .add_systems(Frame, find.in_set(FrameSystems::Overrides));
    }
}
