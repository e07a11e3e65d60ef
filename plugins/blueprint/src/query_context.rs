//! Where a view looks: the recording, the timeline and the time that a blueprint gives to it.

use std::sync::Arc;

use chronoscope_types::{
    Component, ComponentName,
    components::{self, blueprint as bp, own},
    own::QueryContext,
};

use crate::{
    BlueprintProblem, BlueprintQuery, BlueprintReport, ViewId,
    overrides::{property_path, view_property},
    write::Components,
};

/// What a blueprint says of where a view looks. What it does not say is as in the time panel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryContextSettings {
    /// The recording; `None` for the active one.
    pub recording: Option<RecordingName>,
    /// The timeline; `None` for the one of the time panel.
    pub timeline: Option<Arc<str>>,
    /// The time.
    pub time: ContextTime,
}

/// How a blueprint names a recording.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingName {
    /// Its application; `None` for that of the active recording, and for any other where that has no such recording.
    pub application: Option<Arc<str>>,
    /// Its id.
    pub recording: Arc<str>,
}

/// The time at which a view looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContextTime {
    /// That of the cursor.
    #[default]
    AtCursor,
    /// That of the cursor and so much more, in the unit of the timeline.
    Offset(i64),
    /// Always this one, in the unit of the timeline.
    Fixed(i64),
}

impl QueryContextSettings {
    /// Reads what is said of a view. What cannot be read says nothing, and is reported.
    ///
    /// Where both are said, a fixed time wins over an offset.
    pub fn read(query: &BlueprintQuery<'_>, view: ViewId) -> (Self, Vec<BlueprintReport>) {
        let mut reader = Reader {
            query,
            view,
            reports: Vec::new(),
        };
        let recording = reader.text::<components::Text>(QueryContext::RECORDING);
        let application = reader.text::<components::Text>(QueryContext::APPLICATION);
        let fixed = reader.time(QueryContext::FIXED_TIME);
        let offset = reader.time(QueryContext::OFFSET);
        let settings = Self {
            recording: recording.map(|recording| RecordingName {
                application,
                recording,
            }),
            timeline: reader.text::<bp::TimelineName>(QueryContext::TIMELINE),
            time: match (fixed, offset) {
                (Some(time), _) => ContextTime::Fixed(time),
                (None, Some(offset)) => ContextTime::Offset(offset),
                (None, None) => ContextTime::AtCursor,
            },
        };
        (settings, reader.reports)
    }

    /// Whether the view looks where the time panel looks. An offset of nothing is none.
    pub fn is_default(&self) -> bool {
        let is_at_cursor = matches!(self.time, ContextTime::AtCursor | ContextTime::Offset(0));
        self.recording.is_none() && self.timeline.is_none() && is_at_cursor
    }

    /// The properties that say this, for [`BlueprintCommand::SetProperty`](crate::BlueprintCommand::SetProperty): those that
    /// say nothing are empty, so that nothing is left of what was said before.
    pub fn properties(&self) -> Components {
        let text = |name: ComponentName, value: Option<&Arc<str>>| {
            let values = value.map(ToString::to_string).into_iter().collect();
            (name.descriptor(), components::Text::build(values))
        };
        let time = |name: ComponentName, value: Option<i64>| {
            (
                name.descriptor(),
                own::TimeInt::build(value.into_iter().collect()),
            )
        };
        let recording = self.recording.as_ref();
        let (fixed, offset) = match self.time {
            ContextTime::AtCursor => (None, None),
            ContextTime::Offset(offset) => (None, Some(offset)),
            ContextTime::Fixed(time) => (Some(time), None),
        };
        vec![
            text(
                QueryContext::APPLICATION,
                recording.and_then(|recording| recording.application.as_ref()),
            ),
            text(
                QueryContext::RECORDING,
                recording.map(|recording| &recording.recording),
            ),
            text(QueryContext::TIMELINE, self.timeline.as_ref()),
            time(QueryContext::FIXED_TIME, fixed),
            time(QueryContext::OFFSET, offset),
        ]
    }
}

struct Reader<'a> {
    query: &'a BlueprintQuery<'a>,
    view: ViewId,
    reports: Vec<BlueprintReport>,
}

