//! How a picture is drawn on its quad.

use bevy::{asset::Assets, ecs::world::World, image::Image, math::Vec2};
use chronoscope_render::{DepthCloud, Highlight, ImageQuad, Magnification, QuadPart, Texels};
use chronoscope_types::enums::MagnificationFilter;
use glam::{DAffine3, DVec3};
use smallvec::SmallVec;

use crate::spatial::{
    depth_clouds::{PictureEye, scale_of},
    pictures::{Picture, PixelMapping},
    scene::{SceneKey, staged::picking_id},
    textures::{PictureTexture, PictureTextures, TextureTile},
};

/// Where a quad stands, and how it stands out.
#[derive(Clone, Copy)]
pub(super) struct Pose {
    pub(super) view_from_entity: DAffine3,
    pub(super) highlight: Highlight,
    /// How many steps of depth it is drawn nearer than it is.
    pub(super) depth_offset: f32,
    /// Where its distances are shown in space.
    pub(super) cloud: Option<CloudPose>,
}

/// Where the distances of a picture are shown, and which of them stand out.
#[derive(Clone, Copy)]
pub(super) struct CloudPose {
    pub(super) eye: PictureEye,
    pub(super) hovered: Option<u32>,
    pub(super) selected: Option<u32>,
}

/// How the quads of a scene lie on each other.
#[derive(Clone, Copy)]
pub(super) struct Stacking {
    pub(super) key: SceneKey,
    pub(super) rank: usize,
    pub(super) sort_index: Option<u32>,
    pub(super) has_base: bool,
    pub(super) layer: usize,
}

/// What the pixels of a texture mean. The values of a picture in color, and the classes of one of distances, are never asked for:
/// decoders are told what the pixels are for.
pub(super) fn texels_of(
    world: &mut World,
    textures: &mut PictureTextures,
    picture: &Picture,
    texture: &PictureTexture,
) -> Texels {
    let images = &mut world.resource_mut::<Assets<Image>>();
    let Some(table) = textures.color_table(picture, texture.layout, images) else {
        return Texels::Colors;
    };
    let range = match &picture.mapping {
        PixelMapping::Classes(_) => return Texels::Classes { table },
        PixelMapping::Color => None,
        PixelMapping::Depth { range, .. } => *range,
    };
    Texels::Values {
        range: range.unwrap_or(texture.range),
        table,
    }
}

/// The quads of a picture, one for each of its tiles.
pub(super) fn quads_of(
    picture: &Picture,
    texture: &PictureTexture,
    texels: &Texels,
    pose: Pose,
    stacking: Stacking,
) -> SmallVec<[ImageQuad; 1]> {
    // What says something about a picture lets it shine through.
    let opacity = picture
        .opacity
        .unwrap_or(if picture.is_overlay && stacking.has_base {
            0.5
        } else {
            1.0
        });
    let in_vec2 = |[x, y]: [u32; 2]| Vec2::new(x as f32, y as f32);
    let size = in_vec2(picture.size());
    // Of a thinned picture, a texel stands for several pixels.
    let pixels_per_texel = size / in_vec2(texture.size);
    let cloud = pose.cloud.zip(picture.point_fill_ratio);
    let view_from_picture = pose.view_from_entity * picture.entity_from_picture();
    let quad = ImageQuad {
        cloud: cloud.map(|(cloud, fill_ratio)| DepthCloud {
            camera: cloud.eye.position,
            scale: scale_of(picture, cloud.eye) as f32,
            fill_ratio,
            hovered: cloud.hovered,
            selected: cloud.selected,
        }),
        texels: texels.clone(),
        world_from_quad: view_from_picture,
        size,
        tint: [255, 255, 255, (opacity * 255.0).round() as u8],
        magnification: match picture.magnification {
            MagnificationFilter::Nearest => Magnification::Nearest,
            MagnificationFilter::Linear | MagnificationFilter::Bicubic => Magnification::Linear,
        },
        // Of pictures at the same depth, the later path lies in front.
        draw_order: stacking.rank as f32 * 1e-3,
        sort_index: stacking.sort_index,
        depth_offset: pose.depth_offset,
        highlight: pose.highlight,
        picking_id: picking_id(stacking.key),
        ..ImageQuad::default()
    };
    let of_tile = |tile: &TextureTile| {
        let image = tile.image.clone();
        if tile.size == texture.size {
            return ImageQuad {
                image,
                ..quad.clone()
            };
        }
        let (offset, part) = (
            in_vec2(tile.offset) * pixels_per_texel,
            in_vec2(tile.size) * pixels_per_texel,
        );
        let offset_in_picture = DVec3::new(f64::from(offset.x), f64::from(offset.y), 0.0);
        ImageQuad {
            image,
            world_from_quad: view_from_picture * DAffine3::from_translation(offset_in_picture),
            size: part,
            part: QuadPart {
                offset: offset / size,
                size: part / size,
            },
            ..quad.clone()
        }
    };
    texture.tiles.iter().map(of_tile).collect()
}
