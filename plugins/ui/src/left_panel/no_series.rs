//! The series of plots where the view of time series is left out: there are none.

use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, EntityPath};
use chronoscope_views::colors::entity_color;

use crate::pass::Pass;

pub(super) fn hidden_series(_: &Pass<'_>, _: ViewId, _: &EntityPath) -> Option<EntityId> {
    None
}

pub(super) fn show_again(_: &mut Pass<'_>, _: ViewId, _: EntityId) {}

pub(super) fn color_in(_: &Pass<'_>, _: ViewId, path: &EntityPath) -> egui::Color32 {
    entity_color(path)
}
