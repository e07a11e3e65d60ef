//! Everything that can be wrong with a live connection.

use std::{io, net::SocketAddr, sync::Arc};

use crate::{grpc::Status, link::LinkError};

/// Why nothing is listened on, or a connection is not there. Displays as a sentence.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The thread for connections did not start.
    #[error("cannot start the thread for connections: {0}")]
    Thread(Arc<io::Error>),
    /// Another program listens there, or the address is not one of this machine.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: Arc<io::Error>,
    },
    /// Nobody answers.
    #[error("cannot connect to {address}: {error}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system says.
        error: Arc<io::Error>,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The other side answered that it does not do what it was asked for.
    #[error("{0}")]
    Refused(Status),
    /// The text is no address.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It took longer than it may.
    #[error("no answer within {0} seconds")]
    Timeout(u64),
}

impl LiveError {
    /// Whether the reason is that another program listens there.
    pub fn is_address_in_use(&self) -> bool {
        matches!(self, Self::Bind { error, .. } if error.kind() == io::ErrorKind::AddrInUse)
    }
}
