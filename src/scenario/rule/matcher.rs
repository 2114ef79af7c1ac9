//! `match`: which requests a rule matches. All given keys must hold.

mod path;
mod relation;

use globset::{GlobBuilder, GlobMatcher};
use http::header::HeaderName;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::document::{Node, json_path};
use crate::message::Asked;
use crate::scenario::words::table::{ClientWords, MatchWords};
use crate::scenario::words::{Either, Entry};

use super::flow::flow;

pub(in crate::scenario) use path::PathPattern;

/// One key of a `match`, compared with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    /// The key.
    pub key: String,
    /// What it requires.
    pub wanted: String,
    /// What the request has, if anything.
    pub found: Option<String>,
    /// Whether it holds.
    pub holds: bool,
}

/// The compiled `match` of a rule, without its path: the paths of all rules are matched together in
/// one glob set.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Matcher {
    /// As it is in the file, on one line.
    pub(in crate::scenario) text: String,
    pub(in crate::scenario) path: Option<PathPattern>,
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
    /// Checks and compiles a `match`.
    pub(in crate::scenario) fn compile(words: &MatchWords<'_>) -> Self {
        let glob = |word: &Option<(&str, Node<'_>)>| {
            let (text, node) = word.as_ref()?;
            pattern(text, node)
        };
        let methods = words.method.iter().flatten();
        Self {
            text: flow(words.node.value()),
            path: words.path.as_ref().and_then(|(text, node)| path(text, node)),
            methods: methods.map(|method| method.to_ascii_uppercase()).collect(),
            query: query(words.query.as_deref().unwrap_or_default()),
            headers: headers(words.header.as_deref().unwrap_or_default()),
            verb: glob(&words.verb),
            resource: glob(&words.resource),
            namespace: glob(&words.namespace),
            name: glob(&words.name),
            subresource: glob(&words.subresource),
            body: words.body.as_ref().map(body).unwrap_or_default(),
        }
    }

    /// Checks and compiles the criteria that identify a client.
    pub(in crate::scenario) fn of_client(words: &ClientWords<'_>) -> Self {
        Self {
            text: flow(words.node.value()),
            query: query(words.query.as_deref().unwrap_or_default()),
            headers: headers(words.header.as_deref().unwrap_or_default()),
            ..Self::default()
        }
    }

    /// Returns whether it matches requests for resources only.
    pub(in crate::scenario) fn needs_resource(&self) -> bool {
        self.semantic().iter().any(|(_, wanted)| wanted.is_some())
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

    /// Returns each key, with what it requires and what a request has.
    pub(in crate::scenario) fn compare(&self, asked: &Asked<'_>) -> Vec<Compared> {
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
            part("path", path.as_str(), Some(asked.path()), path.matches(asked.path()));
        }
        if !self.methods.is_empty() {
            let holds = self.methods.iter().any(|method| method == asked.method().as_str());
            part("method", &self.methods.join(", "), Some(asked.method().as_str()), holds);
        }
        let found =
            [asked.verb(), asked.resource(), asked.namespace(), asked.name(), asked.subresource()];
        for ((key, wanted), found) in self.semantic().into_iter().zip(found) {
            if let Some(wanted) = wanted {
                let holds = found.is_some_and(|found| wanted.matches(found));
                part(key, wanted.as_str(), found, holds);
            }
        }
        for (name, wanted) in &self.query {
            let values: Vec<&str> = asked.query().all(name).collect();
            let holds = values.iter().any(|value| wanted.matches(value));
            let key = format!("query {name}");
            part(&key, wanted.as_str(), values.first().copied(), holds);
        }
        for (name, wanted) in &self.headers {
            let values = asked.headers().get_all(name).iter();
            let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
            let holds = values.iter().any(|value| wanted.matches(value));
            // The value of a header may be a credential: it is not shown.
            let found = (!values.is_empty()).then_some("(present)");
            part(&format!("header {name}"), wanted.as_str(), found, holds);
        }
        if self.reads_body() {
            let holds = self.matches_body(asked);
            part("body", "the conditions", asked.body().map(|_| "(present)"), holds);
        }
        all
    }

    /// Returns whether it depends on the body.
    pub(in crate::scenario) fn reads_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Returns whether everything but the path holds.
    pub(in crate::scenario) fn matches(&self, asked: &Asked<'_>) -> bool {
        self.matches_head(asked) && self.matches_body(asked)
    }

    fn matches_body(&self, asked: &Asked<'_>) -> bool {
        self.body.iter().all(|(path, pattern)| {
            let Some(body) = asked.json() else { return false };
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

    /// Returns whether everything but path and body holds.
    pub(in crate::scenario) fn matches_head(&self, asked: &Asked<'_>) -> bool {
        (self.methods.is_empty()
            || self.methods.iter().any(|method| method == asked.method().as_str()))
            && holds(self.verb.as_ref(), || asked.verb())
            && holds(self.resource.as_ref(), || asked.resource())
            && holds(self.namespace.as_ref(), || asked.namespace())
            && holds(self.name.as_ref(), || asked.name())
            && holds(self.subresource.as_ref(), || asked.subresource())
            && self
                .query
                .iter()
                .all(|(name, pattern)| asked.query().all(name).any(|value| pattern.matches(value)))
            && self.headers.iter().all(|(name, pattern)| {
                let values = asked.headers().get_all(name).iter();
                values.filter_map(|value| value.to_str().ok()).any(|value| pattern.matches(value))
            })
    }
}

/// Returns whether a part of a request matches. Without a pattern the part is not read.
fn holds<'a>(wanted: Option<&Pattern>, part: impl FnOnce() -> Option<&'a str>) -> bool {
    wanted.is_none_or(|wanted| part().is_some_and(|part| wanted.matches(part)))
}

/// A value of a map, as text, and where it is.
type Scalar<'d> = (String, Node<'d>);

