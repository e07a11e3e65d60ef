//! Readers of what marks have in common: colors, radii, labels and class ids, joined to instances of another number.
//!
//! A visualizer reads them in two lines, since the cells own what the marks refer to:
//! ```ignore
//! let cells = MarkCells::of::<Self>(input);
//! let marks = cells.read(input)?;
//! ```

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use chronoscope_frame::{Annotations, Report, Visualizer, VisualizerInput};
use chronoscope_render::{DEFAULT_COLOR, DEFAULT_RADIUS, pack_color};
use chronoscope_store::{Cell, CellRef, arrow::ArrayRef};
use chronoscope_types::{ReadError, TextSlices, clamped, read, records::AnnotationContext};
use glam::DVec3;
use rustc_hash::FxHashSet;

use super::visual::Label;
use crate::colors;

/// Of an entity with more instances than this none is named after its class, unless it says so.
const MAX_UNASKED_CLASSES: usize = 30;

/// Of the labels of an entity that does not ask for them, those of so many instances are shown, the first ones: where one instance
/// comes or goes, no label of another does.
const MAX_UNASKED_LABELS: usize = 100;

/// An entity with more instances than this shows no labels unless it says so: it is a cloud.
const MAX_UNASKED_INSTANCES: usize = 1_000;

/// The most labels of an entity. No view shows more.
pub(crate) const MAX_LABELS: usize = 4_096;

/// The most characters of a label.
const MAX_LABEL_CHARS: usize = 200;

/// The cells of the components that marks have in common. Owns what [`Marks`] refers to.
pub struct MarkCells<'c> {
    colors: Option<Cell<'c>>,
    radii: Option<Cell<'c>>,
    labels: Option<Cell<'c>>,
    show_labels: Option<Cell<'c>>,
    class_ids: Option<Cell<'c>>,
    keypoint_ids: Option<Cell<'c>>,
}

impl<'c> MarkCells<'c> {
    /// Takes the cells of an entity: of the visualizer's optional components those whose field is `colors`, `line_radii` or else
    /// `radii`, `labels`, `show_labels`, `class_ids` or `keypoint_ids`.
    ///
    /// For the colors and names of classes, the visualizer names [`Annotations::NAME`] among its contexts, too; without it, a class has a color of
    /// its own, and no name.
    pub fn of<V: Visualizer>(input: &VisualizerInput<'c>) -> Self {
        let cell = |name: Option<&'static str>| name.and_then(|name| input.get(name));
        Self {
            colors: cell(Fields::<V>::COLORS),
            radii: cell(Fields::<V>::RADII),
            labels: cell(Fields::<V>::LABELS),
            show_labels: cell(Fields::<V>::SHOW_LABELS),
            class_ids: cell(Fields::<V>::CLASS_IDS),
            keypoint_ids: cell(Fields::<V>::KEYPOINT_IDS),
        }
    }

    /// Reads the cells.
    ///
    /// # Errors
    /// Where one of them cannot be read as its component.
    pub fn read<'a>(&'a self, input: &'a VisualizerInput<'a>) -> Result<Marks<'a>, Report> {
        let labels = self.labels.as_ref().map(read::texts).transpose();
        Ok(Marks {
            colors: read_cell(input, &self.colors, read::colors)?,
            radii: read_cell(input, &self.radii, read::radii)?,
            labels: labels.map_err(|error| input.report(error.to_string()))?,
            show_labels: read_cell(input, &self.show_labels, read::bools)?.first().copied(),
            class_ids: read_cell(input, &self.class_ids, read::class_ids)?,
            keypoint_ids: read_cell(input, &self.keypoint_ids, read::keypoint_ids)?,
            // Who shows no classes need not name it.
            context: input
                .names_context::<Annotations>()
                .then(|| input.context::<Annotations>())
                .flatten(),
        })
    }
}

/// The names of what a visualizer's marks have in common, found when the program is built.
struct Fields<V>(PhantomData<V>);

impl<V: Visualizer> Fields<V> {
    const COLORS: Option<&'static str> = find_field(V::INFO.optional, "colors");
    /// The radii of what is drawn as lines where the archetype has others, too.
    const RADII: Option<&'static str> = match find_field(V::INFO.optional, "line_radii") {
        None => find_field(V::INFO.optional, "radii"),
        of_lines => of_lines,
    };
    const LABELS: Option<&'static str> = find_field(V::INFO.optional, "labels");
    const SHOW_LABELS: Option<&'static str> = find_field(V::INFO.optional, "show_labels");
    const CLASS_IDS: Option<&'static str> = find_field(V::INFO.optional, "class_ids");
    const KEYPOINT_IDS: Option<&'static str> = find_field(V::INFO.optional, "keypoint_ids");
}

