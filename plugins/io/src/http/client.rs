//! One request for a file or a part of it.

use std::{io, ops::Range, sync::LazyLock, time::Duration};

use ureq::{
    Agent, Body, BodyReader, Error,
    http::{Response, StatusCode, header},
    tls::TlsConfig,
};

use super::{HttpError, HttpLink, certificates::trusted};

const MAX_REDIRECTS: u32 = 8;
/// The time that a server has to send something more.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// What a server gives.
pub(super) struct Answer {
    pub(super) body: BodyReader<'static>,
    /// The bytes of the whole file, where they are known.
    pub(super) total_bytes: Option<u64>,
    /// Whether the server gives parts of the file, too.
    pub(super) gives_parts: bool,
    /// What changes when the file does, where the server says it.
    pub(super) version: Option<String>,
}

/// Asks for the bytes of a file from one on, or for some of them. It is an error where others come.
pub(super) fn get(link: &HttpLink, from: u64, to: Option<u64>) -> Result<Answer, HttpError> {
    // An end that is sent is inclusive.
    let last = to.map_or_else(String::new, |to| to.saturating_sub(1).to_string());
    let response = agent()
        .get(link.as_str())
        .header(header::RANGE, format!("bytes={from}-{last}"))
        .header(header::ACCEPT_ENCODING, "identity")
        .config()
        .https_only(link.is_encrypted())
        .build()
        .call()
        .map_err(error_of)?;
    match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            let part = content_range(&response).ok_or(HttpError::WrongPart)?;
            if part.bytes.start != from || to.is_some_and(|to| part.bytes.end > to) {
                return Err(HttpError::WrongPart);
            }
            Ok(answer(response, part.total_bytes, part.total_bytes.is_some()))
        }
        StatusCode::OK if from == 0 => {
            let total_bytes = response.body().content_length();
            Ok(answer(response, total_bytes, false))
        }
        StatusCode::OK => Err(HttpError::WrongPart),
        // An empty file has no first byte.
        StatusCode::RANGE_NOT_SATISFIABLE if from == 0 => Ok(Answer {
            body: Body::builder().data(Vec::new()).into_reader(),
            total_bytes: Some(0),
            gives_parts: false,
            version: None,
        }),
        status => Err(HttpError::Status {
            code: status.as_u16(),
            reason: status.canonical_reason().unwrap_or(""),
        }),
    }
}

fn answer(response: Response<Body>, total_bytes: Option<u64>, gives_parts: bool) -> Answer {
    let field = |name: header::HeaderName| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let version = field(header::ETAG).or_else(|| field(header::LAST_MODIFIED));
    Answer {
        version,
        total_bytes,
        gives_parts,
        body: response.into_body().into_reader(),
    }
}

struct Part {
    bytes: Range<u64>,
    total_bytes: Option<u64>,
}

/// Which part of the file comes: `bytes 0-99/1234`.
fn content_range(response: &Response<Body>) -> Option<Part> {
    parse_content_range(response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?)
}

fn parse_content_range(text: &str) -> Option<Part> {
    let (bytes, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = bytes.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let end = last.checked_add(1).filter(|&end| end > first)?;
    let total_bytes = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok().filter(|&total| end <= total)?),
    };
    Some(Part {
        bytes: first..end,
        total_bytes,
    })
}

/// The client, whose connections are used again.
fn agent() -> &'static Agent {
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("chronoscope/", env!("CARGO_PKG_VERSION")))
            .max_redirects(MAX_REDIRECTS)
            .timeout_connect(Some(CONNECT))
            .timeout_resolve(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .tls_config(TlsConfig::builder().root_certs(trusted()).build())
            .build()
            .new_agent()
    });
    &AGENT
}

pub(super) fn error_of(error: Error) -> HttpError {
    match error {
        Error::BadUri(text) => HttpError::Link(text),
        Error::Http(error) => HttpError::Link(error.to_string()),
        Error::HostNotFound => HttpError::UnknownHost,
        Error::Timeout(what) => HttpError::Timeout {
            secs: match what {
                ureq::Timeout::Connect | ureq::Timeout::Resolve => CONNECT.as_secs(),
                _ => SILENCE.as_secs(),
            },
        },
        Error::TooManyRedirects => HttpError::Redirects { limit: MAX_REDIRECTS },
        Error::RequireHttpsOnly(_) => HttpError::Downgrade,
        Error::Rustls(error) => HttpError::Encryption(error.to_string()),
        Error::Tls(text) => HttpError::Encryption(text.to_owned()),
        Error::Pem(error) => HttpError::Encryption(error.to_string()),
        Error::Io(error) => error_of_io(error),
        Error::ConnectionFailed => HttpError::Connection("the server cannot be reached".to_owned()),
        error @ (Error::Protocol(_) | Error::LargeResponseHeader(..)) => {
            HttpError::Protocol(error.to_string())
        }
        error => HttpError::Connection(error.to_string()),
    }
}

/// What an error of a body that is read means: it may be one of the client's own.
pub(super) fn error_of_io(error: io::Error) -> HttpError {
    match error.downcast::<Error>() {
        // The client's errors of the system come as they are.
        Ok(Error::Io(error)) => HttpError::Connection(error.to_string()),
        Ok(error) => error_of(error),
        Err(error) => match error.downcast::<HttpError>() {
            Ok(error) => error,
            Err(error) => of_system(error),
        },
    }
}

fn of_system(error: io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => HttpError::Timeout {
            secs: SILENCE.as_secs(),
        },
        // The library for encryption speaks as the system does.
        io::ErrorKind::InvalidData => HttpError::Encryption(error.to_string()),
        _ => HttpError::Connection(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_they_say() {
        let parse = |text: &str| parse_content_range(text).map(|part| (part.bytes, part.total_bytes));
        assert_eq!(parse("bytes 0-99/1234"), Some((0..100, Some(1234))));
        assert_eq!(parse("bytes 5-5/*"), Some((5..6, None)));
        for wrong in [
            "",
            "bytes 0-99",
            "bytes 9-5/100",
            "bytes 0-100/100",
            "bytes */100",
            "items 0-1/2",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
