//! Warnings about rules that have no effect, with stable codes.

use crate::document::{Diagnostic, Diagnostics, Severity};

use crate::scenario::rule::set::{Outcomes, Rule, ScenarioSet};
use crate::scenario::rule::then::{Terminal, Then};

/// The resources and paths that rules can match.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Resource types, as `plural.group`.
    pub resources: Vec<String>,
    /// Paths; `*` stands for any segment.
    pub paths: Vec<String>,
    /// Whether other paths may be served: by patterns, or by a backend.
    pub open: bool,
}

impl ScenarioSet {
    /// All warnings.
    #[must_use]
    pub(crate) fn lint(&self, served: &Served) -> Diagnostics {
        let mut found = Diagnostics::default();
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(by) = self.rules[..index].iter().find(|earlier| shadows(earlier, rule)) {
                let what =
                    format!("rule {} has no effect: {} answers all its requests", rule.id, by.id);
                found.push(self.warning(
                    rule,
                    "shadowed-rule",
                    what,
                    "put it first, or make the other rule narrower",
                ));
            }
            if let Some((what, hint)) = matches_nothing(rule, served) {
                found.push(self.warning(rule, "matches-nothing", what, &hint));
            }
        }
        found.sorted()
    }

    fn warning(&self, rule: &Rule, code: &'static str, what: String, hint: &str) -> Diagnostic {
        let path = self.scenarios.get(rule.scenario).map(|about| about.path.clone());
        let mut found = Diagnostic::error(path.unwrap_or_default(), what).code(code).hint(hint);
        found.severity = Severity::Warning;
        match rule.place {
            Some(place) => found.at(place),
            None => found,
        }
    }
}

/// Whether an earlier rule answers every request that a later one would answer.
fn shadows(earlier: &Rule, later: &Rule) -> bool {
    // Rules of a client or of a phase apply before earlier ones.
    let same_rank = earlier.clients.is_empty() == later.clients.is_empty()
        && earlier.phase.is_none() == later.phase.is_none();
    let same_phase = earlier.phase == later.phase && earlier.scenario == later.scenario
        || earlier.phase.is_none() && later.phase.is_none();
    let clients = earlier
        .clients
        .iter()
        .all(|client| later.clients.iter().any(|other| std::sync::Arc::ptr_eq(client, other)));
    let always = match &earlier.outcomes {
        Outcomes::Steps(steps) => {
            steps.first().is_some_and(|step| step.times.is_none() && answers(&step.then))
        }
        _ => false,
    };
    let only_answers = later.delay == crate::message::Delay::default()
        && later.gate.is_none()
        && later.page_size.is_none()
        && later.expect.is_none()
        && match &later.outcomes {
            Outcomes::Steps(steps) => steps.iter().all(|step| answers_or_passes(&step.then)),
            Outcomes::Share(shares) => shares.iter().all(|share| answers_or_passes(&share.then)),
            Outcomes::At(_) | Outcomes::None => false,
        };
    same_rank
        && same_phase
        && clients
        && always
        && only_answers
        && earlier.matcher.is_implied_by(&later.matcher)
}

/// Whether it is an answer, which no later rule replaces.
fn answers(then: &Then) -> bool {
    matches!(then.terminal, Some(Terminal::Status(_) | Terminal::Reply(_)))
}

fn answers_or_passes(then: &Then) -> bool {
    let alone = Then { terminal: None, text: then.text.clone(), ..then.clone() };
    (answers(then) || then.is_pass()) && alone.is_pass()
}

/// Why no request that is served matches the rule.
fn matches_nothing(rule: &Rule, served: &Served) -> Option<(String, String)> {
    if let Some(resource) = rule.matcher.resource_that_none_is(&served.resources) {
        let what = format!("no resource type {resource:?} is served");
        return Some((what, format!("served: {}", served.resources.join(", "))));
    }
    if let Some(verb) = rule.matcher.verb_that_none_is() {
        let what = format!("no request has the verb {verb:?}");
        let hint = "get, list, watch, create, update, patch, delete, deletecollection";
        return Some((what, format!("there are {hint}")));
    }
    let path = rule.matcher.path.as_deref().filter(|_| !served.open)?;
    if served.paths.iter().any(|template| overlap(path, template)) {
        return None;
    }
    let what = format!("nothing is served at {path:?}");
    Some((what, "check the path; nothing but the rule answers there".to_owned()))
}

/// Whether a path glob and a path template may match the same path; in doubt they may.
fn overlap(glob: &str, template: &str) -> bool {
    fn segments(text: &str) -> Vec<&str> {
        text.trim_matches('/').split('/').collect()
    }
    fn fits(glob: &[&str], template: &[&str]) -> bool {
        match (glob, template) {
            ([], []) => true,
            (["**", rest @ ..], _) => {
                (0..=template.len()).any(|taken| fits(rest, &template[taken..]))
            }
            ([first, glob @ ..], [other, template @ ..]) => {
                let wild = first.contains(['*', '?', '[', '{', '\\', '}']) || *other == "*";
                (wild || first == other) && fits(glob, template)
            }
            _ => false,
        }
    }
    // Alternatives may contain slashes.
    let split = glob.split('/').any(|part| part.matches('{').count() != part.matches('}').count());
    split || fits(&segments(glob), &segments(template))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_templates_overlap() {
        for (glob, template, expected) in [
            ("/apis/**", "/apis/a/v1/jobs", true),
            ("/api*/**", "/apis/a/v1/jobs", true),
            ("/apis/*/*/jobs", "/apis/a/v1/jobs", true),
            ("/apis/*/jobs", "/apis/a/v1/jobs", false),
            ("/apis/a/v1/namespaces/x/jobs/y", "/apis/a/v1/namespaces/*/jobs/*", true),
            ("/apis/a/v1/namespaces/x/pods", "/apis/a/v1/namespaces/*/jobs", false),
            ("/{apis/a,api}/**", "/api/v1/pods", true),
            ("/v3/auth/tokens", "/v3/auth/tokens", true),
            ("/**", "/", true),
        ] {
            assert_eq!(overlap(glob, template), expected, "{glob} {template}");
        }
    }
}
