//! Rewrites links in header fields of answers, and in those of requests that name the server.

use http::header::{
    CONTENT_LOCATION, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, ORIGIN, REFERER, REFRESH,
    SET_COOKIE,
};

use super::Links;
use super::backend::Backend;
use super::base::ClientBase;

/// Where `WebDAV` methods copy and move to (RFC 4918, section 10.3).
const DESTINATION: HeaderName = HeaderName::from_static("destination");

impl Links {
    /// Rewrites the fields of an answer for its client. `target` is the path of the request: it says which backend
    /// answered.
    pub(crate) fn fields_to_client(
        &self,
        headers: &mut HeaderMap,
        target: &str,
        base: &ClientBase,
    ) {
        let backend = self.of_target(target);
        for (name, value) in headers.iter_mut() {
            if let Some(new) = self.field(name, value, backend, base) {
                *value = new;
            }
        }
    }

    /// Returns whether the fields of an answer depend on the base of its client.
    pub(crate) fn are_in_fields(&self, headers: &HeaderMap, target: &str) -> bool {
        // A base that differs from every backend's.
        let base = ClientBase {
            secure: false,
            authority: "client.invalid".into(),
            path: "/client".into(),
        };
        let backend = self.of_target(target);
        headers.iter().any(|(name, value)| self.field(name, value, backend, &base).is_some())
    }

    /// Rewrites the fields of a request that name the server, for a backend.
    #[cfg(any(feature = "record", test))]
    pub(crate) fn fields_to_backend(
        &self,
        headers: &mut HeaderMap,
        target: &str,
        base: &ClientBase,
    ) {
        let Some(backend) = self.of_target(target) else { return };
        for name in [ORIGIN, REFERER, DESTINATION] {
            let Some(value) = headers.get(&name).and_then(|value| value.to_str().ok()) else {
                continue;
            };
            let own = base.origin();
            let Some(rest) =
                value.strip_prefix(&*own).filter(|rest| rest.is_empty() || rest.starts_with('/'))
            else {
                continue;
            };
            let path = rest.strip_prefix(&*base.path).unwrap_or(rest);
            let path = path.strip_prefix(&*backend.below).unwrap_or(path);
            let new = if rest.is_empty() { backend.origin() } else { backend.url() + path };
            if let Ok(new) = new.parse() {
                headers.insert(name, new);
            }
        }
    }

    /// Returns the backend that answers requests for a path.
    pub(super) fn of_target(&self, target: &str) -> Option<&Backend> {
        let leads = |backend: &&Backend| {
            let rest = target.strip_prefix(&*backend.below);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        self.backends.iter().filter(leads).max_by_key(|backend| backend.below.len())
    }

    /// Returns one field of an answer, or `None` if it stays.
    fn field(
        &self,
        name: &HeaderName,
        value: &HeaderValue,
        backend: Option<&Backend>,
        base: &ClientBase,
    ) -> Option<HeaderValue> {
        // Links have slashes, in whatever spelling; most fields have none, and no reference by a path.
        let marked = value.as_bytes().iter().any(|byte| matches!(byte, b'/' | b'%' | b'&' | b'\\'));
        if !marked && *name != SET_COOKIE {
            return None;
        }
        if let (Some(backend), Ok(text)) = (backend, value.to_str()) {
            if *name == SET_COOKIE {
                return self.set_cookie(text, backend, base)?.parse().ok();
            }
            let new = if *name == LOCATION || *name == CONTENT_LOCATION {
                Self::path_of_client(text, backend, base)
            } else if *name == REFRESH {
                Self::refresh(text, backend, base)
            } else if *name == LINK {
                Self::link(text, backend, base)
            } else {
                None
            };
            if let Some(new) = new {
                let whole = self.to_client(new.as_bytes(), base);
                return HeaderValue::from_bytes(whole.as_deref().unwrap_or(new.as_bytes())).ok();
            }
        }
        HeaderValue::from_bytes(&self.to_client(value.as_bytes(), base)?).ok()
    }

    /// `5; url=/next`.
    fn refresh(value: &str, backend: &Backend, base: &ClientBase) -> Option<String> {
        let at = value.to_ascii_lowercase().find("url=")? + "url=".len();
        let (before, url) = value.split_at(at);
        let inner = url.trim_matches(['"', '\'', ' ']);
        Some(format!(
            "{before}{}",
            url.replace(inner, &Self::path_of_client(inner, backend, base)?)
        ))
    }

    /// `</next>; rel="next", </last>; rel="last"` (RFC 8288).
    fn link(value: &str, backend: &Backend, base: &ClientBase) -> Option<String> {
        let mut out = String::with_capacity(value.len());
        let mut changed = false;
        for part in value.split_inclusive('>') {
            let new = part.rsplit_once('<').and_then(|(before, reference)| {
                let path = Self::path_of_client(reference.strip_suffix('>')?, backend, base)?;
                Some(format!("{before}<{path}>"))
            });
            changed |= new.is_some();
            out.push_str(new.as_deref().unwrap_or(part));
        }
        changed.then_some(out)
    }
}
