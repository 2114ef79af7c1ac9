//! The warnings about built-in types that are deprecated as a whole.

use http::StatusCode;

use crate::message::{Plan, ResourceInfo};

use super::{Outcome, Resolved, output};

/// The warning about a deprecated built-in type (`APILifecycleDeprecated`).
pub(super) fn warning(info: &ResourceInfo<'_>) -> Option<&'static str> {
    match (&*info.group, &*info.version, &*info.resource) {
        ("", "v1", "endpoints") => {
            Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
        }
        ("", "v1", "componentstatuses") => Some("v1 ComponentStatus is deprecated in v1.19+"),
        _ => None,
    }
}

/// Puts a warning before those that an answer has.
pub(super) fn warned(resolved: Resolved, text: &'static str) -> Resolved {
    let warn = move |mut plan: Plan| {
        // A method without a route comes to no handler.
        if plan.status == StatusCode::METHOD_NOT_ALLOWED {
            return plan;
        }
        let others: Vec<_> = plan.headers.get_all("warning").iter().cloned().collect();
        plan.headers.remove("warning");
        for warning in output::warning(text).into_iter().chain(others) {
            plan.headers.append("warning", warning);
        }
        plan
    };
    match resolved {
        Resolved::Outcome(Outcome::Plan(plan)) => Resolved::Outcome(Outcome::Plan(warn(plan))),
        Resolved::Change(change, answer) => Resolved::Change(change, answer.map(warn)),
        other @ Resolved::Outcome(_) => other,
    }
}
