//! Component values of blueprints that are more than a number or a text.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, NullArray, StringArray, UnionArray, cast::AsArray,
    new_empty_array, types::Int64Type,
};
use arrow_schema::{DataType, Field};
use chronoscope_store::TimeRange;

use crate::{
    ReadError,
    encoding::{
        Encoding,
        bools::Bools,
        check_no_nulls,
        codes::Enums,
        plain::{Plain, build_plain},
        records::{Columns, Record, build_records, read_records},
        text::Texts,
    },
    enums::{ComponentSourceKind, Enumeration, TextLogColumnKind},
};

/// An end of a range of times that may move with the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBoundary {
    /// So far after the cursor, or before it where negative.
    CursorRelative(i64),
    /// At a time.
    Absolute(i64),
    /// There is no end on this side.
    Infinite,
}

impl TimeBoundary {
    /// The time of this end when the cursor is at `cursor`; `infinite` where there is none. Saturates.
    pub fn resolve(self, cursor: i64, infinite: i64) -> i64 {
        match self {
            Self::CursorRelative(offset) => cursor.saturating_add(offset),
            Self::Absolute(time) => time,
            Self::Infinite => infinite,
        }
    }
}

/// A range of times that may move with the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorTimeRange {
    /// The first time.
    pub start: TimeBoundary,
    /// The last time.
    pub end: TimeBoundary,
}

impl CursorTimeRange {
    /// Every time.
    pub const EVERYTHING: Self = Self {
        start: TimeBoundary::Infinite,
        end: TimeBoundary::Infinite,
    };

    /// The range when the cursor is at `cursor`.
    pub fn resolve(&self, cursor: i64) -> TimeRange {
        TimeRange::new(
            self.start.resolve(cursor, i64::MIN),
            self.end.resolve(cursor, i64::MAX),
        )
    }
}

impl Record for CursorTimeRange {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let starts = read_boundaries(columns.component, columns.get("start")?)?;
        let ends = read_boundaries(columns.component, columns.get("end")?)?;
        Ok(starts
            .into_iter()
            .zip(ends)
            .map(|(start, end)| Self { start, end })
            .collect())
    }

    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let [start, end] = fields else { return Vec::new() };
        vec![
            build_boundaries(start.data_type(), values.iter().map(|value| value.start)),
            build_boundaries(end.data_type(), values.iter().map(|value| value.end)),
        ]
    }
}

fn read_boundaries(component: &'static str, array: &dyn Array) -> Result<Vec<TimeBoundary>, ReadError> {
    let wrong_type = || ReadError::Type {
        component,
        expected: "a union of time boundaries".to_owned(),
        found: array.data_type().to_string(),
    };
    let union = array.as_union_opt().ok_or_else(wrong_type)?;
    let DataType::Union(fields, _) = array.data_type() else {
        return Err(wrong_type());
    };
    (0..union.len())
        .map(|index| {
            let type_id = union.type_id(index);
            let (_, field) = fields
                .iter()
                .find(|(id, _)| *id == type_id)
                .ok_or_else(wrong_type)?;
            let time = || {
                let times = union
                    .child(type_id)
                    .as_primitive_opt::<Int64Type>()
                    .ok_or_else(wrong_type)?;
                let at = union.value_offset(index);
                if at >= times.len() || times.is_null(at) {
                    return Err(ReadError::Nulls {
                        component,
                        nulls: 1,
                        len: union.len(),
                    });
                }
                Ok(times.value(at))
            };
            match field.name().as_str() {
                "CursorRelative" => Ok(TimeBoundary::CursorRelative(time()?)),
                "Absolute" => Ok(TimeBoundary::Absolute(time()?)),
                "Infinite" => Ok(TimeBoundary::Infinite),
                _ => Err(ReadError::UnknownValue {
                    component,
                    value: i64::from(type_id),
                }),
            }
        })
        .collect()
}

fn build_boundaries(datatype: &DataType, boundaries: impl Iterator<Item = TimeBoundary>) -> ArrayRef {
    let (mut relative, mut absolute, mut infinite) = (Vec::new(), Vec::new(), 0_usize);
    let (mut type_ids, mut offsets): (Vec<i8>, Vec<i32>) = (Vec::new(), Vec::new());
    for boundary in boundaries {
        let (type_id, offset) = match boundary {
            TimeBoundary::CursorRelative(time) => {
                relative.push(time);
                (1, relative.len() - 1)
            }
            TimeBoundary::Absolute(time) => {
                absolute.push(time);
                (2, absolute.len() - 1)
            }
            TimeBoundary::Infinite => {
                infinite += 1;
                (3, infinite - 1)
            }
        };
        type_ids.push(type_id);
        offsets.push(i32::try_from(offset).unwrap_or(i32::MAX));
    }
    let children: Vec<ArrayRef> = vec![
        Arc::new(NullArray::new(0)),
        Arc::new(Int64Array::from(relative)),
        Arc::new(Int64Array::from(absolute)),
        Arc::new(NullArray::new(infinite)),
    ];
    let built = match datatype {
        DataType::Union(fields, _) => {
            UnionArray::try_new(fields.clone(), type_ids.into(), Some(offsets.into()), children).ok()
        }
        _ => None,
    };
    built.map_or_else(|| new_empty_array(datatype), |union| Arc::new(union) as ArrayRef)
}

/// The range of times that is shown on one timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleTimeRange {
    /// The timeline's name.
    pub timeline: String,
    /// The range.
    pub range: CursorTimeRange,
}

