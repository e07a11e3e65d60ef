//! What is looked for in trees and in the palette: words of names, and conditions on entities.
//!
//! `type:points` asks for an archetype, `at:cursor` for data at the time cursor; all else is part of a name.

use std::{cell::Cell, collections::BTreeSet};

use chronoscope_store::{CLEAR_COMPONENT, ChunkStore, EntityId, TimeRange, TimelineId};

use rustc_hash::FxHashSet;

use crate::pass::Pass;

/// The word that asks for data at the time cursor.
pub(crate) const AT_CURSOR: &str = "at:cursor";

/// What a word begins with that asks for an archetype.
const TYPE: &str = "type:";

/// A condition on entities, read from a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntityFilter {
    /// Parts of the name, in lower case.
    words: Vec<String>,
    /// Parts of the names of archetypes, in lower case.
    archetypes: Vec<String>,
    at_cursor: bool,
    /// Whether the letters of a word need but stand in a name in their order.
    is_loose: bool,
}

impl EntityFilter {
    /// Reads what somebody typed.
    pub(crate) fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        for word in text.split_whitespace() {
            let word = word.to_lowercase();
            if let Some(archetype) = word.strip_prefix(TYPE) {
                filter.archetypes.push(archetype.to_owned());
            } else if word == AT_CURSOR {
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
        let is_there =
            |word: &String| name.contains(word.as_str()) || (self.is_loose && has_letters(&name, word));
        self.words.iter().all(is_there)
    }

    /// What is found by the words as they are; where that is nothing, by their letters.
    pub(crate) fn search<T>(&self, find: impl Fn(&Self) -> Vec<T>) -> Vec<T> {
        let found = find(self);
        if !found.is_empty() || self.words.is_empty() {
            return found;
        }
        find(&Self {
            is_loose: true,
            ..self.clone()
        })
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
        self.archetypes.iter().all(has_archetype) && (!self.at_cursor || place.has_data_at_cursor(entity))
    }
}

/// Whether the letters of a word stand in a name in their order, with others between them.
fn has_letters(name: &str, word: &str) -> bool {
    let mut letters = name.chars();
    word.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

/// Whether a word stands in what is looked for.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split_whitespace()
        .any(|other| other.eq_ignore_ascii_case(word))
}

/// Adds a word to what is looked for, before what is being typed, or takes it out.
pub(crate) fn set_word(text: &mut String, word: &str, is_wanted: bool) {
    let others = text
        .split_whitespace()
        .filter(|other| !other.eq_ignore_ascii_case(word));
    let others = others.collect::<Vec<_>>().join(" ");
    *text = if is_wanted {
        format!("{word} {others}")
    } else {
        others
    };
}

/// The word that asks for an archetype.
pub(crate) fn type_word(archetype: &str) -> String {
    format!("{TYPE}{}", archetype.to_lowercase())
}

/// The archetypes of a recording, by their names.
///
/// Cost: all components of all entities.
pub(crate) fn archetypes(store: &ChunkStore) -> Vec<String> {
    let entities = store.entities();
    let components: FxHashSet<_> = entities.flat_map(|entity| store.components_of(entity)).collect();
    let names: BTreeSet<&str> = components
        .into_iter()
        .filter_map(|component| store.descriptor(component).archetype_short_name())
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Where entities are looked for.
pub(crate) struct FilterPlace<'a> {
    pub(crate) store: &'a ChunkStore,
    /// The timeline and the time of the cursor.
    cursor: Option<(TimelineId, i64)>,
    answers: Cell<Option<CursorAnswers>>,
}

/// What was found by the cursor: it stays the same until the store changes, or the cursor leaves these times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CursorAnswers {
    timeline: Option<TimelineId>,
    times: TimeRange,
    generation: u64,
}

impl<'a> FilterPlace<'a> {
    pub(crate) fn new(store: &'a ChunkStore, cursor: Option<(TimelineId, i64)>) -> Self {
        Self {
            store,
            cursor,
            answers: Cell::new(None),
        }
    }

    /// The recording that is shown, at its cursor.
    pub(crate) fn shown(pass: &Pass<'a>) -> Option<Self> {
        let cursor = pass.cursor();
        let cursor = cursor.and_then(|cursor| Some((cursor.timeline?, cursor.time)));
        Some(Self::new(pass.store()?, cursor))
    }

    /// What was found by the cursor so far; `None` where no condition asked for that.
    pub(crate) fn answers(&self) -> Option<CursorAnswers> {
        self.answers.get()
    }

    /// Whether what was found by another cursor is found by this one, too.
    pub(crate) fn keeps(&self, found: Option<CursorAnswers>) -> bool {
        found.is_none_or(|found| {
            let (timeline, time) = self.query();
            found.timeline == timeline
                && found.generation == self.store.generation()
                && found.times.contains(time)
        })
    }

    fn query(&self) -> (Option<TimelineId>, i64) {
        self.cursor
            .map_or((None, 0), |(timeline, time)| (Some(timeline), time))
    }

