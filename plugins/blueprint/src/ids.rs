//! Ids of views and containers, names of view classes and panels, and the hash that makes derived ids the same everywhere.

use std::{fmt, sync::Arc};

use chronoscope_store::{EntityPath, RowId};
use uuid::Uuid;

macro_rules! blueprint_id {
    ($(#[$doc:meta])* $name:ident, $folder:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with these 16 bytes, as they stand in a blueprint.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The id that is always made of these words. No two sequences of words are taken for each other.
            pub fn hashed<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
                Self(Uuid::from_u128(stable_hash($folder, words)))
            }

            /// A new id, for what a user adds.
            pub fn unique() -> Self {
                let bits = RowId::new().to_string();
                Self::hashed(["unique", &bits])
            }

            /// The 16 bytes, as they stand in a blueprint.
            pub const fn to_bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }

            /// The 128 bits.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The blueprint's entity that holds what is known under this id.
            pub fn entity_path(self) -> EntityPath {
                EntityPath::parse(&format!(concat!("/", $folder, "/{}"), self.0.as_hyphenated()))
            }

            /// The id whose entity `path` is; `None` for all other paths, also for those below it.
            pub fn from_entity_path(path: &EntityPath) -> Option<Self> {
                let mut parts = path.parts();
                let (folder, id) = (parts.next()?, parts.next()?);
                (folder == $folder && parts.next().is_none()).then(|| Self::parse(id))?
            }

            /// Reads the id as it is written: 32 small hexadecimal digits with hyphens. Other ways to write a UUID are not
            /// taken, so that an id has one path.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self).filter(|id| id.to_string() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.as_hyphenated())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($folder, "/{}"), self.0.as_hyphenated())
            }
        }
    };
}

blueprint_id! {
    /// Identifies a view.
    ViewId, "view"
}
blueprint_id! {
    /// Identifies a container of the layout.
    ContainerId, "container"
}

blueprint_id! {
    /// Identifies the use of a visualizer for an entity in a view.
    InstructionId, "visualizer"
}

impl ViewId {
    /// What a blueprint remembers of a view that was recommended and that its user removed.
    pub fn recommendation_hash(self) -> u64 {
        self.0.as_u64_pair().1
    }
}

/// Names a view class, as in `3D` or `TimeSeries`. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewClassId(Arc<str>);

impl ViewClassId {
    /// Points, meshes, boxes and pictures in space.
    pub const SPATIAL_3D: &'static str = "3D";
    /// Pictures and what is drawn on them.
    pub const SPATIAL_2D: &'static str = "2D";
    /// Scalars over time.
    pub const TIME_SERIES: &'static str = "TimeSeries";
    /// Numbers as bars.
    pub const BAR_CHART: &'static str = "BarChart";
    /// Lines of a log.
    pub const TEXT_LOG: &'static str = "TextLog";
    /// One text.
    pub const TEXT_DOCUMENT: &'static str = "TextDocument";

    /// The class with this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ViewClassId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for ViewClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ViewClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing in a container: a view or another container.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Contents {
    /// A container.
    Container(ContainerId),
    /// A view.
    View(ViewId),
}

impl Contents {
    /// Reads `view/<uuid>` and `container/<uuid>`, with or without a slash before.
    pub fn parse(text: &str) -> Option<Self> {
        let path = EntityPath::parse(text);
        ViewId::from_entity_path(&path)
            .map(Self::View)
            .or_else(|| ContainerId::from_entity_path(&path).map(Self::Container))
    }

    /// The blueprint's entity that holds it.
    pub fn entity_path(self) -> EntityPath {
        match self {
            Self::Container(id) => id.entity_path(),
            Self::View(id) => id.entity_path(),
        }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(id) => write!(f, "container/{id}"),
            Self::View(id) => write!(f, "view/{id}"),
        }
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The panels around the viewport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Panel {
    /// The menu and search, above.
    Top,
    /// Recordings and blueprint, on the left.
    Blueprint,
    /// The selection, on the right.
    Selection,
    /// Streams and the time cursor, below.
    Time,
}

impl Panel {
    /// All panels.
    pub const ALL: [Self; 4] = [Self::Top, Self::Blueprint, Self::Selection, Self::Time];

    /// The name: what a panel that is to take its place is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top => "Top bar",
            Self::Blueprint => "Recordings and blueprint",
            Self::Selection => "Selection",
            Self::Time => "Time",
        }
    }
}

/// FNV-1a in 128 bits (Fowler, Noll and Vo; the parameters of the published specification) over the words, each behind
/// its length. The same in every process and version, since ids made of it are written into blueprints.
pub(crate) fn stable_hash<'a>(domain: &'a str, words: impl IntoIterator<Item = &'a str>) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash = OFFSET;
    let mut feed = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    };
    for word in std::iter::once(domain).chain(words) {
        feed(&(word.len() as u64).to_le_bytes());
        feed(word.as_bytes());
    }
    hash
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn paths_and_back() {
        let view = ViewId::hashed(["3D", "/world"]);
        assert_eq!(ViewId::from_entity_path(&view.entity_path()), Some(view));
        assert_eq!(ContainerId::from_entity_path(&view.entity_path()), None);
        assert_eq!(
            ViewId::from_entity_path(&view.entity_path().child("ViewContents")),
            None
        );
        assert_eq!(ViewId::from_entity_path(&"/view/nonsense".into()), None);
        assert_eq!(
            Contents::parse(&Contents::View(view).to_string()),
            Some(Contents::View(view))
        );
        assert_eq!(Contents::parse(""), None);
        assert_eq!(ViewId::from_bytes(view.to_bytes()), view);
    }

    #[test]
    fn hashes_stay_as_they_are() {
        // Written into blueprints: if this fails, heuristic views that users edited are no longer recognized.
        assert_eq!(ViewId::hashed(["3D", "/world"]), ViewId::hashed(["3D", "/world"]));
        assert_ne!(ViewId::hashed(["ab", "c"]), ViewId::hashed(["a", "bc"]));
        assert_ne!(ViewId::unique(), ViewId::unique());
        assert_ne!(ViewId::hashed(["a"]).uuid(), ContainerId::hashed(["a"]).uuid());
    }
}
