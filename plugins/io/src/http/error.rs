//! Everything that can be wrong with a file on a web server.

use std::io;

/// Why a file on a web server cannot be read. Displays as the end of a sentence that begins with its link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The text is no link.
    #[error("this is not a link to a file on a web server: {0}")]
    Link(String),
    /// This program was built without a client for web servers.
    #[error("this program was built without the feature that opens links")]
    NotBuilt,
    /// The name of the server is not known.
    #[error("no server of this name was found")]
    UnknownHost,
    /// No connection could be made, or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The server cannot prove who it is, or the connection cannot be encrypted.
    #[error("the connection could not be encrypted: {0}")]
    Encryption(String),
    /// Nothing came for too long.
    #[error("the server did not answer within {secs} seconds")]
    Timeout {
        /// The time that it had.
        secs: u64,
    },
    /// The server answered that it does not give the file.
    #[error("the server answered {code} {reason}")]
    Status {
        /// The number of the answer, such as 404.
        code: u16,
        /// What it means, such as `Not Found`.
        reason: &'static str,
    },
    /// The server sent on and on to other places.
    #[error("the server redirected more than {limit} times")]
    Redirects {
        /// The limit.
        limit: u32,
    },
    /// An encrypted link was redirected to one that is not.
    #[error("the server redirected to a link that is not encrypted, which is not followed")]
    Downgrade,
    /// The file ended before its end.
    #[error("the connection was closed after {received} of {expected} bytes")]
    CutOff {
        /// The bytes that came.
        received: u64,
        /// The bytes that were to come.
        expected: u64,
    },
    /// The file is not the same as before.
    #[error("the file was changed on the server while it was read")]
    Changed,
    /// The server gave another part of the file than it was asked for.
    #[error("the server gave another part of the file than it was asked for")]
    WrongPart,
    /// A part of the file that is asked for at once is too large.
    #[error("a part of {bytes} bytes was asked for, more than the {limit_bytes} that one may have")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// What the server said makes no sense.
    #[error("the server's answer is not understood: {0}")]
    Protocol(String),
}

impl HttpError {
    /// Whether another try may give another answer.
    #[cfg(feature = "http")]
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Timeout { .. } | Self::CutOff { .. } => true,
            Self::Status { code, .. } => *code == 429 || *code >= 500,
            _ => false,
        }
    }
}

impl From<HttpError> for io::Error {
    fn from(error: HttpError) -> Self {
        Self::other(error)
    }
}
