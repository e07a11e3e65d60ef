//! Blueprints as text: what is read can be written, and read again it is the same.

use chronoscope_blueprint::BlueprintDocument;

/// Returns whether the text is a blueprint.
pub(crate) fn run(text: &str) -> bool {
    let Ok(document) = BlueprintDocument::from_ron(text) else {
        return false;
    };
    // A value may be of a type that has no name in a text.
    if let Ok(written) = document.to_ron() {
        let again = BlueprintDocument::from_ron(&written);
        assert_eq!(
            again.ok().as_ref(),
            Some(&document),
            "what is written is read as it was:\n{written}"
        );
    }
    // Values may make no chunk.
    let _ = document.chunks(0);
    true
}
