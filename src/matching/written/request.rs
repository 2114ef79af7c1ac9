//! Request patterns (`C/matching/RequestPattern.java`).

use super::super::raw::Raw;
use super::object::{self, Fields, Object, quoted};
use super::operator;

/// The forms of a URL: of several the first counts.
const URLS: [&str; 5] = ["url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate"];

/// Returns the pattern of a mapping, which may have none.
pub(super) fn pattern(raw: Option<Raw<'_>>) -> String {
    let mut object = Object::default();
    let raw = &raw.map(Fields::of).unwrap_or_default();
    object.text(raw, "scheme");
    object.with(raw, "host", operator::pattern);
    object.integer(raw, "port");
    object.with(raw, "clientIp", operator::pattern);
    if let Some(url) = URLS.into_iter().find(|url| raw.get(url).is_some()) {
        object.text(raw, url);
    }
    object.set("method", quoted("ANY"));
    object.as_it_is(raw, "method");
    object.with(raw, "headers", multi);
    object.with(raw, "pathParameters", single);
    object.with(raw, "queryParameters", multi);
    object.with(raw, "formParameters", multi);
    object.with(raw, "cookies", single);
    let credentials = ["basicAuthCredentials", "basicAuth"];
    if let Some(credentials) = credentials.into_iter().find_map(|key| raw.get(key)) {
        let credentials = Fields::of(credentials);
        let mut own = Object::default();
        own.text(&credentials, "username");
        own.text(&credentials, "password");
        object.set("basicAuthCredentials", own.json());
    }
    object.with(raw, "bodyPatterns", bodies);
    object.with(raw, "customMatcher", |raw| {
        let mut own = Object::default();
        let raw = &Fields::of(raw);
        own.text(raw, "name");
        own.with(raw, "parameters", object::without_nulls);
        own.json()
    });
    object.with(raw, "multipartPatterns", |raw| {
        object::list(raw.items().into_iter().map(|part| {
            if part.as_str() == "null" {
                return "null".to_owned();
            }
            let part = &Fields::of(part);
            let mut own = Object::default();
            own.text(part, "name");
            own.text(part, "fileName");
            own.text(part, "matchingType");
            own.with(part, "headers", multi);
            own.with(part, "bodyPatterns", bodies);
            own.json()
        }))
    });
    object.json()
}

fn multi(raw: Raw<'_>) -> String {
    object::map(raw, operator::multi)
}

fn single(raw: Raw<'_>) -> String {
    object::map(raw, operator::pattern)
}

fn bodies(raw: Raw<'_>) -> String {
    object::list(raw.items().into_iter().map(body))
}

fn body(raw: Raw<'_>) -> String {
    if raw.is_object() { operator::pattern(raw) } else { raw.as_str().to_owned() }
}
