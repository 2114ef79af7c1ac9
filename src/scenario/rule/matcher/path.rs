//! The path of a `match`: a glob whose `*` stays inside one segment, while `**` crosses them.

use std::sync::OnceLock;

use globset::{Glob, GlobBuilder, GlobMatcher};

/// The characters of a glob that stand for others.
const WILD: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A path glob. It is compiled when it is first compared alone: the paths of all rules are matched
/// together in one glob set.
#[derive(Debug)]
pub(in crate::scenario) struct PathPattern {
    glob: Glob,
    /// The length of the text in front of the first wildcard.
    literal: usize,
    compiled: OnceLock<GlobMatcher>,
}

impl PathPattern {
    /// Checks a glob.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        let literal = text.find(WILD).unwrap_or(text.len());
        Ok(Self { glob, literal, compiled: OnceLock::new() })
    }

    pub(in crate::scenario) fn as_str(&self) -> &str {
        self.glob.glob()
    }

    pub(in crate::scenario) fn glob(&self) -> &Glob {
        &self.glob
    }

    /// Returns the only path that matches, if there is exactly one.
    pub(in crate::scenario) fn text(&self) -> Option<&str> {
        (self.literal == self.as_str().len()).then(|| self.as_str())
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match self.text() {
            Some(text) => text == path,
            None => {
                path.starts_with(&self.as_str()[..self.literal])
                    && self.compiled.get_or_init(|| self.glob.compile_matcher()).is_match(path)
            }
        }
    }

    /// Returns whether it matches every path that another glob matches, as far as the texts show.
    pub(super) fn includes(&self, other: &Self) -> bool {
        let (one, two) = (self.as_str(), other.as_str());
        if one == two || one == "**" || one == "/**" {
            return true;
        }
        if let Some(path) = other.text() {
            return self.matches(path);
        }
        // Paths that begin with the same text.
        one.strip_suffix("**").is_some_and(|start| {
            start.len() == self.literal
                && start.ends_with('/')
                && two.starts_with(start)
                && two.len() > start.len()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_includes_what_it_matches() {
        for (one, other, expected) in [
            ("/a", "/a", true),
            ("/a", "/b", false),
            ("/a", "/*", false),
            ("/**", "/a/*/b", true),
            ("/a/**", "/a/*/b", true),
            ("/a/**", "/ab/*", false),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/b/c", false),
            ("/{a,b/c}/*", "/b/c/d", true),
            ("/a/[0-9]", "/a/7", true),
            ("/a/*/**", "/a/*/b", false),
        ] {
            let [one, other] = [one, other].map(|text| PathPattern::parse(text).unwrap());
            assert_eq!(one.includes(&other), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_path_without_wildcards_is_text() {
        let pattern = PathPattern::parse("/a.b/c").unwrap();
        assert_eq!(pattern.text(), Some("/a.b/c"));
        assert!(pattern.matches("/a.b/c") && !pattern.matches("/aXb/c"));
        assert!(pattern.compiled.get().is_none());
        assert!(PathPattern::parse("/a{b").is_err());
        assert_eq!(PathPattern::parse(r"/a\*").unwrap().text(), None);
    }
}
