//! Rewrites references by absolute path to the path at which clients find a backend.

use super::Links;
use super::backend::Backend;
use super::base::ClientBase;
use super::spelling::continues_segment;

impl Links {
    /// Returns the path of a backend as its clients see it, or `None` if it is the same or not an
    /// absolute path.
    pub(super) fn path_of_client(
        path: &str,
        backend: &Backend,
        base: &ClientBase,
    ) -> Option<String> {
        if !path.starts_with('/') || path.starts_with("//") {
            return None;
        }
        let rest = match path.strip_prefix(&*backend.base) {
            Some(rest) if backend.base.is_empty() || !continues_segment(rest.as_bytes()) => rest,
            // Nothing of the server's is there.
            _ => return None,
        };
        let new = format!("{}{}{rest}", base.path, backend.below);
        let new = if new.starts_with('/') { new } else { format!("/{new}") };
        (new != path).then_some(new)
    }
}
