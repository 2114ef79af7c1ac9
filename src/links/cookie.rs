//! Rewrites `Set-Cookie` of a backend for the host that the client uses.

use super::Links;
use super::backend::Backend;
use super::base::ClientBase;

impl Links {
    /// Returns the rewritten field, or `None` if it needs no change.
    ///
    /// A domain that is the backend's is left out: the cookie is for the host that the client asked (RFC 6265,
    /// section 5.3). `Secure` is left out where the client has no TLS and the backend has: clients would not send
    /// the cookie again. The path follows the place of the backend.
    pub(super) fn set_cookie(
        &self,
        value: &str,
        backend: &Backend,
        base: &ClientBase,
    ) -> Option<String> {
        let mut changed = false;
        let mut parts = value.split(';');
        let mut out = parts.next().unwrap_or_default().to_owned();
        // These names require a secure origin.
        let pinned =
            out.trim_start().starts_with("__Host-") || out.trim_start().starts_with("__Secure-");
        for part in parts {
            let (name, argument) = part.split_once('=').unwrap_or((part, ""));
            let (name, argument) = (name.trim(), argument.trim());
            if name.eq_ignore_ascii_case("domain") && self.is_foreign(argument, base) {
                changed = true;
                continue;
            }
            if name.eq_ignore_ascii_case("secure") && backend.secure && !base.secure && !pinned {
                changed = true;
                continue;
            }
            if name.eq_ignore_ascii_case("path")
                && let Some(path) = Self::path_of_client(argument, backend, base)
            {
                changed = true;
                out.push_str("; Path=");
                out.push_str(&path);
                continue;
            }
            out.push(';');
            out.push_str(part);
        }
        changed.then_some(out)
    }

    /// Returns whether a cookie's domain is that of a backend, and not also that of the client's
    /// host.
    fn is_foreign(&self, domain: &str, base: &ClientBase) -> bool {
        let domain = domain.trim_start_matches('.');
        let is_within = |host: &str| {
            let host = host.to_ascii_lowercase();
            let domain = domain.to_ascii_lowercase();
            host == domain || host.ends_with(&format!(".{domain}"))
        };
        let names = self.backends.iter().flat_map(|backend| &backend.hosts);
        !is_within(base.host()) && names.into_iter().any(|host| is_within(&host.name))
    }
}