/// The first component of this field: `Points3D:colors` for `colors`.
const fn find_field(components: &[&'static str], field: &str) -> Option<&'static str> {
    let mut at = 0;
    while at < components.len() {
        if is_field(components[at].as_bytes(), field.as_bytes()) {
            return Some(components[at]);
        }
        at += 1;
    }
    None
}

const fn is_field(component: &[u8], field: &[u8]) -> bool {
    if component.len() <= field.len() {
        return false;
    }
    let colon = component.len() - field.len() - 1;
    let mut at = 0;
    while at < field.len() {
        if component[colon + 1 + at] != field[at] {
            return false;
        }
        at += 1;
    }
    component[colon] == b':'
}

/// Reads a cell with one of the functions of [`read`]; nothing where there is no cell.
///
/// Of many small visuals most have few of the cells that there may be: to see that one is not there is all that it costs.
///
/// # Errors
/// Where the cell cannot be read so.
#[inline]
pub fn read_cell<'a, T: Default>(
    input: &VisualizerInput<'_>,
    cell: &'a Option<Cell<'_>>,
    read: impl FnOnce(CellRef<'a>) -> Result<T, ReadError>,
) -> Result<T, Report> {
    match cell {
        None => Ok(T::default()),
        Some(cell) => read_there(input, cell.into(), read),
    }
}

#[inline(never)]
fn read_there<'a, T>(
    input: &VisualizerInput<'_>,
    cell: CellRef<'a>,
    read: impl FnOnce(CellRef<'a>) -> Result<T, ReadError>,
) -> Result<T, Report> {
    read(cell).map_err(|error| input.report(error.to_string()))
}

/// What the marks of an entity have in common. Where there are fewer values than instances, the last holds for the rest.
pub struct Marks<'a> {
    colors: Cow<'a, [u32]>,
    radii: Cow<'a, [f32]>,
    labels: Option<TextSlices<'a>>,
    show_labels: Option<bool>,
    class_ids: Cow<'a, [u16]>,
    keypoint_ids: Cow<'a, [u16]>,
    context: Option<Arc<AnnotationContext>>,
}

impl Marks<'_> {
    /// The color of an instance in sRGB: as logged, else that of its class. `None` for the entity's.
    pub fn color(&self, instance: usize) -> Option<[u8; 4]> {
        if let Some(color) = clamped(&self.colors, instance) {
            return Some(color.to_be_bytes());
        }
        let class = self.class(instance)?;
        Some(class_color(
            self.context.as_deref(),
            class,
            clamped(&self.keypoint_ids, instance),
        ))
    }

    /// The class of an instance: 0 where it is a keypoint and nothing else is said.
    fn class(&self, instance: usize) -> Option<u16> {
        let of_keypoint = || self.has_keypoints().then_some(0);
        clamped(&self.class_ids, instance).or_else(of_keypoint)
    }

    /// The class of an instance and which of its keypoints it is.
    pub(crate) fn keypoint(&self, instance: usize) -> Option<(u16, u16)> {
        Some((self.class(instance)?, clamped(&self.keypoint_ids, instance)?))
    }

    pub(crate) fn has_keypoints(&self) -> bool {
        !self.keypoint_ids.is_empty()
    }

    /// What the ids of classes and keypoints stand for.
    pub(crate) fn annotations(&self) -> Option<&AnnotationContext> {
        self.context.as_deref()
    }

    /// The color of an instance as primitives carry it.
    pub fn packed_color(&self, instance: usize) -> u32 {
        self.color(instance).map_or(DEFAULT_COLOR, pack_color)
    }

    /// The radius of an instance as primitives carry it: scene units, negative UI points, or [`DEFAULT_RADIUS`] for the one that
    /// [`add_spatial_visualizer`](super::AppSpatialExt::add_spatial_visualizer) was given. The last is a mark and no length: compare before
    /// computing with it.
    pub fn radius(&self, instance: usize) -> f32 {
        clamped(&self.radii, instance)
            .filter(|radius| radius.is_finite())
            .unwrap_or(DEFAULT_RADIUS)
    }

    /// The greatest radius of instances in scene units; zero where all are in UI points. Cost: O(radii).
    pub fn reach(&self) -> f64 {
        let radii = self.radii.iter().copied().filter(|radius| radius.is_finite());
        f64::from(radii.fold(0.0, f32::max))
    }

    /// Whether some color, logged or of a class, is not opaque.
    pub fn has_alpha(&self) -> bool {
        if !self.colors.is_empty() {
            return self.colors.iter().any(|color| color & 0xFF != 0xFF);
        }
        // Colors of the cycle are opaque.
        let Some(context) = self.context.as_deref() else {
            return false;
        };
        let has_alpha =
            |color: Option<chronoscope_types::Rgba>| color.is_some_and(|color| color.to_array()[3] != 255);
        let translucent: FxHashSet<u16> = context
            .classes
            .iter()
            .filter(|class| {
                has_alpha(class.info.color)
                    || class.keypoints.iter().any(|keypoint| has_alpha(keypoint.color))
            })
            .map(|class| class.info.id)
            .collect();
        !translucent.is_empty() && self.class_ids.iter().any(|class| translucent.contains(class))
    }

    /// The text that belongs to an instance: as logged, else the name of its class.
    fn text(&self, instance: usize) -> Option<&str> {
        if let Some(labels) = &self.labels
            && !labels.is_empty()
        {
            return labels.get(instance.min(labels.len() - 1));
        }
        let class = self.context.as_deref()?.class(self.class(instance)?)?;
        if let Some(keypoint) = clamped(&self.keypoint_ids, instance)
            && let Some(info) = class.keypoints.iter().find(|info| info.id == keypoint)
        {
            return info.label.as_deref();
        }
        class.info.label.as_deref()
    }

    /// The labels to show for `count` instances. `place` says where that of an instance goes, in the entity's space; `center` is
    /// the place of the only label, where one text was logged for many instances.
    pub fn labels(&self, count: usize, center: DVec3, place: impl Fn(usize) -> Option<DVec3>) -> Vec<Label> {
        let labels = self.texts(count).into_iter();
        let placed = labels.filter_map(|(instance, text)| {
            let position = instance.map_or(Some(center), &place)?;
            position.is_finite().then(|| Label {
                instance: instance.and_then(|at| u32::try_from(at).ok()),
                row: None,
                position,
                clearance: 0.0,
                text,
                is_wanted: self.show_labels == Some(true),
                color: self.color(instance.unwrap_or(0)),
            })
        });
        placed.collect()
    }

    /// The texts to show for `count` instances, and the instance that each belongs to. `None` stands for all instances
    /// together, where one text was logged for many.
    fn texts(&self, count: usize) -> Vec<(Option<usize>, Arc<str>)> {
        let only = self
            .labels
            .as_ref()
            .filter(|labels| labels.len() == 1 && count > 1)
            .and_then(TextSlices::first);
        if self.show_labels == Some(false) || count == 0 {
            return Vec::new();
        }
        if let Some(text) = only {
            return shown_text(text).map(|text| (None, text)).into_iter().collect();
        }
        let has_classes = !self.class_ids.is_empty() || self.has_keypoints();
        let is_asked = self.show_labels.is_some();
        let (has_texts, most_instances) = if self.labels.is_some() {
            (true, MAX_UNASKED_INSTANCES)
        } else {
            (has_classes && self.context.is_some(), MAX_UNASKED_CLASSES)
        };
        if !has_texts || (!is_asked && count > most_instances) {
            return Vec::new();
        }
        let named = if is_asked {
            count
        } else {
            count.min(MAX_UNASKED_LABELS)
        };
        (0..named)
            .filter_map(|instance| Some((Some(instance), shown_text(self.text(instance)?)?)))
            .take(MAX_LABELS)
            .collect()
    }
}

