//! Strict matching of recorded stubs: a request may contain nothing beyond what was recorded.
//!
//! Patterns of `WireMock` allow more than they name: further fields of a form, further parts, one
//! value for two conditions. A recording of `a=1` would also answer `a=1&a=2`, in place of the
//! recording of that request.

use crate::document::Node;
use crate::message::Asked;

use super::multi::MultiPattern;
use super::multipart::MultipartPattern;
use super::operator::StringPattern;
use super::pairing;
use super::recording_format::{RECORDING_FORMAT, check_recording_format};

/// How a stub compares lists of values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Exactness {
    /// By its pattern.
    #[default]
    Pattern,
    /// Each value is one that was recorded, in any order.
    Recorded,
    /// Each value is one that was recorded, in this order, because another recording has a
    /// different order.
    Ordered,
}

impl Exactness {
    /// Returns the mode of a stub with this metadata, or `None` if it was not recorded.
    pub(super) fn read(metadata: &Node<'_>) -> Option<Self> {
        let own = metadata.value().get("standin")?;
        if own.get("format")?.as_u64() != Some(RECORDING_FORMAT) {
            let own = child(metadata, "standin");
            own.and_then(|own| child(&own, "format")).inspect(check_recording_format);
        }
        let ordered = own.get("ordered").is_some_and(|ordered| *ordered == true);
        Some(if ordered { Self::Ordered } else { Self::Recorded })
    }

    /// Returns whether each of this many expected items has its own actual one.
    fn pairs(self, wanted: usize, actual: usize, fits: &impl Fn(usize, usize) -> bool) -> bool {
        wanted == actual
            && match self {
                Self::Ordered => (0..wanted).all(|at| fits(at, at)),
                Self::Pattern | Self::Recorded => pairing::pair(wanted, fits),
            }
    }

    /// Returns whether the values of one name are those that were recorded.
    pub(super) fn values_match(
        self,
        pattern: &MultiPattern,
        values: &[&str],
        asked: &Asked<'_>,
    ) -> bool {
        if !pattern.matches(values, asked.now()) {
            return false;
        }
        match pattern {
            _ if self == Self::Pattern => true,
            MultiPattern::HasExactly(patterns) => {
                self.pairs(patterns.len(), values.len(), &|wanted, at| {
                    patterns[wanted].matches_text(values[at], asked.now())
                })
            }
            MultiPattern::Any(StringPattern::EqualTo { .. }) => values.len() == 1,
            MultiPattern::Any(_) | MultiPattern::Includes(_) => true,
        }
    }

    /// Returns whether form fields and parts of a request, which match all patterns, are exactly
    /// the recorded ones.
    pub(super) fn body_matches(
        self,
        form: &[(Box<str>, MultiPattern)],
        multipart: &[MultipartPattern],
        body: &[StringPattern],
        asked: &Asked<'_>,
    ) -> bool {
        if self == Self::Pattern {
            return true;
        }
        let is_known = |name: &str| form.iter().any(|(known, _)| **known == *name);
        if !form.is_empty() {
            return asked.form_fields().iter().all(|(name, _)| is_known(name));
        }
        if !multipart.is_empty() {
            let Some((parts, content)) = asked.parts() else { return false };
            let fits = |wanted: usize, at: usize| {
                multipart[wanted].part_matches(&parts[at], content, asked.now())
            };
            return self.pairs(multipart.len(), parts.len(), &fits);
        }
        // The same bytes sent as a form are a different request.
        let is_written = |pattern: &StringPattern| {
            matches!(
                pattern,
                StringPattern::EqualTo { .. }
                    | StringPattern::EqualToJson(_)
                    | StringPattern::EqualToXml(_)
                    | StringPattern::BinaryEqualTo(_)
            )
        };
        body.is_empty() || !body.iter().all(is_written) || !is_form(asked)
    }
}

/// Returns the value of an object under a key.
fn child<'d>(node: &Node<'d>, name: &str) -> Option<Node<'d>> {
    node.entries().into_iter().find_map(|(key, value)| (key == name).then_some(value))
}

/// Returns whether a request would be recorded as a form.
fn is_form(asked: &Asked<'_>) -> bool {
    let fields = asked.form_fields();
    let is_text = || asked.body().is_some_and(|body| std::str::from_utf8(body).is_ok());
    !fields.is_empty() && fields.iter().all(|(name, _)| !name.is_empty()) && is_text()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{request, stub};

    fn recorded(pattern: &Value, ordered: bool) -> super::super::Stub {
        let mut own = json!({"format": 2});
        if ordered {
            own["ordered"] = true.into();
        }
        stub(&json!({"request": pattern, "metadata": {"standin": own}}))
    }

    #[test]
    fn a_recorded_query_is_matched_with_all_of_its_values() {
        let one = json!({"urlPath": "/", "queryParameters": {"a": {"equalTo": "1"}}});
        let two = json!({"urlPath": "/", "queryParameters": {"a": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}}});
        let twice = json!({"urlPath": "/", "queryParameters": {"a": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "1"}]}}});
        for (pattern, ordered, query, matches) in [
            (&one, false, "a=1", true),
            (&one, false, "a=1&a=1", false),
            (&one, false, "a=1&b=1", false),
            (&two, false, "a=2&a=1", true),
            (&two, true, "a=2&a=1", false),
            (&two, true, "a=1&a=2", true),
            (&two, false, "a=1&a=1", false),
            (&twice, false, "a=1&a=2", false),
            (&twice, false, "a=1&a=1", true),
        ] {
            let stub = recorded(pattern, ordered);
            let asked = request("GET", &format!("/?{query}"), &[], "");
            assert_eq!(stub.matches(&asked), matches, "{pattern} {ordered} {query}");
        }
    }

    #[test]
    fn a_recorded_form_has_no_other_fields_and_is_no_text() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let text = [("content-type", "text/plain")];
        let fields = recorded(&json!({"formParameters": {"a": {"equalTo": "1"}}}), false);
        let whole = recorded(&json!({"bodyPatterns": [{"equalTo": "a=1"}]}), false);
        let edited = recorded(&json!({"bodyPatterns": [{"contains": "a=1"}]}), false);
        for (headers, body, of_fields, of_whole, of_edited) in [
            (&form, "a=1", true, false, true),
            (&form, "a=1&b=2", false, false, true),
            (&text, "a=1", false, true, true),
        ] {
            let asked = request("POST", "/", headers, body);
            let found = [&fields, &whole, &edited].map(|stub| stub.matches(&asked));
            assert_eq!(found, [of_fields, of_whole, of_edited], "{headers:?} {body}");
        }
    }

    #[test]
    fn recorded_parts_are_all_of_the_parts() {
        let part = |text: &str| json!({"bodyPatterns": [{"equalTo": text}]});
        let pattern = json!({"multipartPatterns": [part("x"), part("x"), part("y")]});
        let body = |parts: &[&str]| {
            let part = |text: &&str| {
                format!("--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n{text}\r\n")
            };
            parts.iter().map(part).collect::<String>() + "--b--\r\n"
        };
        let headers = [("content-type", "multipart/form-data; boundary=b")];
        for (parts, any, ordered) in [
            (&["x", "x", "y"][..], true, true),
            (&["y", "x", "x"], true, false),
            (&["x", "y", "y"], false, false),
            (&["x", "y"], false, false),
            (&["x", "x", "y", "z"], false, false),
        ] {
            let asked = request("POST", "/", &headers, &body(parts));
            let found = [false, true].map(|ordered| recorded(&pattern, ordered).matches(&asked));
            assert_eq!(found, [any, ordered], "{parts:?}");
        }
    }
}
