//! A request with what patterns look at, each part prepared when it is first asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};

use crate::message::Request;
use crate::message::decoded::{content_type, is_form, text, without_gzip};
use crate::message::multipart::{self, Part};
use crate::message::parameters::{self, Parameters};

use super::asker::AskerFilter;
use super::operator::Subject;

/// A request as patterns see it.
pub(crate) struct Facts<'r> {
    pub(super) request: &'r Request,
    pub(super) method: Cow<'r, Method>,
    pub(super) path: &'r str,
    pub(super) target: &'r str,
    query: OnceCell<Parameters<'r>>,
    body: OnceCell<Option<Subject<'r>>>,
    form: OnceCell<Parameters<'static>>,
    parts: OnceCell<Option<Vec<Part>>>,
    /// Which stubs of a recording may answer.
    pub(super) asker: AskerFilter,
}

impl<'r> Facts<'r> {
    pub(crate) fn new(request: &'r Request) -> Self {
        Self {
            request,
            method: upper_case(&request.method),
            path: request.path(),
            // An empty query is none.
            target: request.target().strip_suffix('?').unwrap_or(request.target()),
            query: OnceCell::new(),
            body: OnceCell::new(),
            form: OnceCell::new(),
            parts: OnceCell::new(),
            asker: AskerFilter::default(),
        }
    }

    /// The decoded values of a query parameter, in the order sent.
    pub(super) fn query<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let all =
            self.query.get_or_init(|| parameters::of_query(self.request.query().unwrap_or("")));
        all.iter().filter(move |(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// The body without compression, once it has been read.
    pub(super) fn body(&self) -> Option<&Subject<'r>> {
        let decode = || {
            let headers = &self.request.headers;
            let bytes = without_gzip(headers, self.request.body_bytes()?);
            let decoded = match &bytes {
                Cow::Borrowed(bytes) => text(content_type(headers), bytes),
                Cow::Owned(bytes) => Cow::Owned(text(content_type(headers), bytes).into_owned()),
            };
            Some(Subject::decoded(bytes, decoded))
        };
        self.body.get_or_init(decode).as_ref()
    }

    /// The decoded values of a form's field, in the order sent.
    pub(super) fn form<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let all = self.form.get_or_init(|| {
            let text =
                self.body().filter(|_| is_form(&self.request.headers)).and_then(Subject::text);
            parameters::of_form(text.unwrap_or(""))
        });
        all.iter().filter(move |(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// The parts of a multipart body, and the body; `None` where it is not multipart.
    pub(super) fn parts(&self) -> Option<(&[Part], &[u8])> {
        let body = self.body()?.bytes();
        let kind = content_type(&self.request.headers);
        let parts = self.parts.get_or_init(|| multipart::parts(kind, body));
        Some((parts.as_deref()?, body))
    }

    /// The values of a header, in the order sent; bytes that are not UTF-8 are replaced.
    pub(super) fn header(&self, name: &HeaderName) -> Vec<Cow<'r, str>> {
        let values = self.request.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    }

    /// `https` over TLS; where the target names a scheme, that one.
    pub(super) fn scheme(&self) -> &'r str {
        let of_connection = if self.request.tls { "https" } else { "http" };
        self.request.uri.scheme_str().unwrap_or(of_connection)
    }

    /// The host asked for, without its port, and the port.
    pub(super) fn authority(&self) -> Option<Authority> {
        authority(&self.request.uri, &self.request.headers)
    }

    /// The port asked for; where none is written, that of the scheme.
    pub(super) fn port(&self) -> Option<u16> {
        let default = if self.scheme() == "https" { 443 } else { 80 };
        Some(self.authority()?.port_u16().unwrap_or(default))
    }

    /// The client's address: what `X-Forwarded-For` says, where it is sent.
    pub(super) fn client_address(&self) -> Option<Cow<'r, str>> {
        client_address(&self.request.headers, self.request.peer)
    }

    /// The values of a cookie (RFC 6265, section 5.4).
    pub(super) fn cookie<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'r str> + 's {
        let headers = self.request.headers.get_all(COOKIE).iter();
        let pairs =
            headers.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
        pairs
            .filter_map(|pair| pair.split_once('='))
            .filter(move |(key, _)| key.trim() == name)
            .filter_map(|(_, value)| cookie_value(value.trim()))
    }

    /// The credentials of a Basic `Authorization` header, still in base64 (RFC 7617).
    pub(super) fn basic_credentials(&self) -> impl Iterator<Item = &'r str> {
        let values = self.request.headers.get_all(AUTHORIZATION).iter();
        values.filter_map(|value| {
            let value = value.to_str().ok()?;
            let (scheme, credentials) = value.split_at_checked("Basic ".len())?;
            scheme.eq_ignore_ascii_case("Basic ").then_some(credentials)
        })
    }
}

/// The host that a request asks for, with its port: that of its target, else that of its Host header.
pub(super) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    uri.authority().cloned().or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok())
}

/// The client's address: what `X-Forwarded-For` says, where it is sent.
pub(super) fn client_address(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
) -> Option<Cow<'_, str>> {
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    match forwarded.filter(|value| !value.is_empty()) {
        Some(forwarded) => Some(Cow::Borrowed(forwarded)),
        None => Some(Cow::Owned(peer?.ip().to_canonical().to_string())),
    }
}

/// The cookies, in the order sent (RFC 6265, section 5.4).
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|text| text.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
}

/// `WireMock` compares methods in upper case.
fn upper_case(method: &Method) -> Cow<'_, Method> {
    let name = method.as_str();
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(method);
    }
    match Method::from_bytes(name.to_ascii_uppercase().as_bytes()) {
        Ok(upper) => Cow::Owned(upper),
        Err(_) => Cow::Borrowed(method),
    }
}

/// The value of a cookie without its quotes; nothing where a character stands in it that must not, as Jetty has it.
fn cookie_value(raw: &str) -> Option<&str> {
    let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(raw);
    (!value.contains(['"', ',', '\\'])).then_some(value)
}
