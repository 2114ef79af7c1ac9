//! Compiles rules: the words of a rule → a [`Rule`].

use std::sync::Arc;

use crate::document::Node;

use crate::scenario::rule::context::{Context, named};
use crate::scenario::rule::delay::delay;
use crate::scenario::rule::draw::digest;
use crate::scenario::rule::expect::Expect;
use crate::scenario::rule::flow::flow;
use crate::scenario::rule::key::Key;
use crate::scenario::rule::limit::Limit;
use crate::scenario::rule::matcher::Matcher;
use crate::scenario::rule::point::{At, Where};
use crate::scenario::rule::set::{Gate, Outcomes, Rule, Share, Step};
use crate::scenario::rule::then::Then;
use crate::scenario::words::table::{PointWords, RequireWords, RuleWords, ShareWords, StepWords};

/// Where rules are in the file.
pub(in crate::scenario) struct Scope {
    /// The index of the scenario.
    pub(in crate::scenario) scenario: usize,
    /// The prefix of the rules' ids.
    pub(in crate::scenario) prefix: String,
    /// The phase they belong to.
    pub(in crate::scenario) phase: Option<usize>,
    /// The client whose requests the phase is for.
    pub(in crate::scenario) client: Option<Arc<Matcher>>,
}

/// Compiles rules and appends them to `rules`.
pub(in crate::scenario) fn rules(
    words: Vec<RuleWords<'_>>,
    scope: &Scope,
    context: &Context<'_>,
    rules: &mut Vec<Rule>,
) {
    for (index, words) in words.into_iter().enumerate() {
        let node = words.node.clone();
        let rule = rule(words, index, scope, context);
        if rules.iter().any(|other| other.id == rule.id) {
            let id = rule.id.rsplit('/').next().unwrap_or(&rule.id);
            node.error(
                format!("the id {id:?} is taken by an earlier rule"),
                "give each rule its own id",
            );
        }
        rules.push(rule);
    }
}

fn rule(words: RuleWords<'_>, index: usize, scope: &Scope, context: &Context<'_>) -> Rule {
    let id = words.id.map_or_else(|| format!("rule-{}", index + 1), str::to_owned);
    let limit = words.limit.and_then(|words| Limit::compile(words, &id, context));
    let id = format!("{}/{id}", scope.prefix);
    let key = format!("{id}#{}", digest(&flow(words.node.value())));
    let client = words.client.as_ref().and_then(|name| named(name, "client", &context.clients));
    Rule {
        id: id.into(),
        key: key.into(),
        seed: 0,
        scenario: scope.scenario,
        phase: scope.phase,
        clients: scope.client.iter().cloned().chain(client).collect(),
        matcher: words.matching.as_ref().map(Matcher::compile).unwrap_or_default(),
        gate: words.require.and_then(|words| gate(words, context)),
        limit: limit.map(Arc::new),
        per: words.per.as_deref().and_then(|words| Key::compile(words, context)),
        delay: words.delay.and_then(delay).unwrap_or_default(),
        page_size: words.page_size,
        draw_by: words.draw_by.unwrap_or_default(),
        local: words.local.unwrap_or_default(),
        expect: words.expect.as_ref().map(Expect::compile).map(Arc::new),
        place: words.node.place(),
        outcomes: if let Some(then) = words.then {
            let then = Then::compile(then, context);
            then.map_or(Outcomes::None, |then| Outcomes::Steps(vec![Step { times: None, then }]))
        } else if let Some(words) = words.steps {
            Outcomes::Steps(steps(words, context))
        } else if let Some((words, node)) = words.share {
            Outcomes::Share(shares(words, &node, context))
        } else if let Some(words) = words.at {
            Outcomes::At(points(words, context))
        } else {
            Outcomes::None
        },
    }
}

fn gate(words: RequireWords<'_>, context: &Context<'_>) -> Option<Gate> {
    let token = words.token.as_ref().and_then(|name| named(name, "token", &context.tokens));
    let otherwise = match words.otherwise {
        Some(words) => Then::compile(words, context),
        None => Some(Then::unauthorized()),
    };
    Some(Gate { token: token?, otherwise: otherwise? })
}

fn steps(words: Vec<StepWords<'_>>, context: &Context<'_>) -> Vec<Step> {
    let last = words.len().saturating_sub(1);
    let mut steps = Vec::new();
    for (index, words) in words.into_iter().enumerate() {
        if words.forever == Some(true) && index < last {
            words.node.error_coded(
                "unreachable-step",
                "the steps after this one are never reached",
                "put the step with forever last",
            );
        }
        if let Some(then) = words.then.and_then(|then| Then::compile(then, context)) {
            steps.push(Step { times: words.times, then });
        }
    }
    steps
}

fn shares(words: Vec<ShareWords<'_>>, node: &Node<'_>, context: &Context<'_>) -> Vec<Share> {
    let sum: f64 = words.iter().filter_map(|words| words.part).sum();
    // Adding 0.1 ten times gives slightly more than 1.
    if sum > 1.0 + 1e-9 {
        let sum = (sum * 10_000.0).round() / 100.0;
        node.error_coded(
            "shares-over-100",
            format!("the shares of one draw add up to {sum}%"),
            "at most 100% can be given out; what is left passes",
        );
    }
    let compile = |words: ShareWords<'_>| {
        let then = words.then.and_then(|then| Then::compile(then, context));
        words.part.zip(then).map(|(part, then)| Share { part, then })
    };
    words.into_iter().filter_map(compile).collect()
}

fn points(words: Vec<PointWords<'_>>, context: &Context<'_>) -> Vec<At> {
    let mut points: Vec<At> = Vec::new();
    for words in words {
        let node = words.node.clone();
        let Some(point) = At::compile(&words, context) else { continue };
        let page = |point: &At| match point.place {
            Where::Page(page, _) => Some(page),
            Where::Stream(..) => None,
        };
        if page(&point).is_some() && points.iter().any(|other| page(other) == page(&point)) {
            node.error("this page has an entry already", "give each page one entry");
        }
        points.push(point);
    }
    points
}
