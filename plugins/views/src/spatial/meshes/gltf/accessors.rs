//! Numbers out of buffers. Every offset and length is checked before anything is reserved.

use super::{Gltf, broken, document::SparsePart};
use crate::spatial::meshes::model::{Model, ModelError};

/// What accessors count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    fn of(code: u32) -> Result<Self, ModelError> {
        Ok(match code {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return Err(broken(format!("component type {code} is none"))),
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }

    /// A number, between -1 and 1 where it stands for a fraction. Integers of 32 bits are exact.
    fn read(self, bytes: &[u8], is_fraction: bool) -> f64 {
        fn word<const N: usize>(bytes: &[u8]) -> [u8; N] {
            bytes.first_chunk().copied().unwrap_or([0; N])
        }
        let (value, one) = match self {
            Self::I8 => (f64::from(i8::from_le_bytes(word(bytes))), f64::from(i8::MAX)),
            Self::U8 => (f64::from(u8::from_le_bytes(word(bytes))), f64::from(u8::MAX)),
            Self::I16 => (f64::from(i16::from_le_bytes(word(bytes))), f64::from(i16::MAX)),
            Self::U16 => (f64::from(u16::from_le_bytes(word(bytes))), f64::from(u16::MAX)),
            Self::U32 => (f64::from(u32::from_le_bytes(word(bytes))), f64::from(u32::MAX)),
            Self::F32 => return f64::from(f32::from_le_bytes(word(bytes))),
        };
        if is_fraction {
            (value / one).max(-1.0)
        } else {
            value
        }
    }
}

/// Elements in a buffer, one every `stride` bytes.
struct Elements<'a> {
    bytes: &'a [u8],
    stride: usize,
    count: usize,
    component: Component,
    is_fraction: bool,
}

impl<'a> Elements<'a> {
    fn iter<const N: usize>(&self) -> impl Iterator<Item = [f64; N]> + use<'a, N> {
        let (size, component, is_fraction) = (self.component.bytes(), self.component, self.is_fraction);
        self.bytes
            .chunks(self.stride)
            .take(self.count)
            .map(move |element| {
                std::array::from_fn(|lane| {
                    component.read(element.get(lane * size..).unwrap_or(&[]), is_fraction)
                })
            })
    }
}

/// How many numbers an element has.
fn num_lanes(lanes: &str) -> Option<usize> {
    Some(match lanes {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" => 4,
        _ => return None,
    })
}

impl Gltf<'_> {
    /// How many elements an accessor has.
    pub(super) fn count(&self, accessor: usize) -> Result<usize, ModelError> {
        let accessor = self.document.accessors.get(accessor);
        Ok(accessor
            .ok_or_else(|| broken("it names an accessor that is not there"))?
            .count)
    }

    /// The elements of an accessor, with `fill` where it has fewer numbers than are asked for.
    pub(super) fn read<const N: usize>(
        &self,
        model: &Model,
        accessor: usize,
        fill: f64,
    ) -> Result<Vec<[f64; N]>, ModelError> {
        let accessor = self.document.accessors.get(accessor);
        let accessor = accessor.ok_or_else(|| broken("it names an accessor that is not there"))?;
        let lanes = num_lanes(&accessor.lanes).filter(|lanes| *lanes <= N);
        let lanes = lanes.ok_or_else(|| broken(format!("{} is not expected there", accessor.lanes)))?;
        let component = Component::of(accessor.component_type)?;
        model.check_room((accessor.count as u64).saturating_mul(size_of::<[f64; N]>() as u64))?;
        let filled = |mut element: [f64; N]| {
            element.iter_mut().skip(lanes).for_each(|lane| *lane = fill);
            element
        };
        let mut values: Vec<[f64; N]> = match accessor.buffer_view {
            Some(view) => {
                let elements = self.elements(
                    (view, accessor.byte_offset),
                    accessor.count,
                    lanes,
                    (component, accessor.normalized),
                )?;
                elements.iter().map(filled).collect()
            }
            None => vec![filled([0.0; N]); accessor.count],
        };
        if let Some(sparse) = &accessor.sparse {
            let place = |part: &SparsePart| (part.buffer_view, part.byte_offset);
            let index = Component::of(sparse.indices.component_type)?;
            let indices = self.elements(place(&sparse.indices), sparse.count, 1, (index, false))?;
            let replaced = (component, accessor.normalized);
            let replaced = self.elements(place(&sparse.values), sparse.count, lanes, replaced)?;
            for ([index], value) in indices.iter().zip(replaced.iter()) {
                let place = values.get_mut(index as usize);
                *place.ok_or_else(|| broken("a sparse accessor replaces what is not there"))? = filled(value);
            }
        }
        Ok(values)
    }

    fn elements(
        &self,
        (view, offset): (usize, usize),
        count: usize,
        lanes: usize,
        (component, is_fraction): (Component, bool),
    ) -> Result<Elements<'_>, ModelError> {
        let size = lanes * component.bytes();
        let stride = self
            .document
            .buffer_views
            .get(view)
            .and_then(|view| view.byte_stride);
        let stride = stride.unwrap_or(size);
        if stride < size {
            return Err(broken("elements overlap"));
        }
        let buffer = self.view(view)?;
        let bytes = match count.checked_sub(1) {
            None => Some(&[][..]),
            Some(last) => last
                .checked_mul(stride)
                .and_then(|start| start.checked_add(size)?.checked_add(offset))
                .and_then(|end| buffer.get(offset..end)),
        };
        Ok(Elements {
            bytes: bytes.ok_or_else(|| broken("an accessor exceeds its buffer"))?,
            stride,
            count,
            component,
            is_fraction,
        })
    }

    /// The bytes of a view.
    pub(super) fn view(&self, view: usize) -> Result<&[u8], ModelError> {
        let view = self.document.buffer_views.get(view);
        let view = view.ok_or_else(|| broken("it names a view of a buffer that is not there"))?;
        let buffer = self.buffers.get(view.buffer);
        let buffer = buffer.ok_or_else(|| broken("it names a buffer that is not there"))?;
        let buffer = buffer.as_ref().map_err(Clone::clone)?;
        let end = view.byte_offset.checked_add(view.byte_length);
        let bytes = end.and_then(|end| buffer.get(view.byte_offset..end));
        bytes.ok_or_else(|| broken("a view exceeds its buffer"))
    }
}
