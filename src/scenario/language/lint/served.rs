//! Lints for rules that no request can match: nothing of the kind is served, or their keys
//! contradict each other.

use super::Finding;
use super::path::{PathGlob, PathTemplate};
use crate::scenario::rule::matcher::{Matcher, PathPattern};
use crate::scenario::rule::set::Rule;
use crate::scenario::words::table::VERBS;

/// The requests that are served.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Resource types, as `plural.group`.
    pub resources: Vec<String>,
    /// The kinds of requests.
    pub shapes: Vec<RequestShape>,
    /// Whether further requests may be answered, by patterns or by a backend.
    pub open: bool,
}

/// A kind of requests: those at one path, or at several that differ in names.
#[derive(Debug, Clone)]
pub(crate) struct RequestShape {
    pub path: PathTemplate,
    /// The verbs of the API with their methods; empty where the path is not that of a resource.
    pub verbs: &'static [(&'static str, &'static str)],
    /// As `plural.group`.
    pub resource: Part,
    pub namespace: Part,
    pub name: Part,
    pub subresource: Part,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Requests of this kind have none.
    None,
    /// Any.
    Any,
    /// This one.
    Text(String),
}

impl Served {
    /// Returns why no request that is served matches the rule.
    pub(super) fn misses(&self, rule: &Rule) -> Option<Finding> {
        let matcher = &rule.matcher;
        let path = matcher.path.as_ref().map(PathPattern::as_str);
        if let Some(path) = path.filter(|path| path.contains('?')) {
            let (before, after) = path.split_once('?').unwrap_or_default();
            if let Some((name, value)) = after.split_once('=') {
                return Some(Finding::new(
                    "matches-nothing",
                    format!("a path has no query, and {path:?} has"),
                    format!("write path: {before} and query: {{{name}: {value}}}"),
                ));
            }
        }
        if let Some(verb) = matcher.verb_that_none_is() {
            return Some(Finding::new(
                "matches-nothing",
                format!("no request has the verb {verb:?}"),
                format!("there are {}", VERBS.join(", ")),
            ));
        }
        let is_verb = |method: &&String| {
            let method = method.to_lowercase();
            ["list", "watch", "create", "update", "deletecollection"].contains(&&*method)
        };
        if let Some(method) = matcher.methods().iter().find(is_verb) {
            return Some(Finding::new(
                "matches-nothing",
                format!("no request has the method {method}"),
                format!(
                    "it is a verb of the Kubernetes API: write verb: {}",
                    method.to_lowercase()
                ),
            ));
        }
        if let Some(resource) = matcher.resource_that_none_is(&self.resources) {
            return Some(Finding::new(
                "matches-nothing",
                format!("no resource type {resource:?} is served"),
                self.resource_hint(resource),
            ));
        }
        self.contradiction(matcher)
    }

    fn resource_hint(&self, resource: &str) -> String {
        // The plural alone, or the singular.
        let plural = resource.split('.').next().unwrap_or_default();
        let near = self.resources.iter().find(|known| {
            let known = known.split('.').next().unwrap_or_default();
            known == plural || known == format!("{plural}s")
        });
        if let Some(near) = near {
            return format!("did you mean {near:?}?");
        }
        let known: Vec<&str> = self.resources.iter().map(String::as_str).collect();
        crate::document::suggest(resource, &known)
    }

    /// Returns keys that no request satisfies together: one alone, two, or all of them.
    fn contradiction(&self, matcher: &Matcher) -> Option<Finding> {
        let keys = matcher.request_keys();
        let path = matcher.path.as_ref().map(|path| PathGlob::new(path.as_str()));
        let holds = |keys: &[&'static str]| {
            let path = path.as_ref().filter(|_| keys.contains(&"path"));
            let fits = |shape: &RequestShape| shape.fits(matcher, keys, path);
            self.open && !keys.iter().any(|key| SEMANTIC.contains(key))
                || self.shapes.iter().any(fits)
                || self.open && any_resource().iter().any(fits)
        };
        if keys.is_empty() || holds(&keys) {
            return None;
        }
        if let Some(key) = keys.iter().find(|key| !holds(&[key])) {
            return Some(alone(key, matcher, |path| {
                let path = PathGlob::new(path);
                self.shapes.iter().any(|shape| path.overlaps(&shape.path))
            }));
        }
        let pairs = keys
            .iter()
            .enumerate()
            .flat_map(|(at, one)| keys[at + 1..].iter().map(move |other| [*one, *other]));
        for pair in pairs {
            if !holds(&pair) {
                let [one, other] = pair.map(|key| matcher.key_text(key));
                return Some(Finding::new(
                    "contradictory-match",
                    format!("no request has both {one} and {other}"),
                    advice(pair, matcher),
                ));
            }
        }
        let all: Vec<String> = keys.iter().map(|key| matcher.key_text(key)).collect();
        Some(Finding::new(
            "contradictory-match",
            format!("no request that is served has all of {}", all.join(", ")),
            "leave one of them out",
        ))
    }
}

