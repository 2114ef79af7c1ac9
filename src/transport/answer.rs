//! One request → the handler's plan → one response, the same for HTTP/1.1 and HTTP/2.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, SEC_WEBSOCKET_ACCEPT, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use tokio::time::Instant;

use crate::message::{
    Body, BodyError, BodyStream, Delivery, Effects, FaultAction, Handler, Handling, LastStream,
    Origin, Plan, Request, RequestBody,
};

use super::body::PlanBody;
use super::client::{Client, Forwards};
use super::client_errors::ClientErrors;
use super::date;
use super::deliver::{Step, Steps, steps};
use super::exact;
use super::frames::Frames;
use super::framing::{Flow, Framing, Outside};
use super::head::{HeadFacts, name_host};
use super::reason::{EndsHere, reason_of};
use super::stalled::Stalled;
use super::upload::Upload;
use super::websocket;
use super::wire::{Answering, Control, Takeover};

/// An answer that waits for longer goes on without hyper meanwhile.
const LONG: Duration = Duration::from_millis(500);

/// What a request came over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Over<'a> {
    /// A connection of its own, as long as it is answered.
    Http1(&'a Arc<Control>),
    /// A stream among others.
    Http2(&'a Arc<Frames>),
}

/// How a request wants its answer.
struct Wanted {
    method: Method,
    version: Version,
    /// The client will ask for nothing more.
    closes: bool,
    /// The request's body, which may still be on its way.
    upload: Option<Upload>,
    accept: Option<HeaderValue>,
}

/// A response for hyper, or the end of the stream.
type Answer = Result<hyper::Response<PlanBody>, EndsHere>;

/// The answer to a request: most are there at once, and cost no state of a future.
pub(super) enum AnswerFuture<'a> {
    Ready(Option<Answer>),
    Waiting(Pin<Box<dyn Future<Output = Answer> + Send + 'a>>),
}

impl Future for AnswerFuture<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut *self {
            // Nobody polls a future again that is done.
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
    client_errors: &'a ClientErrors,
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
                client_errors.report("host", &format!("{}: {why}", client.peer));
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
        Over::Http2(frames) => {
            if frames.is_going_away() {
                let refused = Err(EndsHere::with(h2::Reason::REFUSED_STREAM));
                return AnswerFuture::Ready(Some(refused));
            }
            name_host(&mut head);
        }
    }
    let upload = wanted.upload.as_ref();
    let body = upload.map_or(RequestBody::Empty, |upload| upload.body(client.bodies.clone()));
    let mut request = Request::incoming(head, body);
    request.peer = Some(client.peer);
    request.certificate.clone_from(&client.certificate);
    request.tls = client.tls;
    request.forwarded = match client.forwards {
        Forwards::None => false,
        Forwards::Absolute => request.version < Version::HTTP_2 && request.uri.scheme().is_some(),
        Forwards::All => true,
    };
    let handled = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
    match handled {
        Ok(Handling::Ready(plan)) if wanted.is_simple(&plan) => {
            AnswerFuture::Ready(Some(answering(Ok(plain(plan, &wanted)), over)))
        }
        Ok(Handling::Ready(plan)) => AnswerFuture::Waiting(Box::pin(deliver(plan, wanted, over))),
        Ok(Handling::Waiting(waiting)) => AnswerFuture::Waiting(Box::pin(async move {
            let plan = AssertUnwindSafe(waiting).catch_unwind().await;
            let plan = plan.unwrap_or_else(|_| panicked(client, client_errors));
            deliver(plan, wanted, over).await
        })),
        Err(_) => {
            let plan = panicked(client, client_errors);
            AnswerFuture::Waiting(Box::pin(deliver(plan, wanted, over)))
        }
    }
}

