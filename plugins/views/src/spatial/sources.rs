//! The visualizers whose visuals spatial views present. Views ask them all alike; which one made a visual does not matter then.

use std::{any::TypeId, collections::BTreeMap, hint::black_box, sync::Arc};

use bevy::{app::App, ecs::prelude::*};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    AppVisualizerExt, InstructionIndex, Report, ResultKey, ViewClasses, Visualizer, Visualizers, Visuals,
    visualizer::ViewVisuals,
};
use rustc_hash::FxHashSet;

use super::{
    framing::Looker,
    marks::labels_of,
    scene,
    visual::{AT_ONCE, SpatialVisual},
};

/// A visualizer by its position among those of spatial views, and the instruction by which it shows an entity.
pub(crate) type SourceId = u32;

/// The source that a visualizer at this position is, by one instruction.
pub(crate) fn source_id(position: usize, instruction: InstructionIndex) -> SourceId {
    (position as u32) << 16 | u32::from(instruction.0)
}

/// The instruction by which a source shows an entity.
pub(crate) fn instruction_of(source: SourceId) -> InstructionIndex {
    InstructionIndex((source & 0xFFFF) as u16)
}

/// The position of the visualizer that a source is.
fn position_of(source: SourceId) -> usize {
    (source >> 16) as usize
}

/// Registers visualizers of spatial views.
pub trait AppSpatialExt {
    /// Adds a visualizer to spatial view classes, and presents what it makes.
    ///
    /// `default_radius` is that of marks that bring none: scene units, or negative points.
    fn add_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(
        &mut self,
        classes: &[&str],
        default_radius: f32,
    ) -> &mut Self;

    /// Has what a visualizer shows in space be seen in 2D views, too: through the camera in whose picture the view lies.
    ///
    /// Of what was added to 2D views as well, that is what lies in no picture of that camera.
    ///
    /// Precondition: it was added by [`Self::add_spatial_visualizer`] to 3D views.
    fn project_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(&mut self) -> &mut Self;
}

impl AppSpatialExt for App {
    fn add_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(
        &mut self,
        classes: &[&str],
        default_radius: f32,
    ) -> &mut Self {
        self.add_visualizer::<V>(classes);
        self.init_resource::<SpatialSources>();
        let sources = &mut self.world_mut().resource_mut::<SpatialSources>().sources;
        let sources = Arc::make_mut(sources);
        let source = SpatialSource {
            name: V::INFO.name,
            type_id: TypeId::of::<V>(),
            default_radius,
            labels: labels_of::<V>(),
            is_flat: classes.contains(&ViewClassId::SPATIAL_2D),
            is_projected: false,
            looker: Looker::of::<V>(),
            collect: scene::collect_changes_of::<V>,
            coming: scene::coming_pictures::<V>,
            recycle: recycle::<V>,
            reports: reports::<V>,
        };
        // Another visualizer of a known name takes its place.
        match sources.iter_mut().find(|known| known.name == source.name) {
            Some(known) => *known = source,
            None => sources.push(source),
        }
        self
    }

    fn project_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(&mut self) -> &mut Self {
        self.project_visualizer::<V>(&[ViewClassId::SPATIAL_2D]);
        self.init_resource::<SpatialSources>();
        let sources = &mut self.world_mut().resource_mut::<SpatialSources>().sources;
        for source in Arc::make_mut(sources) {
            source.is_projected |= source.type_id == TypeId::of::<V>();
        }
        self
    }
}

/// The visualizers of spatial views, in the order in which they were registered.
#[derive(Resource, Default)]
pub struct SpatialSources {
    pub(crate) sources: Arc<Vec<SpatialSource>>,
}

impl SpatialSources {
    /// The visualizer of a source.
    pub(crate) fn of(&self, source: SourceId) -> Option<&SpatialSource> {
        self.sources.get(position_of(source))
    }

    /// The visualizers of spatial view classes that make spatial visuals, but were not added with
    /// [`AppSpatialExt::add_spatial_visualizer`], so that nobody presents what they make.
    pub(crate) fn unpresented(&self, visualizers: &Visualizers, classes: &ViewClasses) -> Vec<&'static str> {
        let is_spatial =
            |class: &ViewClassId| classes.get(class).is_some_and(|class| class.space().is_some());
        visualizers
            .iter()
            .filter(|(id, _, classes)| {
                visualizers.visual_type(*id) == Some(TypeId::of::<SpatialVisual>())
                    && classes.iter().any(is_spatial)
            })
            .map(|(_, info, _)| info.name)
            .filter(|name| self.sources.iter().all(|source| source.name != *name))
            .collect()
    }
}

/// One visualizer of spatial views.
#[derive(Clone, Copy)]
pub(crate) struct SpatialSource {
    pub(crate) name: &'static str,
    type_id: TypeId,
    pub(crate) default_radius: f32,
    /// The component with the labels of its instances.
    pub(crate) labels: Option<&'static str>,
    /// Whether 2D views show it in their planes.
    pub(crate) is_flat: bool,
    /// Whether 2D views show it as the camera sees it in whose picture they lie.
    pub(crate) is_projected: bool,
    pub(crate) looker: Looker,
    pub(crate) collect: scene::CollectChanges,
    pub(crate) coming: scene::ComingPictures,
    /// Gives visuals back that no view holds any more.
    recycle: fn(&mut World, Vec<Arc<SpatialVisual>>),
    pub(crate) reports: fn(&World, ViewId) -> Vec<(ResultKey, Report)>,
}

