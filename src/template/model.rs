//! The model that a template sees: `request` and `parameters`.
//!
//! Its parts are computed when a template first uses them, so a template pays only for what it
//! uses.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::java;
use super::value::{ListStyle, MapStyle, Object, Value};

/// The request data that templates need. Each method is called at most once per rendering, unless
/// it returns plain text.
pub(crate) trait RequestSource: fmt::Debug + Send + Sync {
    /// Returns the request's id in the journal.
    fn id(&self) -> String;
    /// Returns the method, as it counts for matching.
    fn method(&self) -> &str;
    /// Returns path and query as sent, percent-encoded.
    fn url(&self) -> &str;
    /// `http` or `https`.
    fn scheme(&self) -> String;
    /// Returns the host without its port.
    fn host(&self) -> String;
    /// Returns the port.
    fn port(&self) -> u16;
    /// Returns the client's address.
    fn client_ip(&self) -> String;
    /// Returns the variables that a path template bound, in order.
    fn path_parameters(&self) -> Vec<(String, String)>;
    /// Returns the headers, one entry a line.
    fn headers(&self) -> Vec<(String, String)>;
    /// Returns the cookies, in their order.
    fn cookies(&self) -> Vec<(String, String)>;
    /// Returns the body.
    fn body(&self) -> Bytes;
    /// Returns the body as text.
    fn body_text(&self) -> String;
    /// Returns the parts of a multipart body; empty for other bodies.
    fn parts(&self) -> Option<Vec<PartData>>;
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

/// The data that a template is rendered with.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    root: Value,
}

impl Model {
    /// Returns the model of a response: `request`, and a stub's `transformerParameters` as
    /// `parameters`.
    pub(crate) fn new(request: Arc<dyn RequestSource>, parameters: &Parameters) -> Self {
        Self::named("request", request, parameters)
    }

    /// Returns the model of a webhook: the request is `originalRequest`.
    pub(crate) fn of_webhook(request: Arc<dyn RequestSource>, parameters: &Parameters) -> Self {
        Self::named("originalRequest", request, parameters)
    }

    fn named(name: &str, request: Arc<dyn RequestSource>, parameters: &Parameters) -> Self {
        let request = Value::Object(Arc::new(Request::new(request)));
        let entries =
            vec![(Arc::from(name), request), (Arc::from("parameters"), parameters.value.clone())];
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
    /// Reads parameters from their JSON text, in the written order.
    ///
    /// # Errors
    /// The text is not JSON.
    pub(crate) fn from_text(json: &str) -> Result<Self, String> {
        super::json::read(json, super::json::Reader::Stub).map(|value| Self { value })
    }
}

impl Default for Parameters {
    /// Creates empty parameters.
    fn default() -> Self {
        static NONE: OnceLock<Value> = OnceLock::new();
        let empty = || Value::map(Vec::new(), MapStyle::Java).unwrap_or(Value::Null);
        Self { value: NONE.get_or_init(empty).clone() }
    }
}

/// A request with its parts as values, each computed on first use.
#[derive(Debug)]
struct Request {
    line: Arc<RequestLine>,
    headers: OnceLock<Value>,
    cookies: OnceLock<Value>,
    body: OnceLock<Value>,
    parts: OnceLock<Value>,
}

impl Request {
    fn new(source: Arc<dyn RequestSource>) -> Self {
        let line = RequestLine { source, path: OnceLock::new(), query: OnceLock::new() };
        let (headers, cookies) = (OnceLock::new(), OnceLock::new());
        let (body, parts) = (OnceLock::new(), OnceLock::new());
        Self { line: Arc::new(line), headers, cookies, body, parts }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "com.github.tomakehurst.wiremock.extension.responsetemplating.RequestTemplateModel@",
        )?;
        write!(f, "{:x}", java::hash(&self.line.source.id()))
    }
}

impl Object for Request {
    fn property(&self, name: &str) -> Option<Value> {
        let source = &self.line.source;
        let multipart = || self.parts.get_or_init(|| parts(source.parts())).clone();
        Some(match name {
            "requestLine" => Value::Object(self.line.clone()),
            "id" => Value::text(source.id()),
            "headers" => self.headers.get_or_init(|| headers(&source.headers())).clone(),
            "cookies" => self.cookies.get_or_init(|| cookies(&source.cookies())).clone(),
            "body" => self.body.get_or_init(|| Value::text(source.body_text())).clone(),
            "bodyAsBase64" => Value::text(STANDARD.encode(source.body())),
            "binary" | "isBinary" => Value::Bool(!is_text(&source.headers())),
            "multipart" | "isMultipart" => Value::Bool(!multipart().is_null()),
            "parts" => match multipart() {
                Value::Null => Value::map(Vec::new(), MapStyle::Java).unwrap_or(Value::Null),
                parts => parts,
            },
            "path" => self.line.path(),
            _ => return self.line.property(name),
        })
    }

