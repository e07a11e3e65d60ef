//! The lines between keypoints, as the annotation context joins them.

use chronoscope_render::{LineInstance, pack_color};
use glam::Vec3;
use rustc_hash::FxHashMap;

use super::marks::{Marks, class_color};

/// Half the thickness of the lines: that of line strips, in UI points.
const RADIUS: f32 = -1.0;

/// The lines between the keypoints of an entity, in the colors of their classes. Each is the part of its first keypoint.
///
/// Keypoints are joined by their ids, wherever they are in the list. Where an id of a class comes again, another skeleton of that class
/// begins. What has no place, such as a keypoint at NaN, has no lines.
///
/// Cost: O(instances) where there are keypoint ids, else nothing.
pub(crate) fn connections(
    marks: &Marks<'_>,
    count: usize,
    position: impl Fn(usize) -> Option<[f32; 3]>,
) -> Vec<LineInstance> {
    let Some(context) = marks.annotations().filter(|_| marks.has_keypoints()) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    // The instances of the skeleton of each class, by their keypoints.
    let mut skeletons: FxHashMap<u16, FxHashMap<u16, usize>> = FxHashMap::default();
    let mut draw = |class: u16, skeleton: &FxHashMap<u16, usize>| {
        let Some(description) = context.class(class) else {
            return;
        };
        let color = pack_color(class_color(Some(context), class, None));
        for [from, to] in &description.connections {
            let ends = skeleton.get(from).zip(skeleton.get(to));
            let Some((&from, &to)) = ends.filter(|(from, to)| from != to) else {
                continue;
            };
            let Some((start, end)) = position(from).zip(position(to)) else {
                continue;
            };
            let [start, end] = [start, end].map(Vec3::from_array);
            if start.is_finite() && end.is_finite() {
                let line = LineInstance::new(start, end, RADIUS, color);
                lines.push(line.with_instance(from as u32));
            }
        }
    };
    for instance in 0..count {
        let Some((class, keypoint)) = marks.keypoint(instance) else {
            continue;
        };
        let skeleton = skeletons.entry(class).or_default();
        if skeleton.contains_key(&keypoint) {
            draw(class, skeleton);
            skeleton.clear();
        }
        skeleton.insert(keypoint, instance);
    }
    let mut rest: Vec<_> = skeletons.into_iter().collect();
    rest.sort_unstable_by_key(|(class, _)| *class);
    for (class, skeleton) in &rest {
        draw(*class, skeleton);
    }
    lines
}

#[cfg(test)]
mod tests {
    use chronoscope_types::records::{AnnotationContext, AnnotationInfo, ClassDescription};

    use super::*;

    const NAN: [f32; 3] = [f32::NAN; 3];

    fn class(id: u16, connections: &[[u16; 2]]) -> ClassDescription {
        ClassDescription {
            connections: connections.to_vec(),
            ..AnnotationInfo::new(id, "class", [id as u8, 0, 0, 255]).into()
        }
    }

    /// Which instances are joined, for keypoints given as class and id, each at its index.
    fn joined(keypoints: &[(u16, u16)], missing: &[usize]) -> Vec<(usize, usize)> {
        let (classes, ids): (Vec<u16>, Vec<u16>) = keypoints.iter().copied().unzip();
        let context = AnnotationContext {
            classes: vec![class(1, &[[0, 1], [1, 2], [0, 100]]), class(2, &[[0, 1]])],
        };
        let marks = Marks::of_keypoints(&classes, &ids, context);
        let place = |at: usize| match missing.contains(&at) {
            true => Some(NAN),
            false => Some([at as f32, 0.0, 0.0]),
        };
        let lines = connections(&marks, keypoints.len(), place);
        let ends = lines
            .iter()
            .map(|line| (line.start[0] as usize, line.end[0] as usize));
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        ends
    }

    #[test]
    fn keypoints_are_joined_by_their_ids_wherever_they_are_in_the_list() {
        let in_order = [(1, 0), (1, 1), (1, 2), (1, 100)];
        assert_eq!(joined(&in_order, &[]), [(0, 1), (0, 3), (1, 2)]);
        let scrambled = [(1, 2), (1, 100), (1, 0), (1, 1)];
        assert_eq!(joined(&scrambled, &[]), [(2, 1), (2, 3), (3, 0)]);
        assert_eq!(
            joined(&[(1, 0), (1, 2), (1, 100)], &[]),
            [(0, 2)],
            "one is not there"
        );
        assert_eq!(joined(&in_order, &[1]), [(0, 3)], "one has no place");
    }

    #[test]
    fn no_line_joins_two_skeletons() {
        let person_and_dog = [(1, 0), (2, 0), (1, 1), (2, 1)];
        assert_eq!(joined(&person_and_dog, &[]), [(0, 2), (1, 3)]);
        let two_persons = [(1, 0), (1, 1), (1, 0), (1, 1), (1, 2)];
        assert_eq!(joined(&two_persons, &[]), [(0, 1), (2, 3), (3, 4)]);
    }
}
