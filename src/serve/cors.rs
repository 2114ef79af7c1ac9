//! Header fields by which browsers let pages of other origins read stubs' answers, where `--enable-stub-cors` asks
//! for them: those of Jetty's `CrossOriginFilter`, as `WireMock` sets it up (`Jetty12HttpServer.buildCorsFilter`).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, HeaderValue, ORIGIN, UPGRADE, VARY,
};
use http::{HeaderMap, Method, StatusCode};

use crate::message::{Body, Origin, Plan, Request};

/// The methods that pages of other origins may use.
const METHODS: &str = "OPTIONS,GET,POST,PUT,PATCH,DELETE";

/// How long a browser remembers the answer to a preflight request, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("1800");

/// The answer to a browser that asks whether it may send a request; nothing for any other request.
pub(super) fn preflight(request: &Request) -> Option<Plan> {
    if request.method != Method::OPTIONS {
        return None;
    }
    let origin = request.headers.get(ORIGIN)?;
    let method = request.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut plan = Plan::new(StatusCode::OK, Origin::Unmatched, Body::Empty);
    plan.headers.insert(VARY, HeaderValue::from_static("Origin"));
    plan.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    let is_allowed = METHODS.split(',').any(|allowed| allowed.as_bytes() == method.as_bytes());
    if is_allowed {
        allow(&mut plan.headers, origin);
        plan.headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        plan.headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        let asked = request.headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let asked = asked.cloned().unwrap_or(HeaderValue::from_static(""));
        plan.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    Some(plan)
}

/// Adds the fields to an answer.
pub(super) fn add(plan: &mut Plan, request: &Request) {
    // Jetty leaves WebSockets out.
    if request
        .headers
        .get(UPGRADE)
        .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
    {
        return;
    }
    // Its error page for a request that nothing matched begins anew.
    if plan.origin != Origin::Unmatched {
        plan.headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = request.headers.get(ORIGIN) {
        allow(&mut plan.headers, origin);
    }
}

/// Lets pages of an origin read an answer. What the stub says besides stays, behind it.
fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    let yes = HeaderValue::from_static("true");
    for (name, value) in
        [(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()), (ACCESS_CONTROL_ALLOW_CREDENTIALS, yes)]
    {
        let own: Vec<HeaderValue> = headers.get_all(&name).iter().cloned().collect();
        headers.insert(&name, value);
        for value in own {
            headers.append(&name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, fields: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::new(method, "/a");
        for (name, value) in fields {
            request.headers.insert(*name, HeaderValue::from_static(value));
        }
        request
    }

    fn shown(headers: &HeaderMap) -> Vec<(&str, &str)> {
        let mut all: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    #[test]
    fn preflight_requests_are_answered_as_jetty_does() {
        let origin = ("origin", "http://x.com");
        let method = ("access-control-request-method", "PUT");
        for fields in [&[][..], &[origin], &[method]] {
            assert!(preflight(&request(Method::OPTIONS, fields)).is_none(), "{fields:?}");
        }
        assert!(preflight(&request(Method::GET, &[origin, method])).is_none());
        let asked = ("access-control-request-headers", "x-a,b");
        let plan = preflight(&request(Method::OPTIONS, &[origin, method, asked])).unwrap();
        let all = [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "x-a,b"),
            ("access-control-allow-methods", METHODS),
            ("access-control-allow-origin", "http://x.com"),
            ("access-control-max-age", "1800"),
            ("content-length", "0"),
            ("vary", "Origin"),
        ];
        assert_eq!((plan.status, shown(&plan.headers)), (StatusCode::OK, all.to_vec()));
        let other = ("access-control-request-method", "FOO");
        let plan = preflight(&request(Method::OPTIONS, &[origin, other])).unwrap();
        assert_eq!(shown(&plan.headers), [("content-length", "0"), ("vary", "Origin")]);
    }

    #[test]
    fn answers_name_the_origin_that_asked() {
        let mut plan = Plan::new(StatusCode::OK, Origin::Stub(uuid::Uuid::nil()), Body::Empty);
        let own = HeaderValue::from_static("http://own");
        plan.headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, own);
        add(&mut plan, &request(Method::GET, &[("origin", "null")]));
        let all = [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-origin", "null"),
            ("access-control-allow-origin", "http://own"),
            ("vary", "Origin"),
        ];
        assert_eq!(shown(&plan.headers), all);
        let mut plan = Plan::new(StatusCode::NOT_FOUND, Origin::Unmatched, Body::Empty);
        add(&mut plan, &request(Method::GET, &[]));
        assert!(plan.headers.is_empty());
    }
}
