//! Answers one request: request → the handler's plan → response, the same for HTTP/1.1 and HTTP/2.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::message::{
    Body, BodyError, BodyStream, Delivery, FaultAction, Handler, Handling, Informational,
    InformationalSink, LastStream, Origin, Plan, Request, RequestBody,
};

use super::body::PlanBody;
use super::client::{Client, Forwards};
use super::connection_errors::ConnectionErrors;
use super::deliver::{Step, Steps, steps};
use super::frames::Frames;
use super::head::{HeadFacts, name_host};
use super::reason::{EndsHere, reason_of};
use super::response::{Wanted, is_stream, on_stream, outside, plain, response};
use super::stalled::Stalled;
use super::upload::Upload;
use super::wire::{Answering, Control, Takeover};
use super::{exact, interim, websocket};

/// An answer with a longer delay waits without hyper.
const LONG: Duration = Duration::from_millis(500);

/// The connection or stream of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Over<'a> {
    /// The connection, exclusively while the request is answered.
    Http1(&'a Arc<Control>),
    /// A stream of a shared connection, with its number if known.
    Http2(&'a Arc<Frames>, Option<u32>),
}

/// A response for hyper, or the end of the stream.
type Answer = Result<hyper::Response<PlanBody>, EndsHere>;

/// The answer to a request: most are ready immediately and need no future.
pub(super) enum AnswerFuture<'a> {
    Ready(Option<Answer>),
    Waiting(Pin<Box<dyn Future<Output = Answer> + Send + 'a>>),
}

impl AnswerFuture<'_> {
    /// The same answer, as the last one of its connection.
    pub(super) fn into_last(self) -> Self {
        let close = |answer: &mut Answer| {
            if let Ok(response) = answer {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        };
        match self {
            Self::Ready(mut answer) => {
                answer.iter_mut().for_each(close);
                Self::Ready(answer)
            }
            Self::Waiting(waiting) => Self::Waiting(Box::pin(async move {
                let mut answer = waiting.await;
                close(&mut answer);
                answer
            })),
        }
    }
}

impl Future for AnswerFuture<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut *self {
            // A completed future is not polled again.
            Self::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Self::Waiting(answer) => answer.as_mut().poll(cx),
        }
    }
}

/// Answers a request.
pub(super) fn answer<'a, H: Handler>(
    handler: &'a H,
    request: hyper::Request<Incoming>,
    client: &'a Client,
    over: Over<'a>,
    connection_errors: &'a ConnectionErrors,
) -> AnswerFuture<'a> {
    let (mut head, body) = request.into_parts();
    let facts = HeadFacts::of(&head.headers, head.version);
    let mut wanted = Wanted {
        method: head.method.clone(),
        version: head.version,
        closes: facts.closes,
        upload: Upload::of(body, &head.headers, head.version, client.body_timeout),
        accept: None,
    };
    match over {
        Over::Http1(control) => {
            if let Some(plan) = control.begin_answer() {
                let performed = async move { answering(perform(plan, &wanted, over).await, over) };
                return AnswerFuture::Waiting(Box::pin(performed));
            }
            if let Some(why) = facts.wrong_host {
                connection_errors.report("host", &format!("{}: {why}", client.peer));
                let mut plan =
                    Plan::text(StatusCode::BAD_REQUEST, Origin::Server, format!("{why}\n"));
                plan.headers.insert(CONNECTION, HeaderValue::from_static("close"));
                wanted.closes = true;
                let refused = async move { answering(perform(plan, &wanted, over).await, over) };
                return AnswerFuture::Waiting(Box::pin(refused));
            }
            if facts.upgrades {
                wanted.accept = websocket::accept(&head.headers);
            }
        }
        Over::Http2(frames, _) => {
            if frames.ends_at_next_request() {
                // The connection ends, without an answer.
                return AnswerFuture::Waiting(Box::pin(std::future::pending()));
            }
            if frames.is_going_away() {
                let refused = Err(EndsHere::with(h2::Reason::REFUSED_STREAM));
                return AnswerFuture::Ready(Some(refused));
            }
            name_host(&mut head);
        }
    }
    let upload = wanted.upload.as_ref();
    let body = upload.map_or(RequestBody::Empty, |upload| upload.body(client.bodies.clone()));
    let mut request = Box::new(Request::incoming(head, body));
    request.peer = Some(client.peer);
    request.certificate.clone_from(&client.certificate);
    request.tls = client.tls;
    request.forwarded = match client.forwards {
        Forwards::None => false,
        Forwards::Absolute => {
            request.version < http::Version::HTTP_2 && request.uri.scheme().is_some()
        }
        Forwards::All => true,
    };
    let passes_on = handler.passes_on();
    if passes_on {
        request.trailers = wanted.upload.as_ref().map(Upload::keep_trailers);
    }
    let interim = (passes_on && wanted.version != http::Version::HTTP_10).then(|| {
        let (sender, interim) = mpsc::channel(Informational::MOST);
        // Informational answers beyond the bound are dropped: no answer depends on them.
        let send = move |informational| drop(sender.try_send(informational));
        request.informational = Some(InformationalSink::new(send));
        interim
    });
    let handled = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
    match handled {
        Ok(Handling::Ready(plan)) if wanted.is_simple(&plan) => {
            set_layout(&plan, over);
            let mut response = plain(plan, &wanted);
            if let Over::Http1(control) = over {
                response.body_mut().answering(Answering::new(control));
            }
            AnswerFuture::Ready(Some(Ok(response)))
        }
        Ok(Handling::Ready(plan)) => AnswerFuture::Waiting(Box::pin(deliver(plan, wanted, over))),
        Ok(Handling::Waiting(waiting)) => AnswerFuture::Waiting(Box::pin(async move {
            let waiting = AssertUnwindSafe(waiting).catch_unwind();
            let plan = match interim {
                Some(interim) => while_waiting(waiting, interim, over).await,
                None => waiting.await,
            };
            let plan = plan.unwrap_or_else(|_| panicked(client, connection_errors));
            deliver(plan, wanted, over).await
        })),
        Err(_) => {
            let plan = panicked(client, connection_errors);
            AnswerFuture::Waiting(Box::pin(deliver(plan, wanted, over)))
        }
    }
}

