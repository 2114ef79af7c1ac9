//! What a recording takes, and what it makes of it (`C/recording/RecordSpec.java`).

use http::HeaderName;
use serde_json::Value;
use uuid::Uuid;

use crate::document::{Keys, Node, Refusal, read_body};
use crate::exchange::Slot;
use crate::matching::RequestQuery;

/// The settings of a recording or of a snapshot.
#[derive(Debug)]
pub(in crate::serve) struct RecordSpec {
    /// Where requests are sent.
    pub(super) target: Option<String>,
    filters: Option<RequestQuery>,
    /// The ids of the exchanges that are taken; all where none are named.
    ids: Option<Vec<Uuid>>,
    /// Whether answers of other stubs are taken as well.
    allow_non_proxied: bool,
    /// The header fields that a stub asks for, and whether their case counts where that is said.
    pub(super) capture: Vec<(String, HeaderName, Option<bool>)>,
    pub(super) body: BodyPattern,
    /// From which sizes on texts and other bodies are files, in bytes.
    pub(super) extract: Option<[u64; 2]>,
    /// Whether only the ids of the stubs are shown.
    pub(in crate::serve) ids_only: bool,
    /// Whether the stubs are written to files.
    pub(in crate::serve) persist: bool,
    /// Whether repeated requests become scenarios, rather than one stub.
    pub(super) repeats: bool,
    /// The extensions of `WireMock` that would change the stubs. There are none here, and `WireMock` too passes over
    /// names that it does not know.
    pub(in crate::serve) transformers: Vec<String>,
}

/// How a stub looks at the body of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BodyPattern {
    /// By the type of the body.
    Auto {
        array_order: bool,
        extra_elements: bool,
        any_case: bool,
    },
    EqualTo {
        any_case: bool,
    },
    EqualToJson {
        array_order: Option<bool>,
        extra_elements: Option<bool>,
    },
    EqualToXml,
}

impl RecordSpec {
    /// Reads the settings; an empty body has the defaults.
    ///
    /// # Errors
    /// What is wrong with them first.
    pub(in crate::serve) fn read_or_default(body: &[u8]) -> Result<Self, Refusal> {
        Self::read(if body.is_empty() { b"{}" } else { body })
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// What is wrong with them first.
    pub(in crate::serve) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let (mut spec, filters) = read_body(body, decode)?;
        if let Some(filters) = filters {
            let query = RequestQuery::read(filters.to_string().as_bytes());
            spec.filters = Some(query.map_err(|refusal| Refusal {
                pointer: refusal.pointer.map(|pointer| format!("/filters{pointer}")),
                ..refusal
            })?);
        }
        Ok(spec)
    }

    /// Whether an exchange becomes a stub.
    pub(super) fn takes(&self, slot: &Slot) -> bool {
        let is_proxied = || {
            let mapping = slot.stub().map(|stub| stub.mapping());
            mapping.is_some_and(|mapping| !mapping["response"]["proxyBaseUrl"].is_null())
        };
        (self.allow_non_proxied || is_proxied())
            && self.filters.as_ref().is_none_or(|filters| filters.matches(&slot.request()))
    }

    /// The ids of the exchanges that are taken, where they are named.
    pub(in crate::serve) fn ids(&self) -> Option<&[Uuid]> {
        self.ids.as_deref()
    }
}

