//! Runs one case: steps, watches, saved values.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::Request;
use http_body_util::{BodyDataStream, BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use super::normal::Normal;
use super::text;

/// How long a watch may be silent, where the case does not say.
const SILENCE: u64 = 8;

type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// A running case.
pub(super) struct Run<'a> {
    /// What all paths come after.
    url: &'a str,
    client: &'a HttpClient,
    case: &'a Value,
    /// The values of `{{name}}` placeholders.
    saved: Map<String, Value>,
    normal: Normal,
}

/// An answer's head.
struct Head {
    status: u16,
    headers: http::HeaderMap,
}

impl<'a> Run<'a> {
    pub(super) fn new(url: &'a str, client: &'a HttpClient, case: &'a Value) -> Self {
        let namespace = format!("c-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
        let mut saved = Map::new();
        saved.insert("ns".to_owned(), namespace.as_str().into());
        saved.insert("big".to_owned(), "x".repeat(64).into());
        Self { url, client, case, saved, normal: Normal::new(namespace, url) }
    }

    pub(super) async fn case(mut self) -> Value {
        let in_namespace = self.case["namespace"] != json!(false);
        if in_namespace {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.saved["ns"]}});
            let made = json!({"method": "POST", "path": "/api/v1/namespaces", "body": body});
            assert_eq!(self.ask(&made).await.0.status, 201, "the namespace");
        }
        let mut out = Vec::new();
        for step in self.case["steps"].as_array().expect("steps") {
            out.push(self.step(step).await);
        }
        let relations = self.case["relations"].as_array().into_iter().flatten();
        let relations: Vec<Value> = relations.map(|one| self.relation(one)).collect();
        out.push(json!({"relations": relations}));
        for step in self.case["cleanup"].as_array().into_iter().flatten() {
            let _ = self.step(step).await;
        }
        out.into()
    }

    async fn step(&mut self, step: &Value) -> Value {
        // The recorded server needed time to become consistent.
        if step.get("sleep").is_some() {
            return Value::Null;
        }
        if let Some(revision) = step.get("compact") {
            let revision = self.filled(revision);
            let body = json!({"revision": text(&revision)});
            let step = json!({"method": "POST", "path": "/__admin/store/compact", "body": body});
            return json!({"compact": self.ask(&step).await.0.status / 100});
        }
        let mut filled = step.clone();
        for key in ["path", "headers", "body", "watch"] {
            // What happens during a watch is filled in when it happens.
            let during = step["watch"].get("during").cloned();
            if let Some(value) = step.get(key) {
                filled[key] = self.filled(value);
            }
            if let Some(during) = during {
                filled["watch"]["during"] = during;
            }
        }
        if filled.get("watch").is_some() {
            return Box::pin(self.watch(&filled)).await;
        }
        let (head, body) = self.ask(&filled).await;
        let bytes =
            body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let bytes = unzipped(&head, bytes);
        let document = parsed(&head, &bytes);
        for (name, pointer) in step["save"].as_object().into_iter().flatten() {
            let value = at(&document, text(pointer)).cloned().unwrap_or_else(|| "MISSING".into());
            self.saved.insert(name.clone(), value);
        }
        if step["quiet"] == json!(true) {
            return Value::Null;
        }
        let interest = step["headers_of_interest"].as_array().cloned().unwrap_or_default();
        let raw = String::from_utf8_lossy(&bytes).into_owned();
        let body = if step["method"] == "HEAD" {
            "".into()
        } else if step["text"] == json!(true) {
            self.normal.text(&raw).into()
        } else if let Some(places) = step["shape"].as_array() {
            let document = match &document {
                Value::String(text) => serde_json::from_str(text).unwrap_or(document),
                _ => document,
            };
            self.shape(&document, places)
        } else {
            self.normal.value(&document)
        };
        json!({"status": head.status, "headers": headers(&head, &interest), "body": body})
    }

    async fn watch(&mut self, step: &Value) -> Value {
        let watch = &step["watch"];
        let seconds = watch["seconds"].as_u64().unwrap_or(SILENCE);
        let (head, body) = self.ask(step).await;
        if head.status != 200 {
            let bytes = body.collect().await.expect("a body").to_bytes();
            let body = self.normal.value(&parsed(&head, &bytes));
            return json!({"status": head.status, "headers": headers(&head, &[]), "body": body});
        }
        let mut during = Vec::new();
        for step in watch["during"].as_array().into_iter().flatten() {
            let got = Box::pin(self.step(step)).await;
            if !got.is_null() {
                during.push(got);
            }
        }
        let wanted = watch["events"].as_u64().unwrap_or(1000);
        let mut lines = Lines::new(body, Duration::from_secs(seconds));
        let (mut events, mut ended, mut timed_out) = (Vec::new(), false, false);
        while (events.len() as u64) < wanted {
            let event = match lines.next().await {
                Next::Line(line) => serde_json::from_slice::<Value>(&line).expect("a JSON line"),
                Next::End => {
                    ended = true;
                    break;
                }
                Next::Silence => {
                    timed_out = true;
                    break;
                }
            };
            if event["type"] == "BOOKMARK" && watch["skip_bookmarks"] == json!(true) {
                continue;
            }
            for (name, pointer) in watch["save"].as_object().into_iter().flatten() {
                if let Some(value) = at(&event, text(pointer)) {
                    self.saved.insert(name.clone(), value.clone());
                }
            }
            events.push(self.normal.value(&event));
        }
        if watch["unordered"] == json!(true) {
            events.sort_by_key(Value::to_string);
        }
        let mut got = json!({
            "status": head.status,
            "headers": headers(&head, &[]),
            "events": events,
            "during": during,
            "ended": ended,
        });
        if timed_out {
            got["timed_out"] = true.into();
        }
        got
    }

    async fn ask(&self, step: &Value) -> (Head, Incoming) {
        let method = http::Method::from_bytes(text(&step["method"]).as_bytes()).expect("a method");
        let uri = format!("{}{}", self.url, text(&step["path"]));
        let mut headers = BTreeMap::from([
            ("accept".to_owned(), "application/json".to_owned()),
            ("accept-encoding".to_owned(), "identity".to_owned()),
            ("authorization".to_owned(), "Bearer admin-token".to_owned()),
        ]);
        let mut body = match &step["body"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value => Some(spaced(value)),
        };
        if let (Some(body), Some(times)) = (&mut body, step["repeat_body"].as_u64()) {
            *body = body.repeat(usize::try_from(times).expect("a count"));
        }
        if body.is_some() {
            headers.insert("content-type".to_owned(), "application/json".to_owned());
        }
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            let name = name.to_ascii_lowercase();
            match value {
                Value::Null => drop(headers.remove(&name)),
                value => drop(headers.insert(name, text(value).to_owned())),
            }
        }
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).unwrap_or_else(|error| panic!("{error}: {step}"));
        let response = self.client.request(request);
        let response = tokio::time::timeout(crate::support::PATIENCE, response).await;
        let (head, body) = response.expect("in time").expect("an answer").into_parts();
        (Head { status: head.status.as_u16(), headers: head.headers }, body)
    }

    /// Replaces `{{name}}` by saved values.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let mut out = text.clone();
                for (name, value) in &self.saved {
                    let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    out = out.replace(&format!("{{{{{name}}}}}"), &plain);
                }
                out.into()
            }
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => {
                let filled = map.iter().map(|(key, value)| {
                    let key = self.filled(&Value::from(key.as_str()));
                    (text(&key).to_owned(), self.filled(value))
                });
                Value::Object(filled.collect())
            }
            value => value.clone(),
        }
    }

    /// Only the named places of a large answer; `?` in front asks for presence alone.
    fn shape(&mut self, document: &Value, places: &[Value]) -> Value {
        let mut out = Map::new();
        for place in places {
            let found = at(document, text(place).trim_start_matches('?'));
            let value = match found {
                None => Value::Null,
                Some(_) if text(place).starts_with('?') => true.into(),
                Some(value) => self.normal.value(value),
            };
            out.insert(text(place).to_owned(), value);
        }
        out.into()
    }

    fn relation(&self, relation: &Value) -> Value {
        let [operator, a, b] = [0, 1, 2].map(|at| text(&relation[at]));
        let value = |name: &str| {
            let value = self.saved.get(name).cloned().unwrap_or_else(|| "None".into());
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        let (x, y) = (value(a), value(b));
        let holds = match operator {
            "eq" => x == y,
            "ne" => x != y,
            _ => x.parse::<u64>().ok().zip(y.parse().ok()).is_some_and(|(x, y)| x > y),
        };
        let holds = if holds { "True" } else { "False" };
        format!("{a} {operator} {b}: {holds}").into()
    }
}

