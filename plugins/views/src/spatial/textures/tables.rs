//! The colors of values and of classes as textures. A change of colors uploads a table, not the pictures.

use bevy::{
    asset::{Assets, Handle},
    image::Image,
    render::render_resource::TextureFormat,
};
use chronoscope_types::enums::Colormap;
use rustc_hash::FxHashMap;

use super::upload;
use crate::spatial::pictures::{PixelLayout, PixelMapping, colormap};

/// The tables that are in use.
#[derive(Default)]
pub(super) struct ColorTables {
    by_colors: FxHashMap<TableKey, Table>,
}

/// What colors a table has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TableKey {
    Colormap(u8),
    Palette { key: u64, num_classes: u32 },
}

struct Table {
    image: Handle<Image>,
    bytes: u64,
}

impl ColorTables {
    /// The table for pixels with this layout and meaning; `None` where they are colors.
    ///
    /// Cost: O(1) where the table is known, else O(colors).
    pub(super) fn get(
        &mut self,
        mapping: &PixelMapping,
        layout: PixelLayout,
        images: &mut Assets<Image>,
    ) -> Option<Handle<Image>> {
        let key = match mapping {
            _ if layout == PixelLayout::Rgba8 => return None,
            PixelMapping::Color => TableKey::Colormap(Colormap::Grayscale as u8),
            PixelMapping::Depth { colormap, .. } => TableKey::Colormap(*colormap as u8),
            PixelMapping::Classes(palette) => TableKey::Palette {
                key: palette.key(),
                num_classes: layout.num_classes(),
            },
        };
        if let Some(known) = self.by_colors.get(&key) {
            return Some(known.image.clone());
        }
        self.drop_unused();
        let colors = match mapping {
            PixelMapping::Color => colormap::table(Colormap::Grayscale),
            PixelMapping::Depth { colormap, .. } => colormap::table(*colormap),
            PixelMapping::Classes(palette) => palette.table(layout.num_classes()),
        };
        let bytes = colors.len() as u64;
        let height = colors.len() as u32 / 4 / colormap::TABLE_LEN;
        let size = [colormap::TABLE_LEN, height];
        let image = images.add(upload(size, TextureFormat::Rgba8UnormSrgb, colors));
        let table = Table {
            image: image.clone(),
            bytes,
        };
        self.by_colors.insert(key, table);
        Some(image)
    }

    /// Bytes of all tables on the GPU.
    pub(super) fn num_bytes(&self) -> u64 {
        self.by_colors.values().map(|table| table.bytes).sum()
    }

    /// Drops the tables that no quad has a handle of.
    fn drop_unused(&mut self) {
        self.by_colors.retain(|_, table| match &table.image {
            Handle::Strong(handle) => std::sync::Arc::strong_count(handle) > 1,
            Handle::Uuid(..) => true,
        });
    }
}
