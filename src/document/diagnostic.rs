//! Diagnostics: problems of files with place, key, reason and hint.

use std::fmt;
use std::path::PathBuf;

use super::Place;
use super::excerpt::Excerpt;

/// Whether a [`Diagnostic`] is an error.
///
/// ```
/// let problems = standin::check(&[], &["no-such-scenario".to_owned()]).unwrap_err();
/// assert!(problems.0.iter().any(|problem| problem.severity == standin::Severity::Error));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The files are not loaded.
    Error,
    /// The files are loaded; something in them has no effect, or an unexpected one.
    Warning,
}

/// The default code of a problem.
pub(crate) const INVALID: &str = "invalid";

/// One problem of one file. Displays as `path:line:column: [warning: ]key: message; hint`; with `{:#}` the line of the
/// file follows, with a mark below the column.
///
/// ```
/// let problems = standin::check(&[], &["no-such-scenario".to_owned()]).unwrap_err();
/// for problem in &problems.0 {
///     println!("{}: {} ({})", problem.path.display(), problem.message, problem.hint);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Whether it is an error.
    pub severity: Severity,
    /// The kind of problem, in one word that stays the same between versions.
    pub code: &'static str,
    /// The file or directory it is about.
    pub path: PathBuf,
    /// The place in the file, if it is about one.
    pub place: Option<Place>,
    /// The key it is about, such as `rules[0].match.path`, or empty.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it, or empty.
    pub hint: String,
    /// The problem as the admin API reports it.
    pub(crate) reported: Reported,
    /// The line of the file that it is about.
    pub(crate) excerpt: Option<Excerpt>,
}

/// A problem as the admin API reports it, in `WireMock`'s form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    /// The value that `WireMock` names: a pattern as a whole, where the key is one of its parts.
    pub(crate) pointer: String,
    /// `WireMock`'s own words, where clients compare them.
    pub(crate) detail: Option<String>,
}

impl Diagnostic {
    /// Creates a warning about a whole file.
    #[must_use]
    pub(crate) fn warning(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    /// Creates an error about a whole file.
    #[must_use]
    pub(crate) fn error(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: INVALID,
            path: path.into(),
            place: None,
            key: String::new(),
            message: message.into(),
            hint: String::new(),
            reported: Reported { pointer: "/".to_owned(), detail: None },
            excerpt: None,
        }
    }

    /// Sets the place.
    #[must_use]
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Shows the line of its place, from the text of the file.
    #[must_use]
    pub(crate) fn quoting(mut self, text: &str) -> Self {
        self.excerpt = self.place.and_then(|place| Excerpt::of(text, place));
        self
    }

    /// Sets the kind of problem.
    #[must_use]
    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// Returns the problem as JSON.
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
            "excerpt": self.excerpt.as_ref().map(Excerpt::line),
        })
    }

    /// Sets what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
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
        match &self.excerpt {
            Some(excerpt) if f.alternate() => write!(f, "\n{excerpt}"),
            _ => Ok(()),
        }
    }
}

/// All problems of a set of files, in the order of path and place. Displays as one line each; with `{:#}` the lines of
/// the files follow.
///
/// ```
/// # async fn run() {
/// match standin::Server::builder().fixtures("no/such/directory").start().await {
///     Err(standin::Error::Invalid(problems)) => {
///         assert!(problems.has_errors());
///         eprintln!("{problems}"); // no/such/directory: there is no such file or directory
///     }
///     other => panic!("{other:?}"),
/// }
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub(crate) fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Sorts by path, place and severity.
    #[must_use]
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| (&a.path, a.place, a.severity).cmp(&(&b.path, b.place, b.severity)));
        self
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, diagnostic) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            if f.alternate() {
                write!(f, "{diagnostic:#}")?;
            } else {
                write!(f, "{diagnostic}")?;
            }
        }
        Ok(())
    }
}
