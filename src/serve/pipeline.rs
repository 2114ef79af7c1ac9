//! The pipeline: a request goes in, a plan comes out.
//!
//! ```text
//! which world? → admin? → scenario, before → stubs → kubernetes → upstream → miss → scenario, after → [journal]
//! ```

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::exchange::{Answered, ByStub};
use crate::matching::Stub;
use crate::message::{Asked, Handler, Handling, Http2Settings, Listening, Origin, Plan, Request};
use crate::scenario::{Http2, ScenarioSet};

use super::admin_reach::AdminReach;
use super::context::RequestContext;
use super::graded::{GradedRequests, GradingNotes};
use super::probe::is_probe;
use super::replicas::AskedRules;
use super::state::Shared;
#[cfg(feature = "gzip")]
use super::stub_gzip;
use super::webhooks::{self, After};
use super::world::World;
use super::{admin, cors, graded, late_body, respond, stages, stub_answers};

/// What the transport calls for each request.
#[derive(Debug)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    reach: AdminReach,
}

impl Pipeline {
    /// The pipeline of an address.
    pub(crate) fn new(shared: Arc<Shared>, reach: AdminReach) -> Self {
        Self { shared, reach }
    }
}

impl Handler for Pipeline {
    fn handle(&self, mut request: Box<Request>) -> Handling<'_> {
        let began = Instant::now();
        if let Some(plan) = self.reach.refuse_api(&request) {
            return Handling::Ready(plan);
        }
        let world = match self.shared.enter(&mut request) {
            Ok(world) => world,
            Err(error) => {
                let plan = respond::bad_world(&request, &error);
                let world = self.shared.worlds.default();
                self.observe(&request, &plan, began, world, ByStub::No, |_| ());
                return Handling::Ready(plan);
            }
        };
        if self.reach == AdminReach::ApiAlone
            && admin::is_for(&request)
            && let Some(plan) = self.reach.refuse_admin(request.path())
        {
            return Handling::Ready(plan);
        }
        if self.shared.settings.stubs.cors
            && !admin::is_for(&request)
            && let Some(plan) = cors::preflight(&request)
        {
            return Handling::Ready(plan);
        }
        if let Some(origins) = &self.shared.settings.cors
            && !admin::owns(request.path())
            && let Some(plan) = origins.preflight(&request)
        {
            self.observe(&request, &plan, began, &world, ByStub::No, |_| ());
            return Handling::Ready(plan);
        }
        let mut no_stub = false;
        let mut found = None;
        let now = world.clock.moved_time();
        match at_once(&self.shared, &world, &Asked::new(&request).at(now)) {
            FirstLook::Found(stub) => {
                // The answer of most stubs is the same for each request. It is made here, and moved once.
                if !stub.has_webhooks()
                    && let Some(mut plan) = stub.fixed_plan(&self.shared.responses.load())
                    && !late_body::is_cut_off(&request, &plan)
                {
                    self.observe(&request, &plan, began, &world, ByStub::Fixed(&stub), |_| ());
                    self.settle_headers(&mut plan, &request);
                    if self.compresses(&plan, &request) {
                        return compressed(plan);
                    }
                    return Handling::Ready(plan);
                }
                found = Some(stub);
            }
            FirstLook::NoStub => no_stub = true,
            FirstLook::Open => {}
        }
        let context = RequestContext::new(Arc::clone(&self.shared), world);
        Handling::Waiting(Box::pin(async move {
            let (mut now, mut rules) = (now, AskedRules::default());
            if context.shared.is_replica() && !admin::is_for(&request) {
                let asked = Asked::new(&request);
                // What waits is large, and most servers never do.
                rules = match Box::pin(context.catch_up_for(&asked)).await {
                    Ok(rules) => rules,
                    Err(error) => {
                        let plan = respond::store_away(&context, &asked, &error);
                        self.finish(&context, &request, &plan, began, None, |_| ());
                        return self.outgoing(plan, &request).await;
                    }
                };
                now = context.world.clock.moved_time();
            }
            let asked = Asked::new(&request).at(now);
            if let Some(stub) = found {
                let plan = stub_answers::answer(&context, &asked, &stub).await;
                if late_body::is_cut_off(&request, &plan) {
                    late_body::read_first(&request).await;
                }
                self.finish(&context, &request, &plan, began, Some(&stub), |_| ());
                return self.outgoing(plan, &request).await;
            }
            let mut notes = GradingNotes::begin(&context.world);
            let mut plan = stages::answer(&context, &asked, no_stub, rules, &mut notes).await;
            if late_body::is_cut_off(&request, &plan) {
                late_body::read_first(&request).await;
            }
            let stub = self.stub_of(&plan);
            let mut follower = None;
            let is_graded = !admin::is_for(asked.request())
                && (notes.is_concerned() || !is_probe(asked.request(), &plan))
                && is_graded(&context, &asked);
            self.finish(&context, &request, &plan, began, stub.as_ref(), |answered| {
                follower =
                    is_graded.then(|| graded::record(&context.world, &asked, answered, notes));
            });
            if let Some(follower) = follower {
                follower.follow(&mut plan);
            }
            self.outgoing(plan, &request).await
        }))
    }

    fn listening(&self) -> Option<watch::Receiver<Listening>> {
        // The admin API stays within reach.
        (self.reach != AdminReach::AdminAlone).then(|| self.shared.doors.subscribe())
    }

    fn passes_on(&self) -> bool {
        self.shared.settings.proxy.is_some() && self.reach != AdminReach::AdminAlone
    }

    fn http2(&self) -> Http2Settings {
        if self.reach == AdminReach::AdminAlone {
            return Http2Settings::default();
        }
        let Http2 { max_concurrent_streams, initial_window } = self.shared.scenarios.load().http2();
        Http2Settings { max_concurrent_streams, initial_window }
    }
}

