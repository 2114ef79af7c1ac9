//! The identity of a call: what makes a request the same call as another.

use sha2::{Digest, Sha256};

use super::view::Asked;

impl Asked<'_> {
    /// Returns the identity of the call: see [`call_id`]. A body that has not been read counts as
    /// empty.
    pub(crate) fn call_id(&self) -> [u8; 32] {
        let body = self.sent_body().map_or(&[][..], |body| body);
        call_id(self.method().as_str(), self.path(), self.request().query(), body)
    }
}

/// Returns what makes a request the same call as another: method, path, query and body; except for
/// the client's timeouts, `timeout` and `timeoutSeconds`.
#[must_use]
pub(crate) fn call_id(method: &str, path: &str, query: Option<&str>, body: &[u8]) -> [u8; 32] {
    let moves = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        !matches!(name, "timeout" | "timeoutSeconds")
    };
    let mut pairs: Vec<&str> = query.unwrap_or_default().split('&').filter(moves).collect();
    pairs.sort_unstable();
    let mut hasher = Sha256::new();
    for part in [method, path, &pairs.join("&")] {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.update(body);
    hasher.finalize().into()
}
