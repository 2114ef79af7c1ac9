//! `match`: which requests a rule is about. All given keys must hold.

use globset::{GlobBuilder, GlobMatcher};
use http::header::HeaderName;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::document::{Keys, Node, json_path};

use super::facts::Facts;
use super::flow::flow;

/// One key of a `match`, held against a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The key.
    pub key: String,
    /// What it asks for.
    pub wanted: String,
    /// What the request has, if anything.
    pub found: Option<String>,
    /// Whether it holds.
    pub holds: bool,
}

/// The compiled `match` of a rule, less its path, which all rules' globs are tried for at once.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Matcher {
    /// As it stands in the file, on one line.
    pub(in crate::scenario) text: String,
    pub(in crate::scenario) path: Option<String>,
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

    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Glob(glob) => glob.glob().glob(),
        }
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
    pub(in crate::scenario) fn decode(keys: Keys<'_>) -> Self {
        let text = flow(keys.node().value());
        let mut matcher = Self { text, ..Self::default() };
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

    /// Whether all that is asked for here is asked for by another too.
    pub(in crate::scenario) fn is_implied_by(&self, other: &Self) -> bool {
        let same = |one: &Option<Pattern>, other: &Option<Pattern>| match (one, other) {
            (None, _) => true,
            (Some(one), Some(other)) => one.as_str() == other.as_str() || one.as_str() == "*",
            (Some(_), None) => false,
        };
        let path = self.path.is_none() || self.path == other.path;
        let methods = self.methods.is_empty()
            || !other.methods.is_empty()
                && other.methods.iter().all(|method| self.methods.contains(method));
        path && methods
            && self.query.is_empty()
            && self.headers.is_empty()
            && self.body.is_empty()
            && self
                .semantic()
                .into_iter()
                .zip(other.semantic())
                .all(|(one, other)| same(one.1, other.1))
    }

    /// The resource that is asked for, where it is none of these.
    pub(in crate::scenario) fn resource_that_none_is(&self, served: &[String]) -> Option<&str> {
        let wanted = self.resource.as_ref()?;
        (!served.iter().any(|resource| wanted.matches(resource))).then(|| wanted.as_str())
    }

    /// Whether it is about requests for resources alone.
    pub(in crate::scenario) fn needs_resource(&self) -> bool {
        self.semantic().iter().any(|(_, wanted)| wanted.is_some())
    }

    /// The verb that is asked for, where no request has it.
    pub(in crate::scenario) fn verb_that_none_is(&self) -> Option<&str> {
        const VERBS: [&str; 8] =
            ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
        let wanted = self.verb.as_ref()?;
        (!VERBS.iter().any(|verb| wanted.matches(verb))).then(|| wanted.as_str())
    }

    fn semantic(&self) -> [(&'static str, &Option<Pattern>); 5] {
        [
            ("verb", &self.verb),
            ("resource", &self.resource),
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("subresource", &self.subresource),
        ]
    }

    /// Each key, with what it wants and what a request has.
    pub(in crate::scenario) fn compare(&self, facts: &Facts<'_>) -> Vec<Compared> {
        let mut all = Vec::new();
        let mut part = |key: &str, wanted: &str, found: Option<&str>, holds: bool| {
            all.push(Compared {
                key: key.to_owned(),
                wanted: wanted.to_owned(),
                found: found.map(str::to_owned),
                holds,
            });
        };
        if let Some(path) = &self.path {
            let holds =
                path_glob(path).is_ok_and(|glob| glob.compile_matcher().is_match(facts.path));
            part("path", path, Some(facts.path), holds);
        }
        if !self.methods.is_empty() {
            let holds = self.methods.iter().any(|method| method == facts.method);
            part("method", &self.methods.join(", "), Some(facts.method), holds);
        }
        let found = [facts.verb, facts.resource, facts.namespace, facts.name, facts.subresource];
        for ((key, wanted), found) in self.semantic().into_iter().zip(found) {
            if let Some(wanted) = wanted {
                let holds = found.is_some_and(|found| wanted.matches(found));
                part(key, wanted.as_str(), found, holds);
            }
        }
        for (name, wanted) in &self.query {
            let values: Vec<&str> = facts.query.all(name).collect();
            let holds = values.iter().any(|value| wanted.matches(value));
            let key = format!("query {name}");
            part(&key, wanted.as_str(), values.first().copied(), holds);
        }
        for (name, wanted) in &self.headers {
            let values = facts.headers.get_all(name).iter();
            let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
            let holds = values.iter().any(|value| wanted.matches(value));
            // What a header holds may be a credential: it is not shown.
            let found = (!values.is_empty()).then_some("(present)");
            part(&format!("header {name}"), wanted.as_str(), found, holds);
        }
        if self.reads_body() {
            let holds = self.matches_body(facts);
            part("body", "what is asked of it", facts.body.map(|_| "(present)"), holds);
        }
        all
    }

    /// Whether the body has a say.
    pub(in crate::scenario) fn reads_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether everything but the path holds.
    pub(in crate::scenario) fn matches(&self, facts: &Facts<'_>) -> bool {
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
    pub(in crate::scenario) fn matches_head(&self, facts: &Facts<'_>) -> bool {
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
        let parsed = json_path::parse(text);
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
pub(in crate::scenario) fn path_glob(text: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(text).literal_separator(true).build().map_err(|error| error.kind().to_string())
}
