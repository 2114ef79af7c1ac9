//! `reply`: a literal answer, from the scenario file or a file beside it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::document::Node;
use crate::message::{Body, Origin, Plan};

use super::context::Files;
use super::status::headers;

/// A literal answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// Reads a `reply`: `status` (200), `headers`, and one of `body`, `json`, `file`.
    pub(in crate::scenario) fn decode(node: &Node<'_>, files: &Files<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let status = match keys.get("status") {
            None => Some(StatusCode::OK),
            Some(node) => node
                .integer(200..=599)
                .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok()),
        };
        let mut headers = keys.get("headers").map(|node| headers(&node)).unwrap_or_default();
        let (body, json, file) = (keys.get("body"), keys.get("json"), keys.get("file"));
        if [&body, &json, &file].into_iter().flatten().count() > 1 {
            node.error("body, json and file are three ways to say the same", "keep one of them");
        }
        let bytes = if let Some(json) = json {
            let media = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(media);
            Bytes::from(json.value().to_string())
        } else if let Some(body) = body {
            Bytes::from(body.text().unwrap_or_default().to_owned())
        } else if let Some(file) = file {
            match file.text().map(|name| files.read(name)) {
                Some(Ok(bytes)) => bytes,
                Some(Err(why)) => {
                    file.error_coded("missing-file", why, "");
                    Bytes::new()
                }
                None => Bytes::new(),
            }
        } else {
            Bytes::new()
        };
        keys.finish();
        Some(Self { status: status?, headers, body: bytes })
    }

    /// The answer as a plan; who asked for it is filled in by the pipeline.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let mut plan =
            Plan::new(self.status, Origin::Scenario("".into()), Body::Bytes(self.body.clone()));
        plan.headers = self.headers.clone();
        plan
    }
}