/// The answer to a request on which the handler has failed.
fn panicked(client: &Client, client_errors: &ClientErrors) -> Plan {
    let peer = client.peer;
    client_errors.report(
        "panic",
        &format!("a request of {peer} made the server panic; it was answered with 500"),
    );
    let text = "the server failed on this request; this is a defect of the server\n";
    Plan::text(StatusCode::INTERNAL_SERVER_ERROR, Origin::Server, text)
}

/// Waits as long as a plan says, and carries it out.
async fn deliver(plan: Plan, wanted: Wanted, over: Over<'_>) -> Answer {
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
        // hyper's part ends with the next look at the connection.
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

/// An answer that its connection knows to be under way until hyper has all of it.
fn answering(answer: Answer, over: Over<'_>) -> Answer {
    let Over::Http1(control) = over else { return answer };
    answer.map(|response| response.map(|body| body.answering(Answering::new(control))))
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
    let undisturbed = plan.delivery.leaves_body();
    let control = match over {
        Over::Http1(control) => control,
        Over::Http2(frames) => return Ok(on_stream(plan, wanted, frames)),
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
            let body = PlanBody::new(Body::Empty).with(guard);
            Ok(response(plan.status, plan.headers, &plan.origin, None, body))
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
        // A stream that is made from the request's body needs hyper to read on.
        (body, _) if !undisturbed || (is_stream(&body) && !wanted.is_being_read()) => {
            Ok(outside(Plan { body, guard, ..plan }, wanted, control))
        }
        (body, _) => Ok(plain(Plan { body, guard, ..plan }, wanted)),
    }
}

impl Wanted {
    /// Whether an answer is hyper's alone: nothing goes wrong in it, nothing is waited for, and no body of
    /// the request is left.
    fn is_simple(&self, plan: &Plan) -> bool {
        plan.delivery.effects().is_none() && self.upload.is_none() && !is_stream(&plan.body)
    }

    /// Whether the request's body is read on while it is answered.
    fn is_being_read(&self) -> bool {
        self.upload.as_ref().is_some_and(Upload::is_being_read)
    }
}

/// Whether a body is made while it is sent.
fn is_stream(body: &Body) -> bool {
    matches!(body, Body::Stream(_) | Body::WebSocket(_))
}

/// What goes out as messages: a fault ends them.
fn messages(steps: Steps) -> BodyStream {
    Box::pin(steps.map(|step| match step {
        Step::Send(bytes) => Ok(bytes),
        Step::Broken(error) => Err(error),
        Step::Fail(_) => Err(BodyError::Broken("it ends here on purpose".to_owned())),
    }))
}

/// Not one byte of the answer goes out; but for a `GOAWAY` that lets it.
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
        Over::Http2(frames) => frames,
    };
    let FaultAction::GoAway { code, last } = action else {
        return Err(EndsHere::with(reason_of(&action)));
    };
    frames.go_away(code, last);
    if last == LastStream::This {
        return Ok(on_stream(plan, wanted, frames));
    }
    // The frame goes out, and the connection ends without a frame for this stream.
    std::future::pending().await
}

/// 101: what follows is no longer HTTP.
fn switching(mut plan: Plan, accept: HeaderValue) -> hyper::Response<PlanBody> {
    let body = PlanBody::new(Body::Empty).with(plan.guard.take());
    plan.status = StatusCode::SWITCHING_PROTOCOLS;
    plan.headers.remove(CONTENT_LENGTH);
    plan.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    plan.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    plan.headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response(plan.status, plan.headers, &plan.origin, None, body)
}