/// The keys that hold for requests to a resource only.
const SEMANTIC: [&str; 5] = ["verb", "resource", "namespace", "name", "subresource"];

/// The verbs of requests for a collection, and for an object.
const OF_COLLECTION: &[(&str, &str)] =
    &[("list", "GET"), ("watch", "GET"), ("create", "POST"), ("deletecollection", "DELETE")];
const OF_OBJECT: &[(&str, &str)] = &[
    ("get", "GET"),
    ("get", "HEAD"),
    ("watch", "GET"),
    ("update", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
];
const OF_SUBRESOURCE: &[(&str, &str)] =
    &[("get", "GET"), ("update", "PUT"), ("patch", "PATCH"), ("create", "POST")];
/// A list or a watch of one object, by a field selector.
const OF_SELECTED: &[(&str, &str)] = &[("list", "GET"), ("watch", "GET")];

impl RequestShape {
    /// Returns the kinds of requests for a resource whose collection is at a path.
    pub(crate) fn of_collection(collection: &str, resource: &Part, namespace: &Part) -> [Self; 4] {
        let shape = |path: String, verbs, name: Part, subresource: Part| Self {
            path: PathTemplate::new(path),
            verbs,
            resource: resource.clone(),
            namespace: namespace.clone(),
            name,
            subresource,
        };
        [
            shape(collection.to_owned(), OF_COLLECTION, Part::None, Part::None),
            shape(collection.to_owned(), OF_SELECTED, Part::Any, Part::None),
            shape(format!("{collection}/*"), OF_OBJECT, Part::Any, Part::None),
            shape(format!("{collection}/*/*"), OF_SUBRESOURCE, Part::Any, Part::Any),
        ]
    }

    /// Returns the verbs of requests at a path, by the parts that it names.
    pub(crate) fn verbs_of(
        name: bool,
        subresource: bool,
    ) -> &'static [(&'static str, &'static str)] {
        match (name, subresource) {
            (_, true) => OF_SUBRESOURCE,
            (true, false) => OF_OBJECT,
            (false, false) => OF_COLLECTION,
        }
    }

    /// Returns whether some request of this kind has what these keys require.
    fn fits(&self, matcher: &Matcher, keys: &[&str], path: Option<&PathGlob<'_>>) -> bool {
        if path.is_some_and(|path| !path.overlaps(&self.path)) {
            return false;
        }
        let [namespace, name] = self.named_by(path);
        let parts = [
            ("resource", &self.resource, None),
            ("namespace", &self.namespace, namespace),
            ("name", &self.name, name),
            ("subresource", &self.subresource, None),
        ];
        let holds = |(key, part, literal): (&str, &Part, Option<&str>)| {
            !keys.contains(&key)
                || match (part, literal) {
                    (Part::Any, None) => true,
                    (Part::Any, literal) => matcher.key_holds(key, literal),
                    (Part::None, _) => matcher.key_holds(key, None),
                    (Part::Text(text), _) => matcher.key_holds(key, Some(text)),
                }
        };
        if !parts.into_iter().all(holds) {
            return false;
        }
        let has_method = |method: &str| {
            !keys.contains(&"method") || matcher.methods().iter().any(|wanted| wanted == method)
        };
        if self.verbs.is_empty() {
            return !keys.contains(&"verb");
        }
        // A create below an object is meant only where the subresource is named.
        let is_meant = |verb: &str| {
            self.subresource == Part::None
                || verb != "create"
                || matcher.request_keys().contains(&"subresource")
        };
        self.verbs.iter().any(|(verb, method)| {
            is_meant(verb)
                && (!keys.contains(&"verb") || matcher.has_verb(verb))
                && has_method(method)
        })
    }

    /// Returns the namespace and the name that a path contains literally.
    fn named_by<'p>(&self, path: Option<&PathGlob<'p>>) -> [Option<&'p str>; 2] {
        let Some(path) = path.and_then(PathGlob::without_wildcards) else {
            return [None, None];
        };
        let shape = self.path.segments();
        let path: Vec<&str> = path.split('/').collect();
        let at =
            |index: usize| (shape.get(index) == Some(&"*")).then(|| path.get(index).copied())?;
        let namespace = shape.iter().position(|part| *part == "namespaces").map(|index| index + 1);
        let last = shape.len() - 1;
        let name = if self.subresource == Part::None { last } else { last.saturating_sub(1) };
        let namespace = namespace.filter(|index| *index < last).and_then(at);
        [namespace, Some(name).filter(|_| self.name != Part::None).and_then(at)]
    }

    /// Requests at a path that is not one of a resource.
    pub(crate) fn of_path(path: impl Into<Box<str>>) -> Self {
        Self {
            path: PathTemplate::new(path),
            verbs: &[],
            resource: Part::None,
            namespace: Part::None,
            name: Part::None,
            subresource: Part::None,
        }
    }
}

