//! Which exchanges are recorded one after the other: those that may be of one request, by what is quickly known.
//!
//! Exchanges whose paths differ only in a secret are of one request, and become a sequence in the order in which they
//! ended. Which part of a path is a secret is known later, so whatever may be one counts as the same.

use std::hash::{BuildHasher, Hash as _, Hasher as _};

use http::Method;

/// A shorter segment of a path is no secret, in bytes.
const SHORTEST: usize = 8;

/// The key of a request: the same one for all that may be one request, whatever the order of their queries is.
pub(super) fn order_key(state: &impl BuildHasher, method: &Method, path: &str) -> u64 {
    let mut hasher = state.build_hasher();
    method.as_str().hash(&mut hasher);
    for segment in path.split('/') {
        let segment = if may_be_secret(segment) { "" } else { segment };
        segment.hash(&mut hasher);
    }
    hasher.finish()
}

fn may_be_secret(segment: &str) -> bool {
    segment.len() >= SHORTEST && segment.bytes().any(|byte| byte.is_ascii_digit() || byte == b'%')
        || segment.len() >= 3 * SHORTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_differ_in_what_may_be_a_secret_have_one_key() {
        let state = foldhash::quality::RandomState::default();
        let key = |method: &Method, path| order_key(&state, method, path);
        let get = |path| key(&Method::GET, path);
        for (one, other) in [
            (
                "/s/c2e6884f-48ca-746e-fc59-b8cfc61d212a/x",
                "/s/12341073-d276-344e-40d5-a3c7427fa6ca/x",
            ),
            ("/s/XXWTkYEv%2FD84QVDg", "/s/i2ExBtudUW2fQYeG"),
            ("/s/48210957", "/s/90312245"),
            ("/reset/abcdefghijklmnopqrstuvwxyz", "/reset/zyxwvutsrqponmlkjihgfedcba"),
        ] {
            assert_eq!(get(one), get(other), "{one}");
        }
        for (one, other) in [("/a", "/b"), ("/a/b", "/ab"), ("/kube-system", "/kube-public")] {
            assert_ne!(get(one), get(other), "{one}");
        }
        assert_ne!(get("/a"), key(&Method::PUT, "/a"));
    }
}
