//! The words of a rule, and of the counting of its outcomes.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{List, Placed};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Count, Flag, Percentage, Reference, Text};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

use super::at::PointWords;
use super::delay::Delay;
use super::expect::ExpectWords;
use super::key::RequestKeys;
use super::limit::LimitWords;
use super::matching::MatchWords;
use super::then::Then;

/// What the number of a draw counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum DrawBy {
    /// The rule's requests, in the order of arrival.
    #[default]
    Count,
    /// The attempts of each single request, independent of the order of concurrent clients.
    Request,
}

impl Choice for DrawBy {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("count", Self::Count, "the rule's requests, in the order of arrival"),
        (
            "request",
            Self::Request,
            "the attempts of each single request, independent of the order of concurrent clients",
        ),
    ];
}

words! {
    /// An entry of `rules`.
    RuleWords: Shape::new("rule", "Matches requests and defines what happens to them.")
        .frame("{rules: [{…}], clients: {canary: {query: {c: \"1\"}}}, tokens: {iam: {issue: POST /t, in: bearer}}}")
        .constraints(&[
            constraint(
                Must::AtMostOne(&["steps", "at"]),
                "{given} on one rule count the same requests twice",
                "split it into two rules",
            )
            .code("steps-and-at"),
            constraint(
                Must::AtMostOne(&["then", "steps", "share", "at"]),
                "{given} on one rule count the same requests twice",
                "split it into two rules",
            )
            .code("two-counts"),
            constraint(
                Must::AtLeastOne(&[
                    "then", "steps", "share", "at", "require", "limit", "delay", "page_size", "expect",
                ]),
                "this rule does nothing",
                "give it one of {words}",
            ),
            constraint(
                Must::AccompanyWhen("draw_by", "request", &["share", "delay", "then", "at"]),
                "this rule draws nothing",
                "draw_by goes with share or delay",
            ),
            constraint(
                Must::Accompany(&["per"], &["steps", "at"]),
                "this rule counts nothing",
                "per goes with steps or at; limit and draw_by have their own keys",
            ),
        ]);
    id: Text = word("id", "Its id, which answers and reports show as `SCENARIO/ID`.")
        .default("`rule-N` for the N-th")
        .example("id: slow-lists, match: {verb: list}, delay: 1s"),
    matching: MatchWords<'static> = word("match", "Which requests it matches.")
        .default("all requests")
        .example("match: {path: /apis/**}, delay: 1s"),
    client: Reference = word("client", "The client whose requests it matches.")
        .default("all clients")
        .example("client: canary, delay: 1s"),
    require: RequireWords<'static> = word("require", "Requests without a valid token are refused.")
        .example("require: {token: iam}"),
    then: Then = word("then", "What happens to every request.").example("then: {status: 503}"),
    steps: List<StepWords<'static>, 1> = word(
        "steps",
        "What happens to the first requests, to the next ones and so on; after the last step, requests pass.",
    )
    .example("steps: [{times: 2, then: {status: 500}}, {times: 1, then: pass}, {forever: true, then: {status: 503}}]"),
    share: Placed<List<ShareWords<'static>, 1>> = word(
        "share",
        "What happens to which share of the requests, by one draw per request; in total at most 100%, the rest passes.",
    )
    .example("share: [{p: 30%, then: {status: 429}}, {p: 2.5%, then: {reset: before_headers}}]"),
    at: List<PointWords<'static>, 1> = word(
        "at",
        "What happens at pages of a list chain, and at places within a body.",
    )
    .example("at: [{page: 3, times: 1, then: {status: 410, continue: fresh}}]"),
    per: RequestKeys = word(
        "per",
        "The key by which `steps` and `at` count separately: one key or a list. The counters of the 10,000 most recently used values are kept.",
    )
    .default("all requests of the rule together")
    .example("per: request, steps: [{times: 1, then: {status: 503}}]"),
    limit: LimitWords<'static> = word("limit", "How many requests pass in a time; further ones are refused.")
        .default("no limit")
        .example("limit: {requests: 10, window: 1s, per: client}"),
    delay: Delay<'static> = word("delay", "How long the answer is delayed: a fixed or a drawn time.")
        .default("not later")
        .positive().example("delay: {min: 100ms, max: 300ms}"),
    page_size: Count = word(
        "page_size",
        "The most items on a page of a list, whatever `limit` the request has.",
    )
    .default("the request's `limit`")
    .example("page_size: 20"),
    draw_by: DrawBy = word("draw_by", "What the number of a draw counts.")
        .default("`count`")
        .example("draw_by: request, delay: {median: 400ms, p99: 3s}"),
    local: Flag = word(
        "local",
        "`true` keeps its counters, draws and limits on each server, where several share a store: its answers do not wait for it.",
    )
    .default("`false`: servers that share a store count together")
    .example("local: true, share: [{p: 1%, then: {status: 503}}]"),
    expect: ExpectWords<'static> = word("expect", "How the client should behave.")
        .example("expect: {max_in_flight: 4}"),
}

words! {
    /// `require`.
    RequireWords: Shape::new("require", "Refuses requests without a valid token of a kind.")
        .frame("{tokens: {iam: {issue: POST /t, in: bearer}}, rules: [{require: {token: iam, …}}]}");
    token: Reference = word("token", "The kind of token.").required().example("token: iam"),
    otherwise: Then = word("else", "What happens to requests without one.")
        .default("`{status: 401}`")
        .example("else: {status: 403}"),
}

words! {
    /// An entry of `steps`.
    StepWords: Shape::new("step", "What happens to a number of requests.")
        .frame("rules: [{steps: [{then: {status: 500}, …}]}]")
        .constraints(&[constraint(
            Must::OrForever("times"),
            "a step is for a number of requests",
            "give it times: N, or forever: true for the last one",
        )]);
    times: Count = word("times", "For how many requests.").example("times: 2"),
    forever: Flag = word("forever", "`true` for the last step, which applies to all further requests.")
        .default("`false`")
        .example("forever: true"),
    then: Then = word("then", "What happens to them.").required().example("times: 1, then: pass"),
}

words! {
    /// An entry of `share`.
    ShareWords: Shape::new("share", "What happens to a share of the requests.")
        .frame("rules: [{share: [{p: 30%, then: {status: 429}, …}]}]");
    part: Percentage = word("p", "The share.").required().positive().example("p: 2.5%"),
    then: Then = word("then", "What happens to these requests.").required().example("then: {delay: 1s}"),
}
