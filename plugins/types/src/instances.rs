//! How many instances a row has.
//!
//! What a row shows is made of components of different lengths. Some say how many instances there are; the others give
//! each of them a color or a label, and their last value holds for all further instances, see [`crate::clamped`].

use crate::{ArchetypeInfo, FieldInfo, Presence, Vocabulary};

/// Archetypes whose number of instances does not follow from their required components alone, and the fields that give it:
/// the longest counts, and the last value of the shorter ones repeats.
const BY_LONGEST: &[(&str, &[&str])] = &[
    (
        "Boxes3D",
        &["half_sizes", "centers", "rotation_axis_angles", "quaternions"],
    ),
    (
        "Capsules3D",
        &[
            "lengths",
            "radii",
            "translations",
            "rotation_axis_angles",
            "quaternions",
        ],
    ),
    (
        "Cylinders3D",
        &[
            "lengths",
            "radii",
            "centers",
            "rotation_axis_angles",
            "quaternions",
        ],
    ),
    (
        "Ellipsoids3D",
        &["half_sizes", "centers", "rotation_axis_angles", "quaternions"],
    ),
];

/// Archetypes that are one thing, however many values their required components have.
const SINGLE: &[&str] = &["Mesh3D"];

/// The number of instances that an archetype has on an entity, as the SDK counts them.
///
/// `len_of` gives the length of a component by its name (`Boxes3D:half_sizes`), zero where it is not there.
///
/// - Solids in 3D (boxes, capsules, cylinders, ellipsoids) have as many as the longest of their sizes, places and rotations.
/// - Others have as many as their required component, the longest if there are several; a mesh is one.
/// - Archetypes that require nothing, such as poses, have as many as their longest component.
/// - Without any of a required component there are none. Colors, radii of lines and labels never add instances.
/// - Archetypes that are not in the [`Vocabulary`] have none.
///
/// ```
/// use chronoscope_types::{Boxes2D, Boxes3D, num_instances};
/// // Three centers and one half size.
/// let len_of = |component: &str| if component.ends_with(":centers") { 3 } else { 1 };
/// assert_eq!(num_instances(Boxes3D::ARCHETYPE, len_of), 3);
/// assert_eq!(num_instances(Boxes2D::ARCHETYPE, len_of), 1);
/// ```
pub fn num_instances(archetype: &str, len_of: impl FnMut(&str) -> usize) -> usize {
    Vocabulary::get()
        .archetype(archetype)
        .map_or(0, |archetype| archetype.num_instances(len_of))
}

/// The same of the solids in 3D (boxes, capsules, cylinders, ellipsoids), without a look at the [`Vocabulary`]: by the lengths of their
/// sizes, all of which they need, and of their places and rotations.
///
/// ```
/// use chronoscope_types::num_solids;
/// assert_eq!(num_solids(&[1], &[3, 0, 0]), 3);
/// assert_eq!(num_solids(&[0], &[3, 0, 0]), 0);
/// ```
pub fn num_solids(sizes: &[usize], poses: &[usize]) -> usize {
    if sizes.contains(&0) {
        return 0;
    }
    sizes.iter().chain(poses).copied().max().unwrap_or(0)
}

impl ArchetypeInfo {
    /// The number of instances, see [`num_instances`].
    pub fn num_instances(&self, mut len_of: impl FnMut(&str) -> usize) -> usize {
        let mut longest = 0;
        for field in self.fields.iter().filter(|field| field.counts) {
            let len = len_of(&field.component);
            if field.presence == Presence::Required && len == 0 {
                return 0;
            }
            longest = longest.max(len);
        }
        if SINGLE.contains(&self.short_name) {
            longest = longest.min(1);
        }
        longest
    }

