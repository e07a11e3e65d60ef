//! Links to live services: `rerun+http://127.0.0.1:9876/proxy`.

use std::{fmt, net::IpAddr};

/// The port that SDKs connect to where they are not told another.
pub const DEFAULT_PORT: u16 = 9876;

/// The port of encrypted services where a link names none.
const ENCRYPTED_PORT: u16 = 443;

/// Where a service is: host and port, and whether the way there is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    host: String,
    port: u16,
    is_encrypted: bool,
}

/// Why a text is no link. Displays as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The scheme is another one.
    #[error("{0:?} is no link to a viewer: it should look like rerun+http://127.0.0.1:9876/proxy")]
    NoLink(String),
    /// This program was built without encryption.
    #[error(
        "{0:?} asks for an encrypted connection, and this program was built without the feature for them"
    )]
    Encrypted(String),
    /// The port is none.
    #[error("{0:?} is not a port between 1 and 65535")]
    Port(String),
    /// The path leads to something else.
    #[error(
        "{0:?} leads to a data set of a catalog, which this viewer cannot open; links to viewers end in /proxy"
    )]
    Path(String),
}

impl Default for Link {
    fn default() -> Self {
        Self::local(DEFAULT_PORT)
    }
}

impl Link {
    /// A service on this machine.
    pub fn local(port: u16) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            is_encrypted: false,
        }
    }

    /// Whether a text means a service rather than a file.
    pub fn is_link(text: &str) -> bool {
        ["rerun://", "rerun+http://", "rerun+https://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
    }

    /// Reads a link, or a port of this machine alone.
    ///
    /// # Errors
    /// Where it is neither, or asks for what this viewer does not do.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::local(parse_port(text)?));
        }
        let no_link = || LinkError::NoLink(text.to_owned());
        let encrypted = ["rerun+https://", "rerun://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let is_encrypted = encrypted.is_some();
        if is_encrypted && !cfg!(feature = "tls") {
            return Err(LinkError::Encrypted(text.to_owned()));
        }
        let rest = encrypted
            .or_else(|| text.strip_prefix("rerun+http://"))
            .ok_or_else(no_link)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(path.trim_end_matches('/'), "" | "proxy") {
            return Err(LinkError::Path(text.to_owned()));
        }
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an address in brackets are no ports.
            Some((host, port)) if !port.ends_with(']') => (host, parse_port(port)?),
            _ if is_encrypted => (authority, ENCRYPTED_PORT),
            _ => (authority, DEFAULT_PORT),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = bare.map_or(!host.is_empty() && host.bytes().all(is_name), |bare| {
            bare.parse::<IpAddr>().is_ok()
        });
        if !is_host {
            return Err(no_link());
        }
        Ok(Self {
            host: bare.unwrap_or(host).to_owned(),
            port,
            is_encrypted,
        })
    }

    /// The name or address of the machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Host and port as they stand in a link: an address with colons has brackets.
    pub fn authority(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted {
            "rerun+https"
        } else {
            "rerun+http"
        };
        write!(f, "{scheme}://{}/proxy", self.authority())
    }
}

fn parse_port(text: &str) -> Result<u16, LinkError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(LinkError::Port(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let link = Link::parse(text).map(|link| link.authority());
        assert_eq!(link.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn links_are_read() {
        check("rerun+http://127.0.0.1:9876/proxy", "127.0.0.1:9876");
        check("rerun+http://robot.local:1234/proxy/", "robot.local:1234");
        check("rerun+http://robot", "robot:9876");
        check("rerun+http://[::1]:9000/proxy", "[::1]:9000");
        check("rerun+http://[::1]", "[::1]:9876");
        check("9900", "127.0.0.1:9900");
        assert_eq!(Link::default().to_string(), "rerun+http://127.0.0.1:9876/proxy");
        #[cfg(feature = "tls")]
        for (text, expected) in [
            ("rerun+https://host:8443/proxy", "rerun+https://host:8443/proxy"),
            ("rerun://host/proxy", "rerun+https://host:443/proxy"),
        ] {
            let link = Link::parse(text).map(|link| (link.is_encrypted(), link.to_string()));
            assert_eq!(link, Ok((true, expected.to_owned())));
        }
        assert!(Link::is_link("rerun://x") && !Link::is_link("http://x/y.rrd"));
    }

    #[test]
    fn what_is_no_link_says_why() {
        let error = |text: &str| Link::parse(text).err();
        let text = String::from;
        for no_link in [
            "http://host/proxy",
            "rerun+http://",
            "rerun+http://a b",
            "rerun+http://[x]:1",
            "",
        ] {
            let expected = if no_link.is_empty() {
                LinkError::Port(text(""))
            } else {
                LinkError::NoLink(text(no_link))
            };
            assert_eq!(error(no_link), Some(expected), "{no_link}");
        }
        let data_set = "rerun+http://host/dataset/1";
        assert_eq!(error(data_set), Some(LinkError::Path(text(data_set))));
        for port in ["0", "70000"] {
            assert_eq!(error(port), Some(LinkError::Port(text(port))));
            assert_eq!(
                error(&format!("rerun+http://host:{port}")),
                Some(LinkError::Port(text(port)))
            );
        }
    }
}
