//! Arrow values for the eye: short, and never more work than what is shown.

use std::fmt::{self, Write};

use arrow_array::{
    Array,
    cast::AsArray,
    types::{
        ArrowPrimitiveType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
        DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
        UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, TimeUnit};
use chronoscope_store::TimeType;

use crate::{
    Rgba,
    component::Component,
    components,
    enums::{self, Enumeration},
    records::ImageFormat,
    time_format::{format_time, format_timestamp},
};

/// Values nest no deeper than this; what lies below is `…`.
const MAX_DEPTH: usize = 16;

/// The instances of a cell as a line of at most about `max_chars` characters.
///
/// One instance stands by itself; several are separated by commas, and where not all fit, `… (500)` tells their number. The
/// component type (`rerun.components.Color`) decides how numbers are shown: colors as `#RRGGBB`, choices by name, times as
/// times. The cost depends on what is shown, not on the size of the array.
pub fn format_value(component_type: Option<&str>, array: &dyn Array, max_chars: usize) -> String {
    if array.is_empty() {
        return "(empty)".to_owned();
    }
    let kind = Kind::of(component_type);
    let suffix = if array.len() == 1 {
        "…".to_owned()
    } else {
        format!("… ({})", array.len())
    };
    let limit = max_chars.saturating_sub(suffix.chars().count());
    let mut out = Limited {
        text: String::new(),
        left: max_chars,
    };
    // Where the text may be cut: the end of the last value that fits with the suffix.
    let mut cut = 0;
    for index in 0..array.len() {
        let written = (if index > 0 { out.write_str(", ") } else { Ok(()) })
            .and_then(|()| write_value(&mut out, kind, array, index, 0));
        if written.is_err() {
            if cut == 0 {
                cut = out
                    .text
                    .char_indices()
                    .nth(limit)
                    .map_or(out.text.len(), |(at, _)| at);
            }
            out.text.truncate(cut);
            if array.len() > 1 && !out.text.is_empty() {
                out.text.push(' ');
            }
            return out.text + &suffix;
        }
        if max_chars - out.left < limit {
            cut = out.text.len();
        }
    }
    out.text
}

/// A number of bytes for the eye: `12.3 KiB`.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_024.0;
    let mut unit = 0;
    // What would round to 1024 is one of the next unit.
    while size >= 1_023.95 && unit + 1 < UNITS.len() {
        size /= 1_024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS.get(unit).unwrap_or(&"EiB"))
}

/// A text that takes no more than so many characters.
struct Limited {
    text: String,
    left: usize,
}

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

/// How the values of a component are shown, where it is not as their datatype would have it.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Color,
    Choice(fn(u8) -> Option<&'static str>),
    Timestamp,
    Duration,
    Codec,
    Directions,
    Uuid,
    ImageFormat,
}