    fn shown(&self) -> &'static [&'static str] {
        &[
            "id",
            "requestLine",
            "headers",
            "cookies",
            "body",
            "parts",
            "baseUrl",
            "method",
            "scheme",
            "host",
            "port",
            "query",
            "path",
            "pathSegments",
            "url",
            "clientIp",
            "bodyAsBase64",
            "multipart",
            "binary",
        ]
    }
}

/// `request.requestLine`.
#[derive(Debug)]
struct RequestLine {
    source: Arc<dyn RequestSource>,
    path: OnceLock<Value>,
    query: OnceLock<Value>,
}

impl RequestLine {
    fn path(&self) -> Value {
        let make = || {
            let raw = self.source.url().split('?').next().unwrap_or_default();
            let parameters = self.source.path_parameters();
            if parameters.is_empty() {
                let path =
                    percent_encoding::percent_decode_str(raw).decode_utf8_lossy().into_owned();
                let items =
                    path.split('/').filter(|part| !part.is_empty()).map(Value::text).collect();
                Value::list(items, ListStyle::Path(path.into()))
            } else {
                let parts = raw.split('/').filter(|part| !part.is_empty()).enumerate();
                let mut entries: Vec<(Arc<str>, Value)> =
                    parts.map(|(at, part)| (at.to_string().into(), Value::text(part))).collect();
                for (name, value) in parameters {
                    entries.retain(|(key, _)| **key != *name);
                    entries.push((name.into(), Value::text(value)));
                }
                Value::map(entries, MapStyle::Path(raw.into()))
            }
        };
        self.path.get_or_init(|| make().unwrap_or(Value::Null)).clone()
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("com.github.tomakehurst.wiremock.extension.responsetemplating.RequestLine@")?;
        write!(f, "{:x}", java::hash(&self.source.id()))
    }
}

impl Object for RequestLine {
    fn property(&self, name: &str) -> Option<Value> {
        let source = &self.source;
        Some(match name {
            "method" => Value::Token(source.method().into()),
            "url" => Value::text(source.url()),
            // Here the path is a text, without its parts.
            "path" => Value::Text(self.path().path()?.clone()),
            "pathSegments" => self.path(),
            "query" => self.query.get_or_init(|| query(source.url())).clone(),
            "scheme" => Value::text(source.scheme()),
            "host" => Value::text(source.host()),
            "port" => Value::Int(source.port().into()),
            "clientIp" => Value::text(source.client_ip()),
            "baseUrl" => {
                let (scheme, host) = (source.scheme(), source.host());
                Value::text(match (scheme.as_str(), source.port()) {
                    ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
                    (_, port) => format!("{scheme}://{host}:{port}"),
                })
            }
            _ => return None,
        })
    }

    fn shown(&self) -> &'static [&'static str] {
        &[
            "method",
            "scheme",
            "host",
            "port",
            "query",
            "url",
            "clientIp",
            "baseUrl",
            "path",
            "pathSegments",
        ]
    }
}

/// A part of a multipart body.
#[derive(Debug)]
struct Part {
    name: String,
    data: PartData,
}

impl Object for Part {
    fn property(&self, name: &str) -> Option<Value> {
        Some(match name {
            "name" => Value::text(self.name.as_str()),
            "headers" => headers(&self.data.headers),
            "body" => body_text(&self.data.body),
            "bodyAsBase64" => Value::text(STANDARD.encode(&self.data.body)),
            "binary" | "isBinary" => Value::Bool(!is_text(&self.data.headers)),
            _ => return None,
        })
    }

    fn shown(&self) -> &'static [&'static str] {
        &["name", "headers", "body", "bodyAsBase64", "binary"]
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[name='{}', headers={{", self.name)?;
        for (at, (name, value)) in self.data.headers.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            write!(f, "{}{name}={value}", if at == 0 { "" } else { ", " })?;
        }
        write!(f, "}}, body={}]", String::from_utf8_lossy(&self.data.body))
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
    // Java's split leaves empty texts at the end out.
    let pairs = url.split_once('?').map_or("", |(_, query)| query.trim_end_matches('&'));
    if pairs.is_empty() {
        return Value::map(Vec::new(), MapStyle::Java).unwrap_or(Value::Null);
    }
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

fn parts(parts: Option<Vec<PartData>>) -> Value {
    let Some(parts) = parts else { return Value::Null };
    let mut unnamed = 0;
    let entries = parts.into_iter().map(|data| {
        let name = data.name.clone().unwrap_or_else(|| {
            unnamed += 1;
            format!("part-{}", unnamed - 1)
        });
        (Arc::from(name.as_str()), Value::Object(Arc::new(Part { name, data })))
    });
    let entries = java::hash_order(entries.collect());
    Value::map(entries, MapStyle::Java).unwrap_or(Value::Null)
}

/// Returns whether a Content-Type says text.
fn is_text(headers: &[(String, String)]) -> bool {
    let line = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = line.map_or("", |(_, value)| value.split(';').next().unwrap_or_default());
    let media = media.trim().to_ascii_lowercase();
    media.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded", "yaml"]
            .iter()
            .any(|kind| media.ends_with(kind))
}
