//! What operators say about a body that they cannot read: sub-events of an unmatched request, as `WireMock`'s patterns
//! append them while they match (`C/stubbing/SubEvent.java`).

use serde::de::IgnoredAny;
use serde_json::json;

use crate::document::xml::{Document, Reading};
use crate::message::{Asked, SubEvent};
use crate::redact::Redactor;

use super::super::asker::AskerFilter;
use super::super::operator::{StringPattern, Subject};
use super::super::stub::Stub;
use super::clean::Clean;

/// Returns what the patterns of a stub's body say, up to the first that does not match. Nothing where the rest of the
/// request does not match: then the body is not looked at.
pub(crate) fn sub_events(stub: &Stub, asked: &Asked<'_>, redactor: &Redactor) -> Vec<SubEvent> {
    let patterns = &stub.request.conditions().rare().body;
    if patterns.is_empty() || !stub.request.head_matches(asked, &AskerFilter::default()) {
        return Vec::new();
    }
    let Some(body) = Subject::of_body(asked) else { return Vec::new() };
    let clean = Clean::of(asked, redactor);
    let mut events = Vec::new();
    for pattern in patterns {
        events.extend(complaint(pattern, &body, &clean));
        if !pattern.matches(&body) {
            break;
        }
    }
    events
}

/// Returns what one pattern says about a body.
fn complaint(pattern: &StringPattern, body: &Subject<'_>, clean: &Clean<'_>) -> Option<SubEvent> {
    let warning = |text: &str| SubEvent::warning(clean.text(text.to_owned()));
    let is_xml = |text: &str| Document::parse(text, Reading::PLAIN).is_ok();
    let begins_as_xml = |text: &str| text.trim_start().starts_with('<');
    match (pattern, body.text()) {
        (StringPattern::MatchesJsonPath(path, None), _) => {
            path.warning(body).map(|text| warning(&text))
        }
        (StringPattern::MatchesXPath(..), text) => {
            let text = text.unwrap_or("null");
            let broken = !begins_as_xml(text);
            broken.then(|| {
                warning(&format!("Warning: failed to parse the XML document\nXML: {text}"))
            })
        }
        (StringPattern::EqualToXml(_), Some(text)) if !is_xml(text) => {
            Some(warning(if begins_as_xml(text) {
                "XML document structures must start and end within the same entity."
            } else {
                "Content is not allowed in prolog."
            }))
        }
        (StringPattern::EqualToJson(_), None) => Some(warning("argument \"content\" is null")),
        (StringPattern::EqualToJson(_), Some(text)) => {
            let error = serde_json::from_str::<IgnoredAny>(text).err();
            let error = error.filter(|_| body.exact().is_none())?;
            let detail = clean.text(error.to_string());
            let error = json!({
                "code": 10,
                "source": {},
                "title": "Error parsing JSON",
                "detail": detail,
            });
            let data = [("errors".to_owned(), json!([error]))].into_iter().collect();
            Some(SubEvent { kind: "JSON_ERROR", data, ..SubEvent::warning("") })
        }
        _ => None,
    }
}
