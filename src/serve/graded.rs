//! What a client did, written down to be graded: what it asked, what it was answered, and when that was over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{EXPECT, RETRY_AFTER};
use http::{Method, StatusCode};

use crate::grade::{Created, Record, call_id};
use crate::message::{Asked, Body, BodyStream, Guard, Origin, Plan, PointAction, Request};
use crate::scenario::{Decision, Expect, GateSeen};

use super::context::RequestContext;
use super::world::World;

/// How much of a body is read that nobody had to read, in bytes, and for how long: no more than the
/// transport passes over without grading, so that the client sees the same.
const MAX_UNREAD: usize = 256 << 10;
/// How long such a body may take.
const UNREAD: Duration = Duration::from_secs(5);

/// What the rules had to say about a request.
#[derive(Debug, Default)]
pub(super) struct GradingNotes {
    expected: Vec<(Arc<str>, Arc<Expect>)>,
    gate: Option<GateSeen>,
    acted: Option<Arc<str>>,
}

impl GradingNotes {
    /// Takes what is of interest out of a decision.
    pub(super) fn take(&mut self, decision: &mut Decision) {
        self.expected = std::mem::take(&mut decision.expected);
        self.gate = decision.gate;
        self.acted = decision.by.as_ref().map(|by| Arc::clone(&by.rule));
    }
}

/// Writes it down, with its answer; when that is over is written down by the answer's end.
pub(super) fn log(
    context: &RequestContext,
    asked: &Asked<'_>,
    plan: &mut Plan,
    began: Duration,
    noted: GradingNotes,
) {
    // What nobody had to read tells this call from others. It is read beside the answer.
    let request = asked.request();
    let unread = unread(request);
    let path = asked.path().to_owned();
    let parameter =
        |name| asked.query().first(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let world = &context.world;
    let fault = plan.delivery.fault().map(|fault| fault.action.label());
    let created = (asked.info().verb == "create"
        && plan.origin == Origin::Kubernetes
        && plan.status == StatusCode::CREATED)
        .then(|| Created { heard: fault.is_none() });
    let expired = plan.status == StatusCode::GONE;
    let retry_after = plan.headers.get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = asked.sent_body().map_or(&[][..], |body| body);
    let record = Record {
        began,
        answered: world.clock.elapsed().saturating_add(plan.delivery.delay()),
        ended: None,
        method: request.method.to_string(),
        call: call_id(request.method.as_str(), asked.path(), request.query(), body),
        path: asked.path().to_owned(),
        verb: asked.info().verb.to_string(),
        resource: asked.resource().map(str::to_owned),
        page: asked.page(),
        continue_token: parameter("continue"),
        revision: parameter("resourceVersion"),
        lists_first: asked.query().first("sendInitialEvents") == Some("true"),
        status: plan.status.as_u16(),
        fault,
        retry_after: retry_after.map(Duration::from_secs),
        expired: expired.then_some(began),
        unmatched: plan.origin == Origin::Unmatched,
        acted: noted.acted,
        expected: noted.expected,
        gate: noted.gate,
        created,
    };
    let number = world.log.push(record);
    if let Some(unread) = unread {
        let world = Arc::clone(world);
        let reading = async move {
            if let Ok(body) = unread.body.read(MAX_UNREAD).await {
                let call = call_id(unread.method.as_str(), &path, unread.query(), &body);
                world.log.identified(number, call);
            }
        };
        tokio::spawn(tokio::time::timeout(UNREAD, reading));
    }
    let watches = request.method == Method::GET;
    let note = Note { world: Arc::clone(world), number };
    let body = std::mem::take(&mut plan.body);
    plan.body = match body {
        Body::Stream(stream) if watches => Body::Stream(logged(stream, world, number)),
        Body::WebSocket(stream) => Body::WebSocket(logged(stream, world, number)),
        body => body,
    };
    let mut points = plan.delivery.effects().into_iter().flat_map(|effects| &effects.points);
    let inserted = points
        .any(|point| matches!(&point.action, PointAction::Insert { line, .. } if is_expired(line)));
    if inserted {
        // Written down when the stream ends, which such a line does.
        note.world.log.expires_at_end(number);
    }
    plan.guard = Some(Guard(Box::new(note)));
}

/// A request whose body nobody has read, with that body.
fn unread(request: &Request) -> Option<Request> {
    // A client that waits to be asked for its body may not send it any more.
    if !request.body.is_unread() || request.headers.contains_key(EXPECT) {
        return None;
    }
    Some(request.take())
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

/// Notes the end of an answer when it is dropped.
struct Note {
    world: Arc<World>,
    number: usize,
}

impl Drop for Note {
    fn drop(&mut self) {
        self.world.log.ended(self.number, self.world.clock.elapsed());
    }
}
