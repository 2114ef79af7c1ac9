//! The name of a world: each client of a shared server can have its own state.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The world of requests that name none.
pub(crate) const DEFAULT_WORLD: &str = "default";

/// The longest name of a world, in bytes: that of a DNS label and of most names in Kubernetes.
const MAX_NAME: usize = 63;

/// The checked name of a world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WorldName(Arc<str>);

impl WorldName {
    /// Checks a name.
    ///
    /// # Errors
    /// When it has other characters than letters, digits, `-`, `_` and `.`, does not begin with a letter
    /// or digit, or is longer than 63 bytes.
    pub(crate) fn parse(name: &str) -> Result<Self, BadWorldName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if first && name.len() <= MAX_NAME && name.bytes().all(allowed) {
            return Ok(Self(name.into()));
        }
        // As much of it as fits on a line.
        Err(BadWorldName { name: name.chars().take(MAX_NAME + 1).collect() })
    }

    /// Returns whether it is the name of the default world.
    #[must_use]
    pub(crate) fn is_default(&self) -> bool {
        &*self.0 == DEFAULT_WORLD
    }

    /// Returns the name, for sharing.
    #[must_use]
    pub(crate) fn shared(&self) -> &Arc<str> {
        &self.0
    }
}

impl Default for WorldName {
    fn default() -> Self {
        Self(DEFAULT_WORLD.into())
    }
}

impl Deref for WorldName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that cannot be that of a world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not the name of a world: up to 63 letters, digits, '-', '_' and '.', the first a letter or digit"
)]
pub(crate) struct BadWorldName {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["a", "A.b-c_1", "9", &"x".repeat(63)] {
            assert_eq!(WorldName::parse(good).as_deref(), Ok(good), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "a b", "ä", "%41", &"x".repeat(64)] {
            assert!(WorldName::parse(bad).is_err(), "{bad}");
        }
    }
}
