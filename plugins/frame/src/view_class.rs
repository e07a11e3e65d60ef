//! View classes: the kinds of views that there are, and what each one recommends for a recording.

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, ViewHeuristic};

/// The space that a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Space, seen by an eye in it.
    Three,
    /// A plane with Y down.
    Two,
}

/// Render layers of the views in space. Such a view takes the first that is free when it is opened.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewLayers {
    /// The first render layer that views use: 8 unless told otherwise. Those below are left to the app. A
    /// recorder of the app's world leaves out what is drawn in no layer below it.
    pub first: usize,
}

impl Default for ViewLayers {
    fn default() -> Self {
        Self { first: 8 }
    }
}

/// A kind of view, without its user interface.
///
/// Which visualizers it has is said where they are registered: see
/// [`crate::AppVisualizerExt::add_visualizer`].
pub trait ViewClass: Send + Sync + 'static {
    /// The name in blueprints: `3D`.
    fn id(&self) -> ViewClassId;

    /// The name for the eye: `3D view`.
    fn display_name(&self) -> &'static str;

    /// The space that its views show; `None` for views of something else, such as plots. Views with a space
    /// get a scene that presents spatial visuals.
    fn space(&self) -> Option<Space> {
        None
    }

    /// The views of this class that a recording with this schema deserves. A pure function.
    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView>;

    /// Whether [`Self::recommend`] may say something else now than it `said` before the schema changed. Lets
    /// a class with many entities answer without looking at all of them again.
    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        let _ = (schema, said);
        !delta.is_empty()
    }
}

impl ViewHeuristic for &dyn ViewClass {
    fn class(&self) -> ViewClassId {
        self.id()
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        (**self).recommend(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        (**self).is_affected(schema, delta, said)
    }
}

/// The kinds of views, by name.
#[derive(Resource, Default)]
pub struct ViewClasses {
    classes: BTreeMap<ViewClassId, Box<dyn ViewClass>>,
}

impl ViewClasses {
    /// Adds a class; one of the same name is replaced.
    pub fn add(&mut self, class: impl ViewClass) {
        self.classes.insert(class.id(), Box::new(class));
    }

    /// The class of this name.
    pub fn get(&self, id: &ViewClassId) -> Option<&dyn ViewClass> {
        self.classes.get(id).map(|class| &**class)
    }

    /// All classes, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &dyn ViewClass> {
        self.classes.values().map(|class| &**class)
    }
}

/// Registers view classes.
pub trait AppViewClassExt {
    /// Adds a kind of view; one of the same name is replaced.
    fn add_view_class(&mut self, class: impl ViewClass) -> &mut Self;
}

impl AppViewClassExt for App {
    fn add_view_class(&mut self, class: impl ViewClass) -> &mut Self {
        self.init_resource::<ViewClasses>();
        self.world_mut().resource_mut::<ViewClasses>().add(class);
        self
    }
}
