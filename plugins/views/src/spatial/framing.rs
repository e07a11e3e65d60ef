//! What a view frames as long as nobody says what it should: the content that was there when it came to rest.

use super::bounds::Bounds;

/// After this many frames with content, what is framed stays, though something may still be pending: time that plays, for example.
const MAX_RESTLESS_FRAMES: u32 = 120;

/// Follows the content of a view until it comes to rest, and holds still from then on, until other entities come into the view.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Framing {
    entities: u64,
    bounds: Bounds,
    age: u32,
    is_pinned: bool,
}

impl Framing {
    /// What is to be framed.
    ///
    /// `entities` changes when other entities come into the view, `is_quiet` says that nothing is pending. `content` is asked only
    /// while nothing is pinned.
    pub(crate) fn update(
        &mut self,
        entities: u64,
        is_quiet: bool,
        content: impl FnOnce() -> Bounds,
    ) -> Bounds {
        if self.entities != entities {
            *self = Self {
                entities,
                bounds: self.bounds,
                age: 0,
                is_pinned: false,
            };
        }
        if !self.is_pinned {
            let content = content();
            if !content.is_empty() {
                self.bounds = content;
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
        assert!(framing.update(1, true, || Bounds::EMPTY).is_empty());
        assert_eq!(framing.update(1, false, || cube(1.0)), cube(1.0));
        assert_eq!(framing.update(1, true, || cube(2.0)), cube(2.0));
        assert_eq!(
            framing.update(1, true, || cube(3.0)),
            cube(2.0),
            "it holds still while data moves"
        );
        assert_eq!(
            framing.update(2, true, || cube(4.0)),
            cube(4.0),
            "other entities came"
        );
        assert_eq!(
            framing.update(2, false, || cube(5.0)),
            cube(5.0),
            "and their data is still arriving"
        );
    }
}