/// The settings, and the request pattern among them.
fn decode(node: &Node<'_>) -> Option<(RecordSpec, Option<Value>)> {
    let keys = node.keys()?;
    let text = |key| keys.get(key).map(|node| scalar(node.value()));
    let target = text("targetBaseUrl");
    let (filters, ids, allow_non_proxied) = filters(&keys);
    let capture = capture(&keys);
    // The Java client writes the longer name.
    let long = keys.get("requestBodyPatternFactory");
    let body = keys.get("requestBodyPattern").or(long).map_or_else(BodyPattern::default, |node| {
        let value = node.value();
        let flag = |name: &str| value.get(name).and_then(Value::as_bool);
        match value["matcher"].as_str() {
            Some("equalTo") => {
                BodyPattern::EqualTo { any_case: flag("caseInsensitive") == Some(true) }
            }
            Some("equalToJson") => BodyPattern::EqualToJson {
                array_order: flag("ignoreArrayOrder"),
                extra_elements: flag("ignoreExtraElements"),
            },
            Some("equalToXml") => BodyPattern::EqualToXml,
            _ => BodyPattern::Auto {
                array_order: flag("ignoreArrayOrder").unwrap_or(true),
                extra_elements: flag("ignoreExtraElements").unwrap_or(true),
                any_case: flag("caseInsensitive").unwrap_or(false),
            },
        }
    });
    let extract = keys
        .get("extractBodyCriteria")
        .map(|node| ["textSizeThreshold", "binarySizeThreshold"].map(|key| threshold(&node, key)));
    let ids_only = keys.get("outputFormat").is_some_and(|node| match node.value().as_str() {
        Some(format) if format.eq_ignore_ascii_case("ids") => true,
        Some(format) if format.eq_ignore_ascii_case("full") => false,
        _ => {
            node.error("Invalid output format", "it is FULL or IDS");
            false
        }
    });
    let flag = |key, default| {
        keys.get(key).map_or(default, |node| node.value().as_bool().unwrap_or(default))
    };
    let (persist, repeats) = (flag("persist", true), flag("repeatsAsScenarios", true));
    let names = keys.get("transformers").map(|node| node.value().clone()).unwrap_or_default();
    let names = names.as_array().into_iter().flatten();
    let transformers = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let _ = keys.get("transformerParameters");
    keys.finish();
    let spec = RecordSpec {
        target,
        filters: None,
        ids,
        allow_non_proxied,
        capture,
        body,
        extract,
        ids_only,
        persist,
        repeats,
        transformers,
    };
    Some((spec, filters))
}

impl Default for BodyPattern {
    fn default() -> Self {
        Self::Auto { array_order: true, extra_elements: true, any_case: false }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The filters: a request pattern, ids, and whether stubs that answer themselves count.
fn filters(keys: &Keys<'_>) -> (Option<Value>, Option<Vec<Uuid>>, bool) {
    let Some(node) = keys.get("filters") else { return (None, None, false) };
    let mut pattern = node.value().clone();
    let Some(fields) = pattern.as_object_mut() else {
        node.expected("an object");
        return (None, None, false);
    };
    let ids = fields.remove("ids").filter(|ids| !ids.is_null());
    let ids = ids.map(|ids| {
        let ids = ids.as_array().into_iter().flatten();
        ids.filter_map(|id| id.as_str()?.parse().ok()).collect()
    });
    let non_proxied = fields.remove("allowNonProxied").and_then(|value| value.as_bool());
    let pattern = (!fields.is_empty()).then_some(pattern);
    (pattern, ids, non_proxied.unwrap_or(false))
}

fn capture(keys: &Keys<'_>) -> Vec<(String, HeaderName, Option<bool>)> {
    let Some(node) = keys.get("captureHeaders") else { return Vec::new() };
    let mut captured = Vec::new();
    for (name, spec) in node.entries() {
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(header) => {
                let any_case = spec.value()["caseInsensitive"].as_bool();
                captured.push((name.to_owned(), header, any_case));
            }
            Err(_) => spec.error_at_key(format!("{name:?} is not a header name"), ""),
        }
    }
    captured
}

/// A size such as `10`, `"10"` or `"2 kb"`, in bytes; all sizes where none is given.
fn threshold(node: &Node<'_>, key: &str) -> u64 {
    let value = &node.value()[key];
    let size = match value {
        Value::Null => Some(u64::MAX),
        Value::Number(number) => number.as_u64(),
        value => value.as_str().and_then(size),
    };
    size.unwrap_or_else(|| {
        node.error(format!("Invalid size string: {value}"), "write 10, \"10\" or \"2 kb\"");
        u64::MAX
    })
}

fn size(text: &str) -> Option<u64> {
    let text = text.trim().replace(',', ".").to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: u32 = match unit.trim().strip_suffix('b').unwrap_or_else(|| unit.trim()) {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * f64::from(scale);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size has no sign"
    )]
    Some(bytes.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("10", Some(10)),
            ("1 kb", Some(1024)),
            ("1,5K", Some(1536)),
            ("2 MB", Some(2 << 20)),
            ("x", None),
            ("1 zb", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, pointer) in [
            (r#"{"foo": 1}"#, "/foo"),
            (r#"{"outputFormat": "X"}"#, "/outputFormat"),
            (r#"{"extractBodyCriteria": {"textSizeThreshold": "x"}}"#, "/extractBodyCriteria"),
            (r#"{"filters": {"urll": 1}}"#, "/filters/urll"),
        ] {
            let refusal = RecordSpec::read(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.pointer.as_deref(), Some(pointer), "{body}");
        }
        let spec = RecordSpec::read_or_default(b"").unwrap();
        assert!(
            spec.persist && spec.repeats && !spec.ids_only && spec.body == BodyPattern::default()
        );
    }
}
