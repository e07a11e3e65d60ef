//! What kind of adapter draws: a GPU, or a CPU that pretends to be one.

use bevy::app::{App, Plugin};
use bevy::ecs::resource::Resource;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::render::view::Msaa;
use wgpu_types::DeviceType;

/// The kind of adapter in use, as a resource of the main world once the renderer has started: the real one, unless
/// [`RenderQuality`] says otherwise.
///
/// On a software adapter a pixel costs about as much as a vertex does elsewhere: choose [`AdapterClass::msaa`], no
/// tonemapping, and draw only when something changed.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AdapterClass {
    /// A GPU, or not known yet.
    #[default]
    Hardware,
    /// A CPU rasterizer such as llvmpipe or WARP.
    Software,
}

impl AdapterClass {
    /// The class of the adapter that `info` describes.
    #[must_use]
    pub fn of(info: &RenderAdapterInfo) -> Self {
        match info.device_type {
            DeviceType::Cpu => Self::Software,
            _ => Self::Hardware,
        }
    }

    /// Whether a CPU does the drawing.
    #[must_use]
    pub const fn is_software(self) -> bool {
        matches!(self, Self::Software)
    }

    /// The multisampling that this class can afford.
    #[must_use]
    pub const fn msaa(self) -> Msaa {
        match self {
            Self::Hardware => Msaa::Sample4,
            Self::Software => Msaa::Off,
        }
    }
}

/// How much is drawn for the sake of looks. To be inserted before the renderer starts.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RenderQuality {
    /// As the adapter can afford.
    #[default]
    Auto,
    /// As on a software adapter.
    Cheap,
    /// As on a GPU.
    Full,
}

/// Puts the [`AdapterClass`] into the main world when the renderer has started.
#[derive(Debug, Default, Clone, Copy)]
pub struct AdapterPlugin;

impl Plugin for AdapterPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<AdapterClass>();
    }

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn cleanup(&self, app: &mut App) {
        let quality = app.world().get_resource::<RenderQuality>().copied();
        let info = app.world().get_resource::<RenderAdapterInfo>();
        let class = match quality.unwrap_or_default() {
            RenderQuality::Auto => info.map(AdapterClass::of),
            RenderQuality::Cheap => Some(AdapterClass::Software),
            RenderQuality::Full => Some(AdapterClass::Hardware),
        };
        if let Some(class) = class {
            app.insert_resource(class);
        }
    }
}
