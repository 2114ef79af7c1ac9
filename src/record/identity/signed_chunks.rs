//! Bodies in chunks that a client signs one by one, with the time in each signature (AWS Signature Version 4, "multiple
//! chunks"): `SIZE;chunk-signature=SIGNATURE`. The signatures are others in each run; the content is the same.

use http::HeaderMap;
use serde_json::{Value, json};

use crate::redact::MARK;

use super::marked;

/// What the mapping says of a body that is not a text, or too large.
pub(super) const NOTE: &str =
    "the request's body is not matched: its chunks have signatures that are made for each request";

/// The names before signatures: of a chunk, and of the fields behind the last one.
const NAMES: [&str; 2] = ["chunk-signature=", "x-amz-trailer-signature:"];

/// The digits of a signature.
const DIGITS: usize = 64;

/// Whether a request has such a body.
pub(super) fn are_in(headers: &HeaderMap) -> bool {
    let said = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    said.is_some_and(|said| said.starts_with("STREAMING-AWS4-"))
}

/// The pattern of such a text; nothing where there is no signature.
pub(super) fn pattern(text: &str) -> Option<Value> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = NAMES.iter().filter_map(|name| Some(rest.find(name)? + name.len())).min()
    {
        let (before, after) = rest.split_at(end);
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).take(DIGITS).count();
        if digits == DIGITS {
            out.push(MARK);
        }
        rest = &after[if digits == DIGITS { digits } else { 0 }..];
    }
    out.push_str(rest);
    out.contains(MARK).then(|| json!({"matches": marked::regex(&out, "[0-9a-fA-F]{64}")}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_anew_and_the_content_is_compared() {
        let body = |signature: &str, content: &str| {
            format!(
                "4;chunk-signature={signature}\r\n{content}\r\n0;chunk-signature={signature}\r\nx-amz-trailer-signature:{signature}\r\n\r\n"
            )
        };
        let (one, two) = ("0a".repeat(32), "f9".repeat(32));
        let pattern = pattern(&body(&one, "abcd")).unwrap();
        let regex = regex::Regex::new(&format!("^(?:{})$", pattern["matches"].as_str().unwrap()));
        let regex = regex.unwrap();
        assert!(regex.is_match(&body(&one, "abcd")) && regex.is_match(&body(&two, "abcd")));
        assert!(!regex.is_match(&body(&two, "abce")));
        assert_eq!(super::pattern("4\r\nabcd\r\n0\r\n\r\n"), None);
        assert_eq!(super::pattern("4;chunk-signature=short\r\n"), None);
    }

    #[test]
    fn the_field_of_the_digest_tells_that_chunks_are_signed() {
        for (value, signed) in [
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true),
            ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", false),
            ("UNSIGNED-PAYLOAD", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-amz-content-sha256", value.parse().unwrap());
            assert_eq!(are_in(&headers), signed, "{value}");
        }
    }
}
