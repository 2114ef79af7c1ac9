//! Lints for words without effect on the requests of their rule, and for unreachable places and
//! phases.

use std::time::Duration;

use super::Finding;
use crate::message::{PointAction, Position};
use crate::scenario::rule::point::{At, PointThen, Where};
use crate::scenario::rule::set::{Outcomes, Rule};
use crate::scenario::rule::then::{Terminal, Then};
use crate::scenario::rule::timeline::Timeline;

/// Returns the findings for everything without effect in a rule.
pub(super) fn find(rule: &Rule) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut need = |word: &str, verbs: &[&str]| {
        if !verbs.iter().any(|verb| rule.matcher.has_verb(verb)) {
            let verb = rule.matcher.key_text("verb");
            found.push(Finding::new(
                "no-effect",
                format!("{word} has no effect with {verb}"),
                format!("it is for requests of {}", verbs.join(", ")),
            ));
        }
    };
    if rule.page_size.is_some() {
        need("page_size", &["list"]);
    }
    for then in thens(&rule.outcomes) {
        words(then, &mut need);
    }
    if let Outcomes::At(entries) = &rule.outcomes {
        if entries.iter().any(|entry| matches!(entry.place, Where::Page(..))) {
            need("at: page", &["list"]);
        }
        if entries.iter().any(|entry| matches!(entry.place, Where::Stream(Position::Event(2..), _)))
        {
            need("at: event, from the second on,", &["watch"]);
        }
        found.extend(unreachable_places(entries));
    }
    if let Some(expect) = &rule.expect
        && let Some((least, most)) = expect.min_requests.zip(expect.max_requests)
        && least > most
    {
        found.push(Finding::new(
            "contradictory-expect",
            format!("no client sends at least {least} requests and at most {most}"),
            "make min_requests the smaller number",
        ));
    }
    found
}

/// Returns the outcomes that a rule may apply to a whole request.
fn thens(outcomes: &Outcomes) -> Vec<&Then> {
    match outcomes {
        Outcomes::None => Vec::new(),
        Outcomes::Steps(steps) => steps.iter().map(|step| &step.then).collect(),
        Outcomes::Share(shares) => shares.iter().map(|share| &share.then).collect(),
        Outcomes::At(entries) => {
            let page = |entry: &'_ At| matches!(entry.place, Where::Page(..));
            let pages = entries.iter().filter(|entry| page(entry));
            pages
                .filter_map(|entry| match &entry.place {
                    Where::Page(_, then) => Some(&**then),
                    Where::Stream(..) => None,
                })
                .collect()
        }
    }
}

/// Reports words that have an effect only on requests of some verbs.
fn words(then: &Then, need: &mut impl FnMut(&str, &[&str])) {
    if let Some(kubernetes) = &then.kubernetes {
        let reads: &[&str] = &["get", "list", "watch"];
        let all = [
            ("stale", kubernetes.stale.is_some(), reads),
            ("too_large", kubernetes.too_large, reads),
            ("fail_after", kubernetes.fail_after.is_some(), &["deletecollection"][..]),
            ("finalizer", kubernetes.finalizer.is_some(), &["delete", "deletecollection"][..]),
            ("expired", kubernetes.expired_as_status, &["watch"][..]),
        ];
        for (word, _, verbs) in all.into_iter().filter(|(_, is_there, _)| *is_there) {
            need(word, verbs);
        }
    }
    if let Some(Terminal::Status(status)) = &then.terminal
        && status.continue_token.is_some()
    {
        need("continue", &["list", "deletecollection"]);
    }
    let has_body: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
    if then.damage.as_ref().is_some_and(|damage| damage.read_pace.is_some()) {
        need("read", has_body);
    }
    if then.withhold.is_some() {
        need("withhold", has_body);
    }
    for lines in &then.lines {
        match lines.of {
            crate::message::LineKind::Bookmarks => need("bookmarks", &["watch"]),
            crate::message::LineKind::InitialEnd => need("initial_end", &["watch"]),
            crate::message::LineKind::Events => {}
        }
    }
}

/// Returns the places after one at which every body ends.
fn unreachable_places(entries: &[At]) -> Vec<Finding> {
    let ends = |entry: &At| {
        let Where::Stream(position, then) = &entry.place else { return None };
        let is_end = match then {
            PointThen::Error(_) => true,
            PointThen::Action(action) => {
                matches!(action, PointAction::End(_) | PointAction::Finish | PointAction::CutLine)
            }
            PointThen::Pass => false,
        };
        (is_end && entry.times.is_none()).then_some(*position)
    };
    let first = entries.iter().filter_map(ends);
    let mut found = Vec::new();
    for end in first {
        for entry in entries {
            let Where::Stream(position, _) = &entry.place else { continue };
            let (is_behind, what) = match (end, *position) {
                (Position::Event(end), Position::Event(at)) => (at > end, format!("event {at}")),
                (Position::Bytes(end), Position::Bytes(at)) => (at > end, format!("byte {at}")),
                (Position::Time(end), Position::Time(at)) => (at > end, format!("{at:?}")),
                _ => (false, String::new()),
            };
            if is_behind {
                found.push(Finding::new(
                    "unreachable-place",
                    format!("{what} is never reached: an earlier entry ends every body"),
                    "give the earlier entry times: 1, or put this one before it",
                ));
            }
        }
    }
    found
}

/// Returns the phases that begin after the scenario has ended.
pub(super) fn unreachable_phases(timeline: &Timeline) -> Vec<Finding> {
    let Some(ttl) = timeline.ttl else { return Vec::new() };
    let mut begin = Duration::ZERO;
    let mut found = Vec::new();
    for phase in &timeline.phases {
        if begin >= ttl {
            found.push(Finding::new(
                "unreachable-phase",
                format!(
                    "the phase {:?} begins after {begin:?}, when ttl has ended the scenario",
                    phase.name
                ),
                "make ttl longer than the phases before it",
            ));
        }
        begin = phase.length.map_or(Duration::MAX, |length| begin.saturating_add(length));
    }
    found
}
