//! The form of an answer: media type, pretty printing, Table or metadata only.
//!
//! Follows `k8s.io/apiserver/pkg/endpoints/handlers/{negotiation,responsewriters}`.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, StatusCode};

use crate::message::{Body, Origin, Plan, Query};

use super::accept::{self, Clause, Conversion};
use super::golang;
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
    /// The form of an error, where the answer has a shape that errors have not.
    failure: ErrorForm,
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
    /// `PartialObjectMetadata`: of one object.
    Metadata { beta: bool },
    /// `PartialObjectMetadataList`: of a list.
    MetadataList { beta: bool },
}

impl Shape {
    /// The shape that a clause asks for; `None` for one that there is not.
    fn of(conversion: Option<Conversion<'_>>, query: &Query<'_>) -> Option<Self> {
        let Some(asked) = conversion else { return Some(Self::Whole) };
        let beta = asked.version == "v1beta1";
        if asked.group != "meta.k8s.io" || !(beta || asked.version == "v1") {
            return None;
        }
        match asked.kind {
            "Table" => Some(Self::Table { beta, include: Include::of(query) }),
            "PartialObjectMetadata" => Some(Self::Metadata { beta }),
            "PartialObjectMetadataList" => Some(Self::MetadataList { beta }),
            _ => None,
        }
    }
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
    /// Another word is an error when the table is made ([`include_object`]).
    fn of(query: &Query<'_>) -> Self {
        match include_object(query) {
            Ok("Object") => Self::Object,
            Ok("None") => Self::None,
            _ => Self::Metadata,
        }
    }
}

/// The form of an error in the place of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ErrorForm {
    media: Media,
    pretty: bool,
}

impl ErrorForm {
    /// Errors have no other shape than their own. Where the client accepts no error it is indented JSON
    /// (`WriteObjectNegotiated`).
    fn negotiate(headers: &HeaderMap, query: &Query<'_>) -> Self {
        if !accept::is_given(headers) {
            return Self { media: Media::Json, pretty: is_pretty(headers, query) };
        }
        for clause in accept::clauses(headers).iter().filter(|one| one.conversion().is_none()) {
            if let Some(media) = Media::of(clause, None) {
                return Self { media, pretty: pretty_clause(clause) || is_pretty(headers, query) };
            }
        }
        Self { media: Media::Json, pretty: true }
    }
}

impl Media {
    /// The first media type that meets a clause.
    fn of(clause: &Clause<'_>, server_version: Option<&str>) -> Option<Self> {
        let all = [
            (Self::Json, "json", true),
            (Self::Yaml, "yaml", false),
            (Self::Protobuf, "vnd.kubernetes.protobuf", true),
        ];
        let found = all.into_iter().find(|(_, subtype, streams)| {
            clause.covers("application", subtype) && clause.is_allowed(*streams, server_version)
        });
        found.map(|(media, ..)| media)
    }
}

fn pretty_clause(clause: &Clause<'_>) -> bool {
    clause.parameter("pretty") == Some("1")
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
        if !accept::is_given(headers) {
            return Ok(Self { pretty, ..Self::default() });
        }
        for clause in accept::clauses(headers) {
            let Some(media) = Media::of(&clause, Some("v1")) else {
                continue;
            };
            let Some(shape) = Shape::of(clause.conversion(), query) else {
                continue;
            };
            let is_encodable = match shape {
                Shape::Whole => has_messages,
                Shape::Metadata { .. } | Shape::MetadataList { .. } => true,
                Shape::Table { .. } => false,
            };
            if media == Media::Protobuf && !is_encodable {
                continue;
            }
            let pretty = pretty || pretty_clause(&clause);
            let failure = match shape {
                Shape::Whole => ErrorForm::default(),
                _ => ErrorForm::negotiate(headers, query),
            };
            return Ok(Self { media, pretty, shape, failure });
        }
        Err(ApiError::not_acceptable(ACCEPTED))
    }

    /// Negotiates the form of a document of discovery, which has no other shape than its own
    /// (`DefaultEndpointRestrictions`).
    ///
    /// # Errors
    /// 406 when no clause can be met.
    pub(super) fn of_document(headers: &HeaderMap, query: &Query<'_>) -> Result<Self, ApiError> {
        let meets = |clause: &Clause<'_>| {
            clause.conversion().is_none() && Media::of(clause, None).is_some()
        };
        if accept::is_given(headers) && !accept::clauses(headers).iter().any(meets) {
            return Err(ApiError::not_acceptable(ACCEPTED));
        }
        Ok(Self::of_error(headers, query))
    }

    /// Negotiates the form of an error.
    pub(super) fn of_error(headers: &HeaderMap, query: &Query<'_>) -> Self {
        let ErrorForm { media, pretty } = ErrorForm::negotiate(headers, query);
        Self { media, pretty, ..Self::default() }
    }

    /// The answer with an error in the place of the shape that was asked for.
    pub(super) fn refused(self, error: &ApiError) -> Plan {
        let ErrorForm { media, pretty } = self.failure;
        let output = Self { media, pretty, ..Self::default() };
        plan(error.code, output.content_type(), Body::Bytes(output.render(error.to_json())))
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

    /// Whether the media type has a form for streams.
    pub(super) fn has_streams(self) -> bool {
        self.media != Media::Yaml
    }

    /// The form without white space.
    pub(super) fn compact(self) -> Self {
        Self { pretty: false, ..self }
    }

    /// Whether it is JSON without white space, in whatever shape.
    pub(super) fn is_compact_json(self) -> bool {
        self.media == Media::Json && !self.pretty
    }

    /// A JSON text in this form.
    pub(super) fn render(self, json: Vec<u8>) -> Bytes {
        match (self.media, self.pretty) {
            (Media::Json, false) => {
                let mut json = json;
                json.push(b'\n');
                json.into()
            }
            (Media::Json, true) => golang::indent_json(&json).into(),
            (Media::Protobuf, _) => protobuf::encode(&super::reread::value(&json)).into(),
            (Media::Yaml, _) => super::yaml::render(&super::reread::value(&json)).into(),
        }
    }
}

fn is_pretty(headers: &HeaderMap, query: &Query<'_>) -> bool {
    if let Some(value) = query.first("pretty").filter(|value| !value.is_empty()) {
        // `strconv.ParseBool`, where what it does not know is false.
        return matches!(value, "1" | "t" | "T" | "TRUE" | "true" | "True");
    }
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
}

/// Whether the client accepts the aggregated discovery documents, and in which version.
pub(super) fn aggregated_discovery(headers: &HeaderMap) -> Option<&'static str> {
    accept::clauses(headers).iter().find_map(|clause| {
        Media::of(clause, None).filter(|media| *media != Media::Protobuf)?;
        let asked = clause.conversion().unwrap_or_default();
        match (asked.kind, asked.group, asked.version) {
            ("", ..) => Some(None),
            ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2") => Some(Some("v2")),
            ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2beta1") => Some(Some("v2beta1")),
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
    // What has control characters is no warning (`net.NewWarningHeader`).
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    HeaderValue::from_bytes(format!("299 - \"{text}\"").as_bytes()).ok()
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
    use http::header::ACCEPT;

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
}