#[cfg(test)]
impl<'a> Marks<'a> {
    /// Keypoints of classes, and nothing else.
    pub(crate) fn of_keypoints(
        class_ids: &'a [u16],
        keypoint_ids: &'a [u16],
        context: AnnotationContext,
    ) -> Self {
        Self {
            colors: Cow::Borrowed(&[]),
            radii: Cow::Borrowed(&[]),
            labels: None,
            show_labels: None,
            class_ids: Cow::Borrowed(class_ids),
            keypoint_ids: Cow::Borrowed(keypoint_ids),
            context: Some(Arc::new(context)),
        }
    }
}

/// The part of a label that is shown; `None` where there is nothing to see.
fn shown_text(text: &str) -> Option<Arc<str>> {
    if text.trim().is_empty() {
        return None;
    }
    Some(match text.char_indices().nth(MAX_LABEL_CHARS) {
        Some((end, _)) => format!("{} …", &text[..end]).into(),
        None => text.into(),
    })
}

/// The text that was logged for an instance with the component of these labels: what a label shows, in so far as it is shown.
pub(crate) fn logged_label(labels: &ArrayRef, instance: usize) -> Option<Arc<str>> {
    let texts = read::texts(labels).ok()?;
    shown_text(texts.get(instance.min(texts.len().checked_sub(1)?))?)
}

/// The component with the labels of what a visualizer shows, if it has any.
pub(crate) const fn labels_of<V: Visualizer>() -> Option<&'static str> {
    Fields::<V>::LABELS
}

