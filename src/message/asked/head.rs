//! The part of [`Asked`](super::Asked) about the head: target, header fields, Kubernetes operation.

use std::borrow::Cow;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};
use serde::Deserialize;

use super::super::target::{Query, TargetError};
use super::super::{decoded, parameters};
use super::view::{Asked, Decoded};
use super::{RequestInfo, ResourceInfo};

impl<'r> Asked<'r> {
    /// Returns the method, as sent.
    pub(crate) fn method(&self) -> &'r Method {
        &self.request.method
    }

    /// Returns the path, as sent.
    pub(crate) fn path(&self) -> &'r str {
        self.path
    }

    /// Path and query, as sent; an empty query is none.
    pub(crate) fn target(&self) -> &'r str {
        let target = self.request.target();
        target.strip_suffix('?').unwrap_or(target)
    }

    /// Returns the method in upper case, as `WireMock` compares it.
    pub(crate) fn upper_case_method(&self) -> &Method {
        self.upper_case_method.get_or_init(|| {
            let method = self.method();
            let name = method.as_str();
            let upper = name
                .bytes()
                .any(|byte| byte.is_ascii_lowercase())
                .then(|| Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok());
            upper.flatten().map_or(Cow::Borrowed(method), Cow::Owned)
        })
    }

    /// Returns the header fields.
    pub(crate) fn headers(&self) -> &'r HeaderMap {
        &self.request.headers
    }

    /// The decoded query: below the paths of Kubernetes APIs as a server of them decodes it, which leaves out what it
    /// cannot read. Elsewhere one that cannot be decoded counts as empty ([`Self::target_error`]).
    pub(crate) fn query(&self) -> &Query<'r> {
        &self.decoded_query().value
    }

    /// Returns the values of a query parameter as `WireMock` decodes them, in the order sent.
    pub(crate) fn parameter<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let decode = || parameters::of_query(self.request.query().unwrap_or(""));
        let all = self.parameters.get_or_init(decode).iter();
        all.filter(move |(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Returns why the target cannot be decoded, if it cannot.
    pub(crate) fn target_error(&self) -> Option<&TargetError> {
        self.decoded_query().error.as_ref().or_else(|| self.decoded_info().error.as_ref())
    }

    fn decoded_query(&self) -> &Decoded<Query<'r>> {
        let decode = || {
            let raw = self.request.query();
            if self.is_api_path() {
                return Decoded { value: Query::of_go(raw), error: None };
            }
            Decoded::of(Query::parse(raw), Query::default)
        };
        self.query.get_or_init(decode)
    }

    fn decoded_info(&self) -> &Decoded<RequestInfo<'r>> {
        self.info.get_or_init(|| {
            let method = self.method();
            let info = RequestInfo::parse(method, self.path, self.query());
            Decoded::of(info, || RequestInfo::without_resource(method))
        })
    }

    /// Returns the Kubernetes operation.
    pub(crate) fn info(&self) -> &RequestInfo<'r> {
        &self.decoded_info().value
    }

    /// Returns whether the path is where Kubernetes APIs are: a miss there has Kubernetes' own
    /// 404s.
    pub(crate) fn is_api_path(&self) -> bool {
        let first = self.path.trim_start_matches('/').split('/').next().unwrap_or_default();
        matches!(first, "api" | "apis")
    }

    fn resource_info(&self) -> Option<&ResourceInfo<'r>> {
        self.info().resource.as_ref()
    }

    /// Returns the verb of a request for a resource.
    pub(crate) fn verb(&self) -> Option<&str> {
        self.resource_info().map(|_| &*self.info().verb)
    }

    /// Returns the resource as `plural.group`, or the plural alone in the core group.
    pub(crate) fn resource(&self) -> Option<&str> {
        let name = || {
            let ResourceInfo { group, resource, .. } = self.resource_info()?;
            let in_core = group.is_empty();
            Some(if in_core { resource.to_string() } else { format!("{resource}.{group}") })
        };
        self.resource.get_or_init(name).as_deref()
    }

    /// Returns the namespace of a request for a resource.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.resource_info().map(|of| &*of.namespace).filter(|text| !text.is_empty())
    }

    /// Returns the name of the requested object.
    pub(crate) fn name(&self) -> Option<&str> {
        self.resource_info().map(|of| &*of.name).filter(|text| !text.is_empty())
    }

    /// Returns the requested subresource.
    pub(crate) fn subresource(&self) -> Option<&str> {
        self.resource_info().map(|of| &*of.subresource).filter(|text| !text.is_empty())
    }

    /// Returns the page of a list chain, from 1; absent for other requests. A continue token that
    /// names no page counts as that of the second.
    pub(crate) fn page(&self) -> Option<u64> {
        let token = || self.query().first("continue").filter(|token| !token.is_empty());
        (self.info().verb == "list").then(|| token().map_or(1, page_of_token))
    }

    /// Returns the values of a header, in the order sent. Each byte is a character, as in Jetty (ISO 8859-1).
    pub(crate) fn header(&self, name: &HeaderName) -> Vec<Cow<'r, str>> {
        let values = self.headers().get_all(name).iter();
        values.map(|value| decoded::header(value.as_bytes())).collect()
    }

    /// `https` over TLS; where the target names a scheme, that one.
    pub(crate) fn scheme(&self) -> &'r str {
        let of_connection = if self.request.tls { "https" } else { "http" };
        self.request.uri.scheme_str().unwrap_or(of_connection)
    }

    /// Returns the requested host, with its port where one is written.
    pub(crate) fn authority(&self) -> Option<Authority> {
        authority(&self.request.uri, self.headers())
    }

    /// Returns the requested port; where none is written, that of the scheme.
    pub(crate) fn port(&self) -> Option<u16> {
        let default = if self.scheme() == "https" { 443 } else { 80 };
        Some(self.authority()?.port_u16().unwrap_or(default))
    }

    /// Returns the client's address: what `X-Forwarded-For` says, where it is sent.
    pub(crate) fn client_address(&self) -> Option<Cow<'r, str>> {
        client_address(self.headers(), self.request.peer)
    }

    /// Returns the values of a cookie (RFC 6265, section 5.4).
    pub(crate) fn cookie<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'r str> + 's {
        cookies(self.headers()).filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the credentials of Basic `Authorization` headers, still in base64 (RFC 7617).
    pub(crate) fn basic_credentials(&self) -> impl Iterator<Item = &'r str> {
        let values = self.headers().get_all(AUTHORIZATION).iter();
        values.filter_map(|value| {
            let value = value.to_str().ok()?;
            let (scheme, credentials) = value.split_at_checked("Basic ".len())?;
            scheme.eq_ignore_ascii_case("Basic ").then_some(credentials)
        })
    }
}

