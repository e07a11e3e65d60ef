//! Entity paths: the names of streams, `/world/robot/lidar`.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The name of a stream of data. Paths form a tree, whose root is `/`.
///
/// A path is kept in one canonical form: it begins with a slash, has no slash at its end and no empty parts. Characters
/// other than letters, digits, `_`, `-`, `.` are kept as they were written, with their backslash where they had one.
/// Cloning is cheap. Paths order by their parts, so that a parent stands before its children and siblings stand together.
#[derive(Clone)]
pub struct EntityPath {
    text: Arc<str>,
    hash: u64,
}

impl EntityPath {
    /// The root of all entities, `/`.
    pub fn root() -> Self {
        Self::from_canonical("/")
    }

    /// Reads a path leniently: a missing first slash, repeated slashes and a slash at the end are forgiven.
    ///
    /// A slash behind a backslash belongs to the part it stands in.
    pub fn parse(text: &str) -> Self {
        let mut canonical = String::with_capacity(text.len() + 1);
        for part in split_parts(text) {
            canonical.push('/');
            canonical.push_str(part);
        }
        if canonical.is_empty() {
            canonical.push('/');
        }
        Self::from_canonical(&canonical)
    }

    fn from_canonical(text: &str) -> Self {
        let mut hasher = rustc_hash::FxHasher::default();
        text.hash(&mut hasher);
        Self {
            text: text.into(),
            hash: hasher.finish(),
        }
    }

    /// The canonical text, beginning with a slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A hash of the text. The same in every process, so that it may choose a colour, but no proof of equality.
    pub fn stable_hash(&self) -> u64 {
        self.hash
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        &*self.text == "/"
    }

    /// The parts from the root down, as they are written (with escapes).
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        split_parts(&self.text)
    }

    /// The number of parts; zero for the root.
    pub fn depth(&self) -> usize {
        self.parts().count()
    }

    /// The last part as it is written, or `None` for the root.
    pub fn last_part(&self) -> Option<&str> {
        self.parts().last()
    }

    /// The last part for the eye: without escapes, `/` for the root.
    pub fn ui_name(&self) -> String {
        match self.last_part() {
            None => "/".to_owned(),
            Some(part) => unescape(part),
        }
    }

    /// The path one level up, or `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let last = self.last_part()?;
        let cut = self.text.len() - last.len() - 1;
        Some(Self::from_canonical(if cut == 0 {
            "/"
        } else {
            &self.text[..cut]
        }))
    }

    /// This path and all above it, from itself up to the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The path of a child. The part is taken as written; a slash in it must be escaped.
    pub fn child(&self, part: &str) -> Self {
        if self.is_root() {
            Self::parse(part)
        } else {
            Self::parse(&format!("{}/{part}", self.text))
        }
    }

    /// The path that `relative` names below this one.
    pub fn join(&self, relative: &Self) -> Self {
        match (self.is_root(), relative.is_root()) {
            (true, _) => relative.clone(),
            (_, true) => self.clone(),
            _ => Self::from_canonical(&format!("{}{}", self.text, relative.text)),
        }
    }

    /// Whether this path is `ancestor` or lies below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || (self.text.starts_with(&*ancestor.text)
                && matches!(self.text.as_bytes().get(ancestor.text.len()), None | Some(b'/')))
    }

    /// Whether this path lies below `ancestor`, and is not the same.
    pub fn is_descendant_of(&self, ancestor: &Self) -> bool {
        self != ancestor && self.starts_with(ancestor)
    }

    /// The deepest path that both are at or below.
    pub fn common_ancestor(&self, other: &Self) -> Self {
        let mut text = String::new();
        for (a, b) in self.parts().zip(other.parts()) {
            if a != b {
                break;
            }
            text.push('/');
            text.push_str(a);
        }
        if text.is_empty() {
            text.push('/');
        }
        Self::from_canonical(&text)
    }

    /// The heap bytes that the text takes.
    pub fn heap_bytes(&self) -> usize {
        self.text.len()
    }
}

/// The non-empty parts of a path's text; a slash behind a backslash does not split.
fn split_parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let mut escaped = false;
            let end = rest
                .char_indices()
                .find_map(|(at, c)| {
                    let splits = c == '/' && !escaped;
                    escaped = c == '\\' && !escaped;
                    splits.then_some(at)
                })
                .unwrap_or(rest.len());
            let part = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or("");
            if !part.is_empty() {
                return Some(part);
            }
        }
    })
}

fn unescape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

impl Default for EntityPath {
    fn default() -> Self {
        Self::root()
    }
}

impl From<&str> for EntityPath {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<String> for EntityPath {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for EntityPath {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl Eq for EntityPath {}

impl Hash for EntityPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Ord for EntityPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts())
    }
}

impl PartialOrd for EntityPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(EntityPath::parse(input).as_str(), expected);
    }

    #[test]
    fn canonical_form() {
        check("", "/");
        check("/", "/");
        check("world", "/world");
        check("//world///robot/", "/world/robot");
        check(r"a\/b/c", r"/a\/b/c");
        check(r"a\\/b", r"/a\\/b");
    }

    #[test]
    fn parents_and_order() {
        let path = EntityPath::parse("/a/b/c");
        let up: Vec<String> = path.ancestors().map(|p| p.to_string()).collect();
        assert_eq!(up, ["/a/b/c", "/a/b", "/a", "/"]);
        assert!(path.is_descendant_of(&"/a".into()));
        assert!(!EntityPath::parse("/ab").starts_with(&"/a".into()));
        // By parts, not by bytes: '-' sorts before '/', yet `/a/b` stands before `/a-b`.
        assert!(EntityPath::parse("/a/b") < EntityPath::parse("/a-b"));
        assert_eq!(
            EntityPath::parse("/a/b/c").common_ancestor(&"/a/b/d".into()),
            "/a/b".into()
        );
        assert_eq!(EntityPath::parse(r"/x/my\ name").ui_name(), "my name");
        assert_eq!(EntityPath::root().child("a").join(&"b/c".into()), "/a/b/c".into());
    }
}
