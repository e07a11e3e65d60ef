//! Which columns a list of log lines has.

use std::sync::Arc;

use chronoscope_types::{TextLogColumn, TimelineColumn, enums::TextLogColumnKind};

/// Widths of columns to begin with, in points.
pub(super) const ENTITY_WIDTH: f32 = 90.0;
pub(super) const LEVEL_WIDTH: f32 = 70.0;

/// What a text needs to be worth reading, in points.
const MIN_TEXT_WIDTH: f32 = 140.0;

/// A column of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    /// The times on the timeline of this name.
    Time(Arc<str>),
    /// The entity that logged the line.
    Entity,
    /// The level.
    Level,
    /// The text.
    Text,
}

/// The columns that the blueprint asks for. What it does not say is as there is room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SaidColumns {
    /// The timelines; the one of the cursor where nothing is said.
    pub(super) timelines: Option<Vec<TimelineColumn>>,
    /// The rest, in their order.
    pub(super) texts: Option<Vec<TextLogColumn>>,
}

/// The columns of a list, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    /// The columns. Times come first.
    pub(super) shown: Vec<Column>,
    /// The width of the times on the cursor's timeline to begin with, in points.
    pub(super) time_width: f32,
}

impl Columns {
    /// The columns of a list of this width, in which the times on the cursor's `timeline` need `time_width`. Where the blueprint does
    /// not say which, the text comes first; color and tooltip tell the entity and the level too.
    pub(super) fn fitting(
        said: &SaidColumns,
        width: f32,
        timeline: &str,
        time_width: f32,
        has_levels: bool,
    ) -> Self {
        let mut shown: Vec<Column> = match &said.timelines {
            Some(timelines) => {
                let visible = timelines.iter().filter(|column| column.visible);
                visible
                    .map(|column| Column::Time(column.timeline.as_str().into()))
                    .collect()
            }
            None => vec![Column::Time(timeline.into())],
        };
        match &said.texts {
            Some(texts) => {
                let visible = texts.iter().filter(|column| column.visible);
                shown.extend(visible.map(|column| match column.kind {
                    TextLogColumnKind::EntityPath => Column::Entity,
                    TextLogColumnKind::LogLevel => Column::Level,
                    TextLogColumnKind::Body => Column::Text,
                }));
            }
            None => {
                let mut left = width - time_width - MIN_TEXT_WIDTH;
                let mut take = |wanted: bool, width: f32| {
                    let fits = wanted && left >= width;
                    left -= if fits { width } else { 0.0 };
                    fits
                };
                let (level, entity) = (take(has_levels, LEVEL_WIDTH), take(true, ENTITY_WIDTH));
                shown.extend(entity.then_some(Column::Entity));
                shown.extend(level.then_some(Column::Level));
                shown.push(Column::Text);
            }
        }
        if shown.is_empty() {
            // A list of nothing is not worth a tile.
            shown.push(Column::Text);
        }
        Self {
            shown,
            time_width: time_width.min((width - MIN_TEXT_WIDTH).max(width * 0.4)),
        }
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, column: &Column) -> bool {
        self.shown.contains(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &Columns) -> Vec<String> {
        let name = |column: &Column| match column {
            Column::Time(timeline) => timeline.to_string(),
            Column::Entity => "entity".to_owned(),
            Column::Level => "level".to_owned(),
            Column::Text => "text".to_owned(),
        };
        columns.shown.iter().map(name).collect()
    }

    #[test]
    fn a_narrow_list_keeps_its_texts() {
        let fitting = |width, has_levels| {
            let columns = Columns::fitting(&SaidColumns::default(), width, "frame", 160.0, has_levels);
            (names(&columns).join(" "), columns.time_width)
        };
        assert_eq!(
            fitting(800.0, true),
            ("frame entity level text".to_owned(), 160.0)
        );
        assert_eq!(fitting(800.0, false), ("frame entity text".to_owned(), 160.0));
        assert_eq!(fitting(400.0, true), ("frame level text".to_owned(), 160.0));
        assert_eq!(fitting(340.0, true), ("frame text".to_owned(), 160.0));
        assert_eq!(fitting(200.0, true), ("frame text".to_owned(), 80.0));
    }

    #[test]
    fn the_blueprint_chooses_columns_and_their_order() {
        let timeline = |timeline: &str, visible| TimelineColumn {
            timeline: timeline.to_owned(),
            visible,
        };
        let text = |kind, visible| TextLogColumn { kind, visible };
        let said = SaidColumns {
            timelines: Some(vec![timeline("log_time", true), timeline("frame", false)]),
            texts: Some(vec![
                text(TextLogColumnKind::Body, true),
                text(TextLogColumnKind::EntityPath, false),
                text(TextLogColumnKind::LogLevel, true),
            ]),
        };
        let columns = Columns::fitting(&said, 100.0, "frame", 160.0, false);
        assert_eq!(names(&columns), ["log_time", "text", "level"]);
        let said = SaidColumns {
            timelines: Some(Vec::new()),
            texts: None,
        };
        let columns = Columns::fitting(&said, 800.0, "frame", 160.0, true);
        assert_eq!(names(&columns), ["entity", "level", "text"]);
        let said = SaidColumns {
            timelines: Some(Vec::new()),
            texts: Some(Vec::new()),
        };
        let columns = Columns::fitting(&said, 800.0, "frame", 160.0, true);
        assert_eq!(names(&columns), ["text"]);
    }
}
