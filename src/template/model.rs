//! The model that a template sees: `request` and `parameters`.
//!
//! Its parts are made when a template first asks for them, so a template pays for what it uses.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::error::Limit;
use super::java;
use super::value::{ListStyle, MapStyle, Value};

/// What a request is to a template. Fill in the fields and give it to [`Model::new`].
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestData {
    /// The request's id in the journal.
    pub(crate) id: String,
    /// The method, as it counts for matching.
    pub(crate) method: String,
    /// Path and query as they came, percent-encoded.
    pub(crate) url: String,
    /// `http` or `https`.
    pub(crate) scheme: String,
    /// The host without its port.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// The client's address.
    pub(crate) client_ip: String,
    /// What a path template bound, in its order.
    pub(crate) path_parameters: Vec<(String, String)>,
    /// The headers, one entry a line.
    pub(crate) headers: Vec<(String, String)>,
    /// The cookies, in their order.
    pub(crate) cookies: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
    /// The parts of a multipart body; nothing for other bodies.
    pub(crate) parts: Option<Vec<PartData>>,
}

/// A part of a multipart body.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartData {
    /// The name in its Content-Disposition.
    pub(crate) name: Option<String>,
    /// The headers, one entry a line.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
}

/// What a template is rendered for.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    root: Value,
}

impl Model {
    /// A model of a request and of a stub's `transformerParameters`.
    pub(crate) fn new(request: RequestData, parameters: &Parameters) -> Self {
        let request = Value::Request(Arc::new(Request::new(request)));
        let entries = vec![
            (Arc::from("request"), request),
            (Arc::from("parameters"), parameters.value.clone()),
        ];
        // Two entries, and parameters were measured when they were made.
        let root = Value::map(entries, MapStyle::Java).unwrap_or(Value::Null);
        Self { root }
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }
}

/// A stub's `transformerParameters`, ready for use. Make it once for each stub.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    value: Value,
}

impl Parameters {
    /// Parameters from their JSON; anything but an object has no names.
    ///
    /// # Errors
    /// The value is larger or deeper than the engine allows.
    pub(crate) fn new(json: &serde_json::Value) -> Result<Self, Limit> {
        super::json::from_serde(json).map(|value| Self { value })
    }

    /// Parameters from their JSON text, in the order in which they stand there.
    ///
    /// # Errors
    /// The text is not JSON.
    pub(crate) fn from_text(json: &str) -> Result<Self, String> {
        super::json::read(json, super::json::Reader::Stub).map(|value| Self { value })
    }

    /// No parameters.
    pub(crate) fn none() -> Self {
        static NONE: OnceLock<Value> = OnceLock::new();
        let empty = || Value::map(Vec::new(), MapStyle::Java).unwrap_or(Value::Null);
        Self { value: NONE.get_or_init(empty).clone() }
    }
}

/// A request with its parts as values, each made when it is first asked for.
#[derive(Debug)]
pub(crate) struct Request {
    data: RequestData,
    path: OnceLock<Value>,
    query: OnceLock<Value>,
    headers: OnceLock<Value>,
    cookies: OnceLock<Value>,
    body: OnceLock<Value>,
    parts: OnceLock<Value>,
}

impl Request {
    fn new(data: RequestData) -> Self {
        let (path, query, headers) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let (cookies, body, parts) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { data, path, query, headers, cookies, body, parts }
    }

    /// `request.name`.
    pub(crate) fn property(&self, name: &str) -> Option<Value> {
        let data = &self.data;
        Some(match name {
            "id" => Value::text(data.id.as_str()),
            "headers" => self.headers.get_or_init(|| headers(&data.headers)).clone(),
            "cookies" => self.cookies.get_or_init(|| cookies(&data.cookies)).clone(),
            "body" => self.body.get_or_init(|| body_text(&data.body)).clone(),
            "bodyAsBase64" => Value::text(STANDARD.encode(&data.body)),
            "binary" | "isBinary" => Value::Bool(!is_text(&data.headers)),
            "multipart" | "isMultipart" => Value::Bool(data.parts.is_some()),
            "parts" => self.parts.get_or_init(|| parts(data.parts.as_deref())).clone(),
            _ => return self.shared_property(name),
        })
    }

    /// `request.requestLine.name`.
    pub(crate) fn line_property(&self, name: &str) -> Option<Value> {
        match name {
            // Here the path is a text, without its parts.
            "path" => match self.path() {
                Value::List(list) => match &list.style {
                    ListStyle::Path(path) => Some(Value::Text(path.clone())),
                    _ => None,
                },
                Value::Map(map) => match &map.style {
                    MapStyle::Path(path) => Some(Value::Text(path.clone())),
                    _ => None,
                },
                _ => None,
            },
            _ => self.shared_property(name),
        }
    }

