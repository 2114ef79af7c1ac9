//! `match`: which requests a rule is about. All given keys must hold.

use globset::{GlobBuilder, GlobMatcher};
use http::header::HeaderName;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::document::{Keys, Node};

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
    body: Vec<(JsonPath, Option<Pattern>)>,
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
            let words = nodes.iter().filter_map(Node::text);
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
            matcher.body = body(&node);
        }
        keys.finish();
        matcher
    }

    /// Whether the body has a say.
    pub(super) fn reads_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether everything but the path holds.
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        self.matches_head(facts) && self.matches_body(facts)
    }

    fn matches_body(&self, facts: &Facts<'_>) -> bool {
        self.body.iter().all(|(path, pattern)| {
            let Some(body) = facts.json() else { return false };
            let found = path.query(body);
            match pattern {
                None => !found.is_empty(),
                Some(pattern) => found.iter().any(|value| match value {
                    Value::String(text) => pattern.matches(text),
                    value => pattern.matches(&value.to_string()),
                }),
            }
        })
    }

    /// Whether everything but path and body holds.
    pub(super) fn matches_head(&self, facts: &Facts<'_>) -> bool {
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

/// `body`: a `JSONPath` that finds something, or several with globs for what they find.
fn body(node: &Node<'_>) -> Vec<(JsonPath, Option<Pattern>)> {
    let parse = |text: &str, at: &Node<'_>| {
        let parsed = JsonPath::parse(text);
        parsed
            .map_err(|why| {
                at.error(
                    format!("{text:?} is not a JSONPath: {why}"),
                    "like $.spec.replicas or $..containers[?@.image]",
                );
            })
            .ok()
    };
    if let Some(text) = node.value().as_str() {
        return parse(text, node).map(|path| (path, None)).into_iter().collect();
    }
    let entries = node.entries();
    let entries = entries.iter();
    entries.filter_map(|(path, of)| Some((parse(path, of)?, Some(value_pattern(of)?)))).collect()
}

fn value_pattern(node: &Node<'_>) -> Option<Pattern> {
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
