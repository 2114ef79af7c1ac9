//! What a scenario's decision does to a request and its answer: engine faults before, the wire's after.

use http::header::{HeaderName, HeaderValue};

use crate::k8s::{self, ApiError, Revision};
use crate::message::{Plan, Point, PointAct, StreamFaults};
use crate::scenario::{Applied, Compact, Decision, PointThen};

use super::asked::Asked;
use super::context::RequestContext;
use super::respond;

/// Names the rule that shaped an answer, and the draw if there was one.
const RULE_HEADER: HeaderName = HeaderName::from_static("x-standin-rule");

/// What goes wrong within the Kubernetes side. What happens to the world at once happens here.
pub(super) fn faults(
    context: &RequestContext,
    asked: &Asked<'_>,
    decision: &mut Decision,
) -> k8s::Faults {
    let page_size = decision.page_size.and_then(|size| usize::try_from(size).ok());
    let Some(then) = decision.kubernetes.take() else {
        return k8s::Faults { page_size, ..k8s::Faults::NONE };
    };
    if let Some(compact) = then.compact {
        let store = &context.world.store;
        let latest = store.state().revision;
        let keep = match compact {
            Compact::Now => 0,
            Compact::Keep(keep) => keep,
        };
        store.compact(Revision(latest.0.saturating_sub(keep)));
    }
    let deletes = matches!(&*asked.info.verb, "delete" | "deletecollection");
    let hold = then.finalizer.filter(|_| deletes);
    if let Some(time) = hold {
        context.hold(time);
    }
    let fail_after = then.fail_after.map(|after| {
        let error = match &then.fails_with {
            Some(status) => respond::api_error(context, asked, status),
            None => ApiError::of_status(
                http::StatusCode::INTERNAL_SERVER_ERROR,
                None,
                "",
                &asked.info.verb,
            ),
        };
        (after, error)
    });
    k8s::Faults {
        page_size,
        stale: then.stale,
        too_large: then.too_large,
        fail_after,
        hold: hold.is_some(),
        expired_as_status: then.expired_as_status,
    }
}

/// Lays on an answer what is said about its way to the client.
pub(super) fn lay_on(
    context: &RequestContext,
    asked: &Asked<'_>,
    mut plan: Plan,
    decision: Decision,
) -> Plan {
    plan.delay = plan.delay.saturating_add(decision.delay);
    if decision.pace.is_some() {
        plan.pace = decision.pace;
    }
    if decision.fault.is_some() {
        plan.fault = decision.fault;
    }
    if !decision.points.is_empty() || !decision.changes.is_empty() {
        let points = decision.points.into_iter().filter_map(|(at, then)| {
            let act = match then {
                PointThen::Act(act) => act,
                PointThen::Error(status) => {
                    let error = respond::api_error(context, asked, &status);
                    PointAct::Insert { line: k8s::error_line(&error), ends: true }
                }
                PointThen::Pass => return None,
            };
            Some(Point { at, act })
        });
        let faults = StreamFaults { points: points.collect(), changes: decision.changes };
        plan.stream = Some(Box::new(faults));
    }
    let named = decision.by.filter(|_| context.shared.settings.rule_header);
    if let Some(value) = named.and_then(|by| rule_value(&by)) {
        plan.headers.insert(RULE_HEADER, value);
    }
    plan
}

fn rule_value(by: &Applied) -> Option<HeaderValue> {
    let text = match by.draw {
        Some(draw) => format!("{}; draw={draw}", by.rule),
        None => by.rule.to_string(),
    };
    HeaderValue::from_str(&text).ok()
}
