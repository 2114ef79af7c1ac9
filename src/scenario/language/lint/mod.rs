//! Lints: warnings with stable codes for rules that are valid and have no effect.
//!
//! ```text
//! rules → [shadow]: answered by another rule; [served]: about no request that is served; [effect]: words without effect
//! ```

mod effect;
mod path;
mod served;
mod shadow;

pub(crate) use path::PathTemplate;
pub(crate) use served::{Part, RequestShape, Served};

use std::path::Path;

use crate::document::{Diagnostic, Diagnostics, Severity};

use crate::scenario::rule::set::{Rule, ScenarioSet, Unused};

/// A problem of a rule, and what to do about it.
struct Finding {
    code: &'static str,
    message: String,
    hint: String,
}

impl Finding {
    fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

impl ScenarioSet {
    /// Returns all warnings.
    #[must_use]
    pub(crate) fn lint(&self, served: &Served) -> Diagnostics {
        let mut found = Diagnostics::default();
        let mut earlier = shadow::Earlier::default();
        for rule in &*self.rules {
            let findings =
                earlier.find(rule).into_iter().chain(served.misses(rule)).chain(effect::find(rule));
            found.extend(findings.map(|finding| self.warning(rule, finding)));
            earlier.add(rule);
        }
        for about in &self.scenarios {
            let findings = about.timeline.iter().flat_map(effect::unreachable_phases);
            found.extend(findings.map(|Finding { code, message, hint }| {
                Diagnostic::warning(&about.path, message).code(code).hint(hint)
            }));
        }
        for about in &self.scenarios {
            found.extend(about.unused.iter().map(|unused| unused_name(&about.path, unused)));
        }
        found.sorted()
    }

    fn warning(&self, rule: &Rule, Finding { code, message, hint }: Finding) -> Diagnostic {
        let path = self.scenarios.get(rule.scenario).map(|about| about.path.clone());
        let mut found = Diagnostic::error(path.unwrap_or_default(), message).code(code).hint(hint);
        found.severity = Severity::Warning;
        match rule.place {
            Some(place) => found.at(place),
            None => found,
        }
    }
}

fn unused_name(path: &Path, Unused { what, name, place }: &Unused) -> Diagnostic {
    let (code, hint) = if *what == "client" {
        ("unused-client", format!("name it in a rule or a phase, like client: {name}"))
    } else {
        ("unused-token", format!("let a rule require it, like require: {{token: {name}}}"))
    };
    let message = format!("no rule refers to the {what} {name:?}");
    let found = Diagnostic::warning(path, message).code(code).hint(hint);
    match place {
        Some(place) => found.at(*place),
        None => found,
    }
}
