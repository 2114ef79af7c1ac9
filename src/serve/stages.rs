//! The stages of a request that is not answered at once, in their order.
//!
//! ```text
//! pipeline → admin? → scenario, before → stub → objects → backend → miss → scenario, after → pipeline
//! ```

use std::sync::Arc;

use http::{Method, StatusCode};

use crate::k8s;
use crate::message::{Asked, Body, BodyError, Origin, Plan};
use crate::profile::TOKENS_PATH;
use crate::scenario::{Decision, ScenarioSet};

use super::commit::ShareError;
use super::context::RequestContext;
use super::graded::GradingNotes;
use super::replicas::AskedRules;
#[cfg(feature = "record")]
use super::token_reviews;
use super::{
    admin, admit, audit, damage, kubernetes, overlay, respond, static_files, stub_answers,
};

/// Answers a request. `no_stub` says that no stub answers it, which was looked at before; `rules` is what was asked of
/// them before.
pub(super) async fn answer(
    context: &RequestContext,
    asked: &Asked<'_>,
    no_stub: bool,
    rules: AskedRules,
    notes: &mut GradingNotes,
) -> Plan {
    // The admin API is not part of what is simulated: no scenario touches it.
    if admin::is_for(asked.request()) {
        let plan = admin::answer(context, asked.request()).await;
        // It may have moved a timeline, or turned other scenarios on.
        context.shared.doors.look_again();
        return plan;
    }
    let own = context.world.scenarios.load();
    let shared = context.shared.scenarios.load();
    let scenarios: &ScenarioSet = own.as_deref().unwrap_or(&shared);
    // Where no rule can come first, a stub is all that is looked at.
    let concerned = !no_stub
        && !scenarios.is_empty()
        && scenarios.may_concern(asked.method().as_str(), asked.path());
    if !concerned
        && !no_stub
        && let Some(plan) = stub(context, asked).await
    {
        return plan;
    }
    if let Some(error) = asked.target_error() {
        return respond::bad_target(context, asked, error);
    }
    if !concerned {
        return base(context, asked, &k8s::Faults::NONE).await;
    }

    // Scenario, before: a gate, a delay, a status, a fault.
    let mut decision = match decide(context, scenarios, asked, rules).await {
        Ok(decision) => decision,
        Err(NotDecided::Body(error)) => return respond::bad_body(context, asked, &error),
        Err(NotDecided::Store(error)) => return respond::store_away(context, asked, &error),
    };
    if scenarios.has_listening() {
        // The first request may have started a timeline.
        context.shared.doors.look_again();
    }
    notes.take(&mut decision);
    if let Some(crash) = decision.crash {
        context.crash(crash);
        let rule = decision.by.as_ref().map_or_else(|| "".into(), |by| Arc::clone(&by.rule));
        let plan = Plan::new(StatusCode::SERVICE_UNAVAILABLE, Origin::Scenario(rule), Body::Empty);
        return overlay::lay_on(context, asked, plan, decision);
    }
    if !decision.withhold.is_zero() {
        // Nothing of the body is read meanwhile, and no window is given for it.
        tokio::time::sleep(decision.withhold).await;
    }
    if let Some(pace) = decision.damage.as_ref().and_then(|damage| damage.read_pace) {
        damage::read_slowly(&asked.request().body, pace);
        if let Err(error) = asked.read_body(context.body_limit(asked)).await {
            return respond::bad_body(context, asked, &error);
        }
    }
    let faults = overlay::faults(context, asked, &mut decision);
    let plan = match decision.answer.take() {
        Some(answer) => respond::scenario_answer(context, asked, answer, &decision),
        None => match stub(context, asked).await {
            Some(plan) => plan,
            None => base(context, asked, &faults).await,
        },
    };
    // Scenario, after: what is laid on the answer.
    overlay::lay_on(context, asked, plan, decision)
}

/// The stub for a request, if there is one; or what keeps it from being found.
async fn stub(context: &RequestContext, asked: &Asked<'_>) -> Option<Plan> {
    let stubs = context.shared.stubs.load_full();
    if stubs.is_empty() {
        return None;
    }
    if stubs.wants_body(asked) {
        let limit = context.body_limit(asked);
        let read = if stubs.takes_digests() {
            asked.request().body.read_or_digest(limit).await
        } else {
            asked.read_body(limit).await.map(drop)
        };
        if let Err(error) = read {
            return Some(respond::bad_body(context, asked, &error));
        }
    }
    let stub = match context.world.select_stub(&stubs, asked).await {
        Ok(stub) => Arc::clone(stub?),
        Err(error) => return Some(respond::store_away(context, asked, &error)),
    };
    stub.count_use();
    Some(stub_answers::answer(context, asked, &stub).await)
}

/// The answer where no stub has one: of objects, then of the backend, then the report of near misses.
async fn base(context: &RequestContext, asked: &Asked<'_>, faults: &k8s::Faults) -> Plan {
    if let Some(gateway) = &context.shared.settings.gateway
        && asked.path() == TOKENS_PATH
        && *asked.method() == Method::POST
    {
        return match asked.read_body(context.body_limit(asked)).await {
            Ok(body) => gateway.issue(&body, &context.world.tokens, context.world.clock.now()),
            Err(error) => respond::bad_body(context, asked, &error),
        };
    }
    let owned = kubernetes::owns(context, asked).await;
    if let Some(proxy) = context.shared.settings.proxy.as_ref().filter(|_| !owned) {
        return proxy.answer(asked.request().take()).await;
    }
    let files = if context.shared.settings.strict { &[] } else { &*context.shared.static_files };
    if !owned && let Some(plan) = static_files::find(files, asked.request()) {
        return plan;
    }
    #[cfg(feature = "record")]
    if context.shared.settings.token_webhook.is_some() {
        Box::pin(token_reviews::ask(context, asked)).await;
    }
    if let Some(log) = &context.shared.settings.audit {
        return Box::pin(audit::answer(log, context, asked, owned, faults)).await;
    }
    // An answer to an unauthorized request says nothing about what exists.
    let user = match admit::admit(context, asked).await {
        Ok(user) => user,
        Err(refused) => return *refused,
    };
    if owned {
        return kubernetes::answer(context, asked, &user, faults).await;
    }
    respond::miss(context, asked).await
}

/// Why the rules were not asked.
enum NotDecided {
    Body(BodyError),
    Store(ShareError),
}

/// Asks the rules; reads the body first when one of them looks at it. Where servers share the state of rules, it waits
/// for the store.
async fn decide(
    context: &RequestContext,
    scenarios: &ScenarioSet,
    asked: &Asked<'_>,
    rules: AskedRules,
) -> Result<Decision, NotDecided> {
    let world = &context.world;
    if let Some(decision) = rules.decision {
        return Ok(*decision);
    }
    if scenarios.wants_body(asked) {
        asked.read_body(context.body_limit(asked)).await.map_err(NotDecided::Body)?;
    }
    let decide = |state: &_| scenarios.decide(state, asked, &world.name, world.clock.elapsed());
    if world.share.is_none() {
        return Ok(decide(&world.scenario));
    }
    world.decide(rules.is_counted, decide).await.map_err(NotDecided::Store)
}
