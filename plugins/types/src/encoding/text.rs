//! Texts.

use std::{fmt, ops::Range, sync::Arc};

use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, cast::AsArray};
use arrow_schema::DataType;

use super::Encoding;
use crate::ReadError;

/// Texts, one per instance; an instance may have none.
#[derive(Clone, Copy)]
pub struct TextSlices<'a> {
    texts: Kind<'a>,
    /// Where the first of the instances stands.
    start: usize,
    len: usize,
}

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
        self.len
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
        let at = self.start + index;
        match self.texts {
            Kind::None => None,
            Kind::Small(array) => array.is_valid(at).then(|| array.value(at)),
            Kind::Large(array) => array.is_valid(at).then(|| array.value(at)),
            Kind::View(array) => array.is_valid(at).then(|| array.value(at)),
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

    fn read_range<'a>(
        component: &'static str,
        array: &'a dyn Array,
        range: Range<usize>,
    ) -> Result<TextSlices<'a>, ReadError> {
        let kind = match array.data_type() {
            DataType::Utf8 => array.as_string_opt().map(Kind::Small),
            DataType::LargeUtf8 => array.as_string_opt().map(Kind::Large),
            DataType::Utf8View => array.as_string_view_opt().map(Kind::View),
            DataType::Null if range.is_empty() => Some(Kind::None),
            _ => None,
        };
        let texts = kind.map(|texts| TextSlices {
            texts,
            start: range.start,
            len: range.len(),
        });
        texts.ok_or_else(|| ReadError::wrong_type(component, &DataType::Utf8, array.data_type()))
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