/// Waits for a plan, and sends informational answers that arrive in the meantime.
async fn while_waiting<T>(
    plan: impl Future<Output = T>,
    mut interim: mpsc::Receiver<Informational>,
    over: Over<'_>,
) -> T {
    let mut plan = std::pin::pin!(plan);
    let plan = loop {
        tokio::select! {
            biased;
            Some(informational) = interim.recv() => over.inform(&informational).await,
            plan = &mut plan => break plan,
        }
    };
    while let Ok(informational) = interim.try_recv() {
        over.inform(&informational).await;
    }
    plan
}

impl Over<'_> {
    /// Sends an informational answer.
    async fn inform(self, informational: &Informational) {
        match self {
            Self::Http1(control) => control.before_body.send(informational).await,
            // It cannot be sent without the stream's number; the answer is unaffected.
            Self::Http2(_, None) => {}
            Self::Http2(frames, Some(stream)) => {
                frames.inject(&interim::frames_of(informational, stream));
            }
        }
    }
}

/// Sets the layout of the head, where the plan has one.
fn set_layout(plan: &Plan, over: Over<'_>) {
    if let (Over::Http1(control), Some(layout)) = (over, plan.delivery.layout()) {
        control.before_body.set_layout(layout.clone());
    }
}

/// Returns the answer to a request on which the handler has failed.
fn panicked(client: &Client, connection_errors: &ConnectionErrors) -> Plan {
    let peer = client.peer;
    connection_errors.report(
        "panic",
        &format!("a request of {peer} made the server panic; it was answered with 500"),
    );
    let text = "the server failed on this request; this is a defect of the server\n";
    Plan::text(StatusCode::INTERNAL_SERVER_ERROR, Origin::Server, text)
}

/// Waits for the delay of a plan, and performs it.
async fn deliver(plan: Plan, wanted: Wanted, over: Over<'_>) -> Answer {
    if let Some(idle) = plan.delivery.effects().and_then(|effects| effects.idle) {
        match over {
            Over::Http1(control) => control.set_idle(Some(idle)),
            Over::Http2(frames, _) => frames.set_idle(idle),
        }
    }
    let delay = plan.delivery.delay();
    if delay > LONG
        && let Over::Http1(control) = over
        && wanted.upload.as_ref().is_none_or(Upload::is_ended)
        && wanted.accept.is_none()
    {
        let of = (&wanted.method, wanted.version);
        let stalled = Stalled::new(exact::after(Instant::now(), delay), plan, of, wanted.closes);
        control.take_over(Takeover::Stalled(Box::new(stalled)));
        control.leave();
        // hyper's part ends when the connection is polled next.
        return std::future::pending().await;
    }
    if !delay.is_zero() {
        exact::sleep(delay).await;
    }
    let answer = answering(perform(plan, &wanted, over).await, over);
    let taken_over = matches!(over, Over::Http1(control) if control.is_taken_over());
    if let Some(upload) = wanted.upload.filter(|_| !taken_over) {
        upload.skip();
    }
    answer
}

