//! What series are called: as short as tells them apart.

use std::collections::BTreeMap;

use chronoscope_store::EntityPath;

/// What is known of a series' name.
#[derive(Clone, Debug)]
pub(crate) struct Naming<'a> {
    /// The entity.
    pub path: &'a EntityPath,
    /// The name that was logged for it.
    pub logged: Option<&'a str>,
    /// Its position among the series of the entity, where there are several.
    pub index: Option<usize>,
}

/// A name for each series: the one that was logged, else the last part of the entity's path; as much more of the path as it takes
/// where names are the same.
pub(crate) fn display_names(series: &[Naming<'_>]) -> Vec<String> {
    let name_at = |naming: &Naming<'_>, depth: usize| {
        let mut parts: Vec<String> = naming
            .path
            .ancestors()
            .take(depth.min(naming.path.depth()).max(1))
            .map(|path| path.ui_name())
            .collect();
        parts.reverse();
        let name = parts.join("/");
        match (naming.logged, naming.index) {
            (Some(logged), _) if depth <= 1 => logged.to_owned(),
            (Some(logged), _) => format!("{logged} ({name})"),
            (None, Some(index)) => format!("{name}/{index}"),
            (None, None) => name,
        }
    };
    let mut depths = vec![1_usize; series.len()];
    let deepest = series.iter().map(|naming| naming.path.depth()).max().unwrap_or(0);
    let mut names: Vec<String> = series.iter().map(|naming| name_at(naming, 1)).collect();
    for _ in 0..deepest {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &names {
            *count.entry(name).or_default() += 1;
        }
        let twice: Vec<usize> = (0..names.len())
            .filter(|at| count.get(names[*at].as_str()).is_some_and(|count| *count > 1))
            .collect();
        if twice.is_empty() {
            break;
        }
        for at in twice {
            depths[at] += 1;
            names[at] = name_at(&series[at], depths[at]);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(series: &[(&str, Option<&str>, Option<usize>)], expected: &[&str]) {
        let paths: Vec<EntityPath> = series.iter().map(|(path, ..)| EntityPath::parse(path)).collect();
        let namings: Vec<Naming<'_>> = series
            .iter()
            .zip(&paths)
            .map(|((_, logged, index), path)| Naming {
                path,
                logged: *logged,
                index: *index,
            })
            .collect();
        assert_eq!(display_names(&namings), expected);
    }

    #[test]
    fn names_are_short_and_distinct() {
        check(
            &[("/plots/sine", None, None), ("/plots/cosine", None, None)],
            &["sine", "cosine"],
        );
        check(
            &[("/a/x", None, None), ("/b/x", None, None), ("/b/y", None, None)],
            &["a/x", "b/x", "y"],
        );
        check(&[("/a", None, Some(0)), ("/a", None, Some(1))], &["a/0", "a/1"]);
        check(
            &[("/a", Some("decay"), None), ("/b", Some("decay"), None)],
            &["decay (a)", "decay (b)"],
        );
        check(&[("/", None, None)], &["/"]);
        // For the eye, without escapes.
        check(
            &[(r"/arm/angle\ \[deg\]", None, None), ("/leg/angle", None, None)],
            &["angle [deg]", "angle"],
        );
        // Nothing tells these apart, and that ends.
        check(
            &[("/a", Some("same"), Some(0)), ("/a", Some("same"), Some(1))],
            &["same (a)", "same (a)"],
        );
    }
}