impl Kind {
    fn of(component_type: Option<&str>) -> Self {
        use components::blueprint;

        macro_rules! choices {
            ($($component:path = $name:ident),* $(,)?) => {
                match component_type {
                    $(Some(name) if name == <$component as Component>::TYPE => {
                        return Self::Choice(|code| enums::$name::from_code(code).map(Enumeration::name));
                    })*
                    _ => {}
                }
            };
        }
        choices! {
            components::AggregationPolicy = AggregationPolicy,
            components::Colormap = Colormap,
            components::FillMode = FillMode,
            components::GraphType = GraphType,
            components::InterpolationMode = InterpolationMode,
            components::MagnificationFilter = MagnificationFilter,
            components::MarkerShape = MarkerShape,
            components::MeshFaceRendering = MeshFaceRendering,
            components::PointShading = PointShading,
            components::TransformRelation = TransformRelation,
            components::own::AxisScale = AxisScale,
            components::own::AxisSide = AxisSide,
            components::own::EyeProjection = EyeProjection,
            blueprint::BackgroundKind = BackgroundKind,
            blueprint::ColumnDisplayMode = ColumnDisplayMode,
            blueprint::ContainerKind = ContainerKind,
            blueprint::Corner2D = Corner2D,
            blueprint::Eye3DKind = Eye3DKind,
            blueprint::LinkAxis = LinkAxis,
            blueprint::LoopMode = LoopMode,
            blueprint::MapProvider = MapProvider,
            blueprint::PanelState = PanelState,
            blueprint::PlayState = PlayState,
            blueprint::PointsDisplay = PointsDisplay,
            blueprint::TableLayoutKind = TableLayoutKind,
            blueprint::TooltipMode = TooltipMode,
            blueprint::ViewFit = ViewFit,
        }
        match component_type {
            Some(components::Color::TYPE | components::AlbedoFactor::TYPE) => Self::Color,
            Some(components::Timestamp::TYPE) => Self::Timestamp,
            Some(components::VideoTimestamp::TYPE) => Self::Duration,
            Some(components::VideoCodec::TYPE) => Self::Codec,
            Some(components::ViewCoordinates::TYPE) => Self::Directions,
            Some(components::ImageFormat::TYPE) => Self::ImageFormat,
            Some(
                blueprint::RootContainer::TYPE
                | blueprint::ViewMaximized::TYPE
                | blueprint::VisualizerInstructionId::TYPE,
            ) => Self::Uuid,
            _ => Self::Plain,
        }
    }

    /// Writes a value in its special way; `None` where the array is not of the type that this needs.
    fn write(self, out: &mut Limited, array: &dyn Array, index: usize) -> Option<fmt::Result> {
        match self {
            Self::Plain => None,
            Self::Color => number::<UInt32Type>(array, index).map(|color| write!(out, "{}", Rgba(color))),
            Self::Choice(name) => {
                let code = number::<UInt8Type>(array, index)?;
                Some(match name(code) {
                    Some(name) => out.write_str(name),
                    None => write!(out, "{code}?"),
                })
            }
            Self::Timestamp => {
                number::<Int64Type>(array, index).map(|time| out.write_str(&format_timestamp(time)))
            }
            Self::Duration => number::<Int64Type>(array, index)
                .map(|time| out.write_str(format_time(TimeType::DurationNs, time).trim_start_matches('+'))),
            Self::Codec => {
                let code = number::<UInt32Type>(array, index)?.to_be_bytes();
                let is_text = code.iter().all(u8::is_ascii_alphanumeric);
                is_text.then(|| code.iter().try_for_each(|&byte| out.write_char(char::from(byte))))
            }
            Self::Directions => {
                let bytes = bytes_of(array, index, 3)?;
                let directions: Vec<enums::ViewDir> = bytes
                    .iter()
                    .filter_map(|&byte| enums::ViewDir::from_code(byte))
                    .collect();
                let [x, y, z] = directions.as_slice() else {
                    return None;
                };
                Some(write!(out, "{}, {}, {}", x.name(), y.name(), z.name()))
            }
            Self::Uuid => {
                let bytes = bytes_of(array, index, 16)?;
                Some(bytes.iter().enumerate().try_for_each(|(at, byte)| {
                    let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(out, "{dash}{byte:02x}")
                }))
            }
            Self::ImageFormat => {
                let format = *components::ImageFormat::read(array.slice(index, 1).as_ref())
                    .ok()?
                    .first()?;
                Some(write_image_format(out, &format))
            }
        }
    }
}

fn write_image_format(out: &mut Limited, format: &ImageFormat) -> fmt::Result {
    write!(out, "{}×{}", format.width, format.height)?;
    match format.pixel_format {
        Some(pixel_format) => write!(out, " {}", pixel_format.name()),
        None => write!(
            out,
            " {} {}",
            format.color_model().name(),
            format.channel_datatype().name()
        ),
    }
}

/// The number at an index that exists, where the array is of this type.
fn number<P: ArrowPrimitiveType>(array: &dyn Array, index: usize) -> Option<P::Native> {
    let numbers = array.as_primitive_opt::<P>()?;
    numbers.values().get(index).copied()
}

