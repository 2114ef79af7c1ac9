//! The form of an answer: media type, pretty printing, Table or metadata only.
//!
//! Follows `k8s.io/apiserver/pkg/endpoints/handlers/{negotiation,responsewriters}`.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, StatusCode};

use crate::message::{Body, Origin, Plan, Query, is_true};

use super::limits::ACCEPTED;
use super::options::include_object;
use super::protobuf;
use super::status::ApiError;

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Output {
    /// JSON or YAML.
    pub media: Media,
    /// Indented JSON.
    pub pretty: bool,
    /// The shape of objects and lists.
    pub shape: Shape,
}

/// A media type of objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`.
    #[default]
    Json,
    /// `application/yaml`.
    Yaml,
    /// Kubernetes protobuf: only for built-in types, and metadata of all types.
    Protobuf,
}

/// The shape of an object or list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// Whole.
    #[default]
    Whole,
    /// A `Table`; of `v1beta1` where requested.
    Table { beta: bool, include: Include },
    /// `PartialObjectMetadata` or its list.
    Metadata { beta: bool },
}

/// What a row of a `Table` has of its object (`includeObject`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Include {
    /// Its metadata.
    #[default]
    Metadata,
    /// The whole object.
    Object,
    /// Nothing.
    None,
}

impl Include {
    fn of(query: &Query<'_>) -> Result<Self, ApiError> {
        Ok(match include_object(query)? {
            "Object" => Self::Object,
            "None" => Self::None,
            _ => Self::Metadata,
        })
    }
}

/// One clause of an `Accept` header.
struct Clause<'a> {
    media: &'a str,
    quality: f32,
    kind: Option<&'a str>,
    group: &'a str,
    version: &'a str,
}

fn clauses(headers: &HeaderMap) -> Vec<Clause<'_>> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut clauses: Vec<Clause<'_>> = values
        .flat_map(|value| value.split(','))
        .filter(|clause| !clause.trim().is_empty())
        .map(|clause| {
            let mut parts = clause.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let mut parsed = Clause { media, quality: 1.0, kind: None, group: "", version: "" };
            for (key, value) in parts.filter_map(|part| part.split_once('=')) {
                match key.trim() {
                    "q" => parsed.quality = value.trim().parse().unwrap_or(1.0),
                    "as" => parsed.kind = Some(value.trim()),
                    "g" => parsed.group = value.trim(),
                    "v" => parsed.version = value.trim(),
                    _ => {}
                }
            }
            parsed
        })
        .collect();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    clauses
}

fn media(name: &str) -> Option<Media> {
    match name {
        "application/json" | "*/*" | "application/*" | "*" => Some(Media::Json),
        "application/yaml" => Some(Media::Yaml),
        protobuf::MEDIA_TYPE => Some(Media::Protobuf),
        _ => None,
    }
}

impl Output {
    /// Negotiates the form of an answer with objects. `has_messages` is whether their type has protobuf messages.
    ///
    /// # Errors
    /// 406 when no clause can be met.
    pub(super) fn negotiate(
        headers: &HeaderMap,
        query: &Query<'_>,
        has_messages: bool,
    ) -> Result<Self, ApiError> {
        let pretty = is_pretty(headers, query);
        if !headers.contains_key(ACCEPT) {
            return Ok(Self { pretty, ..Self::default() });
        }
        for clause in clauses(headers) {
            let Some(media) = media(clause.media) else {
                continue;
            };
            let beta = clause.version == "v1beta1";
            let known = clause.group == "meta.k8s.io" && matches!(clause.version, "v1" | "v1beta1");
            let shape = match clause.kind {
                None => Shape::Whole,
                Some("Table") if known => Shape::Table { beta, include: Include::of(query)? },
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") if known => {
                    Shape::Metadata { beta }
                }
                Some(_) => continue,
            };
            let is_encodable = match shape {
                Shape::Whole => has_messages,
                Shape::Metadata { .. } => true,
                Shape::Table { .. } => false,
            };
            if media == Media::Protobuf && !is_encodable {
                continue;
            }
            return Ok(Self { media, pretty, shape });
        }
        Err(ApiError::not_acceptable(ACCEPTED))
    }

    /// Negotiates the form of an error: the first clause that asks for no other shape, or JSON.
    pub(super) fn of_error(headers: &HeaderMap, query: &Query<'_>) -> Self {
        let all = clauses(headers);
        let mut whole = all.iter().filter(|clause| clause.kind.is_none());
        let found = whole.find_map(|clause| media(clause.media));
        Self {
            media: found.unwrap_or_default(),
            pretty: is_pretty(headers, query),
            shape: Shape::Whole,
        }
    }

    /// The `Content-Type` of the answer.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self.media {
            Media::Json => "application/json",
            Media::Yaml => "application/yaml",
            Media::Protobuf => protobuf::MEDIA_TYPE,
        })
    }

    /// The `Content-Type` of a watch.
    pub(super) fn watch_content_type(self) -> HeaderValue {
        match self.media {
            Media::Protobuf => HeaderValue::from_static(protobuf::WATCH_MEDIA_TYPE),
            _ => self.content_type(),
        }
    }

    /// An event of a watch with an object, as it is sent.
    pub(super) fn event(self, kind: &str, object: &[u8]) -> Bytes {
        if self.media == Media::Protobuf {
            return protobuf::event(kind, &super::reread::value(object)).into();
        }
        let mut line = Vec::with_capacity(object.len() + 32);
        line.extend_from_slice(b"{\"type\":\"");
        line.extend_from_slice(kind.as_bytes());
        line.extend_from_slice(b"\",\"object\":");
        line.extend_from_slice(object);
        line.extend_from_slice(b"}\n");
        line.into()
    }

    /// Whether stored pieces can be sent as they are.
    pub(super) fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// A JSON text in this form.
    pub(super) fn render(self, json: Vec<u8>) -> Bytes {
        match (self.media, self.pretty) {
            (Media::Json, false) => {
                let mut json = json;
                json.push(b'\n');
                json.into()
            }
            (Media::Json, true) => pretty(&json).into(),
            (Media::Protobuf, _) => protobuf::encode(&super::reread::value(&json)).into(),
            (Media::Yaml, _) => super::yaml::render(&super::reread::value(&json)).into(),
        }
    }
}

