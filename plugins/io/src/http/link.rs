//! What is a link to a file on a web server.

use std::{fmt, path::Path};

/// A link to a file on a web server: `https://host/recording.rrd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLink {
    text: String,
    is_encrypted: bool,
}

impl HttpLink {
    /// The link that a path is; `None` where it is the path of a file.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::of_text(path.to_str()?)
    }

    /// The link that a text is, by its beginning; `None` where it is no link.
    pub fn of_text(text: &str) -> Option<Self> {
        let begins_with = |scheme: &str| {
            text.get(..scheme.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        };
        let is_encrypted = begins_with("https://");
        (is_encrypted || begins_with("http://")).then(|| Self {
            // What stands behind a # is a place in a document, and not told to servers.
            text: text.split('#').next().unwrap_or_default().to_owned(),
            is_encrypted,
        })
    }

    /// The link as it was given, with a password where it has one.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

impl fmt::Display for HttpLink {
    /// The link without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.text.split_once("://").unwrap_or(("http", &self.text));
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        write!(f, "{scheme}://{host}{path}")
    }
}

/// A link without what stands behind the question mark, so that it ends with the name of the file. Paths stay as they are.
pub(crate) fn without_query(text: &str) -> &str {
    match HttpLink::of_text(text) {
        Some(_) => text.split(['?', '#']).next().unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_paths() {
        let shown = |text: &str| HttpLink::of_path(Path::new(text)).map(|link| link.to_string());
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(shown(text).as_deref(), expected, "{text}");
        check("https://host/a.rrd", Some("https://host/a.rrd"));
        check(
            "HTTP://host:80/a.rrd?token=1#t",
            Some("HTTP://host:80/a.rrd?token=1"),
        );
        check("https://user:secret@host/a@b.rrd", Some("https://host/a@b.rrd"));
        check("http://[::1]:80?x@y", Some("http://[::1]:80?x@y"));
        check("a.rrd", None);
        check("http:/a.rrd", None);
        check("ftp://host/a.rrd", None);
        check("ü", None);
    }

    #[test]
    fn names_of_files_end_before_the_question_mark() {
        assert_eq!(without_query("https://host/a.png?size=1"), "https://host/a.png");
        assert_eq!(without_query("what?.png"), "what?.png");
    }
}
