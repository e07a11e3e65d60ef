//! How a picture is drawn on its quad.

use bevy::{
    asset::{Assets, Handle},
    ecs::world::World,
    image::Image,
    math::Vec2,
};
use chronoscope_render::{DepthCloud, Highlight, ImageQuad, Magnification, Texels};
use chronoscope_types::enums::MagnificationFilter;
use glam::DAffine3;

use crate::spatial::{
    depth_clouds::{PictureEye, scale_of},
    pictures::{Picture, PixelMapping},
    scene::{SceneKey, write::picking_id},
    textures::{PictureTexture, PictureTextures},
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

pub(super) fn quad_of(
    picture: &Picture,
    image: Handle<Image>,
    texels: Texels,
    pose: Pose,
    stacking: Stacking,
) -> ImageQuad {
    // What says something about a picture lets it shine through.
    let opacity = picture
        .opacity
        .unwrap_or(if picture.is_overlay && stacking.has_base {
            0.5
        } else {
            1.0
        });
    let [width, height] = picture.size();
    let cloud = pose.cloud.zip(picture.point_fill_ratio);
    ImageQuad {
        cloud: cloud.map(|(cloud, fill_ratio)| DepthCloud {
            camera: cloud.eye.position,
            scale: scale_of(picture, cloud.eye) as f32,
            fill_ratio,
            hovered: cloud.hovered,
            selected: cloud.selected,
        }),
        image,
        texels,
        world_from_quad: pose.view_from_entity * picture.entity_from_picture(),
        size: Vec2::new(width as f32, height as f32),
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
    }
}
