//! Texts.

use std::{fmt, sync::Arc};

use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, cast::AsArray};
use arrow_schema::DataType;

use super::Encoding;
use crate::ReadError;

/// Texts, one per instance; an instance may have none.
#[derive(Clone, Copy)]
pub struct TextSlices<'a>(Kind<'a>);

#[derive(Clone, Copy)]
enum Kind<'a> {
    None,
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> TextSlices<'a> {
    /// The number of instances.
    pub fn len(&self) -> usize {
        match self.0 {
            Kind::None => 0,
            Kind::Small(array) => array.len(),
            Kind::Large(array) => array.len(),
            Kind::View(array) => array.len(),
        }
    }

    /// Whether there is no instance.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of an instance; `None` where it has none, or does not exist.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        if index >= self.len() {
            return None;
        }
        match self.0 {
            Kind::None => None,
            Kind::Small(array) => array.is_valid(index).then(|| array.value(index)),
            Kind::Large(array) => array.is_valid(index).then(|| array.value(index)),
            Kind::View(array) => array.is_valid(index).then(|| array.value(index)),
        }
    }

    /// The text of the first instance.
    pub fn first(&self) -> Option<&'a str> {
        self.get(0)
    }

    /// The texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&'a str>> + Clone + use<'a> {
        let texts = *self;
        (0..self.len()).map(move |index| texts.get(index))
    }
}

impl fmt::Debug for TextSlices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Components that are a text per instance.
pub enum Texts {}

impl Encoding for Texts {
    type Value = String;
    type Slice<'a> = TextSlices<'a>;

    fn datatype(_: &'static str) -> DataType {
        DataType::Utf8
    }

    fn read<'a>(component: &'static str, array: &'a dyn Array) -> Result<TextSlices<'a>, ReadError> {
        let kind = match array.data_type() {
            DataType::Utf8 => array.as_string_opt().map(Kind::Small),
            DataType::LargeUtf8 => array.as_string_opt().map(Kind::Large),
            DataType::Utf8View => array.as_string_view_opt().map(Kind::View),
            DataType::Null if array.is_empty() => Some(Kind::None),
            _ => None,
        };
        kind.map(TextSlices)
            .ok_or_else(|| ReadError::wrong_type(component, &DataType::Utf8, array.data_type()))
    }

    fn build(_: &'static str, values: Vec<String>) -> ArrayRef {
        let bytes: usize = values.iter().map(String::len).sum();
        // What is too long for the offsets of texts becomes large texts, which all readers accept.
        if i32::try_from(bytes).is_ok() {
            Arc::new(StringArray::from_iter_values(values))
        } else {
            Arc::new(LargeStringArray::from_iter_values(values))
        }
    }
}
