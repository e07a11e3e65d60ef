//! What all marks have in common: colours, radii, labels and class ids, joined to instances of another number.

use std::{borrow::Cow, sync::Arc};

use chronoscope_frame::{Annotations, Report, VisualizerInput};
use chronoscope_render::{DEFAULT_COLOR, DEFAULT_RADIUS, pack_color};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{ComponentName, ReadError, TextSlices, clamped, read, records::AnnotationContext};

use rustc_hash::FxHashSet;

use crate::colors;

/// An entity with more instances than this shows no labels unless it says so.
const MAX_UNASKED_LABELS: usize = 30;

/// The most labels of an entity. No view shows more.
pub(crate) const MAX_LABELS: usize = 4_096;

/// The most characters of a label.
const MAX_LABEL_CHARS: usize = 200;

/// The names that an archetype gives to the common components.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkNames {
    pub(crate) colors: ComponentName,
    pub(crate) radii: ComponentName,
    pub(crate) labels: ComponentName,
    pub(crate) show_labels: ComponentName,
    pub(crate) class_ids: ComponentName,
    pub(crate) keypoint_ids: Option<ComponentName>,
}

/// The cells of the common components. Owns what [`Marks`] reads.
pub(crate) struct MarkCells {
    colors: Option<ArrayRef>,
    radii: Option<ArrayRef>,
    labels: Option<ArrayRef>,
    show_labels: Option<ArrayRef>,
    class_ids: Option<ArrayRef>,
    keypoint_ids: Option<ArrayRef>,
}

impl MarkCells {
    /// Takes the cells of an entity.
    pub(crate) fn of(input: &VisualizerInput<'_>, names: &MarkNames) -> Self {
        Self {
            colors: input.get(&names.colors),
            radii: input.get(&names.radii),
            labels: input.get(&names.labels),
            show_labels: input.get(&names.show_labels),
            class_ids: input.get(&names.class_ids),
            keypoint_ids: names.keypoint_ids.as_ref().and_then(|name| input.get(name)),
        }
    }

    /// Reads the cells.
    pub(crate) fn read<'a>(&'a self, input: &'a VisualizerInput<'a>) -> Result<Marks<'a>, Report> {
        let fail = |error: ReadError| input.report(error.to_string());
        Ok(Marks {
            colors: optional(&self.colors, |array| read::colors(array))
                .map_err(fail)?
                .unwrap_or_default(),
            radii: optional(&self.radii, |array| read::radii(array))
                .map_err(fail)?
                .unwrap_or_default(),
            labels: optional(&self.labels, |array| read::texts(array)).map_err(fail)?,
            show_labels: optional(&self.show_labels, |array| read::bools(array))
                .map_err(fail)?
                .and_then(|show| show.first().copied()),
            class_ids: optional(&self.class_ids, |array| read::class_ids(array))
                .map_err(fail)?
                .unwrap_or_default(),
            keypoint_ids: optional(&self.keypoint_ids, |array| read::keypoint_ids(array))
                .map_err(fail)?
                .unwrap_or_default(),
            context: input.context::<Annotations>(),
        })
    }
}

/// Reads a cell where there is one.
pub(crate) fn optional<'a, T>(
    cell: &'a Option<ArrayRef>,
    read: impl FnOnce(&'a ArrayRef) -> Result<T, ReadError>,
) -> Result<Option<T>, ReadError> {
    cell.as_ref().map(read).transpose()
}

/// The common components of an entity. Where there are fewer values than instances, the last holds for the rest.
pub(crate) struct Marks<'a> {
    colors: Cow<'a, [u32]>,
    radii: Cow<'a, [f32]>,
    labels: Option<TextSlices<'a>>,
    show_labels: Option<bool>,
    class_ids: Cow<'a, [u16]>,
    keypoint_ids: Cow<'a, [u16]>,
    context: Option<Arc<AnnotationContext>>,
}

