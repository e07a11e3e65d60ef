//! Entities that are dragged from where they are listed to where they are to be shown.

use chronoscope_blueprint::ViewId;
use chronoscope_store::EntityPath;

/// What is dragged: a payload of [`egui::DragAndDrop`]. The viewport and the tree of the blueprint take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraggedEntities {
    /// The entities.
    pub entities: Vec<EntityPath>,
    /// The view that shows them, where they are to be taken from it: dragged from one plot to another, they move.
    pub from: Option<ViewId>,
}
