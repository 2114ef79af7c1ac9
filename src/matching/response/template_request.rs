//! The request model of templates: the shared head and body, with everything else computed when a
//! template needs it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use uuid::Uuid;

use crate::matching::request::RequestPattern;
use crate::message::{Asked, Request, asked, decoded, multipart};
use crate::template::{PartData, RequestSource};

/// The request of a rendering.
#[derive(Debug)]
pub(super) struct TemplateRequest {
    /// The id of the exchange in the journal.
    id: Uuid,
    method: String,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    peer: Option<SocketAddr>,
    scheme: String,
    /// The variables that the stub's path template binds.
    path_parameters: Vec<(String, String)>,
}

impl TemplateRequest {
    pub(super) fn new(request: &Request, pattern: &RequestPattern, id: Uuid) -> Self {
        let asked = Asked::new(request);
        Self {
            id,
            method: asked.upper_case_method().as_str().to_owned(),
            uri: request.uri.clone(),
            headers: request.headers.clone(),
            body: request.body.bytes().cloned().unwrap_or_default(),
            peer: request.peer,
            scheme: asked.scheme().to_owned(),
            path_parameters: pattern.path_parameters(&asked),
        }
    }

    fn content(&self) -> Bytes {
        match decoded::without_gzip(&self.headers, &self.body) {
            std::borrow::Cow::Borrowed(_) => self.body.clone(),
            std::borrow::Cow::Owned(content) => content.into(),
        }
    }
}

impl RequestSource for TemplateRequest {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn method(&self) -> &str {
        &self.method
    }

    fn url(&self) -> &str {
        let target = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        target.strip_suffix('?').unwrap_or(target)
    }

    fn scheme(&self) -> String {
        self.scheme.clone()
    }

    fn host(&self) -> String {
        let authority = asked::authority(&self.uri, &self.headers);
        authority.map_or_else(String::new, |authority| authority.host().to_owned())
    }

    fn port(&self) -> u16 {
        let default = if self.scheme == "https" { 443 } else { 80 };
        let authority = asked::authority(&self.uri, &self.headers);
        authority.and_then(|authority| authority.port_u16()).unwrap_or(default)
    }

    fn client_ip(&self) -> String {
        asked::client_address(&self.headers, self.peer).unwrap_or_default().into_owned()
    }

    fn path_parameters(&self) -> Vec<(String, String)> {
        self.path_parameters.clone()
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .map(|(name, value)| {
                (as_sent(name.as_str()), decoded::header(value.as_bytes()).into_owned())
            })
            .collect()
    }

    fn cookies(&self) -> Vec<(String, String)> {
        asked::cookies(&self.headers)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn body(&self) -> Bytes {
        self.content()
    }

    fn body_text(&self) -> String {
        decoded::text(decoded::content_type(&self.headers), &self.content()).into_owned()
    }

    fn parts(&self) -> Option<Vec<PartData>> {
        let body = self.content();
        let parts = multipart::parts(decoded::content_type(&self.headers), &body)?;
        let part = |part: multipart::Part| PartData {
            name: part.name,
            body: body.slice(part.content.clone()),
            headers: part.headers,
        };
        Some(parts.into_iter().map(part).collect())
    }
}

/// Returns a header name in the usual capitalization, which templates print when they iterate over
/// names.
fn as_sent(name: &str) -> String {
    let mut upper = true;
    name.chars()
        .map(|c| {
            let shown = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '-';
            shown
        })
        .collect()
}
