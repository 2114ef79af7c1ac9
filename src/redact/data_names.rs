//! Names of what finds, counts or checks data: a value that looks drawn is no secret under them.

use super::words::{OF_PAGES, words};

/// Whether a name is that of an identity, a digest, a version or a mark in a list.
pub(super) fn names_data(name: &str) -> bool {
    #[rustfmt::skip]
    const LAST: &[&str] = &[
        "id", "ids", "uid", "uids", "uuid", "guid", "etag", "etags", "hash", "hashes", "digest", "digests", "checksum",
        "checksums", "integrity", "fingerprint", "fingerprints", "thumbprint", "cursor", "cursors", "continuation",
        "continue", "marker", "offset", "scroll", "version", "versions", "revision", "sha", "md", "crc", "commit", "range",
        "match", "name", "names", "filename", "after", "before", "nonce",
    ];
    let words = words(name);
    let count = words.iter().rposition(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(at) = count else { return false };
    let last = words[at].trim_end_matches(|c: char| c.is_ascii_digit());
    let before = at.checked_sub(1).map(|at| words[at].as_str());
    LAST.contains(&last)
        || last == "tag" && before == Some("e")
        || last.len() > 2 && (last.ends_with("id") && before.is_none() && is_flat_id(last))
        || last.starts_with("token") && before.is_some_and(|before| OF_PAGES.contains(&before))
}

/// Whether a name in one word ends with `id`: `fileid`, `requestid`.
fn is_flat_id(word: &str) -> bool {
    const OF: &[&str] =
        &["file", "request", "object", "item", "node", "version", "trace", "scroll"];
    OF.iter().any(|of| word.strip_suffix("id") == Some(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name_decides() {
        for name in [
            "id",
            "fileId",
            "x-amz-version-id",
            "x-amz-id-2",
            "ETag",
            "sha256",
            "If-None-Match",
            "nextPageToken",
            "content_hash",
            "requestid",
            "cursor",
        ] {
            assert!(names_data(name), "{name}");
        }
        for name in ["note", "value", "token", "paid", "data", "text", "2", "message"] {
            assert!(!names_data(name), "{name}");
        }
    }
}