impl Record for VisibleTimeRange {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let timelines = read_texts(columns, "timeline")?;
        let ranges: Vec<CursorTimeRange> = read_records(columns.component, columns.get("range")?)?;
        Ok(timelines
            .into_iter()
            .zip(ranges)
            .map(|(timeline, range)| Self { timeline, range })
            .collect())
    }

    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let [_, range] = fields else { return Vec::new() };
        let ranges: Vec<CursorTimeRange> = values.iter().map(|value| value.range).collect();
        vec![
            Arc::new(StringArray::from_iter_values(
                values.iter().map(|value| &value.timeline),
            )),
            build_records(range.data_type(), &ranges),
        ]
    }
}

/// `min` and `max`, both inclusive.
impl Record for TimeRange {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let min = Plain::<i64>::read(columns.component, columns.get("min")?)?;
        let max = Plain::<i64>::read(columns.component, columns.get("max")?)?;
        Ok(min
            .iter()
            .zip(max.iter())
            .map(|(&min, &max)| Self { min, max })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            build_plain(&values.iter().map(|value| value.min).collect::<Vec<_>>()),
            build_plain(&values.iter().map(|value| value.max).collect::<Vec<_>>()),
        ]
    }
}

/// The part of the plane that a 2D view shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisualBounds2D {
    /// From left to right.
    pub x_range: [f64; 2],
    /// From top to bottom.
    pub y_range: [f64; 2],
}

impl Record for VisualBounds2D {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let x = Plain::<[f64; 2]>::read(columns.component, columns.get("x_range")?)?;
        let y = Plain::<[f64; 2]>::read(columns.component, columns.get("y_range")?)?;
        Ok(x.iter()
            .zip(y.iter())
            .map(|(&x_range, &y_range)| Self { x_range, y_range })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            build_plain(&values.iter().map(|value| value.x_range).collect::<Vec<_>>()),
            build_plain(&values.iter().map(|value| value.y_range).collect::<Vec<_>>()),
        ]
    }
}

/// Where a visualizer takes one of its components from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentMapping {
    /// The visualizer's component: `Points3D:colors`.
    pub target: String,
    /// The kind of source.
    pub source_kind: ComponentSourceKind,
    /// The component that is taken, where the source is one.
    pub source_component: Option<String>,
    /// What is taken from it.
    pub selector: Option<String>,
}

impl Record for ComponentMapping {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let targets = read_texts(columns, "target")?;
        let kinds = Enums::<ComponentSourceKind>::read(columns.component, columns.get("source_kind")?)?;
        let sources = Texts::read(columns.component, columns.get("source_component")?)?;
        let selectors = Texts::read(columns.component, columns.get("selector")?)?;
        let rest = sources.iter().zip(selectors.iter());
        Ok(targets
            .into_iter()
            .zip(kinds)
            .zip(rest)
            .map(|((target, source_kind), (source, selector))| Self {
                target,
                source_kind,
                source_component: source.map(str::to_owned),
                selector: selector.map(str::to_owned),
            })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            Arc::new(StringArray::from_iter_values(
                values.iter().map(|value| &value.target),
            )),
            build_plain(
                &values
                    .iter()
                    .map(|value| value.source_kind.code())
                    .collect::<Vec<_>>(),
            ),
            Arc::new(
                values
                    .iter()
                    .map(|value| value.source_component.as_deref())
                    .collect::<StringArray>(),
            ),
            Arc::new(
                values
                    .iter()
                    .map(|value| value.selector.as_deref())
                    .collect::<StringArray>(),
            ),
        ]
    }
}

/// A column of a text log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLogColumn {
    /// What it shows.
    pub kind: TextLogColumnKind,
    /// Whether it is shown.
    pub visible: bool,
}

impl Record for TextLogColumn {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let kinds = Enums::<TextLogColumnKind>::read(columns.component, columns.get("kind")?)?;
        let visible = Bools::read(columns.component, columns.get("visible")?)?;
        let both = kinds.into_iter().zip(visible);
        Ok(both.map(|(kind, visible)| Self { kind, visible }).collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let kinds: Vec<u8> = values.iter().map(|value| value.kind.code()).collect();
        vec![
            build_visible(values.iter().map(|value| value.visible)),
            build_plain(&kinds),
        ]
    }
}

/// A column of a text log with the times on a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineColumn {
    /// The timeline's name.
    pub timeline: String,
    /// Whether it is shown.
    pub visible: bool,
}

impl Record for TimelineColumn {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let timelines = read_texts(columns, "timeline")?;
        let visible = Bools::read(columns.component, columns.get("visible")?)?;
        let both = timelines.into_iter().zip(visible);
        Ok(both
            .map(|(timeline, visible)| Self { timeline, visible })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let timelines = values.iter().map(|value| &value.timeline);
        vec![
            build_visible(values.iter().map(|value| value.visible)),
            Arc::new(StringArray::from_iter_values(timelines)),
        ]
    }
}

fn build_visible(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(BooleanArray::from(values.collect::<Vec<_>>()))
}

/// The texts of a field, each of which must be there.
fn read_texts(columns: Columns<'_>, field: &'static str) -> Result<Vec<String>, ReadError> {
    let array = columns.get(field)?;
    check_no_nulls(columns.component, array, &(0..array.len()))?;
    Ok(Texts::read(columns.component, array)?
        .iter()
        .map(|text| text.unwrap_or_default().to_owned())
        .collect())
}
