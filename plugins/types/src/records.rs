//! Component values that are more than a number or a text.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ListArray, PrimitiveArray, StringArray,
    cast::AsArray,
    new_empty_array,
    types::{UInt8Type, UInt32Type},
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};

use crate::{
    ReadError, Rgba,
    encoding::{
        Encoding, check_no_nulls, datatype_by_name,
        plain::{Plain, build_plain},
        records::{Columns, Record, build_records, read_records, with_slice},
        text::Texts,
    },
    enums::{ChannelDatatype, ColorModel, Enumeration, PixelFormat},
};

/// A rotation about an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotationAxisAngle {
    /// The axis; of any length, zero for no rotation.
    pub axis: [f32; 3],
    /// The angle in radians, counter-clockwise as seen against the axis.
    pub angle: f32,
}

impl RotationAxisAngle {
    /// A rotation about `axis` by `angle` radians.
    pub fn new(axis: impl Into<[f32; 3]>, angle: f32) -> Self {
        Self {
            axis: axis.into(),
            angle,
        }
    }
}

impl Record for RotationAxisAngle {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let axes = Plain::<[f32; 3]>::read(columns.component, columns.get("axis")?)?;
        let angles = Plain::<f32>::read(columns.component, columns.get("angle")?)?;
        Ok(axes
            .iter()
            .zip(angles.iter())
            .map(|(&axis, &angle)| Self { axis, angle })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            build_plain(&values.iter().map(|value| value.axis).collect::<Vec<_>>()),
            build_plain(&values.iter().map(|value| value.angle).collect::<Vec<_>>()),
        ]
    }
}

/// The layout of a picture's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFormat {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How the pixels are packed, for what is not a channel after the other. It wins over the two below.
    pub pixel_format: Option<PixelFormat>,
    /// The channels, luminance where not given.
    pub color_model: Option<ColorModel>,
    /// The channels' numbers, bytes where not given.
    pub channel_datatype: Option<ChannelDatatype>,
}

impl ImageFormat {
    /// The format of a picture whose pixels are a channel after the other.
    pub const fn new(
        width: u32,
        height: u32,
        color_model: ColorModel,
        channel_datatype: ChannelDatatype,
    ) -> Self {
        Self {
            width,
            height,
            pixel_format: None,
            color_model: Some(color_model),
            channel_datatype: Some(channel_datatype),
        }
    }

    /// Red, green and blue bytes.
    pub const fn rgb8(width: u32, height: u32) -> Self {
        Self::new(width, height, ColorModel::RGB, ChannelDatatype::U8)
    }

    /// One number per pixel.
    pub const fn depth(width: u32, height: u32, channel_datatype: ChannelDatatype) -> Self {
        Self {
            width,
            height,
            pixel_format: None,
            color_model: None,
            channel_datatype: Some(channel_datatype),
        }
    }

    /// The channels, luminance where the format does not say.
    pub fn color_model(&self) -> ColorModel {
        self.color_model.unwrap_or(ColorModel::L)
    }

    /// The channels' numbers, bytes where the format does not say.
    pub fn channel_datatype(&self) -> ChannelDatatype {
        self.channel_datatype.unwrap_or(ChannelDatatype::U8)
    }

    /// The bytes that a picture of this format has; `None` where they are more than can be counted.
    pub fn num_bytes(&self) -> Option<usize> {
        let width = usize::try_from(self.width).ok()?;
        let height = usize::try_from(self.height).ok()?;
        let pixels = width.checked_mul(height)?;
        // Planes of half a resolution round up.
        let half = |size: usize| size.div_ceil(2);
        match self.pixel_format {
            None => pixels
                .checked_mul(self.color_model().channels())?
                .checked_mul(self.channel_datatype().bytes()),
            Some(
                PixelFormat::Y8LimitedRange
                | PixelFormat::Y8FullRange
                | PixelFormat::BayerRGGB8
                | PixelFormat::BayerBGGR8
                | PixelFormat::BayerGBRG8
                | PixelFormat::BayerGRBG8,
            ) => Some(pixels),
            Some(PixelFormat::NV12 | PixelFormat::YUV12LimitedRange | PixelFormat::YUV12FullRange) => {
                pixels.checked_add(half(width).checked_mul(half(height))?.checked_mul(2)?)
            }
            // Pairs of pixels are never split.
            Some(PixelFormat::YUY2) => half(width).checked_mul(4)?.checked_mul(height),
            Some(PixelFormat::YUV16LimitedRange | PixelFormat::YUV16FullRange) => {
                pixels.checked_add(half(width).checked_mul(height)?.checked_mul(2)?)
            }
            Some(PixelFormat::YUV24LimitedRange | PixelFormat::YUV24FullRange) => pixels.checked_mul(3),
        }
    }
}

