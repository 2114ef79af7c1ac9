//! Generated stub mappings, and rounds of them with requests.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::operators::{body_operator, multi_operator, operator};
use super::requests::{Generated, request};

/// Stubs, and the requests that are sent to them.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) stubs: Vec<Value>,
    pub(super) requests: Vec<Generated>,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stub in &self.stubs {
            writeln!(f, "  stub {stub}")?;
        }
        let requests: Vec<String> = self.requests.iter().map(ToString::to_string).collect();
        write!(f, "  {}", requests.join("\n  "))
    }
}

/// A round.
pub(super) fn round() -> impl Strategy<Value = Round> {
    let stubs = prop::collection::vec(stub(), 1..4);
    let requests = prop::collection::vec(request(), 1..6);
    (stubs, requests).prop_map(|(mut stubs, requests)| {
        for (at, stub) in stubs.iter_mut().enumerate() {
            // Both servers name the same stub.
            stub["id"] = json!(format!("00000000-0000-4000-8000-{at:012}"));
        }
        Round { stubs, requests }
    })
}

/// A key that is there or not.
type Entry = (&'static str, Value);

fn maybe(
    key: &'static str,
    weight: f64,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Option<Entry>> {
    prop::option::weighted(weight, value.prop_map(move |value| (key, value)))
}

fn object(entries: Vec<Option<Entry>>) -> Value {
    let entries = entries.into_iter().flatten().map(|(key, value)| (key.to_owned(), value));
    entries.collect::<Map<_, _>>().into()
}

fn stub() -> impl Strategy<Value = Value> {
    (pattern(), response(), maybe("priority", 0.2, (1..4_i32).prop_map(Value::from))).prop_map(
        |(request, response, priority)| {
            let mut stub = json!({"request": request, "response": response});
            if let Some((key, value)) = priority {
                stub[key] = value;
            }
            stub
        },
    )
}

fn url() -> impl Strategy<Value = Option<Entry>> {
    prop_oneof![
        2 => Just(None),
        2 => select(vec!["/a", "/a?q=1", "/a/b", "/a%20b"]).prop_map(|url| Some(("url", json!(url)))),
        4 => select(vec!["/a", "/a/b", "/a/7", "/A", "/a/"]).prop_map(|url| Some(("urlPath", json!(url)))),
        2 => select(vec!["/a.*", "/a\\?q=.*", "/[ab]/.*", ".*"]).prop_map(|url| Some(("urlPattern", json!(url)))),
        2 => select(vec!["/a.*", "/a/[0-9]+", "/(a|b)", "/a/?"]).prop_map(|url| Some(("urlPathPattern", json!(url)))),
        2 => select(vec!["/a/{id}", "/{x}", "/{x}/b", "/a/**", "/{a}/{b}"])
            .prop_map(|url| Some(("urlPathTemplate", json!(url)))),
    ]
}

fn named(
    key: &'static str,
    weight: f64,
    names: Vec<&'static str>,
    value: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Option<Entry>> {
    let fields = prop::collection::btree_map(select(names), value, 1..3).prop_map(|map| {
        let fields = map.into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::from(fields.collect::<Map<_, _>>())
    });
    maybe(key, weight, fields)
}

fn pattern() -> impl Strategy<Value = Value> {
    let methods = select(vec!["GET", "POST", "ANY", "PUT", "HEAD", "get"]);
    (
        url(),
        maybe("method", 0.6, methods.prop_map(Value::from)),
        named("headers", 0.3, vec!["X-A", "x-a", "X-B"], multi_operator()),
        named("queryParameters", 0.3, vec!["q", "Q", "r"], multi_operator()),
        named("cookies", 0.15, vec!["c", "d"], operator()),
        named("formParameters", 0.1, vec!["f", "g"], multi_operator()),
        named("pathParameters", 0.1, vec!["id", "x"], operator()),
        maybe(
            "bodyPatterns",
            0.3,
            prop::collection::vec(body_operator(), 1..3).prop_map(Value::from),
        ),
    )
        .prop_map(|(url, method, headers, query, cookies, form, path, body)| {
            object(vec![url, method, headers, query, cookies, form, path, body])
        })
}

fn body() -> impl Strategy<Value = Option<Entry>> {
    prop_oneof![
        2 => Just(None),
        3 => select(vec!["", "text", "é", "a\nb", "{{request.path}}"]).prop_map(|text| Some(("body", json!(text)))),
        2 => super::operators::document().prop_map(|json| Some(("jsonBody", json))),
        1 => select(vec!["", "AAEC", "dGV4dA=="]).prop_map(|text| Some(("base64Body", json!(text)))),
        3 => template().prop_map(|text| Some(("body", json!(text)))),
    ]
}

/// Templates from small parts.
fn template() -> impl Strategy<Value = String> {
    let part = select(vec![
        "x",
        " ",
        "{{request.method}}",
        "{{request.url}}",
        "{{request.path}}",
        "{{request.pathSegments.[0]}}",
        "{{request.query.q}}",
        "{{request.query.q.[0]}}",
        "{{request.headers.X-A}}",
        "{{request.body}}",
        "{{request.cookies.c}}",
        "{{request.path.id}}",
        "{{#if request.query.q}}y{{else}}n{{/if}}",
        "{{jsonPath request.body '$.a'}}",
        "{{capitalize request.query.q}}",
        "{{upper request.path}}",
        "{{#each request.query.q}}[{{this}}]{{/each}}",
        "{{size request.query.q}}",
        "{{math 1 '+' 2}}",
        "{{trim ' a '}}",
        "{{base64 request.path}}",
        "{{urlEncode request.url}}",
        "{{{request.query.r}}}",
        "{{#assign 'v'}}1{{/assign}}",
        "{{v}}",
        "{{substring 'hello' 1 3}}",
        "{{join ',' 'a' 'b'}}",
        "{{#eq request.path '/a'}}e{{/eq}}",
        "{{regexExtract request.path '[a-z]+'}}",
        "{{parseJson request.body 'j'}}",
        "{{j.a}}",
        "{{lookup request.query 'q'}}",
        "{{replace 'aba' 'a' 'c'}}",
        "{{numberFormat 1234.5 'integer'}}",
    ]);
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

fn response() -> impl Strategy<Value = Value> {
    let status = select(vec![200, 201, 204, 301, 404, 418, 500, 503]);
    let header = select(vec!["text/plain", "application/json", "application/xml; charset=utf-8"]);
    let templates = prop_oneof![Just(json!([])), Just(json!(["response-template"]))];
    (
        maybe("status", 0.6, status.prop_map(Value::from)),
        maybe("statusMessage", 0.1, Just(json!("Fine"))),
        maybe(
            "headers",
            0.4,
            header.prop_map(|kind| json!({"Content-Type": kind, "X-R": ["1", "2"]})),
        ),
        body(),
        maybe("transformers", 0.5, templates),
    )
        .prop_map(|(status, message, headers, body, transformers)| {
            object(vec![status, message, headers, body, transformers])
        })
}
