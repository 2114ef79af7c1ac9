//! A rule as it stands in the file → a compiled [`Rule`].

use std::sync::Arc;

use crate::document::{Keys, Node};

use crate::scenario::rule::context::{Context, named};
use crate::scenario::rule::delay::delay;
use crate::scenario::rule::draw::digest;
use crate::scenario::rule::expect::Expect;
use crate::scenario::rule::flow::flow;
use crate::scenario::rule::matcher::Matcher;
use crate::scenario::rule::point::{At, Where};
use crate::scenario::rule::set::{DrawBy, Gate, Outcomes, Rule, Share, Step};
use crate::scenario::rule::then::Then;

/// Where rules stand.
pub(in crate::scenario) struct Scope {
    /// The index of the scenario.
    pub(in crate::scenario) scenario: usize,
    /// What comes before the rules' own ids.
    pub(in crate::scenario) prefix: String,
    /// The phase they belong to.
    pub(in crate::scenario) phase: Option<usize>,
    /// The client that the phase is about.
    pub(in crate::scenario) client: Option<Arc<Matcher>>,
}

/// The keys of which at least one must stand on a rule.
const DOES: [&str; 8] = ["then", "steps", "share", "at", "require", "delay", "page_size", "expect"];
/// The keys that count a rule's requests.
const COUNTS: [&str; 4] = ["then", "steps", "share", "at"];

/// Reads rules, and adds them to those that are there.
pub(in crate::scenario) fn rules(
    nodes: &[Node<'_>],
    scope: &Scope,
    context: &Context<'_>,
    rules: &mut Vec<Rule>,
) {
    for (index, node) in nodes.iter().enumerate() {
        let Some(rule) = rule(node, index, scope, context) else { continue };
        if rules.iter().any(|other| other.id == rule.id) {
            let id = rule.id.rsplit('/').next().unwrap_or(&rule.id);
            node.error(
                format!("the id {id:?} is taken by an earlier rule"),
                "give each rule an id of its own",
            );
        }
        rules.push(rule);
    }
}

fn rule(node: &Node<'_>, index: usize, scope: &Scope, context: &Context<'_>) -> Option<Rule> {
    let keys = node.keys()?;
    let id = keys
        .get("id")
        .and_then(|node| node.text())
        .map_or_else(|| format!("rule-{}", index + 1), str::to_owned);
    let matcher =
        keys.get("match").and_then(|node| node.keys()).map(Matcher::decode).unwrap_or_default();
    let client = keys.get("client").and_then(|node| named(&node, "client", &context.clients));
    let gate = keys.get("require").and_then(|node| gate(&node, context));
    let delay = keys.get("delay").and_then(|node| delay(&node));
    let page_size = keys.get("page_size").and_then(|node| node.integer(1..=i64::MAX));
    let draw_by = keys
        .get("draw_by")
        .and_then(|node| node.word(&[("count", DrawBy::Count), ("request", DrawBy::Request)]));
    let expect = keys.get("expect").and_then(|node| Expect::decode(&node));
    let outcomes = outcomes(&keys, context);
    let draws = keys.present().any(|key| ["share", "delay", "then", "at"].contains(&key));
    if draw_by == Some(DrawBy::Request) && !draws {
        node.error("this rule draws nothing", "draw_by goes with share or delay");
    }
    if !keys.present().any(|key| DOES.contains(&key)) {
        node.error("this rule does nothing", format!("give it one of {}", DOES.join(", ")));
    }
    let place = node.place();
    keys.finish();
    let id = format!("{}/{id}", scope.prefix);
    let key = format!("{id}#{}", digest(&flow(node.value())));
    Some(Rule {
        id: id.into(),
        key: key.into(),
        seed: 0,
        scenario: scope.scenario,
        phase: scope.phase,
        clients: scope.client.iter().cloned().chain(client).collect(),
        matcher,
        gate,
        delay: delay.unwrap_or_default(),
        outcomes,
        page_size: page_size.and_then(|size| u64::try_from(size).ok()),
        draw_by: draw_by.unwrap_or_default(),
        expect: expect.map(Arc::new),
        place,
    })
}

fn outcomes(keys: &Keys<'_>, context: &Context<'_>) -> Outcomes {
    let said: Vec<&str> = keys.present().filter(|key| COUNTS.contains(key)).collect();
    if let [first, second, ..] = said.as_slice() {
        let code = if said.contains(&"steps") && said.contains(&"at") {
            "steps-and-at"
        } else {
            "two-counts"
        };
        keys.node().error_coded(
            code,
            format!("{first} and {second} on one rule count the same requests twice"),
            "make two rules of it",
        );
    }
    let (then, steps_node, share, at) =
        (keys.get("then"), keys.get("steps"), keys.get("share"), keys.get("at"));
    if let Some(node) = then {
        let then = Then::decode(&node, context);
        then.map_or(Outcomes::None, |then| Outcomes::Steps(vec![Step { times: None, then }]))
    } else if let Some(node) = steps_node {
        Outcomes::Steps(steps(&node, context))
    } else if let Some(node) = share {
        Outcomes::Share(shares(&node, context))
    } else if let Some(node) = at {
        Outcomes::At(points(&node, context))
    } else {
        Outcomes::None
    }
}

fn gate(node: &Node<'_>, context: &Context<'_>) -> Option<Gate> {
    let keys = node.keys()?;
    let token = keys.required("token").and_then(|node| named(&node, "token", &context.tokens));
    let otherwise = match keys.get("else") {
        Some(node) => Then::decode(&node, context),
        None => Some(Then::unauthorized()),
    };
    keys.finish();
    Some(Gate { token: token?, otherwise: otherwise? })
}

fn steps(node: &Node<'_>, context: &Context<'_>) -> Vec<Step> {
    let items = node.items();
    let mut steps = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(keys) = item.keys() else { continue };
        let times = keys.get("times").and_then(|node| node.integer(1..=i64::MAX));
        let forever = keys.get("forever").and_then(|node| node.bool()).unwrap_or_default();
        let then = keys.required("then").and_then(|node| Then::decode(&node, context));
        keys.finish();
        let says_times = item.value().get("times").is_some();
        if forever == says_times {
            item.error(
                "a step says how often",
                "give it times: N, or forever: true for the last one",
            );
        }
        if forever && index + 1 < items.len() {
            item.error_coded(
                "unreachable-step",
                "the steps after this one are never reached",
                "put the step with forever last",
            );
        }
        if let Some(then) = then {
            steps.push(Step { times: times.and_then(|times| u64::try_from(times).ok()), then });
        }
    }
    if steps.is_empty() && items.is_empty() {
        node.error("there are no steps", "add at least one {times: N, then: ...}");
    }
    steps
}