impl Record for ImageFormat {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        fn choice<E: Enumeration>(component: &'static str, code: Option<u8>) -> Result<Option<E>, ReadError> {
            code.map(|code| {
                E::from_code(code).ok_or(ReadError::UnknownValue {
                    component,
                    value: i64::from(code),
                })
            })
            .transpose()
        }
        let component = columns.component;
        let widths = Plain::<u32>::read(component, columns.get("width")?)?;
        let heights = Plain::<u32>::read(component, columns.get("height")?)?;
        let pixel_formats = columns.optional::<UInt8Type>("pixel_format")?;
        let color_models = columns.optional::<UInt8Type>("color_model")?;
        let channel_datatypes = columns.optional::<UInt8Type>("channel_datatype")?;
        let choices = pixel_formats.into_iter().zip(color_models).zip(channel_datatypes);
        widths
            .iter()
            .zip(heights.iter())
            .zip(choices)
            .map(
                |((&width, &height), ((pixel_format, color_model), channel_datatype))| {
                    Ok(Self {
                        width,
                        height,
                        pixel_format: choice(component, pixel_format)?,
                        color_model: choice(component, color_model)?,
                        channel_datatype: choice(component, channel_datatype)?,
                    })
                },
            )
            .collect()
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        fn codes<E: Enumeration>(choices: impl Iterator<Item = Option<E>>) -> ArrayRef {
            Arc::new(
                choices
                    .map(|choice| choice.map(E::code))
                    .collect::<PrimitiveArray<UInt8Type>>(),
            )
        }
        vec![
            build_plain(&values.iter().map(|value| value.width).collect::<Vec<_>>()),
            build_plain(&values.iter().map(|value| value.height).collect::<Vec<_>>()),
            codes(values.iter().map(|value| value.pixel_format)),
            codes(values.iter().map(|value| value.color_model)),
            codes(values.iter().map(|value| value.channel_datatype)),
        ]
    }
}

/// The label and color of a class or a keypoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnotationInfo {
    /// The class id or keypoint id.
    pub id: u16,
    /// Its name.
    pub label: Option<String>,
    /// Its color; one derived from the id where there is none.
    pub color: Option<Rgba>,
}

impl AnnotationInfo {
    /// A named class or keypoint.
    pub fn new(id: u16, label: impl Into<String>, color: impl Into<Rgba>) -> Self {
        Self {
            id,
            label: Some(label.into()),
            color: Some(color.into()),
        }
    }
}

impl Record for AnnotationInfo {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let ids = Plain::<u16>::read(columns.component, columns.get("id")?)?;
        let labels = Texts::read(columns.component, columns.get("label")?)?;
        let colors = columns.optional::<UInt32Type>("color")?;
        let rest = labels.iter().zip(colors);
        Ok(ids
            .iter()
            .zip(rest)
            .map(|(&id, (label, color))| Self {
                id,
                label: label.map(str::to_owned),
                color: color.map(Rgba),
            })
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            build_plain(&values.iter().map(|value| value.id).collect::<Vec<_>>()),
            Arc::new(
                values
                    .iter()
                    .map(|value| value.label.as_deref())
                    .collect::<StringArray>(),
            ),
            Arc::new(
                values
                    .iter()
                    .map(|value| value.color.map(|color| color.0))
                    .collect::<PrimitiveArray<UInt32Type>>(),
            ),
        ]
    }
}

/// What a class id stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassDescription {
    /// The class itself.
    pub info: AnnotationInfo,
    /// Its keypoints.
    pub keypoints: Vec<AnnotationInfo>,
    /// Pairs of keypoints that are joined by a line.
    pub connections: Vec<[u16; 2]>,
}

impl From<AnnotationInfo> for ClassDescription {
    fn from(info: AnnotationInfo) -> Self {
        Self {
            info,
            ..Self::default()
        }
    }
}

/// What class ids stand for, at an entity and below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnotationContext {
    /// The classes, in the order in which they were logged.
    pub classes: Vec<ClassDescription>,
}

impl AnnotationContext {
    /// The description of a class. Of two for one class, the later holds.
    pub fn class(&self, id: u16) -> Option<&ClassDescription> {
        self.classes.iter().rev().find(|class| class.info.id == id)
    }
}

impl<T: Into<ClassDescription>> FromIterator<T> for AnnotationContext {
    fn from_iter<I: IntoIterator<Item = T>>(classes: I) -> Self {
        Self {
            classes: classes.into_iter().map(Into::into).collect(),
        }
    }
}

/// A pair of keypoints.
struct Connection([u16; 2]);

impl Record for Connection {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let from = Plain::<u16>::read(columns.component, columns.get("keypoint0")?)?;
        let to = Plain::<u16>::read(columns.component, columns.get("keypoint1")?)?;
        Ok(from
            .iter()
            .zip(to.iter())
            .map(|(&from, &to)| Self([from, to]))
            .collect())
    }

    fn build(_: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        vec![
            build_plain(&values.iter().map(|value| value.0[0]).collect::<Vec<_>>()),
            build_plain(&values.iter().map(|value| value.0[1]).collect::<Vec<_>>()),
        ]
    }
}

