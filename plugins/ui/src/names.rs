//! Names of files and streams, short enough for a row.

/// The last part of a path or an address.
pub(crate) fn short_name(name: &str) -> &str {
    name.trim_end_matches('/')
        .rsplit(['/', '\\'])
        .next()
        .filter(|part| !part.is_empty())
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short() {
        assert_eq!(short_name("/data/run/scene.rrd"), "scene.rrd");
        assert_eq!(short_name("scene.rrd"), "scene.rrd");
        assert_eq!(short_name("rerun+http://host:9876/proxy/"), "proxy");
        assert_eq!(short_name(""), "");
    }
}
