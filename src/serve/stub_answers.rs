//! The answer of the stub that a request matches, where it is made for the request.

use uuid::Uuid;

use crate::matching::{ResponseContext, Stub, StubAnswer};
use crate::message::{Asked, Plan, Request};

use super::context::RequestContext;
use super::{proxied, respond};

/// Makes the answer of a stub.
pub(super) async fn answer(context: &RequestContext, asked: &Asked<'_>, stub: &Stub) -> Plan {
    if stub.needs_body()
        && let Err(error) = asked.read_body(context.body_limit(asked)).await
    {
        return respond::bad_body(context, asked, &error);
    }
    let answer = with_context(context, asked.request(), None, |of| stub.answer(of));
    match answer {
        StubAnswer::Plan(plan) => plan,
        StubAnswer::Proxy(to) => proxied::answer(context, asked, *to).await,
    }
}

/// Makes the answer of a stub to a request that did not come over the wire.
#[cfg(feature = "cli")]
pub(crate) async fn stub_answer(context: &RequestContext, request: &Request, stub: &Stub) -> Plan {
    answer(context, &Asked::new(request), stub).await
}

/// Gives what answers are made from to what makes one. `exchange_id` is that of the exchange, if it has one already.
pub(super) fn with_context<T>(
    context: &RequestContext,
    request: &Request,
    exchange_id: Option<Uuid>,
    make: impl FnOnce(&mut ResponseContext<'_>) -> T,
) -> T {
    let shared = &context.shared;
    let seed = context.scenario_set().seed();
    let world = &context.world;
    let mut random = world.draws.of_next_answer(seed, world.name.shared());
    make(&mut ResponseContext {
        request,
        exchange_id,
        settings: &shared.responses.load(),
        files: &shared.body_files,
        random: &mut random,
        now: world.clock.now().as_millisecond(),
        host: &shared.settings.host,
    })
}
