//! Entity paths: the names of streams, `/world/robot/lidar`.
//!
//! A path has one canonical text, the one that the SDKs write: in each part, every character but letters, digits, `_`, `-`
//! and `.` is escaped (`/camera\:front`, `/my\ name`, `\n`, `\u{262E}`). Parsing unescapes each part and escapes it again,
//! so that `camera:front`, `/camera:front/` and `/camera\:front` are one path, whoever wrote them.

use std::{
    cmp::Ordering,
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The greatest number of parts of a path.
pub const MAX_PATH_DEPTH: usize = 256;

/// The greatest length of a path's canonical text, in bytes.
pub const MAX_PATH_BYTES: usize = 64 * 1024;

/// The part of an overlong path that its error shows, in bytes.
const SHOWN_BYTES: usize = 64;

/// Why a text is no entity path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntityPathError {
    /// The path has too many parts.
    #[error("entity path {start}... has more than {MAX_PATH_DEPTH} parts")]
    TooDeep {
        /// The beginning of the path.
        start: String,
    },
    /// The path is too long.
    #[error("entity path {start}... is longer than {MAX_PATH_BYTES} bytes")]
    TooLong {
        /// The beginning of the path.
        start: String,
    },
}

/// The name of a stream of data. Paths form a tree, whose root is `/`.
///
/// A path is kept in its canonical form: it begins with a slash, has no slash at its end, no empty parts, and is escaped as
/// the SDKs do. Cloning is cheap, and the paths above share the text. Paths order by their parts, so that a parent stands
/// before its children and siblings stand together.
#[derive(Clone)]
pub struct EntityPath {
    text: Arc<str>,
    /// The length of this path in the text, which may be that of a path below.
    len: u32,
    hash: u64,
}

impl EntityPath {
    /// The root of all entities, `/`.
    pub fn root() -> Self {
        Self::from_canonical("/".into())
    }

    /// Reads a path as data brings it, or as people write it: missing escapes, a missing first slash, repeated slashes and a
    /// slash at the end are forgiven. A slash behind a backslash belongs to its part.
    ///
    /// # Errors
    /// Where the path is deeper than [`MAX_PATH_DEPTH`], or longer than [`MAX_PATH_BYTES`].
    pub fn try_parse(text: &str) -> Result<Self, EntityPathError> {
        if is_plain(text) {
            return Ok(Self::from_canonical(text.into()));
        }
        match canonical(text) {
            (text, None) => Ok(Self::from_canonical(text.into())),
            (_, Some(error)) => Err(error),
        }
    }

    /// As [`Self::try_parse`], for paths from code and from people: what exceeds the limits is cut off.
    pub fn parse(text: &str) -> Self {
        if is_plain(text) {
            return Self::from_canonical(text.into());
        }
        Self::from_canonical(canonical(text).0.into())
    }

    fn from_canonical(text: Arc<str>) -> Self {
        let hash = hash_of(&text);
        Self {
            len: text.len() as u32,
            text,
            hash,
        }
    }

    /// The path that the first `len` bytes of the text are.
    fn prefix(&self, len: usize) -> Self {
        if len == 0 {
            return Self::root();
        }
        debug_assert!(len <= self.len as usize && self.text.is_char_boundary(len));
        Self {
            text: Arc::clone(&self.text),
            len: len as u32,
            hash: hash_of(self.text.get(..len).unwrap_or_default()),
        }
    }

    /// The canonical text, beginning with a slash.
    pub fn as_str(&self) -> &str {
        self.text.get(..self.len as usize).unwrap_or_default()
    }

    /// A hash of the text. The same in every process, so that it may choose a color, but no proof of equality.
    pub fn stable_hash(&self) -> u64 {
        self.hash
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.len == 1
    }

    /// The parts from the root down, with escapes.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        split_parts(self.as_str())
    }

    /// The number of parts; zero for the root.
    pub fn depth(&self) -> usize {
        self.parts().count()
    }

    /// The last part, with escapes, or `None` for the root. Cost: O(length of the part).
    pub fn last_part(&self) -> Option<&str> {
        let text = self.as_str();
        let slash = last_slash(text)?;
        text.get(slash + 1..).filter(|part| !part.is_empty())
    }

    /// The last part for the eye: without escapes but those of control characters, `/` for the root.
    pub fn ui_name(&self) -> String {
        let Some(part) = self.last_part() else {
            return "/".to_owned();
        };
        let mut name = String::with_capacity(part.len());
        push_readable(&mut name, part);
        name
    }

    /// The whole path for the eye, each part as [`Self::ui_name`] has it. Not to be read back: a slash that is part of a
    /// name looks like one that divides two.
    pub fn ui_path(&self) -> String {
        if self.is_root() {
            return "/".to_owned();
        }
        let mut path = String::with_capacity(self.len as usize);
        for part in self.parts() {
            path.push('/');
            push_readable(&mut path, part);
        }
        path
    }

    /// The path one level up, or `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let last = self.last_part()?;
        Some(self.prefix(self.len as usize - last.len() - 1))
    }

    /// This path and all above it, from itself up to the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The path of a child, read as [`Self::parse`] does: a slash in the part must be escaped.
    pub fn child(&self, part: &str) -> Self {
        if self.is_root() {
            Self::parse(part)
        } else {
            Self::parse(&[self.as_str(), "/", part].concat())
        }
    }

    /// The path that `relative` names below this one.
    pub fn join(&self, relative: &Self) -> Self {
        match (self.is_root(), relative.is_root()) {
            (true, _) => relative.clone(),
            (_, true) => self.clone(),
            _ => Self::parse(&[self.as_str(), relative.as_str()].concat()),
        }
    }

    /// Whether this path is `ancestor` or lies below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || (self.as_str().starts_with(ancestor.as_str())
                && matches!(
                    self.as_str().as_bytes().get(ancestor.len as usize),
                    None | Some(b'/')
                ))
    }

    /// Whether this path lies below `ancestor`, and is not the same.
    pub fn is_descendant_of(&self, ancestor: &Self) -> bool {
        self != ancestor && self.starts_with(ancestor)
    }

    /// The deepest path that both are at or below.
    pub fn common_ancestor(&self, other: &Self) -> Self {
        let same = self.parts().zip(other.parts()).take_while(|(a, b)| a == b);
        self.prefix(same.map(|(part, _)| part.len() + 1).sum())
    }

    /// The heap bytes that the text takes.
    pub fn heap_bytes(&self) -> usize {
        self.text.len()
    }
}

