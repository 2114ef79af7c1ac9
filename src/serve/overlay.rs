//! What a scenario's decision does to a request and its answer: faults of the engine before, its delivery after.

use http::header::{HeaderName, HeaderValue};

use crate::k8s::{self, ApiError, Revision};
use crate::message::{Asked, Delivery, Plan};
use crate::scenario::{Applied, Compact, Decision};

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
    let deletes = matches!(&*asked.info().verb, "delete" | "deletecollection");
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
                &asked.info().verb,
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

/// Lays the delivery of a decision on an answer, and names the rule.
pub(super) fn lay_on(
    context: &RequestContext,
    asked: &Asked<'_>,
    mut plan: Plan,
    mut decision: Decision,
) -> Plan {
    let laid_on =
        decision.delivery(|status| k8s::error_line(&respond::api_error(context, asked, status)));
    plan.delivery = Delivery::over(plan.delivery, laid_on);
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