/// JSON with spaces, as the recording client sent it: messages quote bodies.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let field = |(key, value)| format!("{}: {}", json!(key), spaced(value));
            format!("{{{}}}", map.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// The value at a JSON pointer.
fn at<'v>(document: &'v Value, pointer: &str) -> Option<&'v Value> {
    let pointer = pointer.trim_matches('/');
    if pointer.is_empty() { Some(document) } else { document.pointer(&format!("/{pointer}")) }
}

fn parsed(head: &Head, bytes: &[u8]) -> Value {
    let media = head.headers.get("content-type").map_or("", |value| value.to_str().unwrap_or(""));
    let json = media.contains("json").then(|| serde_json::from_slice(bytes).ok()).flatten();
    json.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned().into())
}

fn unzipped(head: &Head, bytes: Bytes) -> Bytes {
    if head.headers.get("content-encoding").is_none_or(|value| value != "gzip") {
        return bytes;
    }
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(&*bytes);
    std::io::Read::read_to_end(&mut reader, &mut plain).expect("gzip");
    plain.into()
}

fn headers(head: &Head, interest: &[Value]) -> Value {
    // Several fields of a name read as one list.
    let text = |name: &str| {
        let values = head.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<&str> = values.collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let media = text("content-type").unwrap_or_default();
    let media = if media.contains("as=") { &media } else { media.split(';').next().unwrap_or("") };
    let mut out = Map::new();
    out.insert("content-type".to_owned(), media.trim().into());
    for name in interest.iter().map(self::text) {
        out.insert(name.to_ascii_lowercase(), text(name).into());
    }
    out.into()
}

/// The lines of a stream as they arrive.
struct Lines {
    stream: BodyDataStream<Incoming>,
    buffer: Vec<u8>,
    silence: Duration,
}

enum Next {
    Line(Vec<u8>),
    End,
    Silence,
}

impl Lines {
    fn new(body: Incoming, silence: Duration) -> Self {
        Self { stream: BodyDataStream::new(body), buffer: Vec::new(), silence }
    }

    async fn next(&mut self) -> Next {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                return Next::Line(std::mem::replace(&mut self.buffer, rest));
            }
            match tokio::time::timeout(self.silence, self.stream.next()).await {
                Err(_) => return Next::Silence,
                Ok(None) => return Next::End,
                Ok(Some(bytes)) => self.buffer.extend_from_slice(&bytes.expect("a stream")),
            }
        }
    }
}
