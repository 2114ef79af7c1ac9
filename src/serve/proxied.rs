//! Answers of stubs that another server has (`C/http/ProxyResponseRenderer.java`).

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::matching::ProxyRequest;
use crate::message::{
    Asked, Body, BodyError, BodyStream, Effects, Origin, Plan, Request, RequestBody,
};
use crate::record::SendError;

use super::context::RequestContext;
use super::respond;

/// How much of an answer is read before it goes out, in bytes: the journal shows it. More of it goes out as it
/// arrives.
const READ_AHEAD: usize = 1 << 20;

/// Header fields of a request that are not passed on.
const NOT_PASSED_ON: [HeaderName; 6] = [
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::UPGRADE,
    // It was answered here already, when the body was read.
    header::EXPECT,
    HeaderName::from_static("http2-settings"),
];

/// Passes a request on, and gives the answer with what the stub adds to it.
pub(super) async fn answer(context: &RequestContext, asked: &Asked<'_>, to: ProxyRequest) -> Plan {
    let url = format!("{}{}", to.base_url, to.target);
    let Some(uri) = absolute(&url) else {
        return failed(&to, format!("{url:?} is not a URL that a request can be sent to"));
    };
    let request = asked.request();
    let body = match body(request, context.body_limit(asked)).await {
        Ok(body) => body,
        Err(error) => return respond::bad_body(context, asked, &error),
    };
    let is_read = matches!(body, RequestBody::Bytes(_));
    let mut out = http::Request::new(body);
    *out.method_mut() = request.method.clone();
    *out.headers_mut() = request_headers(context, request, &to, &uri);
    if let Some(length) = request.headers.get(header::CONTENT_LENGTH).filter(|_| !is_read) {
        // A large body is sent as it arrives, and with its length.
        out.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| length.clone());
    }
    *out.uri_mut() = uri;
    let client = match context.shared.outbound() {
        Ok(client) => client,
        Err(why) => return failed(&to, why),
    };
    let response = match client.send(out).await {
        Ok(response) => response,
        Err(error) => return no_answer(&to, &url, &error),
    };
    let (mut head, stream) = response.into_parts();
    let body = if request.method == Method::HEAD {
        Ok(Body::Empty)
    } else {
        read_ahead(stream, is_event_stream(&head.headers)).await
    };
    let body = match body {
        Ok(body) => body,
        Err(error) => return no_answer(&to, &url, &SendError::Network(error.to_string())),
    };
    let reason = head.extensions.remove::<hyper::ext::ReasonPhrase>();
    let reason = reason.map(|phrase| Bytes::copy_from_slice(phrase.as_bytes()));
    let mut headers = answer_headers(head.headers, &to.answer_headers);
    if context.shared.settings.stubs.cors {
        // Whom it lets read the answer says nothing about this server.
        let of_cors = |name: &HeaderName| name.as_str().starts_with("access-control");
        let names: Vec<HeaderName> = headers.keys().filter(|name| of_cors(name)).cloned().collect();
        for name in names {
            headers.remove(name);
        }
    }
    let length = headers.get(header::CONTENT_LENGTH);
    let known = body.known_len().filter(|_| request.method != Method::HEAD);
    let wrong_length = length.zip(known).is_some_and(|(named, length)| {
        head.status != StatusCode::NOT_MODIFIED && named.as_bytes() != length.to_string().as_bytes()
    });
    let chunked = length.is_none();
    let effects = Effects { reason, wrong_length, ..to.delivery.into_effects() };
    let delivery = effects.into();
    let mut plan = Plan::new(head.status, Origin::Stub(to.stub), body);
    plan.set_exchange_id(to.exchange_id);
    Plan { headers, chunked, delivery, ..plan }
}

/// An absolute URL with a host.
fn absolute(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let sendable = uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty());
    sendable.then_some(uri)
}

