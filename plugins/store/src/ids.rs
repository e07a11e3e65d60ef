//! Ids: unique ones that travel with the data, and small ones that a store hands out.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The first of `count` consecutive ids that are unique and grow within this process: nanoseconds since the epoch, then a counter.
fn next_tuids(count: u64) -> u128 {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
    // A clock that jumps back must not make ids shrink, so the greatest time seen is kept.
    static LATEST: AtomicU64 = AtomicU64::new(0);
    let nanos = LATEST.fetch_max(nanos, Relaxed).max(nanos);
    (u128::from(nanos) << 64) | u128::from(COUNTER.fetch_add(count, Relaxed))
}

macro_rules! tuid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 16 bytes in the order in which they travel, so that a column of ids is read where it lies.
        #[derive(Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(transparent)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new id, greater than all that this process made before.
            #[expect(clippy::new_without_default, reason = "each call gives another value")]
            pub fn new() -> Self {
                Self::from_u128(next_tuids(1))
            }

            /// The first of `count` consecutive ids, all greater than those that this process made before. For many rows at
            /// once: [`Self::incremented_by`] gives the others.
            pub fn reserve(count: u64) -> Self {
                Self::from_u128(next_tuids(count))
            }

            /// The id with these bits: the high half is a time in nanoseconds, the low half a counter.
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits.to_be_bytes())
            }

            /// The id's bits.
            pub const fn as_u128(self) -> u128 {
                u128::from_be_bytes(self.0)
            }

            /// The id as it travels: 16 bytes, big end first, so that bytes order as ids do.
            pub const fn to_be_bytes(self) -> [u8; 16] {
                self.0
            }

            /// The id that traveled as these bytes.
            pub const fn from_be_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The least id.
            pub const MIN: Self = Self([0; 16]);

            /// The greatest id.
            pub const MAX: Self = Self([u8::MAX; 16]);

            /// The `count`-th id after this one.
            #[must_use]
            pub const fn incremented_by(self, count: u64) -> Self {
                Self::from_u128(self.as_u128().wrapping_add(count as u128))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.as_u128().cmp(&other.as_u128())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u128(self.as_u128());
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032X}", self.as_u128())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:X})"), self.as_u128())
            }
        }
    };
}

tuid! {
    /// Identifies a chunk, everywhere and for good.
    ChunkId
}
tuid! {
    /// Identifies a row, everywhere and for good. Of two rows at the same time, the one with the greater id is newer.
    RowId
}

macro_rules! interned {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Handed out by one store and meaningful there alone: it never leaves the process and orders nothing that is seen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The position in dense arrays.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id at this position of a dense array. The inverse of [`Self::index`].
            pub const fn from_index(index: usize) -> Self {
                Self(index as u32)
            }
        }
    };
}

interned! {
    /// An entity path of one store.
    EntityId
}
interned! {
    /// A timeline of one store.
    TimelineId
}
interned! {
    /// A component name of one store.
    ComponentId
}

/// What a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreKind {
    /// Data that somebody logged.
    Recording,
    /// How to show it.
    Blueprint,
}

/// Identifies a store.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId {
    /// Recording or blueprint.
    pub kind: StoreKind,
    /// The application that logs. Recordings of one application share blueprints.
    pub application_id: Arc<str>,
    /// The recording, unique within its application.
    pub recording_id: Arc<str>,
}

impl StoreId {
    /// The id of a recording.
    pub fn recording(application_id: impl Into<Arc<str>>, recording_id: impl Into<Arc<str>>) -> Self {
        Self {
            kind: StoreKind::Recording,
            application_id: application_id.into(),
            recording_id: recording_id.into(),
        }
    }

    /// The id of a blueprint.
    pub fn blueprint(application_id: impl Into<Arc<str>>, recording_id: impl Into<Arc<str>>) -> Self {
        Self {
            kind: StoreKind::Blueprint,
            ..Self::recording(application_id, recording_id)
        }
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {} / {}",
            self.kind, self.application_id, self.recording_id
        )
    }
}

impl EntityId {
    /// The root of the entity tree, in every store.
    pub const ROOT: Self = Self(0);
}

impl ComponentId {
    /// Stands for all components together, where a question can be asked of one or of all.
    pub const ANY: Self = Self(u32::MAX);
}