/// Visuals that no view holds any more, by the positions of the visualizers that made them: those of the next frame are made from their
/// memory.
#[derive(Default)]
pub(crate) struct Spares {
    by_position: Vec<(usize, Vec<Arc<SpatialVisual>>)>,
}

/// What takes more is freed at once: of what is large there is little, and memory would be held that others need.
const MAX_SPARE_BYTES: u64 = 4096;

impl Spares {
    /// Takes a visual that a view shows no more, if that was the last one.
    pub(crate) fn push(&mut self, source: SourceId, visual: Arc<SpatialVisual>) {
        if Arc::strong_count(&visual) > 1 || visual.heap_bytes() > MAX_SPARE_BYTES {
            return;
        }
        let position = position_of(source);
        match self.by_position.last_mut() {
            Some((last, visuals)) if *last == position => visuals.push(visual),
            _ => self.by_position.push((position, vec![visual])),
        }
    }

    /// Gives them back to the visualizers.
    pub(crate) fn give_back(self, world: &mut World) {
        for (position, visuals) in self.by_position {
            let sources = world.resource::<SpatialSources>();
            if let Some(source) = sources.sources.get(position).copied() {
                (source.recycle)(world, visuals);
            }
        }
    }
}

/// What changed in the visuals of one visualizer in one view.
#[derive(Clone, Default)]
pub(crate) struct SourceChanges {
    /// What is gone. To be carried out before what changed.
    pub(crate) removed: Vec<ResultKey>,
    /// What was made anew; `None` where there is nothing to draw.
    pub(crate) changed: Vec<(ResultKey, Option<Arc<SpatialVisual>>)>,
}

/// What the visualizers changed in this frame, until the scenes take it.
#[derive(Resource, Default)]
pub(crate) struct ChangedVisuals {
    /// By the positions of the visualizers.
    by_view: BTreeMap<ViewId, BTreeMap<usize, SourceChanges>>,
    /// The views whose scenes have given up what they held: all that they show is new to them.
    asks_for_all: FxHashSet<ViewId>,
}

impl ChangedVisuals {
    /// Notes what a visualizer changed in a view.
    pub(crate) fn push<V: Visualizer<Visual = SpatialVisual>>(
        &mut self,
        view: ViewId,
        position: usize,
        visuals: Option<&ViewVisuals<V>>,
    ) {
        let asks_for_all = self.asks_for_all.contains(&view);
        let Some(visuals) = visuals.filter(|visuals| asks_for_all || !visuals.is_unchanged()) else {
            return;
        };
        let changes = if asks_for_all {
            let all = visuals.iter().map(|(key, visual)| (key, Some(visual.clone())));
            let mut changed: Vec<_> = all.collect();
            changed.sort_unstable_by_key(|(key, _)| (key.entity, key.instruction));
            SourceChanges {
                removed: Vec::new(),
                changed,
            }
        } else {
            let mut changed = Vec::with_capacity(visuals.changed().len());
            for some in visuals.changed().chunks(AT_ONCE) {
                for key in some {
                    black_box(visuals.get(*key).map(Arc::strong_count));
                }
                changed.extend(some.iter().map(|key| (*key, visuals.get(*key).cloned())));
            }
            SourceChanges {
                removed: visuals.removed().to_vec(),
                changed,
            }
        };
        let of_view = self.by_view.entry(view).or_default();
        of_view.insert(position, changes);
    }

    /// Has all that a view shows handed over when it is shown the next time, whatever changed.
    pub(crate) fn ask_for_all(&mut self, view: ViewId) {
        self.asks_for_all.insert(view);
    }

    /// Notes that a view was handed all that it shows.
    pub(crate) fn set_up_to_date(&mut self, view: ViewId) {
        self.asks_for_all.remove(&view);
    }

    /// Takes what changed.
    pub(crate) fn take(&mut self) -> BTreeMap<ViewId, BTreeMap<usize, SourceChanges>> {
        std::mem::take(&mut self.by_view)
    }
}

fn recycle<V: Visualizer<Visual = SpatialVisual>>(world: &mut World, visuals: Vec<Arc<SpatialVisual>>) {
    if let Some(mut known) = world.get_resource_mut::<Visuals<V>>() {
        known.bypass_change_detection().recycle(visuals);
    }
}

fn reports<V: Visualizer<Visual = SpatialVisual>>(world: &World, view: ViewId) -> Vec<(ResultKey, Report)> {
    let visuals = world
        .get_resource::<Visuals<V>>()
        .and_then(|visuals| visuals.view(view));
    visuals
        .into_iter()
        .flat_map(chronoscope_frame::visualizer::ViewVisuals::reports)
        .map(|(key, report)| (key, report.clone()))
        .collect()
}
