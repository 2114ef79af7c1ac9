//! Passes a request on to the server of an API service (`pkg/apiserver/handler_proxy.go` in `k8s.io/kube-aggregator`).

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use http::{Method, StatusCode};

use crate::k8s::{self, Remote, User};
use crate::message::{Asked, Body, Origin, Plan, RequestBody};

use super::super::context::RequestContext;
use super::super::respond;
use super::{headers, target};

/// How long the discovery of a server may take (`aggregatedDiscoveryTimeout`).
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the head of another answer may take: as long as a request upstream.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The answer of the server, or upstream's text about why there is none.
pub(in super::super) async fn answer(
    context: &RequestContext,
    asked: &Asked<'_>,
    user: &User,
    remote: &Remote,
) -> Plan {
    if !remote.is_available {
        return text(StatusCode::SERVICE_UNAVAILABLE, "service unavailable");
    }
    let Ok(place) = k8s::remote_place(&context.world.store.state(), remote) else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "service unavailable");
    };
    let body = match *asked.method() {
        Method::GET | Method::HEAD => RequestBody::Empty,
        _ => match asked.read_body(k8s::MAX_BODY_BYTES).await {
            Ok(body) => RequestBody::Bytes(body.clone()),
            Err(error) => return respond::bad_body(context, asked, &error),
        },
    };
    let authority = &place.authority;
    let url = format!("https://{authority}{}{}", asked.path(), headers::query(asked));
    let mut request = http::Request::new(body);
    *request.method_mut() = asked.method().clone();
    *request.headers_mut() = headers::passed_on(asked, user, authority);
    match url.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => return text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}")),
    }
    let limit = if is_discovery(asked.path()) { DISCOVERY_TIMEOUT } else { TIMEOUT };
    let target = target(remote, &place);
    let sent = context.shared.settings.aggregator.send(&target, request);
    let sent = tokio::time::timeout(limit, sent).await;
    match sent.unwrap_or_else(|_| Err("context deadline exceeded".to_owned())) {
        Ok(answer) => passed_back(answer),
        Err(why) => {
            let why = format!("error trying to reach service: {why}");
            text(StatusCode::SERVICE_UNAVAILABLE, &why)
        }
    }
}

/// Whether a path is that of a group and version (`NewRequestForProxy`).
fn is_discovery(path: &str) -> bool {
    path.trim_matches('/').split('/').count() == 3
}

/// The answer as it goes to the client. A server may not lead clients elsewhere (`RejectForwardingRedirects`).
fn passed_back(answer: http::Response<Body>) -> Plan {
    let (head, body) = answer.into_parts();
    if head.status.is_redirection() && head.headers.contains_key(LOCATION) {
        let why = "the backend attempted to redirect this request, which is not permitted";
        let mut plan = Plan::text(StatusCode::BAD_GATEWAY, Origin::Kubernetes, why);
        add_cache_control(&mut plan.headers);
        return plan;
    }
    let mut plan = Plan::new(head.status, Origin::Kubernetes, body);
    plan.headers = head.headers;
    add_cache_control(&mut plan.headers);
    plan
}

/// What every answer of an API server has (`WithCacheControl`).
fn add_cache_control(headers: &mut HeaderMap) {
    headers.append(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
}

/// An error as `http.Error` writes it.
fn text(status: StatusCode, why: &str) -> Plan {
    let mut plan = Plan::text(status, Origin::Kubernetes, format!("{why}\n"));
    let media = HeaderValue::from_static("text/plain; charset=utf-8");
    plan.headers.insert(CONTENT_TYPE, media);
    let nosniff = HeaderValue::from_static("nosniff");
    plan.headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, nosniff);
    add_cache_control(&mut plan.headers);
    plan
}