fn shares(node: &Node<'_>, context: &Context<'_>) -> Vec<Share> {
    let mut shares = Vec::new();
    let mut sum = 0.0;
    let items = node.items();
    if items.is_empty() && node.value().is_array() {
        node.error("there are no shares", "add at least one {p: 30%, then: ...}");
    }
    for item in items {
        let Some(keys) = item.keys() else { continue };
        let part = keys.required("p").and_then(|node| node.percent());
        let then = keys.required("then").and_then(|node| Then::decode(&node, context));
        keys.finish();
        sum += part.unwrap_or_default();
        shares.extend(part.zip(then).map(|(part, then)| Share { part, then }));
    }
    // A little more than 1 is what adding 0.1 ten times gives.
    if sum > 1.0 + 1e-9 {
        let sum = (sum * 10_000.0).round() / 100.0;
        node.error_coded(
            "shares-over-100",
            format!("the shares of one draw add up to {sum}%"),
            "at most 100% can be given out; what is left passes",
        );
    }
    shares
}

fn points(node: &Node<'_>, context: &Context<'_>) -> Vec<At> {
    let mut points: Vec<At> = Vec::new();
    let items = node.items();
    if items.is_empty() && node.value().is_array() {
        node.error("there are no places", "add at least one {page: N, then: ...}");
    }
    for item in items {
        let Some(point) = At::decode(&item, context) else { continue };
        let page = |point: &At| match point.place {
            Where::Page(page, _) => Some(page),
            Where::Stream(..) => None,
        };
        if page(&point).is_some() && points.iter().any(|other| page(other) == page(&point)) {
            item.error("this page has an entry already", "say what happens to a page once");
        }
        points.push(point);
    }
    points
}
