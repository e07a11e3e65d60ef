//! What a data result first shows, and at sampled times.

use chronoscope_frame::{
    DataResult, Visualizer,
    visualizer::{FirstChunks, FirstLook, FirstVisual, VisualizerId},
};

use super::{First, Framed};
use crate::spatial::{Space, depth_clouds::sampled_bounds, visual::SpatialVisual};

/// Looks at the first visual of a data result.
pub(super) type Look = fn(&FirstLook<'_>, Space, VisualizerId, &DataResult, &mut FirstChunks) -> Vec<First>;

/// The bounds of what a data result first shows, in the view's space.
pub(crate) struct Looker(pub(super) Look);

impl Looker {
    pub(crate) fn of<V: Visualizer<Visual = SpatialVisual>>() -> Self {
        Self(look::<V>)
    }
}

impl Clone for Looker {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Looker {}

fn look<V: Visualizer<Visual = SpatialVisual>>(
    look: &FirstLook<'_>,
    space: Space,
    visualizer: VisualizerId,
    result: &DataResult,
    chunks: &mut FirstChunks,
) -> Vec<First> {
    let visuals = look.visuals::<V>(visualizer, result, chunks).into_iter();
    visuals
        .map(|visual| {
            let framed = framed_of(&visual, space);
            let (framed, sampled) = if visual.is_sample {
                (Framed::default(), vec![framed])
            } else {
                (framed, Vec::new())
            };
            First {
                framed,
                sampled,
                // At sampled times other rows are known to matter.
                time: if visual.is_sample { i64::MIN } else { visual.time },
                varies: visual.last_row > Some(visual.time),
                is_placed: visual.origin_from_entity.is_some() || visual.camera.is_some(),
            }
        })
        .collect()
}

fn framed_of(first: &FirstVisual<SpatialVisual>, space: Space) -> Framed {
    let nothing = Framed::default();
    let Some(visual) = &first.visual else {
        return nothing;
    };
    if let Some((camera, origin_from_camera)) = &first.camera
        && let Some(picture) = visual.picture().filter(|_| visual.is_depth_cloud())
        && space == Space::Three
    {
        let all = sampled_bounds(picture, camera).transformed(origin_from_camera);
        return Framed { all, ..nothing };
    }
    let place = first.origin_from_entity.as_ref();
    place.map_or(nothing, |place| Framed::of(visual, place, space))
}