impl Pipeline {
    /// The stub that a plan comes from.
    fn stub_of(&self, plan: &Plan) -> Option<Arc<Stub>> {
        let Origin::Stub(id) = plan.origin else { return None };
        self.shared.stubs.load().get(id).cloned()
    }

    /// Shows an exchange, and sends the webhooks of its stub.
    fn finish(
        &self,
        context: &RequestContext,
        request: &Request,
        plan: &Plan,
        began: Instant,
        stub: Option<&Arc<Stub>>,
        grade: impl FnOnce(&Answered<'_>),
    ) {
        let by = stub.map_or(ByStub::No, ByStub::Rendered);
        let exchange = self.observe(request, plan, began, &context.world, by, grade);
        if let Some(stub) = stub {
            let id = plan.exchange_id().unwrap_or_else(|| self.shared.journal.id(exchange));
            let after = After { exchange, id, delay: plan.delivery.delay() };
            webhooks::send(context, request, stub, &after);
        }
    }

    /// An answer as it goes out: gzipped where the client asks for it.
    async fn outgoing(&self, mut plan: Plan, request: &Request) -> Plan {
        self.settle_headers(&mut plan, request);
        if self.compresses(&plan, request) { compressed(plan).plan().await } else { plan }
    }

    /// Whether an answer goes out gzipped.
    #[cfg(feature = "gzip")]
    fn compresses(&self, plan: &Plan, request: &Request) -> bool {
        !self.shared.settings.stubs.no_gzip
            && stub_gzip::is_wanted(&request.method, &request.headers, plan)
    }

    /// Whether an answer goes out gzipped. This build compresses none.
    #[cfg(not(feature = "gzip"))]
    fn compresses(&self, _: &Plan, _: &Request) -> bool {
        false
    }

    /// Brings the header fields to what goes out: those of a bare head are in the journal alone, and where
    /// `--enable-stub-cors` or `--cors-allowed-origins` is given, pages of other origins may read what is not the admin API's.
    fn settle_headers(&self, plan: &mut Plan, request: &Request) {
        if plan.delivery.effects().is_some_and(|effects| effects.bare_head) {
            plan.headers.clear();
        }
        if self.shared.settings.stubs.cors && plan.origin != Origin::Admin {
            cors::add(plan, request);
        }
        if let Some(origins) = &self.shared.settings.cors
            && plan.origin != Origin::Admin
        {
            origins.add(plan, request);
        }
    }

    /// Shows an exchange to its subscribers, which cannot change it. Returns its number where the journal keeps it.
    fn observe(
        &self,
        request: &Request,
        plan: &Plan,
        began: Instant,
        world: &World,
        stub: ByStub<'_>,
        grade: impl FnOnce(&Answered<'_>),
    ) -> Option<u64> {
        let journal = &self.shared.journal;
        let made = Instant::now();
        self.shared.counters.count(plan, made.saturating_duration_since(began));
        // The log is what clients of the simulated API asked.
        let is_seen = !admin::is_for(request) && !is_probe(request, plan);
        if is_seen {
            world.count_request();
        }
        let world = world.name.shared();
        let is_kept = is_seen && !journal.is_off();
        let late = if is_kept || (is_seen && self.shared.settings.graded != GradedRequests::None) {
            late_body::read_beside(request)
        } else {
            None
        };
        let answered = Answered { request, plan, late, began, made, world, stub };
        grade(&answered);
        if is_kept {
            return Some(journal.record(&answered));
        }
        journal.observe(&answered);
        None
    }
}

/// The gzipped form of an answer, once it is made.
#[cfg(feature = "gzip")]
fn compressed(plan: Plan) -> Handling<'static> {
    Handling::Waiting(Box::pin(stub_gzip::compress(plan)))
}

/// An answer as it is: this build compresses none.
#[cfg(not(feature = "gzip"))]
fn compressed(plan: Plan) -> Handling<'static> {
    Handling::Ready(plan)
}

/// What can be said about a request without waiting for anything.
enum FirstLook {
    /// A stub answers, and nothing comes before it.
    Found(Arc<Stub>),
    /// No rule comes first, and no stub answers.
    NoStub,
    /// More has to be looked at.
    Open,
}

/// Looks for a stub before any other stage: most requests of most tests are answered by a stub alone.
fn at_once(shared: &Shared, world: &World, asked: &Asked<'_>) -> FirstLook {
    if shared.settings.graded.takes_any(world)
        || admin::is_for(asked.request())
        || shared.is_replica()
    {
        return FirstLook::Open;
    }
    let own = world.scenarios.load();
    let all = shared.scenarios.load();
    let scenarios: &ScenarioSet = own.as_deref().unwrap_or(&all);
    if !scenarios.is_empty() && scenarios.may_concern(asked.method().as_str(), asked.path()) {
        return FirstLook::Open;
    }
    let stubs = shared.stubs.load();
    if stubs.is_empty() {
        return FirstLook::NoStub;
    }
    if stubs.wants_body(asked) {
        return FirstLook::Open;
    }
    let Some(stub) = stubs.select(asked, &world.stub_states).map(Arc::clone) else {
        return FirstLook::NoStub;
    };
    stub.count_use();
    FirstLook::Found(stub)
}

/// Whether a request is written down, to be graded.
fn is_graded(context: &RequestContext, asked: &Asked<'_>) -> bool {
    let graded = context.shared.settings.graded;
    graded != GradedRequests::None && graded.takes(&context.world, &context.scenario_set(), asked)
}
