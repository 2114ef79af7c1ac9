//! The header fields of a request that its answer may depend on.
//!
//! Fields that ask for a part of a resource, or for it under a condition, are always matched: an answer `304 Not
//! Modified` is for nobody who has no copy. So are those that name the operation, as a method does. All others are matched only where requests were seen to differ in them,
//! so that the recording of one client answers another one. What a client draws for each request, and what
//! describes the client or its connection, is never matched.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use http::Method;
use http::header::{
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE,
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    PROXY_AUTHORIZATION, RANGE, VARY,
};
use serde_json::{Value, json};

use super::super::clean::Clean;
use super::super::exchange::SentRequest;
use super::{drawn, marked, times};

/// Fields of parts and conditions (RFC 9110, sections 13 and 14), and of operations: that of SOAP 1.1 (section 6.1.1),
/// that of the JSON protocols of AWS, and methods that a client cannot send as such.
const CONDITIONS: [HeaderName; 11] = [
    RANGE,
    IF_RANGE,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    HeaderName::from_static("soapaction"),
    HeaderName::from_static("x-amz-target"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];

/// Fields by which clients choose among representations and operations.
const CHOICES: [HeaderName; 5] =
    [ACCEPT, ACCEPT_LANGUAGE, ACCEPT_CHARSET, ACCEPT_ENCODING, CONTENT_TYPE];

/// Further such fields, of protocols over HTTP, whose values may look random. Names that end so count as well.
const MORE_CHOICES: [&str; 12] = [
    "prefer",
    "git-protocol",
    "x-requested-with",
    "depth",
    "destination",
    "overwrite",
    "origin",
    "content-range",
    "last-event-id",
    "x-amz-copy-source",
    "-target",
    "version",
];

/// Fields that describe the client, its connection or the way of the request. Names that end with a hyphen stand for
/// all that begin so, those that begin with one for all that end so.
const NEVER: [&str; 41] = [
    "accept-ranges",
    "alt-used",
    "amz-sdk-request",
    "b3",
    "baggage",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "dnt",
    "early-data",
    "expect",
    "forwarded",
    "from",
    "grpc-timeout",
    "host",
    "http2-settings",
    "keep-alive",
    "kubectl-",
    "max-forwards",
    "pragma",
    "priority",
    "proxy-",
    "referer",
    "save-data",
    "sec-",
    "sentry-trace",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-b3-",
    "x-forwarded-",
    "x-standin-",
    "-ip",
    "-timeout",
    "-user-agent",
];

/// Fields that are compared otherwise: as credentials.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

/// The pattern of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::record) struct Field(pub(in crate::record) Value);

impl Field {
    /// How much the pattern asks for: one that takes any value less than one that takes a single one.
    pub(in crate::record) fn specificity(&self) -> i32 {
        if self.0.get("matches").is_some() { 1 } else { 2 }
    }

    /// The field is not there.
    pub(in crate::record) fn absent() -> Self {
        Self(json!({"absent": true}))
    }
}

/// Fields by their names in lower case.
pub(in crate::record) type Fields = BTreeMap<String, Field>;

/// The fields of a request that its answer may depend on.
#[derive(Debug, Clone, Default)]
pub(in crate::record) struct RequestFields {
    /// Those that are always matched.
    pub(in crate::record) conditions: Fields,
    /// Those that are matched where requests differ in them.
    pub(in crate::record) choices: Fields,
    /// The fields of [`Self::conditions`] that a request without them must not have, once one with them was
    /// recorded: the whole is no answer to who asks for a part.
    pub(in crate::record) guards: BTreeSet<String>,
}

impl RequestFields {
    pub(super) fn of(sent: &SentRequest, answer: &HeaderMap, clean: &Clean<'_>) -> Self {
        let field = |name: &HeaderName| {
            let mut values = sent.headers.get_all(name).iter().filter_map(|value| {
                let value = value.to_str().ok()?;
                Some(marked::value(value, &clean.marked_header(name, value), ".+"))
            });
            let first = values.next()?;
            let rest: Vec<Value> = values.collect();
            let all = std::iter::once(first).chain(rest).collect();
            Some((name.as_str().to_owned(), Field(marked::values(all))))
        };
        let conditions: Fields = CONDITIONS.iter().filter_map(field).collect();
        let vary = answer.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
        let vary = vary
            .flat_map(|value| value.split(','))
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok());
        let is_drawn = |name: &HeaderName| {
            let values = sent.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.into_iter().any(|value| drawn::is_drawn(name.as_str(), value))
        };
        let named = sent.headers.keys();
        let named =
            named.filter(|name| is_choice(name) || may_decide(name, &sent.headers)).cloned();
        let choices = named
            .chain(vary)
            .filter(|name| !CREDENTIALS.contains(name) && !CONDITIONS.contains(name))
            .filter(|name| *name != CONTENT_TYPE || !is_multipart(&sent.headers))
            .filter(|name| !is_drawn(name))
            .filter_map(|name| field(&name))
            .collect();
        let guards = guards(&conditions, sent.method.as_str());
        Self { conditions, choices, guards }
    }

    /// The fields of a request whose mapping was written earlier: those that may count, and the patterns that are
    /// matched.
    pub(in crate::record) fn restored(
        choices: Fields,
        matched: Vec<(String, Field)>,
        method: &str,
    ) -> Self {
        let is_condition = |(name, field): &(String, Field)| {
            CONDITIONS.iter().any(|condition| condition == name.as_str())
                && *field != Field::absent()
        };
        let conditions: Fields = matched.into_iter().filter(is_condition).collect();
        let guards = guards(&conditions, method);
        Self { conditions, choices, guards }
    }

    /// The patterns by which a request is told from the first one that was recorded.
    pub(in crate::record) fn differences(&self, first: &Self) -> Fields {
        let mut fields = Fields::new();
        for (name, field) in &self.choices {
            if first.choices.get(name) != Some(field) {
                fields.insert(name.clone(), field.clone());
            }
        }
        for name in first.choices.keys().filter(|name| !self.choices.contains_key(*name)) {
            fields.insert(name.clone(), Field::absent());
        }
        fields
    }
}