/// The `class_description` in an annotation context.
struct Description(ClassDescription);

impl Record for Description {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let component = columns.component;
        let infos: Vec<AnnotationInfo> = read_records(component, columns.get("info")?)?;
        let keypoints = read_lists::<AnnotationInfo>(component, columns.get("keypoint_annotations")?)?;
        let connections = read_lists::<Connection>(component, columns.get("keypoint_connections")?)?;
        Ok(infos
            .into_iter()
            .zip(keypoints.into_iter().zip(connections))
            .map(|(info, (keypoints, connections))| {
                let connections = connections.into_iter().map(|connection| connection.0).collect();
                Self(ClassDescription {
                    info,
                    keypoints,
                    connections,
                })
            })
            .collect())
    }

    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let [info, keypoints, connections] = fields else {
            return Vec::new();
        };
        let infos: Vec<AnnotationInfo> = values.iter().map(|value| value.0.info.clone()).collect();
        vec![
            build_records(info.data_type(), &infos),
            build_lists(
                keypoints.data_type(),
                values.iter().map(|value| value.0.keypoints.clone()),
            ),
            build_lists(
                connections.data_type(),
                values
                    .iter()
                    .map(|value| value.0.connections.iter().copied().map(Connection).collect()),
            ),
        ]
    }
}

/// An entry of an annotation context.
struct ClassEntry(ClassDescription);

impl Record for ClassEntry {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let ids = Plain::<u16>::read(columns.component, columns.get("class_id")?)?;
        let descriptions: Vec<Description> =
            read_records(columns.component, columns.get("class_description")?)?;
        Ok(ids
            .iter()
            .zip(descriptions)
            .map(|(&id, Description(mut description))| {
                // The key of the map is what class ids refer to.
                description.info.id = id;
                Self(description)
            })
            .collect())
    }

    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let [_, description] = fields else {
            return Vec::new();
        };
        let descriptions: Vec<Description> =
            values.iter().map(|value| Description(value.0.clone())).collect();
        vec![
            build_plain(&values.iter().map(|value| value.0.info.id).collect::<Vec<_>>()),
            build_records(description.data_type(), &descriptions),
        ]
    }
}

/// Components that are an annotation context per instance.
pub enum AnnotationContexts {}

impl Encoding for AnnotationContexts {
    type Value = AnnotationContext;
    type Slice<'a> = Vec<AnnotationContext>;

    fn datatype(component: &'static str) -> DataType {
        datatype_by_name(component)
    }

    fn read_range(
        component: &'static str,
        array: &dyn Array,
        range: Range<usize>,
    ) -> Result<Vec<AnnotationContext>, ReadError> {
        let lists = with_slice(array, range, |array| read_lists::<ClassEntry>(component, array))?;
        Ok(lists
            .into_iter()
            .map(|classes| classes.into_iter().map(|class| class.0).collect())
            .collect())
    }

    fn build(component: &'static str, values: Vec<AnnotationContext>) -> ArrayRef {
        build_lists(
            &datatype_by_name(component),
            values
                .into_iter()
                .map(|value| value.classes.into_iter().map(ClassEntry).collect()),
        )
    }
}

/// Reads a list of records per instance.
fn read_lists<R: Record>(component: &'static str, array: &dyn Array) -> Result<Vec<Vec<R>>, ReadError> {
    if array.is_empty() && array.data_type().is_null() {
        return Ok(Vec::new());
    }
    check_no_nulls(component, array, &(0..array.len()))?;
    let Some(lists) = array.as_list_opt::<i32>() else {
        let (expected, found) = ("a list of structs".to_owned(), array.data_type().to_string());
        return Err(ReadError::Type {
            component,
            expected,
            found,
        });
    };
    let offsets = lists.value_offsets();
    let at = |index: usize| {
        offsets
            .get(index)
            .and_then(|&offset| usize::try_from(offset).ok())
            .unwrap_or(0)
    };
    let (start, end) = (at(0), at(lists.len()));
    let mut values = read_records::<R>(
        component,
        lists.values().slice(start, end.saturating_sub(start)).as_ref(),
    )?
    .into_iter();
    Ok((0..lists.len())
        .map(|list| {
            values
                .by_ref()
                .take(at(list + 1).saturating_sub(at(list)))
                .collect()
        })
        .collect())
}

/// Builds a list of records per instance.
fn build_lists<R: Record>(datatype: &DataType, lists: impl Iterator<Item = Vec<R>>) -> ArrayRef {
    let (mut lengths, mut values) = (Vec::new(), Vec::new());
    for list in lists {
        lengths.push(list.len());
        values.extend(list);
    }
    let built = match datatype {
        DataType::List(item) if i32::try_from(values.len()).is_ok() => {
            let items = build_records(item.data_type(), &values);
            ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), items, None).ok()
        }
        _ => None,
    };
    built.map_or_else(|| new_empty_array(datatype), |lists| Arc::new(lists) as ArrayRef)
}
