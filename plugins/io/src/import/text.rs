//! Texts and Markdown documents.

use chronoscope_types::TextDocument;

use super::{Candidate, Certainty, FileInput, ImportContext, Importer, Messages, whole::import_whole};
use crate::{IoError, http::without_query};

/// The most bytes that a text may have, which is laid out as a whole.
const MAX_TEXT_BYTES: u64 = 16 << 20;

const MARKDOWN: [&str; 2] = ["md", "markdown"];

/// Texts in UTF-8, known by their names: plain text and Markdown.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextImporter;

impl Importer for TextImporter {
    fn name(&self) -> &'static str {
        "a text or Markdown document"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["md", "markdown", "txt"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        // The head may end inside of a character.
        let is_text = match std::str::from_utf8(candidate.head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        if is_text && !candidate.head.contains(&0) && candidate.has_extension(self.extensions()) {
            Certainty::Likely
        } else {
            Certainty::No
        }
    }

    fn import(&self, input: FileInput, context: &ImportContext) -> Messages {
        let is_markdown = is_markdown(input.source());
        import_whole(input, context, MAX_TEXT_BYTES, move |bytes| {
            let text = String::from_utf8(bytes).map_err(|error| IoError::NotText {
                offset: error.utf8_error().valid_up_to() as u64,
            })?;
            // Some editors begin a text with a mark of its byte order.
            let text = text.trim_start_matches('\u{feff}');
            Ok(if is_markdown {
                TextDocument::from_markdown(text)
            } else {
                TextDocument::new(text).with_media_type("text/plain")
            })
        })
    }
}

fn is_markdown(source: &str) -> bool {
    let name = without_query(source).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| MARKDOWN.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_known_by_its_name_and_not_by_what_a_link_asks_for() {
        for name in ["a/b.md", "B.Markdown", "https://host/README.md?raw=1"] {
            assert!(is_markdown(name), "{name}");
        }
        for name in ["md", "a.txt", "https://host/a.txt?as=b.md"] {
            assert!(!is_markdown(name), "{name}");
        }
    }
}