    /// Whether a component of an entity has a value at the cursor. What is not loaded counts as one.
    fn has_data_at_cursor(&self, entity: EntityId) -> bool {
        let (timeline, time) = self.query();
        let clear = self.store.component_id(CLEAR_COMPONENT);
        let components = self.store.components_of(entity);
        let mut absent = TimeRange::EVERYTHING;
        for component in components.filter(|component| Some(*component) != clear) {
            let answer = self.store.latest_at(entity, timeline, time, component);
            let is_there = match &answer.hit {
                Some(hit) => !hit.cell_ref().is_empty(),
                None => answer.is_provisional(),
            };
            if is_there {
                self.narrow(&answer.validity);
                return true;
            }
            absent = absent.intersection(&answer.validity);
        }
        self.narrow(&absent);
        false
    }

    /// Keeps for how long one more answer holds.
    fn narrow(&self, validity: &TimeRange) {
        let before = self.answers.get();
        let times = before.map_or(TimeRange::EVERYTHING, |answers| answers.times);
        self.answers.set(Some(CursorAnswers {
            timeline: self.query().0,
            times: times.intersection(validity),
            generation: self.store.generation(),
        }));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{AsComponents, Clear, Scalars, log_chunk};

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

    #[test]
    fn letters_in_their_order_are_found_where_words_are_not() {
        let find = |text: &str, names: &[&'static str]| -> Vec<&'static str> {
            let filter = EntityFilter::parse(text);
            filter.search(|filter| {
                let names = names.iter().copied();
                names.filter(|name| filter.matches_name(name)).collect()
            })
        };
        let names = ["/can/wheel_speed", "/can/while_speaking", "/plots/torque"];
        assert_eq!(
            find("speed", &names),
            ["/can/wheel_speed"],
            "as it is, where it is there"
        );
        assert_eq!(find("whlspd", &names), ["/can/wheel_speed"]);
        assert_eq!(
            find("WHL spe", &names),
            ["/can/wheel_speed", "/can/while_speaking"]
        );
        assert_eq!(find("dpslhw", &names), Vec::<&str>::new());
        assert_eq!(find("", &names), names);
    }

    #[test]
    fn words_are_added_and_taken_out() {
        let mut text = "wheel".to_owned();
        set_word(&mut text, AT_CURSOR, true);
        assert_eq!(text, "at:cursor wheel");
        assert!(has_word(&text, AT_CURSOR) && !has_word(&text, &type_word("Points3D")));
        set_word(&mut text, &type_word("Points3D"), true);
        set_word(&mut text, AT_CURSOR, false);
        assert_eq!(text, "type:points3d wheel");
    }

    #[test]
    fn what_is_there_is_asked_at_the_cursor() {
        let mut store = ChunkStore::new(StoreId::recording("app", "recording"));
        let mut log = |path: &str, time: i64, logged: &dyn AsComponents| {
            let at = [(Timeline::sequence("frame"), time)];
            store.insert(log_chunk(path, at, logged).unwrap()).unwrap();
        };
        log("/a", 0, &Scalars::new([1.0]));
        log("/a", 20, &Clear::new(false));
        log("/a", 40, &Scalars::new([1.0]));
        log("/b", 10, &Scalars::new([1.0]));
        log("/b", 30, &Scalars::new(Vec::<f64>::new()));
        let timeline = store.timeline_id("frame").unwrap();
        let filter = EntityFilter::parse("at:cursor");
        let found_at = |time: i64| {
            let place = FilterPlace::new(&store, Some((timeline, time)));
            let is_found =
                |path: &&str| filter.matches_data(&place, store.entity_id(&(*path).into()).unwrap());
            let found: Vec<&str> = ["/a", "/b"].into_iter().filter(is_found).collect();
            (found, place.answers())
        };
        let found = |time: i64| found_at(time).0;
        assert_eq!(found(-1), Vec::<&str>::new());
        assert_eq!(found(0), ["/a"]);
        assert_eq!(found(10), ["/a", "/b"]);
        assert_eq!(found(20), ["/b"], "the other is cleared");
        assert_eq!(found(30), Vec::<&str>::new(), "logged as empty");
        assert_eq!(found(40), ["/a"]);
        // What was found holds until the next row of one that was asked for.
        let (_, answers) = found_at(10);
        let keeps = |time: i64| FilterPlace::new(&store, Some((timeline, time))).keeps(answers);
        assert_eq!([9, 10, 19, 20].map(keeps), [false, true, true, false]);
        assert!(
            !FilterPlace::new(&store, None).keeps(answers),
            "on another timeline"
        );
        // Without the condition, the cursor says nothing.
        let place = FilterPlace::new(&store, Some((timeline, 10)));
        assert!(
            EntityFilter::parse("type:scalars").matches_data(&place, store.entity_id(&"/a".into()).unwrap())
        );
        assert_eq!(place.answers(), None);
    }
}
