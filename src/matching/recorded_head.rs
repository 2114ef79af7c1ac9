//! The head of a recorded answer, in the metadata of its stub: the informational answers before it, and the names of its
//! fields in their case and order.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::document::Node;
use crate::message::{HeadLayout, Informational};

/// The informational answers before a head, and the layout of the head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RecordedHead {
    pub(super) layout: Option<HeadLayout>,
    pub(super) informational: Vec<Informational>,
}

impl RecordedHead {
    /// Reads the metadata of a stub. Problems are reported.
    pub(super) fn read(metadata: &Node<'_>) -> Self {
        let own = &metadata.value()["standin"];
        let wrong = |what: &str, advice: &str| {
            metadata.warn(format!("standin.{what} of the recording is left out"), advice);
        };
        let layout = own["head"].as_str().and_then(HeadLayout::read);
        if layout.is_none() && !own["head"].is_null() {
            wrong("head", "write names of header fields with \", \" between them");
        }
        let list = own["informational"].as_array().map(Vec::as_slice).unwrap_or_default();
        let read: Vec<Option<Informational>> =
            list.iter().take(Informational::MOST).map(informational).collect();
        if read.contains(&None) || read.len() < list.len() {
            wrong("informational", "write {\"status\": 103, \"headers\": {..}} for each answer");
        }
        Self { layout, informational: read.into_iter().flatten().collect() }
    }
}

fn informational(written: &Value) -> Option<Informational> {
    let status = written["status"].as_u64().and_then(|code| u16::try_from(code).ok())?;
    let mut headers = HeaderMap::new();
    for (name, values) in written["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let list = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        for value in list {
            // A character of Latin-1 is a byte.
            let bytes: Result<Vec<u8>, _> = value.as_str()?.chars().map(u8::try_from).collect();
            headers.append(name.clone(), HeaderValue::from_bytes(&bytes.ok()?).ok()?);
        }
    }
    Informational::with(StatusCode::from_u16(status).ok()?, headers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{compile, stub};

    #[test]
    fn the_head_of_a_recording_is_sent_unchanged() {
        let own = json!({"format": 2, "head": "ETag, Content-Type",
            "informational": [{"status": 103, "headers": {"link": ["</a>", "</b>"]}}, {"status": 102}]});
        let response = json!({"headers": {"content-type": "a/b", "etag": "e", "x-more": "m"}});
        let stub = stub(&json!({"response": response, "metadata": {"standin": own}}));
        let plan = stub.plan().unwrap();
        let names: Vec<&str> = plan.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names[..3], ["etag", "content-type", "x-more"]);
        assert_eq!(plan.delivery.layout().unwrap().text(), "ETag, Content-Type");
        let head = plan.delivery.effects().unwrap().head.clone().unwrap();
        assert_eq!(head.informational[0].headers.get_all("link").iter().count(), 2);
        assert_eq!(head.informational[1].status, 102);
    }

    #[test]
    fn what_is_wrong_in_it_is_left_out() {
        for own in [
            json!({"format": 2, "head": 5}),
            json!({"format": 2, "head": "a b"}),
            json!({"format": 2, "informational": [{"status": 101}, {"status": 200}, "x"]}),
            json!({"format": 2, "informational": [{"status": 103, "headers": {"a b": "c"}}]}),
        ] {
            let (stub, problems) = compile(&json!({"metadata": {"standin": own}}));
            assert_eq!(problems.len(), 1, "{own}");
            assert!(stub.unwrap().plan().unwrap().delivery.effects().is_none(), "{own}");
        }
    }
}