/// The bytes of a group of `len` at an index that exists.
fn bytes_of(array: &dyn Array, index: usize, len: usize) -> Option<Vec<u8>> {
    let list = array
        .as_fixed_size_list_opt()
        .filter(|list| usize::try_from(list.value_length()) == Ok(len))?;
    let start = index.checked_mul(len)?;
    Some(
        list.values()
            .as_primitive_opt::<UInt8Type>()?
            .values()
            .get(start..start.checked_add(len)?)?
            .to_vec(),
    )
}

fn write_value(out: &mut Limited, kind: Kind, array: &dyn Array, index: usize, depth: usize) -> fmt::Result {
    if array.is_null(index) || array.data_type().is_null() {
        return out.write_str("null");
    }
    if depth > MAX_DEPTH {
        return out.write_str("…");
    }
    if let Some(written) = kind.write(out, array, index) {
        return written;
    }

    macro_rules! decimal {
        ($primitive:ty) => {
            match number::<$primitive>(array, index) {
                Some(value) => write!(out, "{value}"),
                None => out.write_str("?"),
            }
        };
    }
    macro_rules! time {
        ($primitive:ty, $nanos:literal) => {
            number::<$primitive>(array, index).map(|time| i128::from(time) * $nanos)
        };
    }
    match array.data_type() {
        DataType::Int8 => decimal!(Int8Type),
        DataType::Int16 => decimal!(Int16Type),
        DataType::Int32 => decimal!(Int32Type),
        DataType::Int64 => decimal!(Int64Type),
        DataType::UInt8 => decimal!(UInt8Type),
        DataType::UInt16 => decimal!(UInt16Type),
        DataType::UInt32 => decimal!(UInt32Type),
        DataType::UInt64 => decimal!(UInt64Type),
        DataType::Float16 => number::<Float16Type>(array, index)
            .map_or(Err(fmt::Error), |value| write_float(out, value.to_f32())),
        DataType::Float32 => {
            number::<Float32Type>(array, index).map_or(Err(fmt::Error), |value| write_float(out, value))
        }
        DataType::Float64 => {
            number::<Float64Type>(array, index).map_or(Err(fmt::Error), |value| write_float(out, value))
        }
        DataType::Boolean => match array.as_boolean_opt() {
            Some(bools) => write!(out, "{}", bools.value(index)),
            None => out.write_str("?"),
        },
        DataType::Utf8 => write_text(out, array.as_string_opt::<i32>().map(|texts| texts.value(index))),
        DataType::LargeUtf8 => write_text(out, array.as_string_opt::<i64>().map(|texts| texts.value(index))),
        DataType::Utf8View => write_text(out, array.as_string_view_opt().map(|texts| texts.value(index))),
        DataType::Binary => write_bytes(
            out,
            array.as_binary_opt::<i32>().map(|bytes| bytes.value(index).len()),
        ),
        DataType::LargeBinary => write_bytes(
            out,
            array.as_binary_opt::<i64>().map(|bytes| bytes.value(index).len()),
        ),
        DataType::BinaryView => write_bytes(
            out,
            array.as_binary_view_opt().map(|bytes| bytes.value(index).len()),
        ),
        DataType::FixedSizeBinary(size) => write_bytes(out, usize::try_from(*size).ok()),
        DataType::List(_) => array.as_list_opt::<i32>().map_or(Err(fmt::Error), |lists| {
            write_list(out, lists.value(index).as_ref(), depth)
        }),
        DataType::LargeList(_) => array.as_list_opt::<i64>().map_or(Err(fmt::Error), |lists| {
            write_list(out, lists.value(index).as_ref(), depth)
        }),
        DataType::FixedSizeList(..) => array.as_fixed_size_list_opt().map_or(Err(fmt::Error), |lists| {
            write_items(out, lists.value(index).as_ref(), depth)
        }),
        DataType::Struct(fields) => {
            let Some(record) = array.as_struct_opt() else {
                return out.write_str("?");
            };
            out.write_char('{')?;
            let shown = fields
                .iter()
                .zip(record.columns())
                .filter(|(_, column)| column.is_valid(index));
            for (at, (field, column)) in shown.enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                write!(out, "{comma}{}: ", field.name())?;
                write_value(out, Kind::Plain, column.as_ref(), index, depth + 1)?;
            }
            out.write_char('}')
        }
        DataType::Union(fields, _) => {
            let Some(union) = array.as_union_opt() else {
                return out.write_str("?");
            };
            let type_id = union.type_id(index);
            let Some((_, field)) = fields.iter().find(|(id, _)| *id == type_id) else {
                return out.write_str("?");
            };
            out.write_str(field.name())?;
            if field.data_type().is_null() {
                return Ok(());
            }
            out.write_char('(')?;
            write_value(
                out,
                Kind::Plain,
                union.child(type_id).as_ref(),
                union.value_offset(index),
                depth + 1,
            )?;
            out.write_char(')')
        }
        DataType::Timestamp(unit, _) => {
            let nanos = match unit {
                TimeUnit::Second => time!(TimestampSecondType, 1_000_000_000),
                TimeUnit::Millisecond => time!(TimestampMillisecondType, 1_000_000),
                TimeUnit::Microsecond => time!(TimestampMicrosecondType, 1_000),
                TimeUnit::Nanosecond => time!(TimestampNanosecondType, 1),
            };
            out.write_str(
                &nanos
                    .and_then(|nanos| i64::try_from(nanos).ok())
                    .map_or("?".to_owned(), format_timestamp),
            )
        }
        DataType::Duration(unit) => {
            let nanos = match unit {
                TimeUnit::Second => time!(DurationSecondType, 1_000_000_000),
                TimeUnit::Millisecond => time!(DurationMillisecondType, 1_000_000),
                TimeUnit::Microsecond => time!(DurationMicrosecondType, 1_000),
                TimeUnit::Nanosecond => time!(DurationNanosecondType, 1),
            };
            let nanos = nanos.and_then(|nanos| i64::try_from(nanos).ok());
            let text = nanos.map_or("?".to_owned(), |nanos| format_time(TimeType::DurationNs, nanos));
            out.write_str(text.trim_start_matches('+'))
        }
        // What is left is rare. Arrow's own formatter stops where the text is full.
        _ => {
            let array = array.slice(index, 1);
            let written = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default())
                .map(|formatter| write!(out, "{}", formatter.value(0)));
            written.unwrap_or_else(|_| write!(out, "({})", array.data_type()))
        }
    }
}