/// The head of an answer, with its body.
fn response(
    status: StatusCode,
    headers: HeaderMap,
    origin: &Origin,
    reason: Option<Bytes>,
    body: PlanBody,
) -> hyper::Response<PlanBody> {
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if !origin.is_undated() {
        response.headers_mut().entry(DATE).or_insert_with(date::now);
    }
    if let Some(reason) = reason.and_then(|text| ReasonPhrase::try_from(text).ok()) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// The reason phrase of an answer, where it is not the usual one.
fn reason(delivery: &Delivery) -> Option<Bytes> {
    delivery.effects()?.reason.clone()
}

/// The fields behind the body of an answer.
fn trailers(delivery: &Delivery) -> Option<Arc<HeaderMap>> {
    delivery.effects()?.trailers.clone()
}

/// An answer in which nothing goes wrong, as hyper sends it.
fn plain(mut plan: Plan, wanted: &Wanted) -> hyper::Response<PlanBody> {
    let known = plan.body.known_len();
    let body = PlanBody::new(plan.body).with(plan.guard.take());
    let chunked = plan.chunked && wanted.version < Version::HTTP_2;
    let body = if chunked { body.unannounced() } else { body };
    if let Some(length) = known.filter(|_| wanted.method == Method::HEAD && !chunked) {
        plan.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    response(plan.status, plan.headers, &plan.origin, reason(&plan.delivery), body)
}

/// The length that is announced, where the delivery leaves the body with it.
fn announced(plan: &mut Plan) -> Option<u64> {
    if !plan.delivery.effects().is_none_or(Effects::keep_length) {
        // A backend may have named one.
        plan.headers.remove(CONTENT_LENGTH);
        return None;
    }
    plan.body.known_len()
}

/// An answer on an HTTP/2 stream.
fn on_stream(mut plan: Plan, wanted: &Wanted, frames: &Arc<Frames>) -> hyper::Response<PlanBody> {
    if plan.delivery.leaves_body() {
        return plain(plan, wanted);
    }
    if let Some(length) = announced(&mut plan) {
        plan.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    let body = if wanted.method == Method::HEAD { Body::Empty } else { plan.body };
    let trailers = trailers(&plan.delivery);
    let steps = steps(body, plan.delivery);
    let body = PlanBody::disturbed(steps, trailers, Arc::clone(frames)).with(plan.guard.take());
    response(plan.status, plan.headers, &plan.origin, None, body)
}

/// An HTTP/1.1 answer of which hyper sends the head.
fn outside(mut plan: Plan, wanted: &Wanted, control: &Arc<Control>) -> hyper::Response<PlanBody> {
    let length = announced(&mut plan);
    let bodiless = wanted.method == Method::HEAD
        || matches!(plan.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let effects = plan.delivery.effects();
    let wrong_length = effects.is_some_and(|effects| effects.wrong_length);
    if let Some(length) = length.filter(|_| plan.status != StatusCode::NO_CONTENT && !plan.chunked)
        && !plan.headers.contains_key(TRANSFER_ENCODING)
    {
        plan.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    let named =
        plan.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let framing = match named {
        _ if bodiless => Framing::HeadAlone,
        Some(_) if wrong_length => Framing::Close,
        Some(length) => Framing::Length(length),
        None if wanted.version == Version::HTTP_10 => Framing::Close,
        None => Framing::Chunked,
    };
    let undisturbed = plan.delivery.leaves_body();
    let reason = reason(&plan.delivery);
    let trailers = trailers(&plan.delivery);
    let flow = match plan.body {
        Body::Stream(stream) | Body::WebSocket(stream) if undisturbed && !bodiless => {
            Flow::Stream(stream)
        }
        body => {
            let body = if bodiless { Body::Empty } else { body };
            Flow::Steps(steps(body, plan.delivery))
        }
    };
    let mut keep = !wanted.closes && wanted.version != Version::HTTP_10;
    let upload = wanted.upload.clone();
    if keep && upload.as_ref().is_some_and(|upload| !upload.can_be_skipped()) {
        keep = false;
        plan.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let outside = Outside { flow, framing, trailers, keep, upload, guard: plan.guard };
    control.take_over(Takeover::Body(outside));
    if matches!(framing, Framing::HeadAlone | Framing::Length(0)) {
        // hyper asks for no byte of such a body.
        control.leave();
    }
    let body = PlanBody::taken_over(Arc::clone(control));
    response(plan.status, plan.headers, &plan.origin, reason, body)
}
