//! The URL of a request pattern: one of `url`, `urlPattern`, `urlPath`, `urlPathPattern` and
//! `urlPathTemplate` (`C/matching/UrlPattern.java`). All compare what was sent, still
//! percent-encoded.

use std::fmt;

use crate::document::{Keys, Node};

use super::operator::compile_pattern;
use super::pattern::Pattern;
use super::short_text::ShortText;
use super::template::Template;

/// A URL or a path; most are no longer.
pub(crate) type UrlText = ShortText<48>;

/// Which URLs a stub matches.
#[derive(Debug)]
pub(crate) enum UrlPattern {
    Any,
    /// Path and query, literally.
    Url(UrlText),
    /// A pattern over path and query.
    UrlRegex(Box<Pattern>),
    /// The path, literally.
    Path(UrlText),
    /// A pattern over the path.
    PathRegex(Box<Pattern>),
    /// A path with `{variables}` and `**`.
    Template(Box<Template>),
}

impl UrlPattern {
    /// Decodes the URL of a request pattern.
    pub(super) fn compile(keys: &Keys<'_>) -> Option<Self> {
        let mut found = KEYS.iter().filter_map(|key| keys.get(key));
        let Some(node) = found.next() else {
            return Some(Self::Any);
        };
        // The type is a matter of the field, what the text says one of the pattern.
        let text = &*node.loose_text()?;
        let (node, found) = (&node.of_parent(), found.map(|node| node.of_parent()));
        for other in found {
            let (first, other_key) = (node.key(), other.key());
            other.warn(
                format!("{other_key:?} has no effect beside {first:?}"),
                "keep one of them; queryParameters match a query beside any urlPath",
            );
        }
        match node.key().as_str() {
            "url" => {
                warn_if_never(node, text, false);
                Some(Self::Url(text.into()))
            }
            "urlPattern" => compile_pattern(node).map(|regex| Self::UrlRegex(Box::new(regex))),
            "urlPath" => {
                warn_if_never(node, text, true);
                Some(Self::Path(text.into()))
            }
            "urlPathPattern" => compile_pattern(node).map(|regex| Self::PathRegex(Box::new(regex))),
            _ => {
                warn_if_never(node, text, true);
                Template::compile(node, text).map(|template| Self::Template(Box::new(template)))
            }
        }
    }

    /// Returns whether a request's path (or its path with query, if the pattern covers both)
    /// matches.
    pub(crate) fn matches(&self, path: &str, target: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Url(text) => text.as_bytes() == target.as_bytes(),
            Self::UrlRegex(pattern) => pattern.matches(target),
            Self::Path(text) => text.as_bytes() == path.as_bytes(),
            Self::PathRegex(pattern) => pattern.matches(path),
            Self::Template(template) => template.matches(path),
        }
    }

    /// As written; empty for any URL.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Url(text) | Self::Path(text) => text,
            Self::UrlRegex(pattern) | Self::PathRegex(pattern) => pattern.as_str(),
            Self::Template(template) => template.as_str(),
        }
    }

    /// Returns whether it covers path and query, not the path alone.
    pub(crate) fn includes_query(&self) -> bool {
        matches!(self, Self::Url(_) | Self::UrlRegex(_))
    }

    /// Returns the prefix of every matching URL, for ranking near misses.
    pub(crate) fn literal_prefix(&self) -> &str {
        match self {
            Self::UrlRegex(pattern) | Self::PathRegex(pattern) => match pattern.prefix() {
                // A pattern with look-around is only known as text.
                "" => {
                    let text = pattern.as_str();
                    let end = text.find(|c: char| r"\.[({*+?|^$".contains(c));
                    &text[..end.unwrap_or(text.len())]
                }
                prefix => prefix,
            },
            Self::Template(template) => template.sequence().prefix(),
            Self::Any | Self::Url(_) | Self::Path(_) => self.as_str(),
        }
    }
}

const KEYS: [&str; 5] = ["url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate"];

/// Warns about a literal that no request can have: it is valid, but certainly a mistake.
fn warn_if_never(node: &Node<'_>, text: &str, path_only: bool) {
    if !text.starts_with('/') && !text.starts_with('*') {
        node.warn(
            "this never matches: the path of a request begins with /",
            "add the /, and leave out scheme and host",
        );
    } else if path_only && text.contains('?') {
        node.warn(
            "this never matches: a path has no query",
            "move the query to queryParameters, or use \"url\"",
        );
    }
}

impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("(any)"),
            _ => f.write_str(self.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::matching::testing::with_node;

    fn compile(value: &Value) -> (Option<UrlPattern>, Vec<String>) {
        let (pattern, problems) =
            with_node(value, |node| UrlPattern::compile(&node.keys().unwrap()));
        (pattern, problems.iter().map(|problem| problem.message.clone()).collect())
    }

    #[test]
    fn urls_compare_as_they_were_sent() {
        let table = [
            (json!({}), "/any", true),
            (json!({"url": "/a?b=c"}), "/a?b=c", true),
            (json!({"url": "/a"}), "/a?b=c", false),
            (json!({"url": "/a%20b"}), "/a%20b", true),
            (json!({"urlPath": "/a"}), "/a?b=c", true),
            (json!({"urlPath": "/a"}), "/a/", false),
            (json!({"urlPattern": "/a\\?b=.*"}), "/a?b=c", true),
            (json!({"urlPattern": "/a"}), "/a?b=c", false),
            (json!({"urlPathPattern": "/[ab]"}), "/b?x", true),
            (json!({"urlPathPattern": "/[ab]"}), "/bc", false),
            (json!({"urlPathPattern": "/(?!b).*"}), "/c", true),
            (json!({"urlPathPattern": "/(?!b).*"}), "/b", false),
            (json!({"urlPathTemplate": "/a/{id}/c"}), "/a/b/c?x=y", true),
            (json!({"urlPathTemplate": "/a/{id}/c"}), "/a/b/b/c", false),
            (json!({"urlPathTemplate": "/a/{id}/c"}), "/a//c", false),
            (json!({"urlPathTemplate": "/a/**/c"}), "/a/b/b/c", true),
            (json!({"urlPathTemplate": "/a.{id}"}), "/axb", false),
            (json!({"urlPathTemplate": "/a*{id}"}), "/a*1", true),
            (json!({"urlPathTemplate": "/{}/{a"}), "/{}/{a", true),
        ];
        for (pattern, target, verdict) in table {
            let (compiled, problems) = compile(&pattern);
            assert!(problems.is_empty(), "{problems:?}");
            let path = target.split('?').next().unwrap();
            assert_eq!(compiled.unwrap().matches(path, target), verdict, "{pattern} on {target}");
        }
    }

    #[test]
    fn literals_that_cannot_match_are_reported() {
        let table = [
            (json!({"url": "a"}), "this never matches: the path of a request begins with /"),
            (json!({"urlPath": "/a?b"}), "this never matches: a path has no query"),
            (json!({"url": "/a", "urlPath": "/b"}), "\"urlPath\" has no effect beside \"url\""),
        ];
        for (pattern, message) in table {
            assert_eq!(compile(&pattern).1, [message], "{pattern}");
        }
    }

    #[test]
    fn prefixes_end_where_patterns_begin() {
        let table = [
            (json!({"urlPath": "/a.b"}), "/a.b"),
            (json!({"urlPathPattern": "/a/.*"}), "/a/"),
            (json!({"urlPathTemplate": "/a/{b}/c"}), "/a/"),
        ];
        for (pattern, prefix) in table {
            assert_eq!(compile(&pattern).0.unwrap().literal_prefix(), prefix);
        }
    }
}
