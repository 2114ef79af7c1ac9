//! The words of a whole file, and of its declarations: clients, tokens, generated objects.

use crate::scenario::words::kind::{AnyKey, HeaderName, List, Map, NameKey, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{
    Count, NumberedName, Pattern, RequestLine, Text, Time, TokenPlace, Whole, Window,
};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

use super::expect::VerdictWords;
use super::life::LifeWords;
use super::listen::Listen;
use super::rule::RuleWords;
use super::timeline::TimelineWords;

words! {
    /// A scenario: the whole file.
    ScenarioWords: Shape::new(
        "scenario",
        "Which faults happen, for which requests and when: rules that add faults to the answers of the server.",
    )
    .frame("{…, rules: [{then: pass}]}")
    .constraints(&[constraint(
        Must::HaveSome(&["rules", "generate", "timeline", "listen", "life"]),
        "there are no rules",
        "add a list of rules under the key \"rules\"",
    )]);
    description: Text = word(
        "description",
        "The faults in one sentence; `standin scenarios` lists it.",
    )
    .example("description: TFJob lists fail twice with 500."),
    seed: Whole<0, { i64::MAX }> = word(
        "seed",
        "The seed of all draws: the same seed gives the same run. `--seed` overrides it.",
    )
    .default("the server picks one and prints it")
    .example("seed: 42"),
    rules: List<RuleWords<'static>> = word(
        "rules",
        "What happens to which requests, in order; these rules are always active.",
    )
    .example("rules: [{match: {verb: list}, then: {status: 500}}]"),
    timeline: TimelineWords<'static> = word(
        "timeline",
        "Phases with their own rules, and the end of the scenario.",
    )
    .example("timeline: {phases: [{for: 30s, rules: [{then: {status: 503}}]}]}"),
    clients: Map<NameKey, ClientWords<'static>> = word(
        "clients",
        "Clients by name, identified by what they send; rules and phases refer to the name.",
    )
    .example("clients: {canary: {header: {X-Client: canary}}}"),
    tokens: Map<NameKey, TokenWords<'static>> = word(
        "tokens",
        "Kinds of tokens by name, which clients must fetch and which expire; rules refer to the name.",
    )
    .example("tokens: {iam: {issue: POST /v3/auth/tokens, in: bearer}}"),
    generate: List<GenerateWords<'static>> = word(
        "generate",
        "Objects to add to the fixtures before the first request.",
    )
    .example("generate: [{resource: jobs.batch, namespace: default, count: 250, name: \"job-{n}\"}]"),
    life: List<LifeWords<'static>> = word(
        "life",
        "The phases of simulated jobs, each at its time; if several entries match a job, the first counts.",
    )
    .example("life: [{resource: tfjobs.kubeflow.org, phases: [{phase: Created}, {phase: Failed, at: 5s}]}]"),
    verdict: VerdictWords<'static> = word(
        "verdict",
        "Which findings fail a drill; of several scenarios the strictest counts.",
    )
    .example("verdict: {unmatched: fail}"),
    listen: Listen = word(
        "listen",
        "How connections are treated outside of phases, in scenarios of the default world, until its `ttl`.",
    )
    .default("as always")
    .example("listen: {connections: 2}"),
    http2: Http2Words<'static> = word(
        "http2",
        "The settings of every HTTP/2 connection, in scenarios that are loaded at start.",
    )
    .example("http2: {max_concurrent_streams: 1}"),
}

words! {
    /// An entry of `clients`.
    ClientWords: Shape::new("client", "How a client is identified; all given words must match.")
        .frame("{clients: {canary: {…}}, rules: [{client: canary, then: {status: 503}}]}")
        .constraints(&[constraint(
            Must::NotBeEmpty,
            "a client is identified by what it sends with each request",
            "give it header: {X-Client: canary}, or query: {client: canary}",
        )]);
    header: Map<HeaderName, Pattern> = word("header", "Header fields that it sends.")
        .example("header: {X-Client: \"canary-*\"}"),
    query: Map<AnyKey, Pattern> = word("query", "Query parameters that it sends.")
        .example("query: {fieldManager: canary}"),
}

words! {
    /// An entry of `tokens`.
    TokenWords: Shape::new(
        "token",
        "A kind of token: which request issues one, where requests carry it, how long it is valid.",
    )
    .frame(
        "{tokens: {iam: {issue: POST /v3/auth/tokens, in: bearer, …}}, rules: [{require: {token: iam}}]}",
    );
    issue: RequestLine = word(
        "issue",
        "The request that issues one: its answer is 201, with the token in `X-Subject-Token` and its expiry in the body.",
    )
    .required()
    .example("issue: POST /v3/auth/tokens"),
    carried_in: OneOrMany<TokenPlace, 1> = word("in", "Where requests carry it: one place, or a list.")
        .required()
        .example("in: [header X-Auth-Token, bearer]"),
    ttl: Time = word("ttl", "How long it is valid.").default("it does not expire").example("ttl: 60s"),
    uses: Count = word("uses", "For how many requests it is valid.")
        .default("any number")
        .example("uses: 100"),
}

words! {
    /// An entry of `generate`.
    GenerateWords: Shape::new("generate", "Objects of one resource type.")
        .frame("{generate: [{resource: jobs.batch, count: 3, name: \"job-{n}\", …}], rules: [{then: pass}]}");
    resource: Text = word("resource", "The resource type, as plural.group.")
        .required()
        .example("resource: tfjobs.kubeflow.org"),
    namespace: Text = word("namespace", "The namespace of the objects.")
        .default("cluster-scoped objects")
        .example("namespace: kube-test"),
    count: Whole<1, 1_000_000> = word("count", "How many objects to make.").required().example("count: 250"),
    name: NumberedName = word("name", "Their names, with a number from 1.")
        .required()
        .example("name: \"job-{n:04}\""),
    like: Text = word("like", "The name of the fixture to copy.")
        .default("objects with metadata only")
        .example("like: tfjob-test"),
    labels: Map<AnyKey, Text> = word("labels", "Labels to give them.").example("labels: {app: x}"),
}

words! {
    /// `http2`.
    Http2Words: Shape::new(
        "http2",
        "The settings that the server announces (RFC 9113, section 6.5.2); of several scenarios the tighter bound holds.",
    )
    .frame("{http2: {…}, rules: [{then: pass}]}")
    .constraints(&[constraint(
        Must::NotBeEmpty,
        "this object is empty",
        "give it max_concurrent_streams: 1, or initial_window: 1KiB",
    )]);
    max_concurrent_streams: Whole<1, 10_000> = word(
        "max_concurrent_streams",
        "How many streams a connection may have open at once.",
    )
    .default("the server's own")
    .example("max_concurrent_streams: 1"),
    initial_window: Window = word(
        "initial_window",
        "How many bytes of a request's body a stream accepts before more are allowed.",
    )
    .default("the server's own")
    .example("initial_window: 1KiB"),
}
