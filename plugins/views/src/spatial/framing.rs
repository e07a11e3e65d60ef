//! What a view frames by default: the content that was there when it came to rest.

use chronoscope_store::RowId;

use super::bounds::Bounds;

/// After this many frames with content, what is framed stays, though something may still be pending: time that plays, for example.
const MAX_RESTLESS_FRAMES: u32 = 120;

/// What is framed anew when it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FramedContent {
    /// Changes when other entities come into the view.
    pub(crate) entities: u64,
    /// The row that last took back what the blueprint said: from then on the view frames what it shows then.
    pub(crate) reset: Option<RowId>,
}

/// Follows the content of a view until it comes to rest, and holds still from then on, until other entities come into the view.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Framing {
    content: FramedContent,
    bounds: Bounds,
    age: u32,
    is_pinned: bool,
}

impl Framing {
    /// Whether it holds still.
    pub(crate) fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    /// What is to be framed.
    ///
    /// `is_quiet` says that nothing is pending. `bounds` is asked only while nothing is pinned.
    pub(crate) fn update(
        &mut self,
        content: FramedContent,
        is_quiet: bool,
        bounds: impl FnOnce() -> Bounds,
    ) -> Bounds {
        if self.content != content {
            *self = Self {
                content,
                bounds: self.bounds,
                age: 0,
                is_pinned: false,
            };
        }
        if !self.is_pinned {
            let bounds = bounds();
            if !bounds.is_empty() {
                self.bounds = bounds;
                self.age += 1;
                // In the first frame with content, it was quiet because there was nothing.
                self.is_pinned = (is_quiet && self.age > 1) || self.age > MAX_RESTLESS_FRAMES;
            }
        }
        self.bounds
    }
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;

    fn cube(size: f64) -> Bounds {
        Bounds::between(DVec3::ZERO, DVec3::splat(size))
    }

    #[test]
    fn content_is_followed_until_it_rests() {
        let mut framing = Framing::default();
        let content = |entities| FramedContent {
            entities,
            reset: None,
        };
        let mut update = |content, is_quiet, bounds| framing.update(content, is_quiet, || bounds);
        assert!(update(content(1), true, Bounds::EMPTY).is_empty());
        assert_eq!(update(content(1), false, cube(1.0)), cube(1.0));
        assert_eq!(update(content(1), true, cube(2.0)), cube(2.0));
        assert_eq!(
            update(content(1), true, cube(3.0)),
            cube(2.0),
            "it holds still while data moves"
        );
        assert_eq!(
            update(content(2), true, cube(4.0)),
            cube(4.0),
            "other entities came"
        );
        assert_eq!(
            update(content(2), false, cube(5.0)),
            cube(5.0),
            "and their data is still arriving"
        );
        assert_eq!(update(content(2), true, cube(5.0)), cube(5.0));
        let reset = FramedContent {
            reset: Some(RowId::from_u128(1)),
            ..content(2)
        };
        assert_eq!(
            update(reset, true, cube(6.0)),
            cube(6.0),
            "a reset frames what is there now"
        );
    }
}
