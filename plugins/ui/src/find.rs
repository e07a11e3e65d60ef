//! What is looked for in trees and in the palette: words of names, and conditions on entities.
//!
//! `type:points` asks for an archetype, `at:cursor` for data at the time cursor; all else is part of a name.

use chronoscope_store::{ChunkStore, EntityId, TimelineId};

use crate::pass::Pass;

/// A condition on entities, read from a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntityFilter {
    /// Parts of the name, in lower case.
    words: Vec<String>,
    /// Parts of the names of archetypes, in lower case.
    archetypes: Vec<String>,
    at_cursor: bool,
}

impl EntityFilter {
    /// Reads what somebody typed.
    pub(crate) fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        for word in text.split_whitespace() {
            let word = word.to_lowercase();
            if let Some(archetype) = word.strip_prefix("type:") {
                filter.archetypes.push(archetype.to_owned());
            } else if word == "at:cursor" {
                filter.at_cursor = true;
            } else {
                // A path that was copied is found as it is read.
                filter.words.push(word.replace('\\', ""));
            }
        }
        filter
    }

    /// The parts of the name, as one text.
    pub(crate) fn words(&self) -> String {
        self.words.join(" ")
    }

    /// Whether something is asked for of the data, besides the name.
    pub(crate) fn has_conditions(&self) -> bool {
        self.at_cursor || !self.archetypes.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && !self.has_conditions()
    }

    /// Whether all words stand in a name.
    pub(crate) fn matches_name(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.words.iter().all(|word| name.contains(word.as_str()))
    }

    /// Whether the data of an entity is as it is asked for.
    pub(crate) fn matches_data(&self, place: &FilterPlace<'_>, entity: EntityId) -> bool {
        let store = place.store;
        let has_archetype = |wanted: &String| {
            store.components_of(entity).any(|component| {
                let name = store.descriptor(component).archetype_short_name();
                name.is_some_and(|name| name.to_lowercase().contains(wanted.as_str()))
            })
        };
        (!self.at_cursor || place.has_data_at_cursor(entity)) && self.archetypes.iter().all(has_archetype)
    }
}

/// Where entities are looked for.
pub(crate) struct FilterPlace<'a> {
    pub(crate) store: &'a ChunkStore,
    /// The timeline and the time of the cursor.
    pub(crate) cursor: Option<(TimelineId, i64)>,
}

impl<'a> FilterPlace<'a> {
    /// The recording that is shown, at its cursor.
    pub(crate) fn shown(pass: &Pass<'a>) -> Option<Self> {
        let cursor = pass.cursor();
        Some(Self {
            store: pass.store()?,
            cursor: cursor.and_then(|cursor| Some((cursor.timeline?, cursor.time))),
        })
    }

    /// Whether something was logged at or before the cursor, or lies on no timeline.
    fn has_data_at_cursor(&self, entity: EntityId) -> bool {
        let stats = self.store.entity_stats(entity);
        let is_timed = || {
            self.cursor.is_some_and(|(timeline, time)| {
                let range = self.store.entity_time_range(entity, timeline);
                !range.is_empty() && range.min <= time
            })
        };
        stats.num_static_chunks > 0 || is_timed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_conditions_are_told_apart() {
        let filter = EntityFilter::parse(" Wheel type:Points at:cursor 0x1a ");
        assert_eq!(filter.words(), "wheel 0x1a");
        assert!(filter.has_conditions() && !filter.is_empty());
        assert!(filter.matches_name("/can/0x1A0/wheel_speed"));
        assert!(!filter.matches_name("/can/0x1B0/wheel_speed"));
        assert!(EntityFilter::parse("  ").is_empty());
    }
}