fn pattern(text: &str, node: &Node<'_>) -> Option<Pattern> {
    Pattern::parse(text).map_err(|why| node.error(format!("this is not a glob: {why}"), "")).ok()
}

fn path(text: &str, node: &Node<'_>) -> Option<PathPattern> {
    match PathPattern::parse(text) {
        Ok(path) if text.starts_with(['/', '*']) => return Some(path),
        Ok(_) => node.error("a path begins with /", format!("write /{text}")),
        Err(why) => node.error(format!("this is not a glob: {why}"), ""),
    }
    None
}

fn query(entries: &[Entry<'_, Scalar<'_>>]) -> Vec<(String, Pattern)> {
    let parsed = entries
        .iter()
        .filter_map(|Entry { key, value: (text, node), .. }| Some((*key, pattern(text, node)?)));
    parsed.map(|(key, pattern)| (key.to_owned(), pattern)).collect()
}

fn headers(entries: &[Entry<'_, Scalar<'_>>]) -> Vec<(HeaderName, Pattern)> {
    let parse = |entry: &Entry<'_, Scalar<'_>>| {
        let Ok(name) = HeaderName::try_from(entry.key) else {
            entry.node.error_at_key(format!("{:?} is not a header name", entry.key), "");
            return None;
        };
        let (text, node) = &entry.value;
        Some((name, pattern(text, node)?))
    };
    entries.iter().filter_map(parse).collect()
}

/// `body`: a `JSONPath` that finds something, or several with patterns for what they find.
fn body(
    words: &Either<(&str, Node<'_>), Vec<Entry<'_, Scalar<'_>>>>,
) -> Vec<(JsonPath, Option<Pattern>)> {
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
    match words {
        Either::Short((text, node)) => {
            parse(text, node).map(|path| (path, None)).into_iter().collect()
        }
        Either::Object(entries) => {
            let entries = entries.iter();
            entries
                .filter_map(|Entry { key, value: (text, node), .. }| {
                    Some((parse(key, node)?, Some(pattern(text, node)?)))
                })
                .collect()
        }
    }
}
