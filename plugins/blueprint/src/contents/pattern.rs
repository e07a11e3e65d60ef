//! Paths with stars: `/robots/*/pose`, `/**/camera`, `/plots/wheel_*`.

use chronoscope_store::{
    EntityPath,
    path::{MAX_PATH_DEPTH, split_parts},
};

/// A path in which stars stand for what is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathPattern {
    parts: Vec<PartPattern>,
    /// What all paths that match lie at or below.
    pub(super) base: EntityPath,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PartPattern {
    /// `**`: any number of parts, also none.
    AnyParts,
    /// What stands between the stars of one part. Without a star, it is the part.
    Part(Vec<String>),
}

/// What a pattern says of a path and of all that lies below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PatternMatch {
    /// The number of parts of the longest beginning of the path that matches as a whole.
    pub(super) deepest: Option<usize>,
    /// Whether the path itself matches.
    pub(super) is_whole: bool,
    /// Whether something below it may match.
    pub(super) may_match_below: bool,
}

/// Whether there is a star in a path that no backslash takes its meaning.
pub(super) fn has_star(path: &str) -> bool {
    stars(path).next().is_some()
}

/// Where the stars stand that mean something.
fn stars(text: &str) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        let is_star = byte == b'*' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_star.then_some(at)
    })
}

/// What stands between the stars of a part, escaped as in an [`EntityPath`].
fn segments(part: &str) -> Vec<String> {
    let mut segments = Vec::new();
    let mut from = 0;
    for star in stars(part).chain([part.len()]) {
        let literal = EntityPath::parse(part.get(from..star).unwrap_or_default());
        segments.push(literal.as_str().trim_start_matches('/').to_owned());
        from = star + 1;
    }
    segments
}

/// A part with stars, with everything else escaped as in an [`EntityPath`].
pub(super) fn canonical_part(part: &str) -> String {
    segments(part).join("*")
}

impl PathPattern {
    /// Reads a path with stars.
    pub(super) fn parse(path: &str) -> Self {
        let mut base = EntityPath::root();
        let mut is_literal = true;
        let mut parts = Vec::new();
        for part in split_parts(path) {
            // With more parts than these it matches no path.
            if parts.len() > 2 * MAX_PATH_DEPTH + 1 {
                break;
            }
            if part == "**" {
                is_literal = false;
                if parts.last() != Some(&PartPattern::AnyParts) {
                    parts.push(PartPattern::AnyParts);
                }
                continue;
            }
            let segments = segments(part);
            is_literal &= segments.len() == 1;
            if let ([name], true) = (segments.as_slice(), is_literal) {
                base = base.child(name);
            }
            parts.push(PartPattern::Part(segments));
        }
        Self { parts, base }
    }

    /// Compares a path. Cost: O(parts of the path and of the pattern, multiplied).
    pub(super) fn compare(&self, path: &EntityPath) -> PatternMatch {
        let all = self.parts.len();
        // After how many parts of the pattern the parts of the path so far may be used up.
        let mut reached = vec![false; all + 1];
        reached[0] = true;
        self.skip_any_parts(&mut reached);
        let mut deepest = reached[all].then_some(0);
        for (depth, part) in path.parts().enumerate() {
            let mut next = vec![false; all + 1];
            for (at, pattern) in self.parts.iter().enumerate().filter(|(at, _)| reached[*at]) {
                match pattern {
                    PartPattern::AnyParts => next[at] = true,
                    PartPattern::Part(segments) => next[at + 1] |= is_made_of(part, segments),
                }
            }
            self.skip_any_parts(&mut next);
            reached = next;
            if reached[all] {
                deepest = Some(depth + 1);
            }
        }
        PatternMatch {
            deepest,
            is_whole: reached[all],
            may_match_below: reached[..all].contains(&true),
        }
    }

    /// `**` may stand for nothing.
    fn skip_any_parts(&self, reached: &mut [bool]) {
        for (at, pattern) in self.parts.iter().enumerate() {
            if reached[at] && *pattern == PartPattern::AnyParts {
                reached[at + 1] = true;
            }
        }
    }
}

/// Whether a text is these segments, with anything between them.
fn is_made_of(text: &str, segments: &[String]) -> bool {
    let [first, between @ .., last] = segments else {
        return segments.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for segment in between {
        let Some(at) = rest.find(segment.as_str()) else {
            return false;
        };
        rest = rest.get(at + segment.len()..).unwrap_or_default();
    }
    rest.ends_with(last.as_str())
}
