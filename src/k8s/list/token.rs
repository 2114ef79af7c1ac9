//! Continue tokens: a position in a list at a revision
//! (`k8s.io/apiserver/pkg/storage/continue.go`).
//!
//! base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"KEY\u0000"}`. `rv` is -1 in the token of a 410: it
//! continues at the latest revision. Two fields are our own, and optional: `seen` (the number of objects
//! before this position, so that the rest need not be counted) and `page` (the number of pages before, so
//! that a scenario can match the third page).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::golang;
use super::super::store::Revision;

const VERSION: &str = "meta.k8s.io/v1";

/// A decoded continue token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContinueToken {
    /// The revision of the chain; `None` continues at the latest.
    pub revision: Option<Revision>,
    /// The first key, relative to the list's prefix.
    pub start: String,
    /// How many objects of the list are before `start`, where known.
    pub seen: Option<u64>,
    /// How many pages precede.
    pub page: u64,
}

impl ContinueToken {
    /// Encodes the token for clients.
    pub(crate) fn encode(&self) -> String {
        let mut token = json!({
            "v": VERSION,
            "rv": self.revision.map_or(json!(-1), |revision| json!(revision.0)),
            "start": self.start,
            "page": self.page,
        });
        if let Some(seen) = self.seen {
            token["seen"] = json!(seen);
        }
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    /// Decodes a token.
    ///
    /// # Errors
    /// Upstream's message; the answer is 400.
    pub(crate) fn decode(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|why| format!("invalid continue token: {why}"))
    }

    fn read(text: &str) -> Result<Self, String> {
        let invalid = |why: String| format!("continue key is not valid: {why}");
        let raw = golang::decode_base64(text).map_err(invalid)?;
        if let Some(why) = golang::json_error(&raw) {
            return Err(invalid(why));
        }
        let token: Value =
            serde_json::from_slice(&raw).map_err(|error| invalid(error.to_string()))?;
        if let Some(why) = wrong_type(&token) {
            return Err(invalid(why));
        }
        let version = token["v"].as_str().unwrap_or_default();
        if version != VERSION {
            return Err(invalid(format!(
                "server does not recognize this encoded version {version}"
            )));
        }
        let rv = token["rv"].as_i64().unwrap_or_default();
        if rv == 0 {
            return Err(invalid(format!(
                "incorrect encoded start resourceVersion (version {VERSION})"
            )));
        }
        let start = token["start"].as_str().unwrap_or_default();
        if start.is_empty() {
            return Err(invalid(format!("encoded start key empty (version {VERSION})")));
        }
        if !is_clean(start) {
            return Err(invalid(start.to_owned()));
        }
        Ok(Self {
            revision: u64::try_from(rv).ok().map(Revision),
            start: start.trim_start_matches('/').to_owned(),
            seen: token["seen"].as_u64(),
            page: token["page"].as_u64().unwrap_or(1),
        })
    }
}

/// A field of a token, the Go name of its type, and whether a value has that type.
type TokenField = (&'static str, &'static str, fn(&Value) -> bool);

const FIELDS: [TokenField; 3] = [
    ("v", "string", Value::is_string),
    ("rv", "int64", Value::is_i64),
    ("start", "string", Value::is_string),
];

/// Go's message for a field of the wrong type.
fn wrong_type(token: &Value) -> Option<String> {
    let name = |value: &Value| match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) | Value::Null => "object",
    };
    let Value::Object(_) = token else {
        return (!token.is_null()).then(|| {
            format!(
                "json: cannot unmarshal {} into Go value of type storage.continueToken",
                name(token)
            )
        });
    };
    for (field, kind, fits) in FIELDS {
        let value = &token[field];
        if !value.is_null() && !fits(value) {
            let shown = match value {
                Value::Number(number) if !number.is_i64() => format!("number {number}"),
                value => name(value).to_owned(),
            };
            return Some(format!(
                "json: cannot unmarshal {shown} into Go struct field continueToken.{field} of type {kind}"
            ));
        }
    }
    None
}

/// Whether Go's `path.Clean` keeps the key: no empty, `.` or `..` segment, no slash at the end.
fn is_clean(start: &str) -> bool {
    let rest = start.strip_prefix('/').unwrap_or(start);
    rest.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn tokens_survive_encoding_and_decoding() {
        let token = ContinueToken {
            revision: Some(Revision(7)),
            start: "a/b\0".into(),
            seen: Some(2),
            page: 3,
        };
        assert_eq!(ContinueToken::decode(&token.encode()), Ok(token));
        let fresh = ContinueToken { revision: None, start: "b\0".into(), seen: None, page: 1 };
        assert_eq!(ContinueToken::decode(&fresh.encode()), Ok(fresh));
        let upstreams =
            ContinueToken::decode(&encoded(r#"{"v":"meta.k8s.io/v1","rv":5,"start":"x\u0000"}"#))
                .unwrap();
        assert_eq!((upstreams.revision, upstreams.seen), (Some(Revision(5)), None));
    }

    #[test]
    fn invalid_tokens_have_upstreams_messages() {
        for (token, why) in [
            ("%%%".to_owned(), "illegal base64 data at input byte 0"),
            ("garbage".to_owned(), "invalid character '\\x81' looking for beginning of value"),
            (encoded("{}"), "server does not recognize this encoded version "),
            (encoded(r#"{"v":"v9"}"#), "server does not recognize this encoded version v9"),
            (
                encoded(r#"{"v":"meta.k8s.io/v1"}"#),
                "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ),
            (
                encoded(r#"{"v":"meta.k8s.io/v1","rv":1}"#),
                "encoded start key empty (version meta.k8s.io/v1)",
            ),
            (encoded(r#"{"v":"meta.k8s.io/v1","rv":1,"start":"../x"}"#), "../x"),
            (
                encoded(r#"{"v":1}"#),
                "json: cannot unmarshal number into Go struct field continueToken.v of type string",
            ),
        ] {
            let expected = format!("invalid continue token: continue key is not valid: {why}");
            assert_eq!(ContinueToken::decode(&token).unwrap_err(), expected);
        }
    }
}
