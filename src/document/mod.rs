//! Text (JSON or YAML) → values, with places for diagnostics.
//!
//! ```text
//! file → [Source] → parse → serde_json::Value → decode ([Node], [Keys]) → raw types of fixtures and scenarios
//!                                                  └ problems → [Diagnostic] path:line:column: what, and what to do
//! ```
//!
//! The parser is fast and keeps no places. Only if there are problems is the text read again to
//! find the line and column of the offending key (`place`). So a thousand good files do not pay for
//! messages that they do not need.

mod decode;
mod diagnostic;
pub(crate) mod disk;
mod excerpt;
mod inline;
pub(crate) mod jayway;
mod json;
pub(crate) mod json_path;
mod json_syntax;
mod keys;
mod lenient;
mod ordered;
mod place;
mod places;
mod refusal;
mod scalars;
#[cfg(feature = "cli")]
mod tagged;
mod units;
mod way;
pub(crate) mod xml;
mod yaml;
mod yaml_error;
mod yaml_starts;

pub use decode::Decoder;
pub(crate) use decode::Node;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub(crate) use diagnostic::{INVALID, Reported};
pub(crate) use inline::InlineText;
pub(crate) use json::parse_part;
pub(crate) use keys::{Keys, suggest};
pub use place::{Place, Step};
pub(crate) use place::{Pointer, json_pointer};
pub(crate) use refusal::{Refusal, read_body, read_body_and_text};
pub(crate) use scalars::InvalidValue;
#[cfg(feature = "cli")]
pub(crate) use tagged::BINARY_MARK;
pub(crate) use units::{duration, size};

use std::path::{Path, PathBuf};

use serde_json::Value;

use json_syntax::Dialect;

/// The largest fixture or scenario file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 30;

/// How a file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2, any number of documents.
    Yaml,
}

impl Format {
    /// Returns the format by a file's extension: `.json`, `.yaml`, `.yml`.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        // By its bytes: looking for the parts of the path takes ten times as long, and there may be thousands of files.
        let path = path.as_os_str().as_encoded_bytes();
        let ends = |extension: &[u8]| {
            // A name that is nothing but an extension has none, as `Path::extension` has it.
            path.strip_suffix(extension)
                .and_then(<[u8]>::last)
                .is_some_and(|last| !std::path::is_separator(char::from(*last)))
        };
        if ends(b".json") {
            return Some(Self::Json);
        }
        (ends(b".yaml") || ends(b".yml")).then_some(Self::Yaml)
    }
}

/// The text of one file, with its name in messages.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as the user would write it.
    pub path: PathBuf,
    /// How the text is written.
    pub format: Format,
    /// The text.
    pub text: String,
}

impl Source {
    /// Creates a source from bytes read elsewhere (compiled-in files, request bodies).
    ///
    /// # Errors
    /// A [`Diagnostic`] when the bytes are not UTF-8.
    pub fn from_bytes(path: PathBuf, format: Format, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = *bytes {
            let problem = Diagnostic::error(path, "the file is written in UTF-16");
            return Err(problem.at(Place { line: 1, column: 1 }).hint("save it as UTF-8"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path, format, text }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let place =
                    Place::of_offset(&String::from_utf8_lossy(&error.as_bytes()[..good]), good);
                Err(Diagnostic::error(path, "the file is not UTF-8 text")
                    .at(place)
                    .hint("save it as UTF-8, or put binary bodies under __files/ and name them with bodyFileName"))
            }
        }
    }

    /// Returns all documents in the text: one for JSON, any number for YAML. Empty documents are
    /// left out.
    ///
    /// # Errors
    /// The [`Diagnostic`] of the first place that is not well-formed.
    pub fn parse(&self) -> Result<Vec<Value>, Diagnostic> {
        match self.format {
            Format::Json => json::parse(self).map(|value| vec![value]),
            Format::Yaml => yaml::parse(self),
        }
    }

    /// Parses like [`Self::parse`]; JSON that is not strict is read as `WireMock` does and replaced
    /// by strict JSON. The last item is a warning about it.
    pub(crate) fn parse_lenient(
        mut self,
    ) -> (Self, Result<Vec<Value>, Diagnostic>, Option<Diagnostic>) {
        let problem = match self.parse() {
            Err(problem) if self.format == Format::Json => problem,
            parsed => return (self, parsed, None),
        };
        let text = self.text.trim_start_matches('\u{feff}');
        let Ok(strict) = lenient::to_strict(text) else {
            // Comments and similar extensions are fine here.
            let problem = json::problem_of(&self, Dialect::Lenient).unwrap_or(problem);
            return (self, Err(problem), None);
        };
        let ignored = strict.ignored.map(|at| {
            Diagnostic::warning(&self.path, "what follows the first JSON value is ignored")
                .at(Place::of_offset(text, at))
                .hint("remove it, or move it to a separate file")
        });
        self.text = strict.text;
        match (self.parse(), json::parse_with_repeated_keys(&self.text)) {
            // WireMock's parser takes the last of several keys; those of an object are a mistake.
            (Err(problem), Some(value)) if is_stubs(&value) => {
                let problem = Diagnostic { severity: Severity::Warning, ..problem };
                let problem = problem.hint("the last one counts; remove the others");
                (self, Ok(vec![value]), ignored.or(Some(problem)))
            }
            (parsed, _) => (self, parsed, ignored),
        }
    }

    /// Returns all documents as JSON text, with the keys in their order, or `None` if that is not
    /// possible.
    pub(crate) fn ordered_texts(&self) -> Option<Vec<String>> {
        match self.format {
            Format::Json => None,
            Format::Yaml => yaml::ordered_texts(self),
        }
    }

    /// Returns the places of everything in the given document.
    fn places(&self, document: usize) -> Option<places::Places> {
        let root = match self.format {
            Format::Json => json::spots(&self.text),
            Format::Yaml => yaml::spots(&self.text, document),
        }?;
        Some(places::Places::new(&self.text, root))
    }

    /// Returns where the value (or, for `key`, the key) at `pointer` is in the given document.
    #[must_use]
    pub fn place(&self, document: usize, pointer: &[Step], key: bool) -> Option<Place> {
        match self.format {
            Format::Json => json::place(&self.text, pointer, key),
            Format::Yaml => yaml::place(&self.text, document, pointer, key),
        }
    }
}

/// Returns whether a document is in the form of stub mappings.
fn is_stubs(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    (has("request") || has("response") || has("mappings")) && !has("apiVersion") && !has("kind")
}
