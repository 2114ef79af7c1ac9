//! `match`: which requests a rule is about. All given keys must hold.

use globset::{GlobBuilder, GlobMatcher};
use http::header::HeaderName;

use crate::document::Keys;

use super::decide::Facts;

/// The compiled `match` of a rule, less its path, which all rules' globs are tried for at once.
#[derive(Debug, Default)]
pub(super) struct Matcher {
    pub(super) path: Option<String>,
    methods: Vec<String>,
    query: Vec<(String, Pattern)>,
    headers: Vec<(HeaderName, Pattern)>,
    verb: Option<Pattern>,
    resource: Option<Pattern>,
    namespace: Option<Pattern>,
    name: Option<Pattern>,
    subresource: Option<Pattern>,
}

/// A glob; one without special characters is compared as text.
#[derive(Debug)]
enum Pattern {
    Text(String),
    Glob(Box<GlobMatcher>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if !text.contains(['*', '?', '[', '{', '\\']) {
            return Ok(Self::Text(text.to_owned()));
        }
        let glob = GlobBuilder::new(text).build().map_err(|error| error.kind().to_string())?;
        Ok(Self::Glob(Box::new(glob.compile_matcher())))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => wanted == text,
            Self::Glob(glob) => glob.is_match(text),
        }
    }
}

impl Matcher {
    /// Reads a `match` object.
    pub(super) fn decode(keys: Keys<'_>) -> Self {
        let mut matcher = Self::default();
        let pattern = |key: &'static str| {
            let node = keys.get(key)?;
            let text = node.text()?;
            Pattern::parse(text)
                .map_err(|why| node.error(format!("this is not a glob: {why}"), ""))
                .ok()
        };
        matcher.verb = pattern("verb");
        matcher.resource = pattern("resource");
        matcher.namespace = pattern("namespace");
        matcher.name = pattern("name");
        matcher.subresource = pattern("subresource");
        if let Some(node) = keys.get("path")
            && let Some(text) = node.text()
        {
            match path_glob(text) {
                Ok(_) if text.starts_with(['/', '*']) => matcher.path = Some(text.to_owned()),
                Ok(_) => node.error("a path begins with /", format!("write /{text}")),
                Err(why) => node.error(format!("this is not a glob: {why}"), ""),
            }
        }
        if let Some(node) = keys.get("method") {
            let nodes = if node.value().is_array() { node.items() } else { vec![node] };
            let words = nodes.iter().filter_map(crate::document::Node::text);
            matcher.methods = words.map(str::to_ascii_uppercase).collect();
        }
        for (key, node) in keys.get("query").map(|node| node.entries()).unwrap_or_default() {
            if let Some(pattern) = value_pattern(&node) {
                matcher.query.push((key.to_owned(), pattern));
            }
        }
        for (key, node) in keys.get("header").map(|node| node.entries()).unwrap_or_default() {
            match (HeaderName::try_from(key), value_pattern(&node)) {
                (Ok(name), Some(pattern)) => matcher.headers.push((name, pattern)),
                (Err(_), _) => node.error_at_key(format!("{key:?} is not a header name"), ""),
                (_, None) => {}
            }
        }
        if let Some(node) = keys.get("body") {
            node.error_at_key(
                "the word \"body\" is not supported yet",
                "match by path, query, header or resource",
            );
        }
        keys.finish();
        matcher
    }

    /// Whether everything but the path holds.
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        let semantic = |pattern: &Option<Pattern>, fact: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| fact.is_some_and(|fact| pattern.matches(fact)))
        };
        (self.methods.is_empty() || self.methods.iter().any(|method| method == facts.method))
            && semantic(&self.verb, facts.verb)
            && semantic(&self.resource, facts.resource)
            && semantic(&self.namespace, facts.namespace)
            && semantic(&self.name, facts.name)
            && semantic(&self.subresource, facts.subresource)
            && self
                .query
                .iter()
                .all(|(name, pattern)| facts.query.all(name).any(|value| pattern.matches(value)))
            && self.headers.iter().all(|(name, pattern)| {
                let values = facts.headers.get_all(name).iter();
                values.filter_map(|value| value.to_str().ok()).any(|value| pattern.matches(value))
            })
    }
}

fn value_pattern(node: &crate::document::Node<'_>) -> Option<Pattern> {
    let text = match node.value() {
        serde_json::Value::Bool(value) => value.to_string(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => node.text()?.to_owned(),
    };
    Pattern::parse(&text).map_err(|why| node.error(format!("this is not a glob: {why}"), "")).ok()
}

/// A path glob: `*` stays inside one segment, `**` crosses them.
pub(super) fn path_glob(text: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(text).literal_separator(true).build().map_err(|error| error.kind().to_string())
}
