//! The subscriber of exchanges that grades: it records what a client asked, what it was answered, and when that was
//! over. It sees what the journal sees, and the answer goes out as it would without it.

use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{Method, StatusCode, Version};

use crate::exchange::{Answered, LateBody};
use crate::grade::{Created, Record, call_id};
use crate::message::{
    Asked, FaultAction, FaultPoint, LastStream, LineAction, LineChange, LineKind, Origin, Plan,
    Point, PointAction,
};
use crate::scenario::{Decision, GateSeen, PlannedPlace, ScenarioSet};

use super::follower::{Follower, Watched};
use super::world::World;

/// A wait that is longer than any client's.
const ENDLESS: Duration = Duration::from_secs(24 * 3600);
/// The code of a stream that was not processed (RFC 9113, section 8.7).
const REFUSED_STREAM: u32 = 7;

/// Which requests are written down, to be graded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GradedRequests {
    /// None.
    #[default]
    None,
    /// Those that scenario rules may be about, and the first of the others, among which are the near misses.
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
        let is_wanted = match self {
            Self::None => false,
            Self::OfRules => {
                rules.may_concern(asked.method().as_str(), asked.path()) || world.log.claims_other()
            }
            Self::All => true,
        };
        is_wanted && !world.log.skips()
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
    places: Vec<PlannedPlace>,
}

impl GradingNotes {
    /// Those of a request that comes now.
    pub(super) fn begin(world: &World) -> Self {
        let began = world.clock.elapsed();
        Self { began, matched: Vec::new(), gate: None, acted: None, places: Vec::new() }
    }

    /// Whether a rule is about the request.
    pub(super) fn is_concerned(&self) -> bool {
        !self.matched.is_empty()
    }

    /// Takes what is of interest out of a decision.
    pub(super) fn take(&mut self, decision: &mut Decision) {
        self.matched = std::mem::take(&mut decision.matched);
        self.places = std::mem::take(&mut decision.places);
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
    let faults = Faults::of(plan, asked.request().version);
    let verb = asked.info().verb.to_string();
    let created = (verb == "create"
        && plan.origin == Origin::Kubernetes
        && plan.status == StatusCode::CREATED)
        .then(|| Created { acknowledged: fault.is_none() });
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
        peer: asked.request().peer,
        method: asked.method().to_string(),
        call: call_id(asked.method().as_str(), asked.path(), asked.request().query(), body),
        unread: asked.sent_body().is_none()
            && matches!(*asked.method(), Method::POST | Method::PUT | Method::PATCH),
        path: asked.path().to_owned(),
        query: asked.request().query().map(str::to_owned),
        verb,
        resource: asked.resource().map(str::to_owned),
        continue_token: parameter("continue"),
        revision: parameter("resourceVersion"),
        lists_first: asked.query().first("sendInitialEvents") == Some("true"),
        status: plan.status.as_u16(),
        fault: fault.map(Into::into),
        breaks: faults.breaks,
        hangs: plan.delivery.delay() >= ENDLESS,
        stalls: faults.stalls,
        unprocessed: faults.unprocessed,
        reorders: faults.reorders,
        end: None,
        revisions: None,
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
    let watches =
        (*asked.method() == Method::GET).then_some(Watched { revisions: faults.keeps_events });
    Follower::new(world, number, watches, notes.places)
}

/// What the delivery of an answer means for the client.
struct Faults {
    breaks: bool,
    stalls: bool,
    unprocessed: bool,
    reorders: bool,
    /// Whether each event of a watch is sent when it is due.
    keeps_events: bool,
}

impl Faults {
    fn of(plan: &Plan, version: Version) -> Self {
        let effects = plan.delivery.effects();
        let fault = effects.and_then(|effects| effects.fault.as_ref());
        let points = effects.map_or(&[][..], |effects| &effects.points);
        let changes = effects.map_or(&[][..], |effects| &effects.changes);
        let of_events = || changes.iter().filter(|change| change.of == LineKind::Events);
        let unprocessed = |action: &FaultAction| match action {
            FaultAction::ResetStream(code) => *code == REFUSED_STREAM,
            FaultAction::GoAway { last, .. } => *last == LastStream::None,
            _ => false,
        };
        let breaks =
            |point: &Point| matches!(point.action, PointAction::End(_) | PointAction::CutLine);
        let stalls =
            |point: &Point| matches!(point.action, PointAction::Stall(time) if time >= ENDLESS);
        let late =
            |change: &&LineChange| matches!(change.action, LineAction::Drop | LineAction::Delay(_));
        let reorders = |change: &LineChange| matches!(change.action, LineAction::Reorder);
        Self {
            breaks: fault.is_some_and(|fault| fault.at != FaultPoint::BeforeHeaders)
                || points.iter().any(breaks),
            stalls: points.iter().any(stalls),
            unprocessed: version == Version::HTTP_2
                && fault.is_some_and(|fault| unprocessed(&fault.action)),
            reorders: of_events().any(reorders),
            keeps_events: !of_events().any(|change| late(&change))
                && !points.iter().any(|point| point.action == PointAction::Drop),
        }
    }
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
