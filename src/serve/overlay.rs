//! What a scenario's decision does to a request and its answer: faults of the engine before, its delivery after.

use std::time::{Duration, SystemTime};

use http::header::{HeaderName, HeaderValue, RETRY_AFTER};

use crate::k8s::{self, ApiError, Revision};
use crate::message::{Asked, Delivery, Origin, Plan};
use crate::scenario::{Applied, Compact, Decision, RetryAfter};

use super::context::RequestContext;
use super::damage;
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
    decision.fields.apply(&mut plan);
    if let Some(damage) = decision.damage.take() {
        damage::apply(&mut plan, &damage);
    }
    tell_limits(context, &mut plan, &decision);
    let laid_on =
        decision.delivery(|status| k8s::error_line(&respond::api_error(context, asked, status)));
    plan.delivery = Delivery::over(plan.delivery, laid_on);
    if let Some(by) = &decision.by
        && !matches!(plan.origin, Origin::Scenario(_))
    {
        plan.set_rule(&by.rule);
    }
    let named = decision.by.filter(|_| context.shared.settings.rule_header);
    if let Some(value) = named.and_then(|by| rule_value(&by)) {
        plan.headers.insert(RULE_HEADER, value);
    }
    plan
}

/// Adds what the limits say about the request. Where one of them refused it, the answer says when to come back.
fn tell_limits(context: &RequestContext, plan: &mut Plan, decision: &Decision) {
    if decision.limits.is_empty() {
        return;
    }
    let now = context.world.clock.now();
    decision.limits.add_to(&mut plan.headers, now.as_duration().as_secs_f64());
    if !matches!(plan.origin, Origin::Scenario(_)) || plan.headers.contains_key(RETRY_AFTER) {
        return;
    }
    let value = match decision.limits.retry_after() {
        Some(RetryAfter::Seconds(seconds)) => Some(HeaderValue::from(seconds)),
        Some(RetryAfter::Until(left)) => {
            // A date has whole seconds: rounded up, it is not too early.
            let due = SystemTime::from(now) + left + Duration::from_nanos(999_999_999);
            HeaderValue::try_from(httpdate::fmt_http_date(due)).ok()
        }
        None => None,
    };
    if let Some(value) = value {
        plan.headers.insert(RETRY_AFTER, value);
    }
}

fn rule_value(by: &Applied) -> Option<HeaderValue> {
    let text = match by.draw {
        Some(draw) => format!("{}; draw={draw}", by.rule),
        None => by.rule.to_string(),
    };
    HeaderValue::from_str(&text).ok()
}