/// The conditions that keep a request from what was recorded without them.
fn guards(conditions: &Fields, method: &str) -> BTreeSet<String> {
    // Who asks for a resource by a tag of another version gets the whole of it from any server.
    let is_read = [Method::GET.as_str(), Method::HEAD.as_str()].contains(&method);
    let harmless = |name: &str| {
        is_read && [IF_NONE_MATCH.as_str(), IF_MODIFIED_SINCE.as_str()].contains(&name)
    };
    conditions.keys().filter(|name| !harmless(name)).cloned().collect()
}

fn is_choice(name: &HeaderName) -> bool {
    CHOICES.contains(name)
        || MORE_CHOICES.iter().any(|choice| {
            let name = name.as_str();
            name == *choice
                || (choice.starts_with('-') || *choice == "version") && name.ends_with(choice)
        })
}

/// Whether an answer may depend on a field that nothing is known of: its values are neither ids nor times.
fn may_decide(name: &HeaderName, headers: &HeaderMap) -> bool {
    let name = name.as_str();
    let is_named = |known: &&str| match (known.strip_suffix('-'), known.strip_prefix('-')) {
        (Some(start), _) => name.starts_with(start),
        (_, Some(end)) => name.ends_with(end),
        _ => name == *known,
    };
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    !NEVER.iter().any(is_named)
        && values.into_iter().all(|value| !drawn::is_random(value) && !times::is_now(value))
}

/// The boundary in such a type is random.
fn is_multipart(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.trim_start().to_ascii_lowercase().starts_with("multipart/")
}

/// A field's name as people write it: `If-None-Match`.
pub(in crate::record) fn title(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
