//! Pages of other origins may use the server, where `--cors-allowed-origins` allows their origin, as an API server
//! does it (`k8s.io/apiserver/pkg/server/filters/cors.go`).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::{Method, StatusCode};
use regex::RegexSet;

use crate::message::{Body, Origin, Plan, Request};

/// What pages may send, besides what their preflight asks for.
const METHODS: HeaderValue = HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE, PATCH");
const HEADERS: &str = "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since";
/// What pages may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Date, Retry-After, Warning, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Subject-Token, X-Standin-Rule",
);

/// The origins whose pages may use the server.
#[derive(Debug)]
pub(crate) struct CorsOrigins(RegexSet);

impl CorsOrigins {
    /// Regular expressions, each found somewhere in an allowed origin.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        for pattern in patterns {
            let compiled = regex::Regex::new(pattern);
            compiled.map_err(|why| format!("{pattern:?} is not a regular expression: {why}"))?;
        }
        RegexSet::new(patterns).map(Self).map_err(|why| why.to_string())
    }

    /// The origin of a request, where it is allowed.
    fn allowed<'r>(&self, request: &'r Request) -> Option<&'r HeaderValue> {
        let origin = request.headers.get(ORIGIN)?;
        self.0.is_match(origin.to_str().ok()?).then_some(origin)
    }

    /// The answer to a browser that asks whether a page of an allowed origin may send a request.
    pub(super) fn preflight(&self, request: &Request) -> Option<Plan> {
        if request.method != Method::OPTIONS
            || !request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let origin = self.allowed(request)?;
        let mut plan = Plan::new(StatusCode::NO_CONTENT, Origin::Server, Body::Empty);
        allow(&mut plan.headers, origin);
        plan.headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        let asked = request.headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let asked = asked.and_then(|value| value.to_str().ok()).filter(|asked| !asked.is_empty());
        let all = asked.map_or_else(|| HEADERS.to_owned(), |asked| format!("{HEADERS}, {asked}"));
        if let Ok(all) = HeaderValue::try_from(all) {
            plan.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, all);
        }
        Some(plan)
    }

    /// Adds the fields to the answer to a page of an allowed origin. An answer that has its own keeps them.
    pub(super) fn add(&self, plan: &mut Plan, request: &Request) {
        if plan.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        if let Some(origin) = self.allowed(request) {
            allow(&mut plan.headers, origin);
        }
    }
}

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    // A cache must not hand the answer to a page of another origin.
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, origin: &'static str) -> Request {
        let mut request = Request::new(method, "/apis/x");
        request.headers.insert(ORIGIN, HeaderValue::from_static(origin));
        request
    }

    #[test]
    fn only_allowed_origins_are_named() {
        let origins =
            CorsOrigins::new(&["^http://localhost:3000$".into(), r"\.corp:443".into()]).unwrap();
        for (origin, allowed) in [
            ("http://localhost:3000", true),
            ("https://a.corp:443", true),
            ("http://localhost:30001", false),
            ("null", false),
        ] {
            let mut plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
            origins.add(&mut plan, &request(Method::GET, origin));
            let named = plan.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(named.is_some_and(|named| named == origin), allowed, "{origin}");
            assert_eq!(plan.headers.contains_key(VARY), allowed);
            let mut preflight = request(Method::OPTIONS, origin);
            assert!(origins.preflight(&preflight).is_none(), "an OPTIONS of its own");
            preflight
                .headers
                .insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("DELETE"));
            preflight
                .headers
                .insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-auth-token"));
            let answer = origins.preflight(&preflight);
            assert_eq!(answer.is_some(), allowed, "{origin}");
            if let Some(plan) = answer {
                let headers = plan.headers[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
                assert!(headers.ends_with(", x-auth-token"), "{headers}");
                assert_eq!(plan.status, StatusCode::NO_CONTENT);
            }
        }
        assert!(CorsOrigins::new(&["(".into()]).unwrap_err().starts_with("\"(\" is not"));
    }

    #[test]
    fn an_answer_keeps_fields_of_its_own() {
        let origins = CorsOrigins::new(&[".*".into()]).unwrap();
        let mut plan = Plan::new(StatusCode::OK, Origin::Upstream, Body::Empty);
        plan.headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        origins.add(&mut plan, &request(Method::GET, "http://x"));
        assert_eq!(plan.headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(plan.headers.len(), 1);
    }
}
