//! The pipeline: a request goes in, a plan comes out.
//!
//! ```text
//! admin? → scenario, before → stubs → kubernetes → upstream → miss → scenario, after → journal
//! ```

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::k8s::{self, RequestInfo};
use crate::message::{Handler, Plan, Query, Request, TargetError};
use crate::scenario::{Applied, Decision, Facts};
use crate::{admin, journal};

use super::state::Shared;
use super::{kubernetes, respond};

/// Names the rule that shaped an answer, and the draw if there was one.
const RULE_HEADER: HeaderName = HeaderName::from_static("x-standin-rule");

/// What the transport calls for each request.
#[derive(Debug)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
}

impl Pipeline {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Handler for Pipeline {
    async fn handle(&self, mut request: Request) -> Plan {
        let began = Instant::now();
        let plan = answer(&self.shared, &mut request).await;
        self.shared.journal.record(request, &plan, began.elapsed());
        plan
    }
}

/// The whole way of a request.
async fn answer(shared: &Arc<Shared>, request: &mut Request) -> Plan {
    // The admin API is not part of what is simulated: no scenario touches it.
    if admin::owns(request.path()) {
        return admin::answer(shared, request).await;
    }
    let uri = request.uri.clone();
    let asked = match Asked::parse(request, &uri) {
        Ok(asked) => asked,
        Err(error) => return respond::bad_target(request, &error),
    };

    // Scenario, before: a gate, a delay, a status, a fault.
    let mut decision = None;
    let scenarios = shared.scenarios.load();
    if !scenarios.is_empty() {
        match decide(shared, &scenarios, request, &asked).await {
            Ok(decided) => decision = Some(decided),
            Err(error) => return respond::bad_body(request, &asked, &error),
        }
    }
    let answered = decision.as_mut().and_then(|decision| decision.answer.take());
    let plan = match answered {
        Some(answer) => {
            respond::scenario_answer(shared, request, &asked, answer, decision.as_ref())
        }
        None => base(shared, request, &asked, decision.as_ref()).await,
    };

    // Scenario, after: what is laid on the answer.
    match decision {
        Some(decision) => lay_on(plan, decision, shared.settings.rule_header),
        None => plan,
    }
}

/// What is true: stubs, then objects, then the backend, then the report of what came near.
async fn base(
    shared: &Arc<Shared>,
    request: &mut Request,
    asked: &Asked<'_>,
    decision: Option<&Decision>,
) -> Plan {
    let fixtures = shared.fixtures.load();
    let stubs = &fixtures.stubs;
    if !stubs.is_empty() {
        if stubs.wants_body(request) {
            if let Err(error) = request.read_body(k8s::MAX_BODY_BYTES).await {
                return respond::bad_body(request, asked, &error);
            }
        }
        if let Some(stub) = stubs.find(request) {
            return stub.plan();
        }
    }
    if kubernetes::owns(shared, asked) {
        return kubernetes::answer(
            shared,
            request,
            asked,
            decision.and_then(|decision| decision.page_size),
        )
        .await;
    }
    if let Some(proxy) = &shared.settings.proxy {
        let head = Request {
            body: std::mem::replace(&mut request.body, crate::message::RequestBody::Empty),
            ..copy_head(request)
        };
        return proxy.answer(head).await;
    }
    respond::miss(shared, request, asked).await
}

/// Asks the rules; reads the body first when one of them looks at it.
async fn decide(
    shared: &Shared,
    scenarios: &crate::scenario::ScenarioSet,
    request: &mut Request,
    asked: &Asked<'_>,
) -> Result<Decision, crate::message::BodyError> {
    let world = &shared.world;
    let of = asked.info.resource.as_ref();
    let resource = of.map(|of| {
        if of.group.is_empty() {
            of.resource.to_string()
        } else {
            format!("{}.{}", of.resource, of.group)
        }
    });
    let method = request.method.clone();
    let text = |text: Option<&std::borrow::Cow<'_, str>>| {
        text.map(ToString::to_string).filter(|text| !text.is_empty())
    };
    let (namespace, name) = (text(of.map(|of| &of.namespace)), text(of.map(|of| &of.name)));
    let subresource = text(of.map(|of| &of.subresource));
    let page = kubernetes::page(asked);
    // Two looks at the same facts: whether the body is wanted, and with it.
    macro_rules! facts {
        ($body:expr) => {
            Facts {
                method: method.as_str(),
                path: asked.path,
                query: &asked.query,
                headers: &request.headers,
                body: $body,
                verb: of.map(|_| asked.info.verb.as_ref()),
                resource: resource.as_deref(),
                namespace: namespace.as_deref(),
                name: name.as_deref(),
                subresource: subresource.as_deref(),
                page,
                world: &world.name,
            }
        };
    }
    if scenarios.wants_body(&facts!(None)) {
        request.read_body(k8s::MAX_BODY_BYTES).await?;
    }
    Ok(scenarios.decide(&world.scenario, &facts!(request.body_bytes()), world.clock.elapsed()))
}

fn lay_on(mut plan: Plan, decision: Decision, named: bool) -> Plan {
    plan.delay += decision.delay;
    if decision.fault.is_some() {
        plan.fault = decision.fault;
    }
    if let Some(value) = decision.by.filter(|_| named).and_then(|by| rule_value(&by)) {
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

/// A request without its body: what the journal keeps when the body goes to the backend.
fn copy_head(request: &Request) -> Request {
    Request {
        method: request.method.clone(),
        uri: request.uri.clone(),
        version: request.version,
        headers: request.headers.clone(),
        body: crate::message::RequestBody::Empty,
        peer: request.peer,
    }
}

/// A request's target, decoded once for all stages.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    pub(super) query: Query<'a>,
    pub(super) info: RequestInfo<'a>,
}

impl<'a> Asked<'a> {
    fn parse(request: &Request, uri: &'a http::Uri) -> Result<Self, TargetError> {
        let path = uri.path();
        let query = Query::parse(uri.query())?;
        let info = RequestInfo::parse(&request.method, path, &query)?;
        Ok(Self { path, query, info })
    }
}

const _: () = {
    // The journal is the last stage; named here so that this file shows the whole way.
    let _ = journal::MAX_EXCHANGES;
};
