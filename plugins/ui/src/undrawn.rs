//! What is said of an entity of a view of which nothing is drawn there.

use chronoscope_blueprint::ViewId;
use chronoscope_frame::DataResult;
use chronoscope_views::undrawn_archetypes;

use crate::pass::Pass;

/// Why nothing of an entity is drawn.
pub(crate) struct Undrawn {
    /// Whether it has data for such a view. What only places or describes others, as transforms and annotations do, is not missing.
    pub(crate) is_missing: bool,
    /// In words.
    pub(crate) text: String,
}

impl Undrawn {
    pub(crate) fn new(pass: &Pass<'_>, view: ViewId, result: &DataResult) -> Self {
        let archetypes = pass
            .blueprint()
            .entity(view)
            .map(|view| undrawn_archetypes(pass.world, view, result))
            .unwrap_or_default();
        let is_missing = !archetypes.is_empty();
        let text = if is_missing {
            format!("This view has no visualizer for {} yet.", archetypes.join(", "))
        } else {
            "This view draws nothing of this entity.".to_owned()
        };
        Self { is_missing, text }
    }
}
