//! Live streams: a service that SDKs send to.
//!
//! The modules follow a message from the wire to a source:
//!
//! # Where it is sent
//! A [`Link`] names a service. A [`Server`] listens; who may ask is decided by the `gate`, and what is answered by
//! the `service`. Everything that waits for a peer lives on the one thread of a [`LiveRuntime`].
//!
//! # How it is read
//! `grpc` finds the messages in what arrives. The `inbox` has them decoded on other threads, and puts them into a
//! [`source`](chronoscope_io::source) of their own for each sender, which [`Server::try_next`] hands to the viewer.
//!
//! # What is passed on
//! A [`Relay`] keeps a bounded history and gives it to viewers that come late. [`connect`] reads what another service passes
//! on, into a source; [`probe`] asks whether there is a viewer, [`send`] sends as SDKs do, [`hand_over`] as another start of the program does, and a [`GrpcSink`] sends
//! what a [`Recorder`](chronoscope_log::Recorder) logs.
//!
//! # Invariants
//! - The viewer never waits for a peer, and a peer never for a frame: queues between them are bounded in messages and in
//!   bytes, and where they are full, the sender is not read.
//! - A peer is never trusted: memory is taken for what has arrived, not for what is claimed, and what it sends is decoded
//!   by [`chronoscope_io::wire`], which checks each length.
//! - What one sender does, others do not feel: each has a queue and a decoder of its own.
//! - A connection that is silent costs nothing: there are no ticks.
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | sender | a program that logs, by an SDK |
//! | peer | the other side of a connection |
//! | stream | the messages of one call |
//! | hand over | a second start of the program sends its files to the first |
//! | relay | what passes on to readers what senders sent |
//! | batch | messages that are decoded together |

mod client;
mod connection;
mod error;
mod gate;
mod grpc;
mod inbox;
mod link;
mod named_files;
mod relay;
mod runtime;
mod server;
mod service;
mod signals;
mod sink;
#[cfg(feature = "tls")]
mod tls;

pub use client::{connect, envelope, hand_over, name_files, probe, send};
pub use error::LiveError;
pub use grpc::{Code, Status};
pub use link::{DEFAULT_PORT, Link, LinkError};
pub use named_files::{NamedFile, NamedFiles};
pub use relay::{Relay, RelayState};
pub use runtime::LiveRuntime;
pub use server::{Arrival, HandOver, Server, ServerSettings};
pub use signals::when_asked_to_end;
pub use sink::{GrpcSink, WhenFull};

/// A message as it is sent.
pub use re_protos::external::prost::bytes::Bytes;
