//! Who may ask: programs, on this machine unless told otherwise, and no pages in a browser.
//!
//! A page cannot speak the protocol of the service by itself, but its browser may be led to: by a name that points to this
//! machine, or by a later feature of browsers. A browser tells where a page comes from, and no program does.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header, request::Parts};

/// What is asked of those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// They call this machine by a name of its own: an address of the loopback, or `localhost`.
    Loopback,
    /// They may call it what they like.
    Wide,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It comes from a page in a browser.
    Browser,
    /// It calls this machine by another's name.
    Host,
}

impl Gate {
    /// The gate of a service that listens on an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        if address.is_loopback() {
            Self::Loopback
        } else {
            Self::Wide
        }
    }

    /// Whether a request is let in.
    pub(crate) fn check(self, request: &Parts) -> Result<(), Refusal> {
        let is_of_page = |name: &str| request.headers.contains_key(name);
        if is_of_page("origin") || is_of_page("sec-fetch-site") || is_of_page("sec-fetch-mode") {
            return Err(Refusal::Browser);
        }
        if self == Self::Loopback && !is_loopback(host_of(&request.uri, &request.headers)) {
            return Err(Refusal::Host);
        }
        Ok(())
    }
}

fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.host().or_else(|| {
        let text = headers.get(header::HOST)?.to_str().ok()?;
        match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => Some(host),
            _ => Some(text),
        }
    })
}

fn is_loopback(host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use http::Request;

    use super::*;

    fn check(gate: Gate, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request of a test").into_parts();
        gate.check(&parts)
    }

    #[test]
    fn programs_on_this_machine_are_let_in() {
        for uri in [
            "http://127.0.0.1:9876/x",
            "http://localhost:9876/x",
            "http://LOCALHOST/x",
            "http://[::1]:9876/x",
        ] {
            assert_eq!(check(Gate::Loopback, uri, &[]), Ok(()), "{uri}");
        }
        assert_eq!(check(Gate::Loopback, "/x", &[("host", "127.0.0.1:9876")]), Ok(()));
        assert_eq!(check(Gate::Loopback, "/x", &[("host", "[::1]:9876")]), Ok(()));
    }

    #[test]
    fn names_that_point_here_are_refused() {
        for uri in [
            "http://evil.example:9876/x",
            "http://localhost.evil.example/x",
            "http://10.0.0.1/x",
        ] {
            assert_eq!(check(Gate::Loopback, uri, &[]), Err(Refusal::Host), "{uri}");
            assert_eq!(check(Gate::Wide, uri, &[]), Ok(()), "{uri}");
        }
        assert_eq!(check(Gate::Loopback, "/x", &[]), Err(Refusal::Host));
        assert_eq!(
            check(Gate::Loopback, "/x", &[("host", "evil.example:9876")]),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn pages_are_refused_wherever_they_come_from() {
        for gate in [Gate::Loopback, Gate::Wide] {
            for header in ["origin", "sec-fetch-site", "sec-fetch-mode"] {
                let refused = check(
                    gate,
                    "http://127.0.0.1:9876/x",
                    &[(header, "http://127.0.0.1:9876")],
                );
                assert_eq!(refused, Err(Refusal::Browser), "{header}");
            }
        }
    }

    #[test]
    fn the_gate_is_as_wide_as_the_address() {
        assert_eq!(Gate::of(Ipv4Addr::LOCALHOST.into()), Gate::Loopback);
        assert_eq!(Gate::of(Ipv6Addr::LOCALHOST.into()), Gate::Loopback);
        assert_eq!(Gate::of(Ipv4Addr::UNSPECIFIED.into()), Gate::Wide);
    }
}