impl Reader<'_> {
    fn text<C>(&mut self, name: ComponentName) -> Option<Arc<str>>
    where
        C: for<'s> Component<Slice<'s> = chronoscope_types::TextSlices<'s>>,
    {
        let text = self.one::<C, _>(name, |texts| texts.first().map(Arc::from));
        text.filter(|text: &Arc<str>| !text.is_empty())
    }

    fn time(&mut self, name: ComponentName) -> Option<i64> {
        self.one::<own::TimeInt, _>(name, |times| times.first().copied())
    }

    fn one<C: Component, T>(
        &mut self,
        name: ComponentName,
        pick: impl for<'s> FnOnce(C::Slice<'s>) -> Option<T>,
    ) -> Option<T> {
        let cell = view_property(self.query, self.view, &name)?.cell();
        match C::read(&cell) {
            Ok(values) => pick(values),
            Err(error) => {
                let path = property_path(self.view, &name).unwrap_or_else(|| self.view.entity_path());
                let problem = BlueprintProblem::Unreadable {
                    component: name.name,
                    error,
                };
                self.reports.push(BlueprintReport { path, problem });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{Recording, StoreId};

    use super::*;
    use crate::{
        BlueprintCommand, BlueprintDocument, UndoState, ViewBlueprint, edit_blueprint, read_viewport,
    };

    struct Edited {
        blueprint: Recording,
        undo: UndoState,
        view: ViewId,
    }

    impl Edited {
        fn new() -> Self {
            let view = ViewBlueprint::new(ViewId::hashed(["v"]), "3D", "/");
            let mut edited = Self {
                blueprint: Recording::new(StoreId::blueprint("app", "active")),
                undo: UndoState::new(-1),
                view: view.id,
            };
            edited.edit(&BlueprintCommand::AddView(view, None));
            edited
        }

        fn edit(&mut self, command: &BlueprintCommand) {
            let (current, _) = read_viewport(&self.blueprint.store, &self.blueprint.cache, i64::MAX);
            edit_blueprint(&mut self.blueprint, &mut self.undo, &current, command).unwrap();
            self.undo.end_gesture();
        }

        fn set(&mut self, settings: &QueryContextSettings) {
            self.edit(&BlueprintCommand::SetProperty(self.view, settings.properties()));
        }

        fn query(&self) -> BlueprintQuery<'_> {
            let (store, cache) = (&self.blueprint.store, &self.blueprint.cache);
            BlueprintQuery::new(store, cache, self.undo.query_time())
        }

        fn read(&self) -> (QueryContextSettings, Vec<BlueprintReport>) {
            QueryContextSettings::read(&self.query(), self.view)
        }
    }

    fn elsewhere() -> QueryContextSettings {
        QueryContextSettings {
            recording: Some(RecordingName {
                application: Some("other app".into()),
                recording: "run 2".into(),
            }),
            timeline: Some("log_time".into()),
            time: ContextTime::Fixed(-17),
        }
    }

    #[test]
    fn what_is_written_is_read_and_undone() {
        let mut edited = Edited::new();
        let check = |edited: &Edited, expected: &QueryContextSettings| {
            assert_eq!(edited.read(), (expected.clone(), Vec::new()));
        };
        check(&edited, &QueryContextSettings::default());
        edited.set(&elsewhere());
        check(&edited, &elsewhere());
        let offset = QueryContextSettings {
            time: ContextTime::Offset(-5),
            ..QueryContextSettings::default()
        };
        edited.set(&offset);
        check(&edited, &offset);
        edited.set(&QueryContextSettings::default());
        check(&edited, &QueryContextSettings::default());
        for expected in [offset, elsewhere(), QueryContextSettings::default()] {
            assert!(edited.undo.undo());
            check(&edited, &expected);
        }
    }

    #[test]
    fn a_text_carries_it() {
        let mut edited = Edited::new();
        edited.set(&elsewhere());
        let (viewport, _) = read_viewport(&edited.blueprint.store, &edited.blueprint.cache, i64::MAX);
        let document = BlueprintDocument::new(&viewport, &edited.query());
        let text = document.to_ron().unwrap();
        assert!(
            text.contains("chronoscope.blueprint.archetypes.QueryContext:fixed_time"),
            "{text}"
        );
        let mut other = Recording::new(StoreId::blueprint("app", "other"));
        for chunk in BlueprintDocument::from_ron(&text).unwrap().chunks(0).unwrap() {
            other.insert(chunk).unwrap();
        }
        other.apply_pending();
        let query = BlueprintQuery::new(&other.store, &other.cache, i64::MAX);
        assert_eq!(QueryContextSettings::read(&query, edited.view).0, elsewhere());
    }

    #[test]
    fn what_cannot_be_read_is_reported() {
        let mut edited = Edited::new();
        edited.set(&elsewhere());
        let text = components::Text::build(vec!["noon".to_owned()]);
        edited.edit(&BlueprintCommand::SetProperty(
            edited.view,
            vec![(QueryContext::FIXED_TIME.descriptor(), text)],
        ));
        let (settings, reports) = edited.read();
        assert_eq!(settings.time, ContextTime::AtCursor);
        assert_eq!(reports.len(), 1);
        assert!(reports[0].to_string().contains("fixed_time"), "{}", reports[0]);
    }
}
