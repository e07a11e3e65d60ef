//! Arrow datatypes from the notation of the vocabulary's tables.
//!
//! `uint8`, `string`, `list<item: float not null>`, `fixed_size_list<item: float not null>[3]`,
//! `struct<min: int64 not null, max: int64 not null>`, `dense_union<U8: uint8 not null=1, F32: float=2>`.

use std::sync::Arc;

use arrow_schema::{DataType, Field, UnionFields, UnionMode};

/// Lists, structs and unions nest no deeper than this.
const MAX_DEPTH: usize = 32;

/// Reads a datatype in the notation of the vocabulary: `fixed_size_list<item: float not null>[3]`.
///
/// # Errors
/// The position, in bytes, at which the text stops to make sense.
pub fn parse_datatype(text: &str) -> Result<DataType, usize> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let datatype = parser.datatype()?;
    if parser.at == text.len() {
        Ok(datatype)
    } else {
        Err(parser.at)
    }
}

/// A datatype in the notation that [`parse_datatype`] reads; `None` where it has no such name.
pub fn format_datatype(datatype: &DataType) -> Option<String> {
    let field = |field: &Field| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if field.name().is_empty() || !field.name().chars().all(is_word) {
            return None;
        }
        let datatype = format_datatype(field.data_type())?;
        let not_null = if field.is_nullable() { "" } else { " not null" };
        Some(format!("{}: {datatype}{not_null}", field.name()))
    };
    if let Some((name, _)) = PLAIN.iter().find(|(_, plain)| plain == datatype) {
        return Some((*name).to_owned());
    }
    match datatype {
        DataType::List(item) => Some(format!("list<{}>", field(item)?)),
        DataType::FixedSizeList(item, length) => Some(format!("fixed_size_list<{}>[{length}]", field(item)?)),
        DataType::Struct(fields) if !fields.is_empty() => {
            let fields: Option<Vec<String>> = fields.iter().map(|inner| field(inner)).collect();
            Some(format!("struct<{}>", fields?.join(", ")))
        }
        DataType::Union(variants, UnionMode::Dense) if !variants.is_empty() => {
            let variants: Option<Vec<String>> = variants
                .iter()
                .map(|(id, inner)| Some(format!("{}={id}", field(inner)?)))
                .collect();
            Some(format!("dense_union<{}>", variants?.join(", ")))
        }
        _ => None,
    }
}

/// The datatypes that are one word.
const PLAIN: [(&str, DataType); 17] = [
    ("null", DataType::Null),
    ("bool", DataType::Boolean),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("halffloat", DataType::Float16),
    ("float", DataType::Float32),
    ("double", DataType::Float64),
    ("string", DataType::Utf8),
    ("large_string", DataType::LargeUtf8),
    ("binary", DataType::Binary),
    ("large_binary", DataType::LargeBinary),
];

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), usize> {
        if self.eat(token) { Ok(()) } else { Err(self.at) }
    }

    fn word(&mut self) -> Result<&'a str, usize> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.at);
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, usize> {
        let at = self.at;
        self.word()?.parse().map_err(|_| at)
    }

    fn field(&mut self) -> Result<Field, usize> {
        let name = self.word()?;
        self.expect(": ")?;
        let datatype = self.datatype()?;
        let nullable = !self.eat(" not null");
        Ok(Field::new(name, datatype, nullable))
    }

    fn datatype(&mut self) -> Result<DataType, usize> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.at);
        }
        let at = self.at;
        let datatype = match self.word()? {
            "list" => {
                self.expect("<")?;
                let item = self.field()?;
                self.expect(">")?;
                DataType::List(Arc::new(item))
            }
            "fixed_size_list" => {
                self.expect("<")?;
                let item = self.field()?;
                self.expect(">[")?;
                let length = self.number()?;
                self.expect("]")?;
                DataType::FixedSizeList(Arc::new(item), length)
            }
            "struct" => {
                self.expect("<")?;
                let mut fields = vec![self.field()?];
                while self.eat(", ") {
                    fields.push(self.field()?);
                }
                self.expect(">")?;
                DataType::Struct(fields.into())
            }
            "dense_union" => {
                self.expect("<")?;
                let (mut ids, mut fields) = (Vec::new(), Vec::new());
                loop {
                    fields.push(self.field()?);
                    self.expect("=")?;
                    ids.push(self.number::<i8>()?);
                    if !self.eat(", ") {
                        break;
                    }
                }
                self.expect(">")?;
                let variants = UnionFields::try_new(ids, fields).map_err(|_error| at)?;
                DataType::Union(variants, UnionMode::Dense)
            }
            word => match PLAIN.iter().find(|(name, _)| *name == word) {
                Some((_, plain)) => plain.clone(),
                None => return Err(at),
            },
        };
        self.depth -= 1;
        Ok(datatype)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn reads_nested_types() {
        let check = |text: &str, expected: DataType| {
            assert_eq!(format_datatype(&expected).as_deref(), Some(text));
            assert_eq!(parse_datatype(text), Ok(expected), "{text}");
        };
        let item = |datatype: DataType, nullable| Arc::new(Field::new("item", datatype, nullable));
        check("float", DataType::Float32);
        check(
            "list<item: uint8 not null>",
            DataType::List(item(DataType::UInt8, false)),
        );
        check("list<item: string>", DataType::List(item(DataType::Utf8, true)));
        check(
            "fixed_size_list<item: double not null>[2]",
            DataType::FixedSizeList(item(DataType::Float64, false), 2),
        );
        check(
            "struct<a: int64 not null, b: list<item: bool>>",
            DataType::Struct(
                vec![
                    Field::new("a", DataType::Int64, false),
                    Field::new("b", DataType::List(item(DataType::Boolean, true)), true),
                ]
                .into(),
            ),
        );
    }

    #[test]
    fn every_datatype_of_the_vocabulary_is_written_as_it_is_read() {
        for (name, datatype) in crate::Vocabulary::get().component_types() {
            let text = format_datatype(datatype).expect(name);
            assert_eq!(parse_datatype(&text).as_ref(), Ok(datatype), "{name}: {text}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "",
            "floats",
            "list",
            "list<item: float",
            "list<float>",
            "fixed_size_list<item: float>[x]",
            "float ",
            "fixed_size_list<item: float>[99999999999]",
            "dense_union<a: float>",
            "dense_union<a: float=300>",
            "dense_union<a: float=1, b: float=1>",
            "struct<>",
        ] {
            assert!(parse_datatype(text).is_err(), "{text}");
        }
        let deep = "list<item: ".repeat(100) + "float" + &">".repeat(100);
        assert!(parse_datatype(&deep).is_err());
    }
}
