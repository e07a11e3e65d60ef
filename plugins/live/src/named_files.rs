//! Files that another start of this program names to a viewer that runs, in place of what is in them.
//!
//! The viewer reads them as if its user had opened them. It does so for programs of the same machine alone, and for files that the
//! other start could read itself: how a file begins is said with its name, and a viewer that finds it to begin otherwise, or that sees
//! another file system, refuses. What is in the files is sent then.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hasher as _},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::grpc::{percent_decoded, percent_encoded};

/// What is looked at of a file. It stays the same while the file grows.
const HEAD_BYTES: u64 = 4096;
/// The bytes of what names files.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// What another start of this program wants to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedFiles {
    /// The files, in their order.
    pub files: Vec<NamedFile>,
    /// The blueprint for what is in them.
    pub blueprint: Option<NamedFile>,
    /// Where to look, as the command line had it: a timeline and a time on it.
    pub time: Option<String>,
    /// Whether to go on reading the files as they grow.
    pub follow: bool,
}

/// A file of this machine, and how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    path: PathBuf,
    head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    bytes: u64,
    hash: u64,
}

impl Head {
    fn of(path: &Path, max_bytes: u64) -> io::Result<Self> {
        // A pipe would be waited for.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let mut head = Vec::new();
        File::open(path)?.take(max_bytes).read_to_end(&mut head)?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&head);
        Ok(Self {
            bytes: head.len() as u64,
            hash: hasher.finish(),
        })
    }
}

impl NamedFile {
    /// Names a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is empty.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let head = Head::of(&path, HEAD_BYTES)?;
        if head.bytes == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty"));
        }
        Ok(Self { path, head })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is here, and begins as it is said to.
    fn is_here(&self) -> bool {
        self.path.is_absolute() && Head::of(&self.path, self.head.bytes).is_ok_and(|head| head == self.head)
    }

    /// A line that says it; `None` where the path is no text.
    fn to_text(&self, kind: &str) -> Option<String> {
        let Head { bytes, hash } = self.head;
        let path = percent_encoded(self.path.to_str()?);
        Some(format!("{kind} {bytes} {hash:x} {path}\n"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let bytes = parts.next()?.parse().ok()?;
        let hash = u64::from_str_radix(parts.next()?, 16).ok()?;
        let path = percent_decoded(parts.next()?.as_bytes()).into();
        let head = Head { bytes, hash };
        (1..=HEAD_BYTES).contains(&bytes).then_some(Self { path, head })
    }
}

impl NamedFiles {
    /// Whether all are here.
    pub(crate) fn are_here(&self) -> bool {
        self.files.iter().chain(&self.blueprint).all(NamedFile::is_here)
    }

    /// The text that is sent; `None` where a path is no text.
    pub(crate) fn to_text(&self) -> Option<String> {
        let mut text = String::new();
        for file in &self.files {
            text += &file.to_text("file")?;
        }
        if let Some(blueprint) = &self.blueprint {
            text += &blueprint.to_text("blueprint")?;
        }
        if let Some(time) = &self.time {
            text += &format!("time {}\n", percent_encoded(time));
        }
        if self.follow {
            text += "follow \n";
        }
        Some(text)
    }

    /// What a text says; `None` where it is none of this kind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut named = Self::default();
        for line in text.lines() {
            let (kind, rest) = line.split_once(' ')?;
            match kind {
                "file" => named.files.push(NamedFile::parse(rest)?),
                "blueprint" => named.blueprint = Some(NamedFile::parse(rest)?),
                "time" => named.time = Some(percent_decoded(rest.as_bytes())),
                "follow" => named.follow = true,
                _ => return None,
            }
        }
        Some(named)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_read_as_it_was_written() {
        let named = NamedFiles {
            files: vec![NamedFile::of(Path::new("Cargo.toml")).unwrap()],
            blueprint: Some(NamedFile {
                path: "/a b/ü=50 %\nfile.rbl".into(),
                head: Head {
                    bytes: 3,
                    hash: u64::MAX,
                },
            }),
            time: Some("zeit ü=50 %".to_owned()),
            follow: true,
        };
        let text = named.to_text().unwrap();
        assert_eq!(NamedFiles::parse(&text), Some(named));
        assert_eq!(NamedFiles::parse(""), Some(NamedFiles::default()));
        for wrong in [
            "file",
            "file 0 1 /a",
            "file 5000 1 /a",
            "file x 1 /a",
            "file 1 g /a",
            "file 1 1",
            "other 1",
        ] {
            assert_eq!(NamedFiles::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_is_here_while_it_begins_as_it_did() {
        let folder = std::env::temp_dir().join(format!("named_files_{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.rrd");
        fs::write(&path, "begin").unwrap();
        let named = NamedFile::of(&path).unwrap();
        assert!(named.is_here());
        fs::write(&path, "begin and more").unwrap();
        assert!(named.is_here(), "it has grown");
        fs::write(&path, "began and more").unwrap();
        assert!(!named.is_here(), "it is another");
        fs::write(&path, "").unwrap();
        assert!(!named.is_here() && NamedFile::of(&path).is_err());
        assert!(NamedFile::of(&folder).is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert!(!named.is_here());
    }
}
