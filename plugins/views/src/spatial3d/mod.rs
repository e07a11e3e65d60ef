//! The 3D view: points, boxes and lines in space, seen by an eye that orbits them.
//!
//! [`eye`] is the mathematics of the eye, [`glide`] its way to where it is sent, [`present`] places the camera, [`guides`] are the grid, axes and a box, [`properties`] is what
//! the blueprint says, [`measure`] tells how far it is between two places, [`settings`] is for the selection panel, [`fallbacks`] what it lists beside, [`ui`] draws the tile and turns what the
//! pointer does into edits of the blueprint.

pub mod eye;
mod fallbacks;
mod glide;
mod guides;
mod measure;
mod present;
mod properties;
mod settings;
mod ui;

use bevy::{
    app::{App, Plugin},
    ecs::schedule::IntoScheduleConfigs,
};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{AppViewClassExt, Frame, Space, ViewClass};

pub use glide::EyeMotion;

use crate::{
    AppViewUiExt,
    properties::AppPropertiesExt as _,
    spatial::{SpatialPlugin, SpatialSystems},
};

/// Adds the 3D view.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spatial3DPlugin;

impl Plugin for Spatial3DPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        if !app.is_plugin_added::<SpatialPlugin>() {
            app.add_plugins(SpatialPlugin);
        }
        app.add_view_class(Spatial3DClass).add_view_ui(ui::Spatial3DUi);
        app.add_view_properties::<properties::Properties3D>();
        app.init_resource::<present::Eyes>()
            .init_resource::<glide::SentEyes>()
            .init_resource::<EyeMotion>();
        app.add_systems(Frame, present::present_eyes.in_set(SpatialSystems::Cameras3D));
    }
}

/// The class `3D`.
pub struct Spatial3DClass;

impl ViewClass for Spatial3DClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::SPATIAL_3D.into()
    }

    fn display_name(&self) -> &'static str {
        "3D view"
    }

    fn space(&self) -> Option<Space> {
        Some(Space::Three)
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_3d(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_3d(schema, delta, said)
    }
}
