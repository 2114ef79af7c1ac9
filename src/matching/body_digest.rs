//! Recorded bodies that are matched by digest: those that are too large for a pattern, or not text.
//!
//! The digest is in the mapping's `metadata.standin.requestBody`, which other servers ignore.

use serde::Deserialize;

use crate::document::Node;
use crate::message::{Asked, BodyDigest};

/// The digest of the body of the request that a stub was recorded from.
#[derive(Debug)]
pub(super) struct RecordedDigest(BodyDigest);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sha256: String,
    length: u64,
}

impl RecordedDigest {
    /// Reads the digest in a mapping's metadata. Other metadata is ignored.
    pub(super) fn read(metadata: &Node<'_>) -> Option<Self> {
        let value = metadata.value().get("standin")?.get("requestBody")?;
        let digest = Written::deserialize(value).map_err(|error| error.to_string());
        let digest = digest.and_then(|written| {
            let sha256 = bytes(&written.sha256).ok_or("sha256 has 64 hexadecimal digits")?;
            Ok(BodyDigest { sha256, length: written.length })
        });
        match digest {
            Ok(digest) => Some(Self(digest)),
            Err(why) => {
                metadata.warn(
                    format!("standin.requestBody cannot be read: {why}"),
                    "record the exchange again, or remove it to answer all bodies",
                );
                None
            }
        }
    }

    /// Returns whether a request has this body, as it was sent or without its compression.
    pub(super) fn matches(&self, asked: &Asked<'_>) -> bool {
        if let Some(digest) = asked.request().body.digest() {
            return *digest == self.0;
        }
        let sent = asked.sent_body().map(|bytes| &**bytes);
        let mut forms = [sent, asked.body()].into_iter().flatten();
        forms.any(|bytes| bytes.len() as u64 == self.0.length && BodyDigest::of(bytes) == self.0)
    }
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits = |at: usize| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(digits).collect();
    bytes.filter(|_| hex.len() == 64)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{request, stub};

    #[test]
    fn a_stub_may_be_for_one_body_alone() {
        let hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let digest = json!({"sha256": hex, "length": 5});
        let stub = stub(&json!({"metadata": {"standin": {"requestBody": digest}}}));
        assert!(stub.matches(&request("POST", "/", &[], "hello")));
        assert!(!stub.matches(&request("POST", "/", &[], "hallo")));
        assert!(!stub.matches(&request("POST", "/", &[], "")));
    }
}
