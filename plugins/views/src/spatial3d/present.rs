//! Places the eye of each 3D view, and what helps to find one's way there.

use std::collections::BTreeMap;

use bevy::{
    ecs::prelude::*,
    math::Quat,
    time::{Real, Time},
};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{ContextId, InContext, RecordingKey, Recordings, Settled, ViewTile};
use chronoscope_render::Shadows;
use chronoscope_store::EntityPath;
use chronoscope_types::{
    ViewCoordinates,
    enums::{Enumeration, ViewDir},
    read,
};
use glam::{DMat3, DQuat, DVec2};

use super::{
    eye::{Axes, Eye, FOV_Y},
    glide::{EyeMotion, Glide, SentEyes},
    guides::present_guides,
    properties::Properties3D,
};
use crate::{
    ViewStyle,
    properties::PropertiesOf,
    spatial::{
        Space, SpatialScene, SpatialScenes,
        bounds::Bounds,
        camera::{CameraLens, Placement},
    },
};

/// Those of [`Axes::default`], as the bytes of [`ViewDir`]: X to the right, Y forward, Z up.
pub(super) const DEFAULT_AXES: [u8; 3] = [ViewDir::Right as u8, ViewDir::Forward as u8, ViewDir::Up as u8];

/// The eyes of all 3D views.
#[derive(Resource, Default)]
pub(crate) struct Eyes {
    by_view: BTreeMap<ViewId, ViewEye>,
}

impl Eyes {
    /// The eye of a view, once there was a frame to show it in.
    pub(crate) fn get(&self, view: ViewId) -> Option<Looking> {
        self.by_view.get(&view).map(|known| known.looking)
    }
}

/// Where an eye is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking {
    /// Where it is sent.
    pub(crate) eye: Eye,
    /// Where it is on its way.
    pub(crate) shown: Eye,
    /// The axes of the space.
    pub(crate) axes: Axes,
    /// The axes that hold where the blueprint names none, as the bytes of [`ViewDir`].
    pub(crate) logged_axes: [u8; 3],
}

/// The eye of a view, and what it was made from.
struct ViewEye {
    looking: Looking,
    glide: Option<Glide>,
    /// How far it has turned by itself, in radians.
    turned: f64,
    /// Whether it turned by itself in the last frame.
    spins: bool,
    inputs: Inputs,
}

/// What an eye is made from, beside the content. As long as it is the same, and the content is, nothing is to be done.
#[derive(Clone, PartialEq)]
struct Inputs {
    tile: ViewTile,
    framed: Bounds,
    context: ContextId,
    recording: Option<RecordingKey>,
    origin: EntityPath,
    said: Properties3D,
    style: ViewStyle,
}

pub(crate) fn present_eyes(world: &mut World) {
    puffin::profile_scope!("present", "eyes");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut eyes: Mut<Eyes>| {
            let (scenes, eyes) = (scenes.bypass_change_detection(), eyes.bypass_change_detection());
            let num_views = scenes.place_cameras(world, Space::Three, |world, scene| {
                present_eye(world, scene, eyes);
            });
            if eyes.by_view.len() > num_views {
                eyes.by_view.retain(|view, _| scenes.get(*view).is_some());
            }
            // An eye that is hidden rests.
            for (view, known) in &mut eyes.by_view {
                known.spins &= scenes.get(*view).is_some_and(|scene| scene.tile.shown);
            }
        });
    });
}

