//! `reply`: a literal answer, from the scenario file or a file next to it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::message::{Body, Origin, Plan};
use crate::scenario::words::table::ReplyWords;

use super::context::Files;
use super::status::{headers, status_code};

/// A literal answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// Checks and compiles a `reply`, and reads the file that it names.
    pub(in crate::scenario) fn compile(words: &ReplyWords<'_>, files: &Files<'_>) -> Option<Self> {
        let mut headers = words.headers.as_deref().map(headers).unwrap_or_default();
        let body = if let Some(json) = words.json {
            let media = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(media);
            Bytes::from(json.to_string())
        } else if let Some(body) = words.body {
            Bytes::from(body.to_owned())
        } else if let Some((name, node)) = &words.file {
            files.read(name).unwrap_or_else(|why| {
                node.error_coded("missing-file", why, "");
                Bytes::new()
            })
        } else {
            Bytes::new()
        };
        let status = words.status.map_or(Some(StatusCode::OK), status_code)?;
        Some(Self { status, headers, body })
    }

    /// Returns the answer as a plan. The pipeline fills in the request.
    #[must_use]
    pub(crate) fn plan(&self) -> Plan {
        let mut plan =
            Plan::new(self.status, Origin::Scenario("".into()), Body::Bytes(self.body.clone()));
        plan.headers = self.headers.clone();
        plan
    }
}