/// The non-empty parts of a path's text, as they are written; a slash behind a backslash does not split.
///
/// For expressions in which a part may be something else than a name, such as `$origin` or `**`.
pub fn split_parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let mut escaped = false;
            let end = rest.bytes().position(|byte| {
                let splits = byte == b'/' && !escaped;
                escaped = byte == b'\\' && !escaped;
                splits
            });
            let end = end.unwrap_or(rest.len());
            let part = rest.get(..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default();
            if !part.is_empty() {
                return Some(part);
            }
        }
    })
}

/// Whether a text is its own canonical form and has no character that would be escaped, as nearly all texts of paths are: told without
/// going through it part by part.
fn is_plain(text: &str) -> bool {
    let mut depth = 0;
    let mut before = None;
    for byte in text.bytes() {
        match byte {
            b'/' if before == Some(b'/') => return false,
            b'/' => depth += 1,
            b'_' | b'-' | b'.' => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => return false,
        }
        before = Some(byte);
    }
    text.starts_with('/') && before != Some(b'/') && depth <= MAX_PATH_DEPTH && text.len() <= MAX_PATH_BYTES
}

/// The canonical form of a text. Where it exceeds the limits, that of as much as fits, and the error.
fn canonical(text: &str) -> (String, Option<EntityPathError>) {
    let mut out = String::with_capacity((text.len() + 1).min(MAX_PATH_BYTES));
    let mut error = None;
    for (depth, part) in split_parts(text).enumerate() {
        if depth == MAX_PATH_DEPTH {
            error = Some(EntityPathError::TooDeep {
                start: start_of(&out),
            });
            break;
        }
        let before = out.len();
        out.push('/');
        for c in unescape(part) {
            escape(c, &mut out);
            if out.len() > MAX_PATH_BYTES {
                break;
            }
        }
        if out.len() > MAX_PATH_BYTES {
            error = Some(EntityPathError::TooLong {
                start: start_of(&out),
            });
            out.truncate(before);
            break;
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    (out, error)
}

/// Appends a part without escapes but those of control characters.
fn push_readable(out: &mut String, part: &str) {
    for c in unescape(part) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
}

/// As much of a path as an error shows.
fn start_of(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN_BYTES);
    text.get(..end).unwrap_or_default().to_owned()
}

/// The characters that a part means. An unknown escape means the character behind the backslash.
fn unescape(part: &str) -> impl Iterator<Item = char> {
    let mut rest = part;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        let mut meant = chars.next()?;
        if meant == '\\'
            && let Some(escaped) = chars.next()
        {
            meant = match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => match unicode_escape(chars.as_str()) {
                    Some((c, behind)) => {
                        chars = behind.chars();
                        c
                    }
                    None => {
                        // Not an escape: a backslash, and what follows.
                        rest = rest.get(1..).unwrap_or_default();
                        return Some('\\');
                    }
                },
                other => other,
            };
        }
        rest = chars.as_str();
        Some(meant)
    })
}

/// The character of an escape, `{262E}`, and what follows it.
fn unicode_escape(text: &str) -> Option<(char, &str)> {
    let (digits, behind) = text
        .strip_prefix('{')?
        .split_at_checked(text.find('}')?.checked_sub(1)?)?;
    let is_code = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = is_code.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
    Some((char::from_u32(code)?, behind.strip_prefix('}')?))
}

/// Appends a character as the SDKs write it.
fn escape(c: char, out: &mut String) {
    match c {
        c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') => out.push(c),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii_punctuation() || c == ' ' => out.extend(['\\', c]),
        c => {
            let written = write!(out, "\\u{{{:04X}}}", u32::from(c));
            debug_assert!(written.is_ok(), "a string takes all text");
        }
    }
}

/// A part's name, with escapes: the inverse of what [`EntityPath::ui_name`] shows.
pub fn escape_part(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    name.chars().for_each(|c| escape(c, &mut out));
    out
}

/// Where the last slash stands that separates parts, in a canonical text.
fn last_slash(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = bytes.len();
    loop {
        let slash = bytes.get(..end)?.iter().rposition(|byte| *byte == b'/')?;
        let before = bytes.get(..slash)?;
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return Some(slash);
        }
        end = slash;
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
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
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for EntityPath {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.len == other.len
            && (Arc::ptr_eq(&self.text, &other.text) || self.as_str() == other.as_str())
    }
}

impl Eq for EntityPath {}

impl Hash for EntityPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Ord for EntityPath {
    /// The order of the parts, found without splitting: where the texts differ first, a slash that ends a part comes before all else.
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.as_str().as_bytes(), other.as_str().as_bytes());
        let Some(at) = ours.iter().zip(theirs).position(|(a, b)| a != b) else {
            return ours.len().cmp(&theirs.len());
        };
        let backslashes = ours[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        let is_escaped = backslashes % 2 == 1;
        let rank = |byte: u8| (is_escaped || byte != b'/', byte);
        rank(ours[at]).cmp(&rank(theirs[at]))
    }
}

impl PartialOrd for EntityPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
