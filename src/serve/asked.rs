//! What a request asks for, decoded once for all stages.

use std::cell::OnceCell;

use http::{HeaderMap, Method};

use crate::k8s::{self, GroupResource, RequestInfo};
use crate::message::{Query, Request, TargetError};
use crate::scenario::Facts;

/// A request's target, decoded once for all stages.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: Query<'a>,
    pub(crate) info: RequestInfo<'a>,
}

impl<'a> Asked<'a> {
    pub(crate) fn parse(request: &Request, uri: &'a http::Uri) -> Result<Self, TargetError> {
        let path = uri.path();
        let query = Query::parse(uri.query())?;
        let info = RequestInfo::parse(&request.method, path, &query)?;
        Ok(Self { path, query, info })
    }
}

/// What rules ask about a request and no stage before needed.
#[derive(Debug)]
pub(crate) struct RuleFacts {
    method: Method,
    resource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    subresource: Option<String>,
    page: Option<u64>,
}

impl RuleFacts {
    /// Of a request.
    pub(crate) fn of(request: &Request, asked: &Asked<'_>) -> Self {
        let of = asked.info.resource.as_ref();
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            method: request.method.clone(),
            resource: of.map(|of| GroupResource::new(&of.group, &of.resource).to_string()),
            namespace: of.and_then(|of| text(&of.namespace)),
            name: of.and_then(|of| text(&of.name)),
            subresource: of.and_then(|of| text(&of.subresource)),
            page: page(&asked.info.verb, &asked.query),
        }
    }

    /// As rules are asked.
    pub(crate) fn facts<'a>(
        &'a self,
        asked: &'a Asked<'_>,
        headers: &'a HeaderMap,
        body: Option<&'a [u8]>,
        world: &'a str,
    ) -> Facts<'a> {
        Facts {
            method: self.method.as_str(),
            path: asked.path,
            query: &asked.query,
            headers,
            body,
            parsed: OnceCell::new(),
            verb: self.resource.as_ref().map(|_| asked.info.verb.as_ref()),
            resource: self.resource.as_deref(),
            namespace: self.namespace.as_deref(),
            name: self.name.as_deref(),
            subresource: self.subresource.as_deref(),
            page: self.page,
            world,
        }
    }
}

/// Whether a path lies where Kubernetes APIs lie: a miss there has Kubernetes' own 404s.
pub(super) fn is_api_path(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "api" | "apis")
}

/// The page of a list chain a request asks for; the first without a token.
pub(super) fn page(verb: &str, query: &Query<'_>) -> Option<u64> {
    (verb == "list").then(|| match query.first("continue") {
        None | Some("") => 1,
        Some(token) => k8s::page_of_token(token),
    })
}
