//! Arrow datatypes from the notation of the vocabulary's tables.
//!
//! `uint8`, `string`, `list<item: float not null>`, `fixed_size_list<item: float not null>[3]`,
//! `struct<min: int64 not null, max: int64 not null>`, `dense_union<U8: uint8 not null=1, F32: float=2>`.

use std::sync::Arc;

use arrow_schema::{DataType, Field, UnionFields, UnionMode};

/// Lists, structs and unions nest no deeper than this.
const MAX_DEPTH: usize = 32;

/// Reads a datatype; the error is the position at which the text stops to make sense.
pub(crate) fn parse_datatype(text: &str) -> Result<DataType, usize> {
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
            "null" => DataType::Null,
            "bool" => DataType::Boolean,
            "int8" => DataType::Int8,
            "int16" => DataType::Int16,
            "int32" => DataType::Int32,
            "int64" => DataType::Int64,
            "uint8" => DataType::UInt8,
            "uint16" => DataType::UInt16,
            "uint32" => DataType::UInt32,
            "uint64" => DataType::UInt64,
            "halffloat" => DataType::Float16,
            "float" => DataType::Float32,
            "double" => DataType::Float64,
            "string" => DataType::Utf8,
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
                let mut variants = vec![self.variant()?];
                while self.eat(", ") {
                    variants.push(self.variant()?);
                }
                self.expect(">")?;
                DataType::Union(variants.into_iter().collect::<UnionFields>(), UnionMode::Dense)
            }
            _ => return Err(at),
        };
        self.depth -= 1;
        Ok(datatype)
    }

    fn variant(&mut self) -> Result<(i8, Arc<Field>), usize> {
        let field = self.field()?;
        self.expect("=")?;
        Ok((self.number()?, Arc::new(field)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn reads_nested_types() {
        let check = |text: &str, expected: DataType| assert_eq!(parse_datatype(text), Ok(expected), "{text}");
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
    fn refuses_what_it_does_not_know() {
        for text in [
            "",
            "floats",
            "list",
            "list<item: float",
            "list<float>",
            "fixed_size_list<item: float>[x]",
            "float ",
            "struct<>",
        ] {
            assert!(parse_datatype(text).is_err(), "{text}");
        }
        let deep = "list<item: ".repeat(100) + "float" + &">".repeat(100);
        assert!(parse_datatype(&deep).is_err());
    }
}
