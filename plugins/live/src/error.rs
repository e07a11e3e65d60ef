//! Everything that can be wrong with a live connection.

use std::{io, net::SocketAddr, sync::Arc};

use crate::{
    grpc::{Code, Status},
    link::LinkError,
};

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
    /// The other side cannot prove who it is, or the connection cannot be encrypted.
    #[error("the connection to {address} could not be encrypted: {error}")]
    Encryption {
        /// Host and port.
        address: String,
        /// What is wrong.
        error: Arc<io::Error>,
    },
    /// The other side answered, but not as a viewer does.
    #[error("the other side answered {code} {reason}, which no viewer does")]
    NoViewer {
        /// The number of the answer, such as 404.
        code: u16,
        /// What it means, such as `Not Found`.
        reason: &'static str,
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
    /// Whether another try may end otherwise.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Refused(status) => !matches!(
                status.code,
                Code::InvalidArgument | Code::PermissionDenied | Code::OutOfRange | Code::Unimplemented
            ),
            // What stands between may be there before the service is.
            Self::NoViewer { code, .. } => *code == 429 || *code >= 500,
            Self::Connect { .. } | Self::Broken(_) | Self::Timeout(_) => true,
            Self::Encryption { .. } | Self::Thread(_) | Self::Bind { .. } | Self::Link(_) => false,
        }
    }

    /// Whether the reason is that another program listens there.
    pub fn is_address_in_use(&self) -> bool {
        matches!(self, Self::Bind { error, .. } if error.kind() == io::ErrorKind::AddrInUse)
    }
}
