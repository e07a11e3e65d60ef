//! Chunks in.
//!
//! [`insert`] checks a chunk's columns, interns their names and drops what it overwrites; [`load`] does so for chunks that are
//! known and not always in memory. [`link`] puts the result into the indices and says so in an event.
//!
//! A chunk per row is how most data is logged, and a few hundred bytes of index per row would be more than the row. So two things
//! happen to small chunks before and after that:
//!
//! 1. [`append`] puts rows that arrive one by one behind each other, in the append buffer of a chunk that is there already.
//! 2. [`merge`] lets chunks of the same columns wait in levels of 32, 1024, ... rows, and makes one of each 32. It also splits large
//!    chunks.
//!
//! [`known_rows`] recognizes what is inserted again after its chunk's id was forgotten so.
//!
//! Each row is so copied once per level, three times with the default settings, and one insert causes at most one merge per level.

pub(crate) mod append;
mod insert;
mod known_rows;
mod link;
mod load;
mod merge;
