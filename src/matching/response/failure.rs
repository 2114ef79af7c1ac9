//! Failures of rendering an answer, and the answers that replace it.

use std::fmt::Write as _;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::message::{Body, Effects, Origin, Plan, SubEvent};

use super::answering::AnsweringStub;
use super::marks::{STUB_ID, STUB_NAME, ascii};
use super::reason;

/// The reason why an answer cannot be rendered.
#[derive(Debug)]
pub(super) enum Failure {
    /// A template cannot be rendered for the request. The answer is the stub's, with the message as its text.
    Rendering(String),
    /// Anything else. The answer is the server's page.
    Server(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Rendering(why) | Self::Server(why)) = self;
        f.write_str(why)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Server(why)
    }
}

impl Failure {
    /// Returns the answer, with status 500.
    pub(super) fn plan(&self, stub: AnsweringStub<'_>) -> Plan {
        let plan = |text: Bytes| {
            let (status, origin) = (StatusCode::INTERNAL_SERVER_ERROR, Origin::Stub(stub.id));
            let effects = Effects { reason: reason::of(status), ..Effects::default() };
            Plan { delivery: effects.into(), ..Plan::new(status, origin, Body::Bytes(text)) }
        };
        match self {
            Self::Rendering(why) => {
                let mut plan = plan(why.clone().into());
                plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                let id = stub.id.to_string();
                plan.headers.insert(STUB_ID, HeaderValue::try_from(id).expect("a UUID is ASCII"));
                if let Some(name) = stub.name.and_then(ascii) {
                    plan.headers.insert(STUB_NAME, name);
                }
                plan.chunked = true;
                plan.add_sub_events([SubEvent::error(why.clone())]);
                plan
            }
            Self::Server(why) => {
                let mut plan = plan(page(why).into());
                let kind = HeaderValue::from_static("text/html;charset=ISO-8859-1");
                plan.headers.insert(CONTENT_TYPE, kind);
                let kept = HeaderValue::from_static("must-revalidate,no-cache,no-store");
                plan.headers.insert(CACHE_CONTROL, kept);
                plan
            }
        }
    }
}

/// Returns a page in Latin-1 whose title is the message, as Jetty makes it.
fn page(why: &str) -> String {
    let why = escaped(why);
    format!(
        "<html>\n<head>\n<title>Error 500 {why}</title>\n</head>\n<body><h2>HTTP ERROR 500 {why}</h2>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c if c.is_ascii() => escaped.push(c),
            c => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
        }
    }
    escaped
}
