//! Converts a plan whose delay is over to hyper's response: completely, on an HTTP/2 stream with
//! its faults, or only its head if the connection continues without hyper.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::ext::ReasonPhrase;

use crate::message::{Body, Delivery, Effects, Plan};

use super::body::PlanBody;
use super::date;
use super::deliver::steps;
use super::frames::Frames;
use super::framing::{Flow, Framing, Outside};
use super::raw_head::RawHead;
use super::upload::Upload;
use super::wire::{Control, Takeover};

/// The properties of a request that determine the form of its answer.
pub(super) struct Wanted {
    pub(super) method: Method,
    pub(super) version: Version,
    /// Whether the client will send no further request.
    pub(super) closes: bool,
    /// The request's body, which may still be arriving.
    pub(super) upload: Option<Upload>,
    pub(super) accept: Option<HeaderValue>,
}

impl Wanted {
    /// Returns whether hyper can send the answer by itself: without faults, pauses or an unread
    /// request body.
    pub(super) fn is_simple(&self, plan: &Plan) -> bool {
        plan.delivery.is_plain() && self.upload.is_none() && !is_stream(&plan.body)
    }

    /// Returns whether the request's body is still read while it is answered.
    pub(super) fn is_being_read(&self) -> bool {
        self.upload.as_ref().is_some_and(Upload::is_being_read)
    }
}

/// Returns whether a body is generated while it is sent.
pub(super) fn is_stream(body: &Body) -> bool {
    matches!(body, Body::Stream(_) | Body::WebSocket(_))
}

/// Returns the head of an answer, with its body.
pub(super) fn response(
    status: StatusCode,
    headers: HeaderMap,
    undated: bool,
    reason: Option<Bytes>,
    body: PlanBody,
) -> hyper::Response<PlanBody> {
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if !undated {
        response.headers_mut().entry(DATE).or_insert_with(date::now);
    }
    if let Some(reason) = reason.and_then(|text| ReasonPhrase::try_from(text).ok()) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// Returns whether an answer has no `Date` from the server.
fn is_undated(plan: &Plan) -> bool {
    plan.origin.is_undated() || plan.delivery.effects().is_some_and(|effects| effects.undated)
}

/// Returns the reason phrase of an answer if it is not the default one.
fn reason(delivery: &Delivery) -> Option<Bytes> {
    delivery.effects()?.reason.clone()
}

/// Returns the trailers of an answer.
fn trailers(delivery: &Delivery) -> Option<Arc<HeaderMap>> {
    delivery.effects()?.trailers.clone()
}

/// Returns an answer without faults, for hyper to send.
pub(super) fn plain(mut plan: Plan, wanted: &Wanted) -> hyper::Response<PlanBody> {
    let (known, undated) = (plan.body.known_len(), is_undated(&plan));
    let mut body = PlanBody::new(plan.body, plan.guard.take());
    let is_head = wanted.method == Method::HEAD;
    // A backend's answer keeps the length that the backend announced.
    let unannounced = plan.chunked && (plan.exact || wanted.version < Version::HTTP_2);
    if unannounced {
        body.unannounced();
        if is_head && plan.exact || wanted.version == Version::HTTP_2 {
            // HTTP/2 has no chunks that would end it.
            body.ending_with_head(is_head);
        }
    }
    if is_head && wanted.version == Version::HTTP_2 {
        // hyper leaves it out over HTTP/1.1 alone (RFC 9110, section 9.3.2).
        body.ending_with_head(is_head);
    }
    if let Some(length) = known.filter(|_| is_head && !unannounced) {
        plan.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    response(plan.status, plan.headers, undated, reason(&plan.delivery), body)
}

/// Returns the length to announce, if the delivery preserves it.
fn announced(plan: &mut Plan) -> Option<u64> {
    if !plan.delivery.effects().is_none_or(Effects::keep_length) {
        // A backend may have named one.
        plan.headers.remove(CONTENT_LENGTH);
        return None;
    }
    plan.body.known_len()
}

/// Returns whether a recorded stream ends with its head, as a gRPC error does.
fn is_empty_stream(plan: &Plan) -> bool {
    matches!(plan.body, Body::Empty)
        && plan.exact
        && plan.delivery.effects().is_some_and(|effects| {
            let Effects { unannounced, trailers, points, fault, .. } = effects;
            *unannounced && trailers.is_none() && points.is_empty() && fault.is_none()
        })
}

/// Returns an answer on an HTTP/2 stream.
pub(super) fn on_stream(
    mut plan: Plan,
    wanted: &Wanted,
    frames: &Arc<Frames>,
) -> hyper::Response<PlanBody> {
    if let Some(pace) = plan.delivery.effects().and_then(|effects| effects.head.as_ref()?.pace) {
        // First, so that it is in the first frame of a head that takes several.
        let mut headers = HeaderMap::from_iter([frames.heads.mark(pace)]);
        headers.extend(std::mem::take(&mut plan.headers));
        plan.headers = headers;
    }
    if plan.delivery.leaves_body() || is_empty_stream(&plan) {
        return plain(plan, wanted);
    }
    let undated = is_undated(&plan);
    let is_unannounced = plan.chunked && plan.exact;
    if let Some(length) = announced(&mut plan).filter(|_| !is_unannounced) {
        plan.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    let body = if wanted.method == Method::HEAD { Body::Empty } else { plan.body };
    let trailers = trailers(&plan.delivery);
    let steps = steps(body, plan.delivery);
    let body = PlanBody::disturbed(steps, trailers, Arc::clone(frames), plan.guard.take());
    response(plan.status, plan.headers, undated, None, body)
}

/// Returns an HTTP/1.1 answer of which hyper sends only the head.
pub(super) fn outside(
    mut plan: Plan,
    wanted: &Wanted,
    control: &Arc<Control>,
) -> hyper::Response<PlanBody> {
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
    let slow = plan.delivery.effects().and_then(|effects| effects.head.clone());
    let layout = plan.delivery.layout().filter(|_| slow.is_some()).cloned();
    let (undisturbed, undated) = (plan.delivery.leaves_body(), is_undated(&plan));
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
    let head = slow.map(|slow| {
        if !undated {
            plan.headers.entry(DATE).or_insert_with(date::now);
        }
        RawHead::new(
            &slow,
            (plan.status, reason.clone()),
            &plan.headers,
            (framing == Framing::Chunked, wanted.version),
            layout.as_ref(),
        )
    });
    let is_raw = head.is_some();
    let outside = Outside { head, flow, framing, trailers, keep, upload, guard: plan.guard };
    control.take_over(Takeover::Body(outside));
    if is_raw || matches!(framing, Framing::HeadAlone | Framing::Length(0)) {
        // hyper does not poll such a body.
        control.leave();
    }
    let body = PlanBody::taken_over(Arc::clone(control));
    response(plan.status, plan.headers, undated, reason, body)
}
