//! The series of a plot as the tree of its entities shows them: in their colors, dimmed where the legend hides them.

use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, EntityPath};
use chronoscope_views::{
    colors::entity_color,
    time_series::{PlotLines, hides_series, show_series},
};

use crate::pass::Pass;

/// The entity of a row, where that is of a plot that hides all series of it.
pub(super) fn hidden_series(pass: &Pass<'_>, view: ViewId, path: &EntityPath) -> Option<EntityId> {
    let entity = pass.entity_in(view, path)?;
    hides_series(pass.world, view, entity).then_some(entity)
}

/// Shows all series of an entity in a plot.
pub(super) fn show_again(pass: &mut Pass<'_>, view: ViewId, entity: EntityId) {
    if let Some(mut context) = pass.view_context(view) {
        show_series(&mut context, entity);
    }
}

/// The color of an entity in a view: in a plot that of its series, which are told apart there.
pub(super) fn color_in(pass: &Pass<'_>, view: ViewId, path: &EntityPath) -> egui::Color32 {
    let in_plot = || {
        let entity = pass.entity_in(view, path)?;
        pass.world.get_resource::<PlotLines>()?.color_of(view, entity)
    };
    in_plot().unwrap_or_else(|| entity_color(path))
}