    /// What `request` and `request.requestLine` have in common.
    fn shared_property(&self, name: &str) -> Option<Value> {
        let data = &self.data;
        Some(match name {
            "method" => Value::Token(data.method.as_str().into()),
            "url" => Value::text(data.url.as_str()),
            "path" | "pathSegments" => self.path(),
            "query" => self.query.get_or_init(|| query(&data.url)).clone(),
            "scheme" => Value::text(data.scheme.as_str()),
            "host" => Value::text(data.host.as_str()),
            "port" => Value::Int(data.port.into()),
            "clientIp" => Value::text(data.client_ip.as_str()),
            "baseUrl" => Value::text(match (data.scheme.as_str(), data.port) {
                ("http", 80) | ("https", 443) => format!("{}://{}", data.scheme, data.host),
                (scheme, port) => format!("{scheme}://{}:{port}", data.host),
            }),
            _ => return None,
        })
    }

    fn path(&self) -> Value {
        let make = || {
            let raw = self.data.url.split('?').next().unwrap_or_default();
            if self.data.path_parameters.is_empty() {
                let path =
                    percent_encoding::percent_decode_str(raw).decode_utf8_lossy().into_owned();
                let items =
                    path.split('/').filter(|part| !part.is_empty()).map(Value::text).collect();
                Value::list(items, ListStyle::Path(path.into()))
            } else {
                let parts = raw.split('/').filter(|part| !part.is_empty()).enumerate();
                let mut entries: Vec<(Arc<str>, Value)> =
                    parts.map(|(at, part)| (at.to_string().into(), Value::text(part))).collect();
                for (name, value) in &self.data.path_parameters {
                    entries.retain(|(key, _)| **key != **name);
                    entries.push((name.as_str().into(), Value::text(value.as_str())));
                }
                Value::map(entries, MapStyle::Path(raw.into()))
            }
        };
        self.path.get_or_init(|| make().unwrap_or(Value::Null)).clone()
    }
}

/// A part of a multipart body.
#[derive(Debug)]
pub(crate) struct Part {
    name: String,
    data: PartData,
}

impl Part {
    /// `request.parts.p.name`.
    pub(crate) fn property(&self, name: &str) -> Option<Value> {
        Some(match name {
            "name" => Value::text(self.name.as_str()),
            "headers" => headers(&self.data.headers),
            "body" => body_text(&self.data.body),
            "bodyAsBase64" => Value::text(STANDARD.encode(&self.data.body)),
            "binary" | "isBinary" => Value::Bool(!is_text(&self.data.headers)),
            _ => return None,
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.data.body);
        write!(f, "[name='{}', body={body}]", self.name)
    }
}

fn body_text(body: &Bytes) -> Value {
    Value::text(String::from_utf8_lossy(body))
}

/// Names with all their values, in the order of their first.
fn grouped<'d>(
    pairs: impl Iterator<Item = (&'d str, &'d str)>,
    same: fn(&str, &str) -> bool,
) -> Vec<(Arc<str>, Value)> {
    let mut groups: Vec<(Arc<str>, Vec<Value>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(known, _)| same(known, name)) {
            Some((_, values)) => values.push(Value::text(value)),
            None => groups.push((name.into(), vec![Value::text(value)])),
        }
    }
    let list = |values| Value::list(values, ListStyle::First).unwrap_or(Value::Null);
    groups.into_iter().map(|(name, values)| (name, list(values))).collect()
}

fn headers(lines: &[(String, String)]) -> Value {
    let pairs = lines.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut entries = grouped(pairs, str::eq_ignore_ascii_case);
    entries.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    Value::map_any_case(entries).unwrap_or(Value::Null)
}

fn cookies(cookies: &[(String, String)]) -> Value {
    let pairs = cookies.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Value::map(grouped(pairs, |a, b| a == b), MapStyle::Java).unwrap_or(Value::Null)
}

fn query(url: &str) -> Value {
    let Some((_, query)) = url.split_once('?') else {
        return Value::map(Vec::new(), MapStyle::Java).unwrap_or(Value::Null);
    };
    // Java's split leaves empty texts at the end out.
    let pairs = if query.is_empty() { query } else { query.trim_end_matches('&') };
    let decoded: Vec<(String, String)> = pairs
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| java::url_decode(text).unwrap_or_else(|_| text.to_owned());
            (decode(name), decode(value))
        })
        .collect();
    let pairs = decoded.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let entries = java::hash_order(grouped(pairs, |a, b| a == b));
    Value::map(entries, MapStyle::Java).unwrap_or(Value::Null)
}

fn parts(parts: Option<&[PartData]>) -> Value {
    let mut unnamed = 0;
    let entries = parts.unwrap_or_default().iter().map(|part| {
        let name = part.name.clone().unwrap_or_else(|| {
            unnamed += 1;
            format!("part-{}", unnamed - 1)
        });
        let value = Value::Part(Arc::new(Part { name: name.clone(), data: part.clone() }));
        (Arc::from(name), value)
    });
    let entries = java::hash_order(entries.collect());
    Value::map(entries, MapStyle::Java).unwrap_or(Value::Null)
}

/// Whether a Content-Type says text.
fn is_text(headers: &[(String, String)]) -> bool {
    let line = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = line.map_or("", |(_, value)| value.split(';').next().unwrap_or_default());
    let media = media.trim().to_ascii_lowercase();
    media.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded", "yaml"]
            .iter()
            .any(|kind| media.ends_with(kind))
}
