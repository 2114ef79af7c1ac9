//! The words of `match`: which requests a rule matches.

use crate::document::Node;
use crate::scenario::words::kind::{AnyKey, Either, HeaderName, JsonPathKey, Kind, Map, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Glob, JsonPath, PathGlob, Pattern, Text};
use crate::scenario::words::shape::{Form, Shape, word};

/// The verbs that requests to a Kubernetes API have.
pub(in crate::scenario) const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// A verb, or a glob. A verb that no request has is only a warning.
#[derive(Debug)]
pub(in crate::scenario) enum Verb {}

impl Kind for Verb {
    type Value<'d> = (&'d str, Node<'d>);

    fn form() -> Form {
        Form::AnyOf(vec![Form::Words(VERBS.map(|verb| (verb, "")).to_vec()), Glob::form()])
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        Glob::read(node)
    }
}

words! {
    /// `match`.
    MatchWords: Shape::new("match", "Which requests the rule matches; all given words must match.")
        .frame("rules: [{match: {…}, then: {status: 503}}]");
    method: OneOrMany<Text> = word("method", "The method, or a list of alternatives, case-insensitive.")
        .example("method: [PUT, patch]"),
    path: PathGlob = word("path", "The path.").example("path: /apis/*/*/namespaces/**"),
    query: Map<AnyKey, Pattern> = word("query", "Query parameters; of several values one must match.")
        .example("query: {limit: \"[1-9]*\"}"),
    header: Map<HeaderName, Pattern> = word("header", "Header fields; of several values one must match.")
        .example("header: {User-Agent: \"kubectl/*\"}"),
    verb: Verb = word("verb", "The Kubernetes verb.").example("verb: \"{update,patch}\""),
    resource: Glob = word(
        "resource",
        "The resource type, as plural.group, or the plural alone in the core group.",
    )
    .example("resource: tfjobs.kubeflow.org"),
    namespace: Glob = word("namespace", "The namespace in the path; does not match a path without one.")
        .example("namespace: \"team-*\""),
    name: Glob = word("name", "The object's name in the path; does not match a path without one.")
        .example("name: tfjob-test"),
    subresource: Glob = word("subresource", "The subresource in the path; does not match a path without one.")
        .example("subresource: status"),
    body: Either<JsonPath, Map<JsonPathKey, Pattern>> = word(
        "body",
        "A JSONPath that finds something in a JSON body, or JSONPaths with a pattern for what each finds.",
    )
    .example("body: {$.metadata.name: \"big-*\", $.spec.replicas: 64}"),
}
