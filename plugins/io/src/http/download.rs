//! A file of a web server from its beginning to its end.

use std::io::{self, BufReader, Read};

use ureq::BodyReader;

use super::{
    HttpError, HttpFile, HttpLink,
    client::{Answer, error_of_io, get},
    tries::{backoff, wait_after},
};
use crate::Backoff;

/// A file whose beginning is on its way.
pub(crate) struct Opened {
    /// Reads it as it arrives.
    pub(crate) reader: Box<dyn Read + Send>,
    /// The bytes that it has, where they are known.
    pub(crate) total_bytes: Option<u64>,
    /// The same file to be read in parts, where the server gives them.
    pub(crate) parts: Option<HttpFile>,
}

/// Asks for a file.
///
/// # Errors
/// Where the server is not there, or does not give the file.
pub(crate) fn open(link: &HttpLink) -> Result<Opened, HttpError> {
    let Answer {
        body,
        total_bytes,
        gives_parts,
        version,
    } = get(link, 0, None)?;
    let parts = total_bytes
        .filter(|_| gives_parts)
        .map(|bytes| HttpFile::new(link.clone(), bytes, version.clone()));
    let download = Download {
        link: link.clone(),
        body: Some(body),
        at: 0,
        total_bytes,
        gives_parts,
        version,
        backoff: backoff(),
    };
    Ok(Opened {
        reader: Box::new(BufReader::with_capacity(1 << 17, download)),
        total_bytes,
        parts,
    })
}

struct Download {
    link: HttpLink,
    body: Option<BodyReader<'static>>,
    at: u64,
    total_bytes: Option<u64>,
    gives_parts: bool,
    version: Option<String>,
    /// Since the last byte that came.
    backoff: Backoff,
}

impl Download {
    /// The bytes that come next; none at the end of the file.
    fn try_read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        let body = match &mut self.body {
            Some(body) => body,
            None => {
                let answer = get(&self.link, self.at, None)?;
                if answer.total_bytes != self.total_bytes || answer.version != self.version {
                    return Err(HttpError::Changed);
                }
                self.body.insert(answer.body)
            }
        };
        let count = body.read(buffer).map_err(error_of_io)?;
        match self.total_bytes {
            Some(total) if count == 0 && self.at < total => Err(HttpError::CutOff {
                received: self.at,
                expected: total,
            }),
            _ => Ok(count),
        }
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.total_bytes == Some(self.at) {
            return Ok(0);
        }
        loop {
            match self.try_read(buffer) {
                Ok(count) => {
                    self.at += count as u64;
                    self.backoff.succeeded();
                    return Ok(count);
                }
                Err(error) => {
                    self.body = None;
                    if !self.gives_parts {
                        return Err(error.into());
                    }
                    tracing::debug!("{}: {error}", self.link);
                    wait_after(error, &mut self.backoff)?;
                }
            }
        }
    }
}
