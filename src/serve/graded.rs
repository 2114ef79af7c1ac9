//! The subscriber of exchanges that grades: it records what a client asked, what it was answered, and when that was
//! over. It sees what the journal sees, and the answer goes out as it would without it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::RETRY_AFTER;
use http::{Method, StatusCode};

use crate::exchange::{Answered, LateBody};
use crate::grade::{Created, Record, call_id};
use crate::message::{Asked, Body, BodyStream, Guard, Origin, Plan, PointAction};
use crate::scenario::{Decision, GateSeen, ScenarioSet};

use super::world::World;

/// Which requests are written down, to be graded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GradedRequests {
    /// None.
    #[default]
    None,
    /// Those that scenario rules may be about, and the first of the others, which say what came near.
    OfRules,
    /// All.
    All,
}

impl GradedRequests {
    /// Whether requests of a world are written down whatever the rules are about.
    pub(super) fn takes_any(self, world: &World) -> bool {
        match self {
            Self::None => false,
            Self::OfRules => world.log.has_room_for_others(),
            Self::All => true,
        }
    }

    /// Whether a request is written down; it counts among the others where no rule is about it.
    pub(super) fn takes(self, world: &World, rules: &ScenarioSet, asked: &Asked<'_>) -> bool {
        match self {
            Self::None => false,
            Self::OfRules => {
                rules.may_concern(asked.method().as_str(), asked.path()) || world.log.claims_other()
            }
            Self::All => true,
        }
    }
}

/// What is known of a request before its answer: when it came, and what the rules had to say about it.
#[derive(Debug)]
pub(super) struct GradingNotes {
    /// On the world's clock.
    began: Duration,
    matched: Vec<Arc<str>>,
    gate: Option<GateSeen>,
    acted: Option<Arc<str>>,
}

impl GradingNotes {
    /// Those of a request that comes now.
    pub(super) fn begin(world: &World) -> Self {
        let began = world.clock.elapsed();
        Self { began, matched: Vec::new(), gate: None, acted: None }
    }

    /// Takes what is of interest out of a decision.
    pub(super) fn take(&mut self, decision: &mut Decision) {
        self.matched = std::mem::take(&mut decision.matched);
        self.gate = decision.gate;
        self.acted = decision.by.as_ref().map(|by| Arc::clone(&by.rule));
    }
}

/// Records a request with its answer. What comes after that is recorded by what this returns.
pub(super) fn record(
    world: &Arc<World>,
    asked: &Asked<'_>,
    answered: &Answered<'_>,
    notes: GradingNotes,
) -> Follower {
    let plan = answered.plan;
    let fault = plan.delivery.fault().map(|fault| fault.action.label());
    let verb = asked.info().verb.to_string();
    let created = (verb == "create"
        && plan.origin == Origin::Kubernetes
        && plan.status == StatusCode::CREATED)
        .then(|| Created { heard: fault.is_none() });
    let expired = plan.status == StatusCode::GONE;
    let retry_after = plan.headers.get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = asked.sent_body().map_or(&[][..], |body| body);
    let parameter =
        |name| asked.query().first(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let number = world.log.push(Record {
        began: notes.began,
        answered: world.clock.elapsed().saturating_add(plan.delivery.delay()),
        ended: None,
        method: asked.method().to_string(),
        call: call_id(asked.method().as_str(), asked.path(), asked.request().query(), body),
        path: asked.path().to_owned(),
        query: asked.request().query().map(str::to_owned),
        verb,
        resource: asked.resource().map(str::to_owned),
        continue_token: parameter("continue"),
        revision: parameter("resourceVersion"),
        lists_first: asked.query().first("sendInitialEvents") == Some("true"),
        status: plan.status.as_u16(),
        fault,
        retry_after: retry_after.map(Duration::from_secs),
        expired: expired.then_some(notes.began),
        unmatched: plan.origin == Origin::Unmatched,
        acted: notes.acted,
        matched: notes.matched,
        gate: notes.gate,
        created,
    });
    if let Some(late) = answered.late.clone() {
        identify(world, asked, number, late);
    }
    let watches = *asked.method() == Method::GET;
    Follower { ended: Ended { world: Arc::clone(world), number }, watches }
}

/// Tells a call from others by its body, once that has been read.
fn identify(world: &Arc<World>, asked: &Asked<'_>, number: usize, late: Arc<LateBody>) {
    let world = Arc::clone(world);
    let (method, path) = (asked.method().clone(), asked.path().to_owned());
    let query = asked.request().query().map(str::to_owned);
    tokio::spawn(async move {
        late.settled().await;
        if let Some(body) = late.bytes() {
            world.log.identified(number, call_id(method.as_str(), &path, query.as_deref(), body));
        }
    });
}

/// Follows an answer to its end.
pub(super) struct Follower {
    ended: Ended,
    /// Whether a stream may be a watch.
    watches: bool,
}

impl Follower {
    /// Records from now on what the client is sent, and when that is over.
    pub(super) fn follow(self, plan: &mut Plan) {
        let Ended { world, number } = &self.ended;
        plan.body = match std::mem::take(&mut plan.body) {
            Body::Stream(stream) if self.watches => Body::Stream(logged(stream, world, *number)),
            Body::Passed(body) if self.watches => {
                Body::Stream(logged(body.into_stream(), world, *number))
            }
            Body::WebSocket(stream) => Body::WebSocket(logged(stream, world, *number)),
            body => body,
        };
        let mut points = plan.delivery.effects().into_iter().flat_map(|effects| &effects.points);
        let inserted = points.any(
            |point| matches!(&point.action, PointAction::Insert { line, .. } if is_expired(line)),
        );
        if inserted {
            // Recorded when the stream ends, which such a line does.
            world.log.expires_at_end(*number);
        }
        plan.guard = Some(Guard(Box::new(self.ended)));
    }
}

/// A stream that writes down in the log when it reports that its revision is gone.
fn logged(stream: BodyStream, world: &Arc<World>, number: usize) -> BodyStream {
    let world = Arc::clone(world);
    Box::pin(stream.inspect(move |item| {
        if item.as_ref().is_ok_and(is_expired) {
            world.log.expired(number, world.clock.elapsed());
        }
    }))
}

/// Whether a piece of a watch says that its revision is gone.
fn is_expired(piece: &Bytes) -> bool {
    let has = |text: &[u8]| piece.windows(text.len()).any(|part| part == text);
    has(b"{\"type\":\"ERROR\"") && has(b"\"code\":410")
}

/// Records the end of an answer when it is dropped.
struct Ended {
    world: Arc<World>,
    number: usize,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.world.log.ended(self.number, self.world.clock.elapsed());
    }
}