impl Marks<'_> {
    /// The colour of an instance in sRGB: as logged, else that of its class. `None` for the entity's.
    pub(crate) fn color(&self, instance: usize) -> Option<[u8; 4]> {
        if let Some(color) = clamped(&self.colors, instance) {
            return Some(color.to_be_bytes());
        }
        let class = clamped(&self.class_ids, instance)?;
        Some(class_color(
            self.context.as_deref(),
            class,
            clamped(&self.keypoint_ids, instance),
        ))
    }

    /// The colour of an instance as instances carry it.
    pub(crate) fn packed_color(&self, instance: usize) -> u32 {
        self.color(instance).map_or(DEFAULT_COLOR, pack_color)
    }

    /// The radius of an instance as instances carry it.
    pub(crate) fn radius(&self, instance: usize) -> f32 {
        clamped(&self.radii, instance)
            .filter(|radius| radius.is_finite())
            .unwrap_or(DEFAULT_RADIUS)
    }

    /// Whether some colour, logged or of a class, is not opaque.
    pub(crate) fn has_alpha(&self) -> bool {
        if !self.colors.is_empty() {
            return self.colors.iter().any(|color| color & 0xFF != 0xFF);
        }
        // Colours of the cycle are opaque.
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
        let class = self
            .context
            .as_deref()?
            .class(clamped(&self.class_ids, instance)?)?;
        if let Some(keypoint) = clamped(&self.keypoint_ids, instance)
            && let Some(info) = class.keypoints.iter().find(|info| info.id == keypoint)
        {
            return info.label.as_deref();
        }
        class.info.label.as_deref()
    }

    /// The labels to show for `count` instances: their texts, and the instance that each belongs to. `None` stands for all
    /// instances together, where one text was logged for many.
    pub(crate) fn labels(&self, count: usize) -> Vec<(Option<usize>, Arc<str>)> {
        let only = self
            .labels
            .as_ref()
            .filter(|labels| labels.len() == 1 && count > 1)
            .and_then(TextSlices::first);
        if self.show_labels == Some(false) || count == 0 {
            return Vec::new();
        }
        if let Some(text) = only {
            return vec![(None, shown_text(text))];
        }
        let has_texts = self.labels.is_some() || (!self.class_ids.is_empty() && self.context.is_some());
        if !has_texts || (self.show_labels.is_none() && count > MAX_UNASKED_LABELS) {
            return Vec::new();
        }
        (0..count)
            .filter_map(|instance| Some((Some(instance), shown_text(self.text(instance)?))))
            .take(MAX_LABELS)
            .collect()
    }
}

/// The part of a label that is shown.
fn shown_text(text: &str) -> Arc<str> {
    match text.char_indices().nth(MAX_LABEL_CHARS) {
        Some((end, _)) => format!("{} …", &text[..end]).into(),
        None => text.into(),
    }
}

/// The colour of a class, or of a keypoint of it, in sRGB: from the context, else from the cycle.
pub(crate) fn class_color(context: Option<&AnnotationContext>, class: u16, keypoint: Option<u16>) -> [u8; 4] {
    let known = context.and_then(|context| context.class(class));
    if let Some(keypoint) = keypoint {
        let info = known.and_then(|class| class.keypoints.iter().find(|info| info.id == keypoint));
        return info.and_then(|info| info.color).map_or_else(
            || colors::cycle_color(u64::from(keypoint)).to_array(),
            chronoscope_types::Rgba::to_array,
        );
    }
    known.and_then(|class| class.info.color).map_or_else(
        || colors::cycle_color(u64::from(class)).to_array(),
        chronoscope_types::Rgba::to_array,
    )
}

#[cfg(test)]
mod tests {
    use chronoscope_types::records::AnnotationInfo;

    use super::*;

    fn context(alpha: u8) -> AnnotationContext {
        let class = AnnotationInfo::new(7, "x".repeat(1_000_000), [1, 2, 3, alpha]);
        AnnotationContext {
            classes: vec![class.into()],
        }
    }

    fn marks<'a>(classes: &'a [u16], context: &'a AnnotationContext) -> Marks<'a> {
        Marks {
            colors: Cow::Borrowed(&[]),
            radii: Cow::Borrowed(&[]),
            labels: None,
            show_labels: Some(true),
            class_ids: Cow::Borrowed(classes),
            keypoint_ids: Cow::Borrowed(&[]),
            context: Some(Arc::new(context.clone())),
        }
    }

    #[test]
    fn classes_can_be_seen_through() {
        let (clear, solid) = (context(100), context(255));
        assert!(marks(&[1, 7], &clear).has_alpha());
        assert!(!marks(&[1, 2], &clear).has_alpha());
        assert!(!marks(&[1, 7], &solid).has_alpha());
    }

    #[test]
    fn labels_of_millions_are_few_and_short() {
        let context = context(255);
        let labels = marks(&[7], &context).labels(2_000_000);
        assert_eq!(labels.len(), MAX_LABELS);
        assert!(
            labels
                .iter()
                .all(|(_, text)| text.chars().count() <= MAX_LABEL_CHARS + 2)
        );
    }
}
