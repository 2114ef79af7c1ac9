//! Parts of a file: what a `Range` asks for (RFC 9110, section 14), as Jetty reads it
//! (`InclusiveByteRange.satisfiableRanges`), and the body with several of them.

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

/// How many parts an answer has at most; more are not asked for in earnest, and all of the file is sent.
const MAX_PARTS: usize = 100;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    /// From one byte to another, both included.
    One(usize, usize),
    /// Several of these.
    Several(Vec<(usize, usize)>),
    /// Nothing that the file has.
    None,
    /// Too many parts.
    TooMany,
}

/// What a `Range` asks for in a file of this many bytes. Parts that overlap are one; those that the file does not
/// have are left out.
pub(super) fn of(range: &HeaderValue, length: usize) -> Ranges {
    let text = range.to_str().ok().and_then(|text| text.trim().strip_prefix("bytes="));
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for text in text.into_iter().flat_map(|text| text.split(',')) {
        let Some(mut part) = part(text, length) else { continue };
        let mut place = parts.len();
        while let Some(at) = parts.iter().position(|other| overlap(*other, part)) {
            let other = parts.remove(at);
            part = (part.0.min(other.0), part.1.max(other.1));
            place = at;
        }
        parts.insert(place.min(parts.len()), part);
        if parts.len() > MAX_PARTS {
            return Ranges::TooMany;
        }
    }
    match *parts {
        [] => Ranges::None,
        [(from, to)] => Ranges::One(from, to),
        _ => Ranges::Several(parts),
    }
}

fn overlap(one: (usize, usize), other: (usize, usize)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

fn part(text: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = text.trim().split_once('-')?;
    let last = length.checked_sub(1)?;
    let (from, to) = match (from.trim(), to.trim()) {
        ("", count) => (length - count.parse::<usize>().ok()?.min(length), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to).then_some((from, to))
}

/// A body with several parts: its media type, and its bytes (`multipart/byteranges`).
pub(super) fn multipart(
    content: &Bytes,
    parts: &[(usize, usize)],
    media_type: &HeaderValue,
) -> (String, Bytes) {
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let length = content.len();
    let mut body = BytesMut::new();
    for (from, to) in parts {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Type: ").as_bytes());
        body.extend_from_slice(media_type.as_bytes());
        let range = format!("\r\nContent-Range: bytes {from}-{to}/{length}\r\n\r\n");
        body.extend_from_slice(range.as_bytes());
        body.extend_from_slice(&content[*from..=*to]);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/byteranges; boundary={boundary}"), body.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_jetty_reads_them() {
        let of = |text: &str| of(&HeaderValue::try_from(text).unwrap(), 10);
        for (text, ranges) in [
            ("bytes=0-3", Ranges::One(0, 3)),
            ("bytes= 5 - ", Ranges::One(5, 9)),
            ("bytes=-3", Ranges::One(7, 9)),
            ("bytes=-30", Ranges::One(0, 9)),
            ("bytes=8-99", Ranges::One(8, 9)),
            ("bytes=0-1,4-5", Ranges::Several(vec![(0, 1), (4, 5)])),
            ("bytes=4-5,0-1", Ranges::Several(vec![(4, 5), (0, 1)])),
            ("bytes=0-0,0-0", Ranges::One(0, 0)),
            ("bytes=0-4,2-6", Ranges::One(0, 6)),
            ("bytes=0-1,8-9,1-8", Ranges::One(0, 9)),
            ("bytes=0-1,20-30,x", Ranges::One(0, 1)),
            ("bytes=10-", Ranges::None),
            ("bytes=-0", Ranges::None),
            ("bytes=3-1", Ranges::None),
            ("bytes=", Ranges::None),
            ("lines=0-1", Ranges::None),
        ] {
            assert_eq!(of(text), ranges, "{text}");
        }
        assert_eq!(super::of(&HeaderValue::from_static("bytes=0-"), 0), Ranges::None);
        let many: Vec<String> = (0..=MAX_PARTS).map(|at| format!("{0}-{0}", at * 2)).collect();
        let many = HeaderValue::try_from(format!("bytes={}", many.join(","))).unwrap();
        assert_eq!(super::of(&many, 1000), Ranges::TooMany);
    }

    #[test]
    fn each_part_says_where_it_stands() {
        let text = HeaderValue::from_static("text/plain");
        let (media_type, body) =
            multipart(&Bytes::from_static(b"0123456789"), &[(0, 1), (4, 5)], &text);
        let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let wanted = format!(
            "--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/10\r\n\r\n45\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, wanted);
    }
}