fn present_eye(world: &mut World, scene: &mut SpatialScene, eyes: &mut Eyes) {
    let style = ViewStyle::of(world);
    let default_properties = Properties3D::default();
    let said = world
        .resource::<PropertiesOf<Properties3D>>()
        .get(scene.view)
        .unwrap_or(&default_properties);
    // Only where somebody looks: a picture that is taken is of the eye where it begins.
    let spins = said.spin != 0.0 && world.resource::<Settled>().waker().is_some();
    let framed = scene.framing.framed().all;
    let products = InContext::of(world, scene.context);
    let is_unchanged = products.is_none_or(|products| products.latest_at.changed().is_empty());
    let known = eyes.by_view.get(&scene.view);
    let is_sent = world.resource::<SentEyes>().take(scene.view)
        && known.is_some_and(|known| known.inputs.said != *said);
    if let Some(ViewEye {
        inputs, glide: None, ..
    }) = known
        && !spins
        && scene.is_at_rest()
        && is_unchanged
        && inputs.tile == scene.tile
        && inputs.framed == framed
        && inputs.context == scene.context
        && inputs.recording == scene.recording()
        && inputs.said == *said
        && inputs.style == style
        && inputs.origin == scene.blueprint.origin
    {
        return;
    }
    let inputs = Inputs {
        tile: scene.tile,
        framed,
        context: scene.context,
        recording: scene.recording(),
        origin: scene.blueprint.origin.clone(),
        said: said.clone(),
        style,
    };
    let (said, style) = (&inputs.said, &inputs.style);
    let logged = products.and_then(|products| axes_at(world, products, &scene.blueprint.origin));
    let of_logged = || Axes::of_view_coordinates(logged?);
    let axes = said.axes.or_else(of_logged).unwrap_or_default();

    let size = scene.size_points();
    let eye = Eye::framing(&framed, &axes, size.x / size.y.max(1.0)).with_overrides(
        said.position,
        said.target,
        said.up,
    );
    let tracked = said.tracked.as_ref();
    let eye = tracked.map_or(eye, |entity| track(world, scene, products, entity, eye));
    let turned = known.map_or(0.0, |known| known.turned);
    // What begins to spin rested since the frame before, which may be long ago.
    let spins_on = spins && known.is_some_and(|known| known.spins);
    let turned = match said.spin {
        0.0 => 0.0,
        spin if spins_on => turned + spin * world.resource::<Time<Real>>().delta_secs_f64(),
        _ => turned,
    };
    if spins {
        world.resource::<Settled>().wake();
    }
    let (glide, shown) = glide_on(world, known, is_sent, &eye);
    let shown = shown.orbited(turned, 0.0);
    if glide.is_some() {
        world.resource_mut::<Settled>().disturb();
    }
    let reach = shown.reach(&framed);
    scene.projector = shown.projector(size, &said.optics, reach);
    present_guides(world, scene, said, &axes, &shown, style);
    let near = shown.near(&said.optics, reach) as f32;
    let height = shown.height_at_target();
    let placement = Placement {
        position: shown.position,
        rotation: rotation_of(&shown),
        lens: if said.optics.is_orthographic {
            CameraLens::Orthographic {
                size: DVec2::new(height * size.x / size.y.max(1.0), height).as_vec2(),
                near,
                far: reach as f32,
            }
        } else {
            CameraLens::Perspective {
                fov_y: FOV_Y as f32,
                near,
            }
        },
        focus_distance: Some(shown.distance() as f32),
        shades_depth: said.shades_depth,
        shadows: said.has_shadows.then(|| shadows_of(&scene.bounds(), &axes)),
    };
    let background = said
        .background
        .map_or(style.background, |background| background.color());
    scene.look(world, placement, None, background, style);
    let looking = Looking {
        eye,
        shown,
        axes,
        logged_axes: logged.unwrap_or(DEFAULT_AXES),
    };
    let known = ViewEye {
        looking,
        glide,
        turned,
        spins,
        inputs,
    };
    eyes.by_view.insert(scene.view, known);
}

/// The rest of the way of an eye that is sent to another, and where it is in this frame.
fn glide_on(world: &World, known: Option<&ViewEye>, is_sent: bool, to: &Eye) -> (Option<Glide>, Eye) {
    let motion = *world.resource::<EyeMotion>();
    let (mut glide, secs) = match known {
        Some(known) if is_sent => (Glide::start(known.looking.shown), 0.0),
        Some(ViewEye {
            glide: Some(glide), ..
        }) => (*glide, world.resource::<Time<Real>>().delta_secs_f64()),
        _ => return (None, *to),
    };
    match glide.advance(secs, to, motion) {
        Some(shown) => (Some(glide), shown),
        None => (None, *to),
    }
}

