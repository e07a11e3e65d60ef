//! The 2D view: pictures and what is drawn on them, with Y down and the corner of the first pixel at the origin.
//!
//! [`visible`] is the mathematics of panning and zooming, [`present`] places the camera, [`ui`] draws the tile and turns what the
//! pointer does into edits of the blueprint, [`pixel_values`] writes numbers into pixels that are large enough, [`magnifier`] shows
//! those under the pointer.

mod magnifier;
mod pixel_values;
mod present;
mod ui;
pub mod visible;

use bevy::{
    app::{App, Plugin},
    ecs::schedule::IntoScheduleConfigs,
};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{AppViewClassExt, Frame, Space, ViewClass};

use crate::{
    AppViewUiExt,
    properties::AppPropertiesExt as _,
    spatial::{SpatialPlugin, SpatialSystems},
};

/// Adds the 2D view.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spatial2DPlugin;

impl Plugin for Spatial2DPlugin {
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
        app.add_view_class(Spatial2DClass).add_view_ui(ui::Spatial2DUi);
        app.add_view_properties::<present::PlaneProperties>();
        app.init_resource::<present::Planes>();
        app.add_systems(Frame, present::present_planes.in_set(SpatialSystems::Cameras2D));
    }
}

/// The class `2D`.
pub struct Spatial2DClass;

impl ViewClass for Spatial2DClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::SPATIAL_2D.into()
    }

    fn display_name(&self) -> &'static str {
        "2D view"
    }

    fn space(&self) -> Option<Space> {
        Some(Space::Two)
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_2d(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_2d(schema, delta, said)
    }
}
