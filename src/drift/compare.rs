//! The comparison of two answers.

use http::header::CONTENT_ENCODING;
use serde_json::Value;
use similar::TextDiff;

use crate::recorded::RecordedAnswer;
use crate::redact::decoded;

use super::noise::IgnoreRules;

/// Lines around a change.
const CONTEXT: usize = 3;

/// The longest diff of one answer, in lines.
const MOST_LINES: usize = 200;

/// The largest text that is compared line by line, in bytes.
const MOST_TEXT: usize = 4 << 20;

/// Returns the lines of a diff, or `None` if the answers are equal apart from noise.
pub(super) fn compare(
    recorded: &RecordedAnswer,
    live: &RecordedAnswer,
    ignore: &IgnoreRules,
) -> Option<String> {
    let (before, after) = (shown(recorded, ignore), shown(live, ignore));
    if before == after {
        return None;
    }
    if before.len() + after.len() > MOST_TEXT {
        return Some(format!(
            "{} bytes recorded, {} bytes live, not the same",
            before.len(),
            after.len()
        ));
    }
    let diff = TextDiff::from_lines(&before, &after);
    let text = diff.unified_diff().context_radius(CONTEXT).header("recorded", "live").to_string();
    let mut lines: Vec<&str> = text.lines().collect();
    let left = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    let mut text = lines.join("\n");
    if left > 0 {
        text.push_str(&format!("\n… {left} more lines"));
    }
    Some(text)
}

/// Returns an answer as text: the status, the header fields that are compared, the body.
/// Compression is ignored.
fn shown(answer: &RecordedAnswer, ignore: &IgnoreRules) -> String {
    let coding = answer.headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let plain = coding.and_then(|coding| decoded(coding, &answer.body));
    let mut text = format!("status: {}\n", answer.status.as_u16());
    let mut fields: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| ignore.compares(name))
        .filter(|(name, _)| plain.is_none() || **name != CONTENT_ENCODING)
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    fields.sort_unstable();
    text.extend(fields);
    text.push('\n');
    text.push_str(&body(plain.as_deref().unwrap_or(&answer.body), ignore));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Returns a body: JSON with sorted keys, one value a line, JSON lines as well; other texts as they
/// are.
fn body(bytes: &[u8], ignore: &IgnoreRules) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("{} bytes that are not text, {:016x}", bytes.len(), hash(bytes));
    };
    let values: Result<Vec<Value>, _> =
        serde_json::Deserializer::from_str(text).into_iter().collect();
    match values {
        Ok(values) if !values.is_empty() => {
            let clean = |mut value: Value| {
                ignore.clean(&mut value);
                format!("{value:#}\n")
            };
            values.into_iter().map(clean).collect()
        }
        _ => text.to_owned(),
    }
}

fn hash(bytes: &[u8]) -> u64 {
    use std::hash::BuildHasher as _;
    foldhash::quality::FixedState::default().hash_one(bytes)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, date: &'static str, body: &'static [u8]) -> RecordedAnswer {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static(date));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("a/b"));
        let status = StatusCode::from_u16(status).unwrap();
        RecordedAnswer { status, headers, body: Bytes::from_static(body) }
    }

    #[test]
    fn only_what_means_something_is_compared() {
        let ignore = IgnoreRules::default();
        for (a, b, same) in [
            (&b"{\"a\": 1, \"b\": 2}"[..], &b"{\"b\":2,\"a\":1}"[..], true),
            (b"{\"a\": 1}", b"{\"a\": 2}", false),
            (b"{\"a\": 1}\n{\"a\": 2}\n", b"{\"a\":1}\n{\"a\":2}\n", true),
            (b"text", b"text", true),
            (b"text", b"Text", false),
            (b"\xff\x00", b"\xff\x00", true),
            (b"\xff\x00", b"\xff\x01", false),
        ] {
            let diff = compare(&answer(200, "a", a), &answer(200, "b", b), &ignore);
            assert_eq!(diff.is_none(), same, "{diff:?}");
        }
        let diff = compare(&answer(200, "a", b"x\n"), &answer(404, "a", b"x\n"), &ignore).unwrap();
        assert_eq!(
            diff,
            "--- recorded\n+++ live\n@@ -1,4 +1,4 @@\n-status: 200\n+status: 404\n content-type: a/b\n \n x"
        );
    }
}