/// The eye that follows an entity: that of a camera is the camera's own, and anything else stays where it is seen.
fn track(
    world: &World,
    scene: &SpatialScene,
    products: Option<InContext<'_>>,
    entity: &EntityPath,
    eye: Eye,
) -> Eye {
    let camera = products.and_then(|products| {
        let store = products.recording(world.resource::<Recordings>())?.store();
        let id = store.entity_id(entity)?;
        let pinhole = products.transforms.pinhole(store, id)?;
        let path = &scene.blueprint.origin;
        let origin = scene
            .target_frame
            .origin_in_space(products.transforms, store, path);
        let origin_from_frame = products.transforms.origin_from_camera(store, origin, id).ok()?;
        let axes = origin_from_frame.matrix3 * pinhole.frame_from_camera();
        let forward = axes.z_axis.try_normalize()?;
        let position = origin_from_frame.translation;
        Some(Eye {
            position,
            target: position + forward * eye.distance(),
            up: (-axes.y_axis).try_normalize()?,
        })
    });
    camera.unwrap_or_else(|| {
        let bounds = scene.bounds_of(entity);
        if bounds.is_empty() {
            return eye;
        }
        eye.shifted(bounds.center() - eye.target)
    })
}

/// The nearest view coordinates at or above an entity that name axes, or those of the nearest camera.
fn axes_at(world: &World, products: InContext<'_>, origin: &EntityPath) -> Option<[u8; 3]> {
    let store = products.recording(world.resource::<Recordings>())?.store();
    let said_at = |path: &EntityPath, component: &str| {
        let component = store.component_id(component)?;
        let hit = products.latest_at.get(store.entity_id(path)?)?.hit(component)?;
        read::view_coordinates(&hit.cell()).ok()?.first().copied()
    };
    let are_axes = |xyz: &[u8; 3]| Axes::of_view_coordinates(*xyz).is_some();
    let logged = origin
        .ancestors()
        .find_map(|path| said_at(&path, &ViewCoordinates::XYZ).filter(are_axes));
    logged.or_else(|| {
        let camera = origin.ancestors().find_map(|path| {
            let pinhole = products.transforms.pinhole(store, store.entity_id(&path)?)?;
            Some(pinhole.camera_xyz.map(Enumeration::code))
        })?;
        Some(camera).filter(are_axes)
    })
}

/// The light of a scene that casts shadows: from above, and from the front and the right, where an eye that frames it does not stand, so
/// that it sees what is lit and the shadows, too.
fn shadows_of(bounds: &Bounds, axes: &Axes) -> Shadows {
    let to_light = axes.up + axes.right * 0.5 - axes.forward() * 0.35;
    Shadows {
        to_light: to_light.as_vec3(),
        center: bounds.center(),
        radius: bounds.size().length() * 0.5,
    }
}

fn rotation_of(eye: &Eye) -> Quat {
    let forward = eye.forward();
    let right = eye.right();
    let rotation = DQuat::from_mat3(&DMat3::from_cols(right, right.cross(forward), -forward)).normalize();
    let [x, y, z, w] = rotation.to_array().map(|value| value as f32);
    Quat::from_xyzw(x, y, z, w)
}

#[cfg(test)]
mod tests {
    use bevy::math::Vec3;
    use glam::DVec3;

    use super::*;

    #[test]
    fn the_camera_looks_where_the_eye_looks() {
        let eye = Eye {
            position: DVec3::new(1.0, -8.0, 3.0),
            target: DVec3::new(0.0, 1.0, 0.5),
            up: DVec3::Z,
        };
        let rotation = rotation_of(&eye);
        assert!((rotation * Vec3::NEG_Z).as_dvec3().distance(eye.forward()) < 1e-6);
        assert!((rotation * Vec3::X).as_dvec3().distance(eye.right()) < 1e-6);
    }
}
