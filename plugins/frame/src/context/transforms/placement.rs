//! Where something stands, and where a view looks from.

use std::fmt;

use chronoscope_store::EntityId;
use glam::DAffine3;

use super::PinholeCamera;

/// A frame. It stands for another one after [`Transforms::changes_since`](super::Transforms::changes_since) said that all changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub(super) u32);

impl FrameId {
    /// Its place in a list by frames: frames are numbered from zero.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A part of the frame graph within which frames see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tree {
    /// What hangs on the root of the entity tree.
    World,
    /// What hangs on a frame of which it is not known where it stands.
    Frame(FrameId),
    /// The picture of the camera of a frame: two-dimensional, in pixels.
    Image(FrameId),
    /// An entity whose frame cannot be read.
    Entity(EntityId),
}

impl Tree {
    /// The frame of the camera whose picture it is, if it is one.
    pub fn camera_frame(self) -> Option<FrameId> {
        match self {
            Self::Image(frame) => Some(frame),
            Self::World | Self::Frame(_) | Self::Entity(_) => None,
        }
    }
}

/// Where an entity stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The tree that it stands in.
    pub tree: Tree,
    /// From the entity's space to that of the tree's root.
    pub tree_from_frame: DAffine3,
}

impl Placement {
    /// At the root of the world.
    pub const WORLD: Self = Self {
        tree: Tree::World,
        tree_from_frame: DAffine3::IDENTITY,
    };
}

/// Why there is no transform from one entity to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTransform {
    /// Nothing leads from one to the other: a transform is broken, or a frame is not connected.
    Unconnected,
    /// A camera's picture lies between the two.
    ThroughPinhole,
    /// It is flat, and in no picture of a camera.
    NoCamera,
    /// The space of the origin is flat, so that there is no way into it.
    FlatOrigin,
}

impl fmt::Display for NoTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unconnected => "no transform leads to the origin of the view",
            Self::ThroughPinhole => "a camera lies between the entity and the origin of the view",
            Self::NoCamera => "flat data is shown in space only in the picture of a camera",
            Self::FlatOrigin => "the transform of the origin of the view cannot be inverted",
        })
    }
}

impl std::error::Error for NoTransform {}

/// What a view looks from: the frame of a path, which the store need not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The frame that an entity is in.
    Entity(EntityId),
    /// The nearest frame above a path that the store does not have.
    Frame(FrameId),
    /// Where the camera of a frame stands, outside of its picture.
    Camera(FrameId),
    /// The root of the world.
    World,
}

impl From<EntityId> for Origin {
    fn from(entity: EntityId) -> Self {
        Self::Entity(entity)
    }
}

/// The camera in whose picture an origin lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OriginCamera<'a> {
    /// The camera.
    pub pinhole: &'a PinholeCamera,
    /// Where it stands: what is in space is seen from there.
    pub outside: Origin,
    /// From the origin's space to the picture, in pixels.
    pub picture_from_origin: DAffine3,
}
