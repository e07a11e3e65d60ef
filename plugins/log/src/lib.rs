//! Logging, from any program: rows and columns become chunks, and chunks go to memory, to files and to viewers.
//!
//! ```
//! use chronoscope_log::{MemorySink, Recorder};
//! use chronoscope_types::{Points3D, Scalars, TextLog};
//!
//! # fn main() -> Result<(), chronoscope_log::LogError> {
//! let memory = MemorySink::default();
//! let mut recorder = Recorder::builder("walk").sink(memory.clone()).start()?;
//! recorder.log_static("world", &Points3D::new([[0.0, 0.0, 0.0]]))?;
//! for frame in 0..100_u32 {
//!     recorder.set_sequence("frame", frame.into());
//!     recorder.log("plots/sine", &Scalars::new([f64::from(frame).sin()]))?;
//! }
//! recorder.log("log", &TextLog::new("done"))?;
//! recorder.flush()?;
//! let recording = memory.to_recording(recorder.id())?;
//! // One row more says when the recording began.
//! assert_eq!(recording.store.store_stats().chunks.num_rows, 103);
//! # Ok(())
//! # }
//! ```
//!
//! The modules follow a row:
//!
//! # What is logged
//! A [`Recorder`] takes rows: an entity, times, and an archetype of [`chronoscope_types`] or any pairs of a descriptor and an
//! Arrow array. [`Recorder::log_columns`] takes many rows at once. A [`Stream`] is the fast way for one component of which a
//! value comes at a time.
//!
//! # How it is gathered
//! Rows of the same entity, components and timelines wait in a `batch` until there are enough of them, by rows, bytes or
//! time: see [`BatchSettings`]. Then they become one chunk.
//!
//! # Where it goes
//! Each chunk goes to all [`Sink`]s: [`MemorySink`], [`FileSink`], [`SourceSink`] (a viewer in this process). A service
//! elsewhere is reached by `chronoscope_live::GrpcSink`. [`Batched`] is one before another, for chunks that come small.
//!
//! # Invariants
//! - A row that cannot be logged is an error of that call, and costs no other row.
//! - A sink that fails is left out from then on, and said so by the next [`Recorder::flush`]; the others go on.
//! - What was logged before a flush is in every sink after it.
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | row | what is logged about an entity at once |
//! | batch | rows that wait to become a chunk |
//! | stream | a component of an entity that gets a value per row |
//! | sink | where chunks go |
//! | automatic timeline | `log_time`, the time at which a row was logged |

mod error;
mod recorder;
mod settings;
mod stream;

mod batch;
mod state;

mod sink;

mod batched;
mod file;
mod memory;
mod source;

pub use batched::Batched;
pub use error::{LogError, SinkError};
pub use file::FileSink;
pub use memory::MemorySink;
pub use recorder::{Recorder, RecorderBuilder};
pub use settings::BatchSettings;
pub use sink::{Sink, SinkNotice};
pub use source::SourceSink;
pub use stream::Stream;