/// Returns an answer that marks its connection as answering until hyper has all of it.
fn answering(mut answer: Answer, over: Over<'_>) -> Answer {
    if let (Ok(response), Over::Http1(control)) = (&mut answer, over) {
        response.body_mut().answering(Answering::new(control));
    }
    answer
}

/// Performs a plan whose delay is over.
async fn perform(
    mut plan: Plan,
    wanted: &Wanted,
    over: Over<'_>,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    if let Some(action) = plan.delivery.take_fault_before_headers() {
        return before_headers(plan, action, wanted, over).await;
    }
    set_layout(&plan, over);
    let undisturbed = plan.delivery.leaves_body();
    let control = match over {
        Over::Http1(control) => control,
        Over::Http2(frames, _) => {
            let head = plan.delivery.effects().and_then(|effects| effects.head.clone());
            for informational in head.iter().flat_map(|head| &head.informational) {
                over.inform(informational).await;
            }
            return Ok(on_stream(plan, wanted, frames));
        }
    };
    let guard = plan.guard.take();
    let is_read = wanted.upload.as_ref().is_none_or(Upload::is_ended);
    let effects = plan.delivery.effects();
    let conversation = effects.and_then(|effects| effects.conversation.clone());
    if let (Some(accept), Some(conversation), true) = (&wanted.accept, conversation, is_read) {
        control.take_over(Takeover::Conversation(conversation));
        let head = Plan { body: Body::Empty, delivery: Delivery::UNDISTURBED, guard, ..plan };
        return Ok(switching(head, accept.clone()));
    }
    match (plan.body, &wanted.accept) {
        (Body::Tunnel(tunnel), _) if plan.status == StatusCode::SWITCHING_PROTOCOLS && is_read => {
            control.take_over(Takeover::Tunnel(tunnel));
            let body = PlanBody::new(Body::Empty, guard);
            Ok(response(plan.status, plan.headers, plan.origin.is_undated(), None, body))
        }
        (Body::WebSocket(stream), Some(accept)) if is_read => {
            let stream = if undisturbed {
                stream
            } else {
                messages(steps(Body::Stream(stream), plan.delivery))
            };
            control.take_over(Takeover::WebSocket(stream));
            let head = Plan { body: Body::Empty, delivery: Delivery::UNDISTURBED, guard, ..plan };
            Ok(switching(head, accept.clone()))
        }
        (body, _) if plan.delivery.effects().is_some_and(|effects| effects.head.is_some()) => {
            drop(outside(Plan { body, guard, ..plan }, wanted, control));
            // hyper's part ends when the connection is polled next, without a head from hyper.
            std::future::pending().await
        }
        // A stream that depends on the request's body needs hyper to continue reading.
        (body, _) if !undisturbed || (is_stream(&body) && !wanted.is_being_read()) => {
            Ok(outside(Plan { body, guard, ..plan }, wanted, control))
        }
        (body, _) => Ok(plain(Plan { body, guard, ..plan }, wanted)),
    }
}

/// Returns the body as messages; a fault ends them.
fn messages(steps: Steps) -> BodyStream {
    Box::pin(steps.map(|step| match step {
        Step::Send(bytes) => Ok(bytes),
        Step::Broken(error) => Err(error),
        Step::Fail(_) => Err(BodyError::Broken("it ends here on purpose".to_owned())),
    }))
}

/// Ends the answer before its first byte, except for a `GOAWAY` that allows the answer.
async fn before_headers(
    plan: Plan,
    action: FaultAction,
    wanted: &Wanted,
    over: Over<'_>,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    let frames = match over {
        Over::Http1(control) => {
            control.end(action);
            return Err(EndsHere::with(h2::Reason::INTERNAL_ERROR));
        }
        Over::Http2(frames, _) => frames,
    };
    let FaultAction::GoAway { code, last } = action else {
        return Err(EndsHere::with(reason_of(&action)));
    };
    frames.go_away(code, last);
    if last == LastStream::This {
        return Ok(on_stream(plan, wanted, frames));
    }
    // The frame is sent, and the connection ends without a frame for this stream.
    std::future::pending().await
}

/// Answers 101: what follows is no longer HTTP.
fn switching(mut plan: Plan, accept: HeaderValue) -> hyper::Response<PlanBody> {
    let body = PlanBody::new(Body::Empty, plan.guard.take());
    plan.status = StatusCode::SWITCHING_PROTOCOLS;
    plan.headers.remove(CONTENT_LENGTH);
    plan.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    plan.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    plan.headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response(plan.status, plan.headers, plan.origin.is_undated(), None, body)
}