/// Lists of bytes are shown by their size, all others by their items.
fn write_list(out: &mut Limited, items: &dyn Array, depth: usize) -> fmt::Result {
    match items.data_type() {
        DataType::UInt8 => write_bytes(out, Some(items.len())),
        _ => write_items(out, items, depth),
    }
}

fn write_items(out: &mut Limited, items: &dyn Array, depth: usize) -> fmt::Result {
    out.write_char('[')?;
    for index in 0..items.len() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write_value(out, Kind::Plain, items, index, depth + 1)?;
    }
    out.write_char(']')
}

fn write_bytes(out: &mut Limited, bytes: Option<usize>) -> fmt::Result {
    out.write_str(&format_bytes(bytes.unwrap_or(0) as u64))
}

/// A text in quotes, on one line.
fn write_text(out: &mut Limited, text: Option<&str>) -> fmt::Result {
    out.write_char('"')?;
    for c in text.unwrap_or_default().chars() {
        match c {
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            c if c.is_control() => write!(out, "{}", c.escape_default())?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}

/// As many digits as the number carries, in scientific notation where there would be many zeros.
fn write_float<T: Copy + Into<f64> + fmt::Display + fmt::LowerExp>(
    out: &mut Limited,
    value: T,
) -> fmt::Result {
    let magnitude = value.into().abs();
    if magnitude != 0.0 && magnitude.is_finite() && !(1e-5..1e16).contains(&magnitude) {
        write!(out, "{value:e}")
    } else {
        write!(out, "{value}")
    }
}