/// Returns the requested host, with its port: that of the target, else that of its Host header.
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    uri.authority().cloned().or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok())
}

/// Returns the client's address: what `X-Forwarded-For` says, where it is sent.
pub(crate) fn client_address(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
) -> Option<Cow<'_, str>> {
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    match forwarded.filter(|value| !value.is_empty()) {
        Some(forwarded) => Some(Cow::Borrowed(forwarded)),
        None => Some(Cow::Owned(peer?.ip().to_canonical().to_string())),
    }
}

/// Returns the cookies, in the order sent (RFC 6265, section 5.4).
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|text| text.split(';'));
    let named = pairs.filter_map(|pair| pair.split_once('='));
    named.filter_map(|(name, value)| Some((name.trim(), cookie_value(value.trim())?)))
}

/// Returns the value of a cookie without its quotes, or `None` if a character is in it that must
/// not, as in Jetty.
fn cookie_value(raw: &str) -> Option<&str> {
    let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(raw);
    (!value.contains(['"', ',', '\\'])).then_some(value)
}

/// Returns the page that a continue token of this server leads to: `page` in its JSON
/// (`k8s::list::token`).
fn page_of_token(token: &str) -> u64 {
    #[derive(Deserialize)]
    struct Token {
        page: u64,
    }
    let raw = URL_SAFE_NO_PAD.decode(token).ok();
    let read = raw.and_then(|raw| serde_json::from_slice::<Token>(&raw).ok());
    read.map_or(2, |token| token.page.max(2))
}