/// The body to be sent on: read, unless it is announced to be large.
async fn body(request: &Request, most: usize) -> Result<RequestBody, BodyError> {
    let announced = request.header(header::CONTENT_LENGTH.as_str());
    let length: Option<usize> = announced.and_then(|length| length.parse().ok());
    if length.is_some_and(|length| length > most) {
        return Ok(request.body.take());
    }
    let body = request.body.read(most).await?;
    Ok(if body.is_empty() { RequestBody::Empty } else { RequestBody::Bytes(body) })
}

fn request_headers(
    context: &RequestContext,
    request: &Request,
    to: &ProxyRequest,
    uri: &Uri,
) -> HeaderMap {
    let options = &context.shared.settings.stubs.outbound;
    let mut headers = request.headers.clone();
    for name in &NOT_PASSED_ON {
        headers.remove(name);
    }
    if !options.preserve_user_agent {
        headers.remove(header::USER_AGENT);
    }
    let host = uri.authority().map(|host| host.as_str().rsplit('@').next().unwrap_or_default());
    if let Some(host) = host.and_then(|host| HeaderValue::from_str(host).ok())
        && headers.contains_key(header::HOST)
        && !options.preserve_host
    {
        headers.insert(header::HOST, host);
    }
    for name in &to.remove {
        headers.remove(name);
    }
    for (name, value) in &to.add {
        let is_ours = *name == header::USER_AGENT && !options.preserve_user_agent;
        if !is_ours && !NOT_PASSED_ON.contains(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}

/// The backend's header fields with those of the stub. They are added, but for those that an answer has once.
fn answer_headers(mut headers: HeaderMap, own: &HeaderMap) -> HeaderMap {
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    for (name, value) in own {
        if *name == header::CONTENT_TYPE || *name == header::CONTENT_LENGTH {
            headers.insert(name, value.clone());
        } else {
            headers.append(name, value.clone());
        }
    }
    headers
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// The body: whole if it is not large, else as it arrives.
async fn read_ahead(mut stream: BodyStream, at_once: bool) -> Result<Body, BodyError> {
    let mut read = BytesMut::new();
    while !at_once && read.len() <= READ_AHEAD {
        match stream.next().await {
            Some(piece) => read.extend_from_slice(&piece?),
            None if read.is_empty() => return Ok(Body::Empty),
            None => return Ok(Body::Bytes(read.freeze())),
        }
    }
    let first = stream::iter((!read.is_empty()).then(|| Ok(read.freeze())));
    Ok(Body::Stream(Box::pin(first.chain(stream))))
}

/// In `WireMock`'s words, which clients may look for.
fn no_answer(to: &ProxyRequest, url: &str, error: &SendError) -> Plan {
    let kind = match error {
        SendError::Denied => {
            let text = "The target proxy address is denied in WireMock's configuration.";
            let mut plan = failed(to, text.to_owned());
            plan.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            return plan;
        }
        SendError::Tls(_) => "SSL",
        SendError::Network(_) => "Network",
    };
    let why = in_words_of_apache(url, &error.to_string());
    let text =
        format!("{kind} failure trying to make a proxied request from WireMock to {url}\r\n{why}");
    failed(to, text)
}

/// Returns why a server could not be reached, as Apache's `HttpClient` says it; other reasons stay as they are.
pub(super) fn in_words_of_apache(url: &str, why: &str) -> String {
    let uri = Uri::try_from(url).ok();
    let target = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?, uri)));
    let Some((scheme, host, uri)) = target else { return why.to_owned() };
    if why.contains("dns error") {
        return host.to_owned();
    }
    for reason in ["Connection refused", "Network is unreachable", "No route to host"] {
        if why.contains("tcp connect error") && why.contains(reason) {
            let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
            return format!("Connect to {scheme}://{host}:{port} failed: {reason}");
        }
    }
    why.to_owned()
}

fn failed(to: &ProxyRequest, text: String) -> Plan {
    let reason = Some(Bytes::from_static(b"Server Error"));
    let delivery = Effects { reason, ..Effects::default() }.into();
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let body = Body::Bytes(text.into());
    Plan { delivery, chunked: true, ..Plan::new(status, Origin::Stub(to.stub), body) }
}
