//! The results of a path, and the reasons why a search ends.

use thiserror::Error;

/// Values that one search may visit.
pub(super) const MAX_STEPS: usize = 1_000_000;

/// How deep `..` follows a tree, and paths within filters nest.
pub(super) const MAX_DEPTH: usize = 512;

/// Why a search fails.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum PathError {
    /// The search is too long.
    #[error(
        "the JSON path visits more than {MAX_STEPS} values or goes deeper than {MAX_DEPTH}; make it simpler"
    )]
    TooLong,
    /// A step, a function or a comparison cannot be applied to the values that it meets.
    #[error("the JSON path cannot be applied: {0}")]
    NotApplicable(&'static str),
}

/// The results of a path.
#[derive(Debug)]
pub(crate) enum Found<'t, T> {
    /// Nothing: a definite path leads nowhere.
    Nothing,
    /// A last part that is not there, where that counts as null.
    Null,
    /// The value at the end of a definite path.
    One(&'t T),
    /// The values of an indefinite path; nothing for a last part that counts as null.
    Many(Vec<Option<&'t T>>),
    /// `['a','b']`: some members of a map.
    Members(Vec<(&'t str, &'t T)>),
    /// `length()`
    Count(usize),
    /// `min()` and its like.
    Number(f64),
    /// `keys()`
    Names(Vec<String>),
    /// `concat()`
    Text(String),
}

/// A step down into a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// The member of a map.
    Name(String),
    /// The item of a list.
    Index(usize),
}

/// Why a branch of a search ends.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is nothing at a definite path (`PathNotFoundException`).
    NotFound,
    /// A filter makes no sense for a value (`InvalidPathException`): it does not hold.
    Unfit,
    /// The search as a whole ends.
    Error(PathError),
}

impl From<PathError> for Stop {
    fn from(error: PathError) -> Self {
        Self::Error(error)
    }
}

/// How a path is followed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Options {
    /// A last part that is not there counts as null.
    pub(super) leaf_to_null: bool,
    /// Whether any missing part ends the search, as in the check whether a path exists.
    pub(super) required: bool,
}

/// The remaining work of a search.
#[derive(Debug)]
pub(super) struct Budget(pub(super) usize);

impl Budget {
    pub(super) fn spend(&mut self) -> Result<(), Stop> {
        self.0 = self.0.checked_sub(1).ok_or(PathError::TooLong)?;
        Ok(())
    }
}