/// Returns the kinds of requests for resources that a backend may have.
fn any_resource() -> Vec<RequestShape> {
    let mut shapes = Vec::new();
    for root in ["/api/*", "/apis/*/*"] {
        shapes.extend(RequestShape::of_collection(&format!("{root}/*"), &Part::Any, &Part::None));
        let namespaced = format!("{root}/namespaces/*/*");
        shapes.extend(RequestShape::of_collection(&namespaced, &Part::Any, &Part::Any));
    }
    shapes
}

/// Returns one key that holds for no request.
fn alone(key: &str, matcher: &Matcher, is_served: impl Fn(&str) -> bool) -> Finding {
    let path = matcher.path.as_ref().filter(|_| key == "path");
    let Some(path) = path.map(PathPattern::as_str) else {
        let message = format!("no request that is served has {}", matcher.key_text(key));
        return Finding::new("matches-nothing", message, "leave it out, or change it");
    };
    // The last `*`, or the end, in place of what is below it.
    let deeper = match path.strip_suffix("/*") {
        Some(before) => format!("{before}/**"),
        None => format!("{}/**", path.trim_end_matches('/')),
    };
    let trimmed = path.trim_end_matches('/');
    let hint = if path.len() > 1 && trimmed != path && is_served(trimmed) {
        format!("leave the slash at the end out: {trimmed}")
    } else if is_served(&deeper) {
        format!("* stays within one segment of a path: write {deeper}")
    } else {
        "check the path: only the rule itself answers there".to_owned()
    };
    Finding::new("matches-nothing", format!("nothing is served at {path:?}"), hint)
}

/// Returns what to do about two keys that exclude each other.
fn advice(pair: [&str; 2], matcher: &Matcher) -> String {
    match pair {
        ["method", "verb"] => {
            let methods: Vec<&str> = OF_COLLECTION
                .iter()
                .chain(OF_OBJECT)
                .filter(|(verb, _)| matcher.has_verb(verb))
                .map(|(_, method)| *method)
                .collect();
            match methods.first() {
                Some(method) => format!("leave the method out; the verb has {method}"),
                None => "leave one of them out".to_owned(),
            }
        }
        ["verb", "name"] if matcher.has_verb("create") => {
            "a create has the name in its body: write body: {$.metadata.name: NAME}".to_owned()
        }
        ["verb", "name"] => {
            "a request for a collection names no object: leave the name out".to_owned()
        }
        ["verb", "subresource"] => {
            "subresources have get, update, patch and create: leave one of them out".to_owned()
        }
        ["resource", "namespace"] => {
            "the resource type has no namespaces: leave the namespace out".to_owned()
        }
        ["path", _] => "the path has it already: leave one of them out".to_owned(),
        _ => "leave one of them out".to_owned(),
    }
}
