//! What is wrong with a file, for people: where, which key, why, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Place;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The set is not loaded.
    Error,
    /// The set is loaded; something in it will not do what it seems to say.
    Warning,
}

/// The code of a problem that has no better one.
pub const INVALID: &str = "invalid";

/// One problem of one file. Displays as `path:line:column: [warning: ]key: what; hint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A word for the kind of problem, the same in every version.
    pub code: &'static str,
    /// The file or directory it is about.
    pub path: PathBuf,
    /// The place in the file, when it is about one.
    pub place: Option<Place>,
    /// The key it is about, dotted, or empty.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it, or empty.
    pub hint: String,
}

impl Diagnostic {
    /// An error about a whole file.
    #[must_use]
    pub fn warning(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    /// An error in a file, with no place yet.
    #[must_use]
    pub fn error(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: INVALID,
            path: path.into(),
            place: None,
            key: String::new(),
            message: message.into(),
            hint: String::new(),
        }
    }

    /// Says where in the file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says what kind of problem it is.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// As JSON, for programs.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code,
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "path": self.path.to_string_lossy(),
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
            "key": self.key,
            "message": self.message,
            "hint": self.hint,
        })
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// Every problem of a set of files, in the order of path and place. One line each when displayed.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something was found that keeps the set from being loaded.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// In the order of path, place and severity.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| (&a.path, a.place, a.severity).cmp(&(&b.path, b.place, b.severity)));
        self
    }

    /// The problems of one file.
    pub fn of<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Diagnostic> {
        self.0.iter().filter(move |d| d.path == path)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, diagnostic) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}