/// Indents a JSON text by two spaces per level, with its keys in order.
fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_text {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if let Some(close) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                in_text = true;
                out.push(byte);
            }
            byte => out.push(byte),
        }
    }
    out
}

fn is_pretty(headers: &HeaderMap, query: &Query<'_>) -> bool {
    if let Some(value) = query.first("pretty") {
        return is_true(value);
    }
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
}

/// Whether the client accepts the aggregated discovery documents, and in which version.
pub(super) fn aggregated_discovery(headers: &HeaderMap) -> Option<&'static str> {
    clauses(headers).iter().find_map(|clause| {
        media(clause.media).filter(|media| *media != Media::Protobuf)?;
        match (clause.kind, clause.group, clause.version) {
            (None, ..) => Some(None),
            (Some("APIGroupDiscoveryList"), "apidiscovery.k8s.io", "v2") => Some(Some("v2")),
            (Some("APIGroupDiscoveryList"), "apidiscovery.k8s.io", "v2beta1") => {
                Some(Some("v2beta1"))
            }
            _ => None,
        }
    })?
}

/// An answer with the headers that every answer of the API has.
pub(super) fn plan(status: StatusCode, content_type: HeaderValue, body: Body) -> Plan {
    let mut plan = Plan::new(status, Origin::Kubernetes, body);
    plan.headers.insert(CONTENT_TYPE, content_type);
    plan.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    plan
}

/// An answer with an error.
pub(super) fn error_plan(error: &ApiError, headers: &HeaderMap, query: &Query<'_>) -> Plan {
    let mut plan = status_plan(error, headers, query);
    for warning in error.warnings.iter().filter_map(|text| warning(text)) {
        plan.headers.append("warning", warning);
    }
    plan
}

/// A `Warning` header of RFC 7234, as upstream writes it: code 299, agent `-`.
pub(super) fn warning(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("299 - {}", super::golang::quote(text))).ok()
}

fn status_plan(error: &ApiError, headers: &HeaderMap, query: &Query<'_>) -> Plan {
    if error.plain {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let mut plan = plan(error.code, text, Body::Bytes(error.message.clone().into()));
        plan.headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        return plan;
    }
    let output = Output::of_error(headers, query);
    let body = Body::Bytes(output.render(error.to_json()));
    let mut plan = plan(error.code, output.content_type(), body);
    if let Some(seconds) = error.retry_after_seconds() {
        plan.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Result<Output, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().unwrap());
        Output::negotiate(&headers, &Query::default(), false)
    }

    #[test]
    fn the_first_acceptable_clause_counts() {
        let table =
            accept("application/json;as=Table;v=v1;g=meta.k8s.io,application/json").unwrap();
        assert_eq!(table.shape, Shape::Table { beta: false, include: Include::Metadata });
        assert_eq!(
            accept("application/json;as=Frob;v=v1;g=meta.k8s.io, */*").unwrap(),
            Output::default()
        );
        let both = "application/vnd.kubernetes.protobuf,application/json";
        assert_eq!(accept(both).unwrap(), Output::default(), "a custom resource");
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(both))]);
        let built_in = Output::negotiate(&headers, &Query::default(), true).unwrap();
        assert_eq!(built_in.content_type(), protobuf::MEDIA_TYPE);
        assert_eq!(accept("application/json;q=0.1,application/yaml").unwrap().media, Media::Yaml);
        assert_eq!(accept("text/html").unwrap_err().code, StatusCode::NOT_ACCEPTABLE);
    }

    #[test]
    fn pretty_printing_is_that_of_upstream() {
        let json = br#"{"a":[1,{"b":"x:{,}\""}],"c":{},"d":[]}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x:{,}\\\"\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
        assert_eq!(String::from_utf8(pretty(json)).unwrap(), expected);
    }
}