/// The color of a class, or of a keypoint of it, in sRGB: from the context, where a keypoint without a color has that of its class;
/// else from the cycle.
pub fn class_color(context: Option<&AnnotationContext>, class: u16, keypoint: Option<u16>) -> [u8; 4] {
    let known = context.and_then(|context| context.class(class));
    let of_keypoint = keypoint.and_then(|keypoint| {
        let mut keypoints = known?.keypoints.iter();
        keypoints.find(|info| info.id == keypoint)?.color
    });
    let color = of_keypoint.or(known.and_then(|class| class.info.color));
    color.map_or_else(
        || colors::cycle_color(u64::from(keypoint.unwrap_or(class))).to_array(),
        chronoscope_types::Rgba::to_array,
    )
}

#[cfg(test)]
mod tests {
    use chronoscope_types::{
        Component as _, components,
        records::{AnnotationInfo, ClassDescription},
    };

    use super::*;

    fn context(alpha: u8) -> AnnotationContext {
        let class = AnnotationInfo::new(7, "x".repeat(1_000_000), [1, 2, 3, alpha]);
        AnnotationContext {
            classes: vec![class.into()],
        }
    }

    fn marks<'a>(classes: &'a [u16], context: &'a AnnotationContext) -> Marks<'a> {
        Marks {
            show_labels: Some(true),
            ..Marks::of_keypoints(classes, &[], context.clone())
        }
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let components = ["Boxes3D:show_labels", "Boxes3D:labels", "colors"];
        assert_eq!(find_field(&components, "labels"), Some("Boxes3D:labels"));
        assert_eq!(
            find_field(&components, "show_labels"),
            Some("Boxes3D:show_labels")
        );
        assert_eq!(find_field(&components, "colors"), None);
    }

    #[test]
    fn a_keypoint_without_a_color_has_that_of_its_class() {
        let plain = |id| AnnotationInfo {
            id,
            label: None,
            color: None,
        };
        let class = ClassDescription {
            keypoints: vec![AnnotationInfo::new(4, "own", [9, 9, 9, 255]), plain(5)],
            ..AnnotationInfo::new(1, "class", [1, 2, 3, 255]).into()
        };
        let context = AnnotationContext {
            classes: vec![class, plain(2).into()],
        };
        let color = |class, keypoint| class_color(Some(&context), class, Some(keypoint));
        assert_eq!(color(1, 4), [9, 9, 9, 255]);
        assert_eq!([color(1, 5), color(1, 6)], [[1, 2, 3, 255]; 2]);
        // Where neither has one they are told apart.
        assert_ne!(color(2, 4), color(2, 5));
        assert_eq!(color(2, 4), class_color(None, 1, Some(4)));
    }

    #[test]
    fn classes_can_be_seen_through() {
        let (clear, solid) = (context(100), context(255));
        assert!(marks(&[1, 7], &clear).has_alpha());
        assert!(!marks(&[1, 2], &clear).has_alpha());
        assert!(!marks(&[1, 7], &solid).has_alpha());
    }

    #[test]
    fn what_has_no_text_has_no_label() {
        let texts = components::Text::build(["a", "", " ", "ä"].map(str::to_owned).to_vec());
        let label = |instance| logged_label(&texts, instance);
        assert_eq!(label(0).as_deref(), Some("a"));
        assert_eq!((label(1), label(2)), (None, None));
        assert_eq!(label(9).as_deref(), Some("ä"), "the last one holds for the rest");
        assert_eq!(logged_label(&components::Text::build(Vec::new()), 0), None);
    }

    #[test]
    fn one_instance_more_changes_no_label_of_another() {
        let texts = components::Text::build((0..2_000).map(|at| at.to_string()).collect());
        let marks = Marks {
            labels: read::texts(&texts).ok(),
            ..Marks::of_keypoints(&[], &[], AnnotationContext::default())
        };
        let labels = |count| marks.texts(count);
        for count in [30, 31, 100, 101, 999] {
            let (before, after) = (labels(count), labels(count + 1));
            assert_eq!(before.len(), count.min(MAX_UNASKED_LABELS));
            assert!(after.starts_with(&before), "at {count}");
        }
        assert!(labels(2_000).is_empty(), "a cloud");
    }

    #[test]
    fn labels_of_millions_are_few_and_short() {
        let context = context(255);
        let labels = marks(&[7], &context).texts(2_000_000);
        assert_eq!(labels.len(), MAX_LABELS);
        assert!(
            labels
                .iter()
                .all(|(_, text)| text.chars().count() <= MAX_LABEL_CHARS + 2)
        );
    }
}