    /// Notes which fields give the number of instances.
    pub(crate) fn note_counting_fields(&mut self) {
        let by_longest = BY_LONGEST.iter().find(|(name, _)| *name == self.short_name);
        let is_required = |field: &FieldInfo| field.presence == Presence::Required;
        let requires_some = self.fields.iter().any(is_required);
        for field in &mut self.fields {
            field.counts = match by_longest {
                Some((_, fields)) => fields.contains(&field.name),
                None => is_required(field) || !requires_some,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(archetype: &str, lengths: &[(&str, usize)], expected: usize) {
        let len_of = |component: &str| {
            let (of, field) = component.split_once(':').unwrap_or_default();
            assert_eq!(of, archetype, "no other archetype is asked for");
            lengths
                .iter()
                .find(|(name, _)| *name == field)
                .map_or(0, |(_, len)| *len)
        };
        assert_eq!(
            num_instances(archetype, len_of),
            expected,
            "{archetype} of {lengths:?}"
        );
    }

    #[test]
    fn solids_have_as_many_as_the_longest_of_sizes_places_and_rotations() {
        check("Boxes3D", &[("half_sizes", 1), ("centers", 3), ("colors", 9)], 3);
        check("Boxes3D", &[("half_sizes", 2), ("centers", 1)], 2);
        check(
            "Boxes3D",
            &[("half_sizes", 1), ("quaternions", 4), ("labels", 5)],
            4,
        );
        check(
            "Boxes3D",
            &[("half_sizes", 1), ("rotation_axis_angles", 2), ("radii", 3)],
            2,
        );
        check(
            "Ellipsoids3D",
            &[("half_sizes", 1), ("centers", 3), ("line_radii", 7)],
            3,
        );
        check(
            "Capsules3D",
            &[("lengths", 1), ("radii", 2), ("translations", 5)],
            5,
        );
        check("Cylinders3D", &[("lengths", 1), ("radii", 6), ("centers", 5)], 6);
    }

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test")]
    fn solids_are_as_many_without_the_vocabulary() {
        for (archetype, fields) in BY_LONGEST {
            let info = Vocabulary::get().archetype(archetype).unwrap();
            let is_size = |field: &&str| info.field(field).unwrap().presence == Presence::Required;
            let (sizes, poses): (Vec<&str>, Vec<&str>) = fields.iter().partition(|field| is_size(field));
            // Each length is zero, one or more, and each of these is the longest.
            for lengths in 0..3_usize.pow(fields.len() as u32) {
                let len_of = |at: usize| lengths / 3_usize.pow(at as u32) % 3 * (at + 1);
                let of = |names: &[&str]| -> Vec<usize> {
                    let places = names
                        .iter()
                        .map(|name| fields.iter().position(|field| field == name));
                    places.map(|at| len_of(at.unwrap())).collect()
                };
                let known: Vec<(&str, usize)> = fields.iter().copied().zip((0..).map(len_of)).collect();
                check(archetype, &known, num_solids(&of(&sizes), &of(&poses)));
            }
        }
    }

    #[test]
    fn all_else_has_as_many_as_its_required_component() {
        check("Points3D", &[("positions", 2), ("radii", 3), ("labels", 3)], 2);
        check("Arrows3D", &[("vectors", 1), ("origins", 2), ("colors", 2)], 1);
        check("LineStrips2D", &[("strips", 2), ("colors", 1)], 2);
        check("Boxes2D", &[("half_sizes", 1), ("centers", 3)], 1);
        check("Boxes2D", &[("half_sizes", 2), ("centers", 1)], 2);
        check("Ellipses2D", &[("half_sizes", 1), ("centers", 3)], 1);
        check("Scalars", &[("scalars", 300)], 300);
        check("Image", &[("buffer", 1), ("format", 1)], 1);
        check("Mesh3D", &[("vertex_positions", 500), ("vertex_colors", 500)], 1);
        check("InstancePoses3D", &[("translations", 2), ("quaternions", 3)], 3);
        check("Transform3D", &[("translation", 1)], 1);
    }

    #[test]
    fn there_is_none_without_what_is_required() {
        check("Boxes3D", &[("centers", 3), ("quaternions", 3)], 0);
        check("Capsules3D", &[("lengths", 2), ("translations", 2)], 0);
        check("Points3D", &[("colors", 3)], 0);
        check("Mesh3D", &[], 0);
        assert_eq!(num_instances("user.Unknown", |_| 5), 0);
    }

    #[test]
    fn the_table_names_fields_that_exist() {
        for (archetype, fields) in BY_LONGEST {
            let info = Vocabulary::get().archetype(archetype);
            assert!(info.is_some(), "{archetype}");
            for field in *fields {
                assert!(
                    info.and_then(|info| info.field(field)).is_some(),
                    "{archetype}:{field}"
                );
            }
        }
        assert!(
            SINGLE
                .iter()
                .all(|name| Vocabulary::get().archetype(name).is_some())
        );
    }
}
