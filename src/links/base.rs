//! The base URL by which a client reaches the server, and with which links in its answers begin.

use http::header::HeaderName;

use crate::message::{Asked, Request};

/// The base URL by which a client reaches the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientBase {
    pub(super) secure: bool,
    /// Host, and port where the client wrote one.
    pub(super) authority: String,
    /// The path before each target, without the last slash: that of a world.
    pub(super) path: String,
}

/// The header fields in which a proxy reports the scheme and the host of its client.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

impl ClientBase {
    /// Returns the base of a request, or `None` if it names no host, as HTTP/1.0 allows.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let asked = Asked::new(request);
        let first = |name: &HeaderName| {
            let value = request.headers.get(name)?.to_str().ok()?;
            let value = value.split(',').next()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let secure = match first(&FORWARDED_PROTO) {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => asked.scheme() == "https",
        };
        let forwarded =
            first(&FORWARDED_HOST).filter(|host| host.parse::<http::uri::Authority>().is_ok());
        let authority = match forwarded {
            Some(host) => host,
            None => asked.authority()?.as_str().to_owned(),
        };
        let path = request.mount.as_deref().unwrap_or_default().to_owned();
        Some(Self { secure, authority, path })
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }

    /// Returns the host without its port.
    pub(super) fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        }
    }
}
