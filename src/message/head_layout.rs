//! How the head of an HTTP/1.1 answer is written: the names of its fields in the case and the order that a backend
//! has. They mean the same in any case, and fields of different names in any order (RFC 9110, sections 5.1 and 5.3);
//! clients that show or hash a head see a difference.

use std::sync::Arc;

/// The most fields of a layout.
const MAX_FIELDS: usize = 256;

/// The most bytes of their names.
const MAX_BYTES: usize = 16 << 10;

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

/// Fields of the connection that the server writes itself.
const OF_CONNECTION: [&str; 3] = ["connection", "keep-alive", "proxy-connection"];

/// The names of a head's fields, in their case and order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadLayout(Arc<str>);

impl HeadLayout {
    /// Reads names with commas between them, as [`HeadLayout::text`] writes them; nothing where they are no names.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_token);
        let count = text.split(", ").count();
        let fits = text.len() <= MAX_BYTES && count <= MAX_FIELDS;
        (fits && text.split(", ").all(is_name)).then(|| Self(text.into()))
    }

    /// The layout of a head as it was received, without the fields of its connection.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let mut text = String::new();
        for line in head.split(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            if OF_CONNECTION.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(name);
        }
        Self::read(&text)
    }

    /// The names, with a comma and a space between them.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(", ")
    }

    /// The first bytes of an answer up to the end of its head, with the names of its fields in this case and order.
    /// Fields that the layout does not have come last. The length stays. Nothing where the bytes do not begin with a
    /// whole head.
    pub(crate) fn arranged(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut start = 0;
        let end = loop {
            let head = &bytes[start..];
            if !head.starts_with(b"HTTP/1.") {
                return None;
            }
            let end = start + head.windows(END.len()).position(|part| part == END)? + END.len();
            // An interim answer comes before the head.
            let is_interim = head.get(9) == Some(&b'1') && head.get(9..12) != Some(b"101");
            if !is_interim {
                break end;
            }
            start = end;
        };
        let head = &bytes[start..end - 2];
        let mut lines = head.split_inclusive(|byte| *byte == b'\n');
        let mut out = Vec::with_capacity(end);
        out.extend_from_slice(&bytes[..start]);
        out.extend_from_slice(lines.next()?);
        let mut fields: Vec<&[u8]> = lines.collect();
        for name in self.names() {
            let is_named = |line: &&[u8]| {
                line.get(name.len()) == Some(&b':')
                    && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            };
            if let Some(at) = fields.iter().position(is_named) {
                let line = fields.remove(at);
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(&line[name.len()..]);
            }
        }
        for line in fields {
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
        (out.len() == end).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heads_are_written_as_they_were_received() {
        let received = b"HTTP/1.1 200 OK\r\nServer: a\r\nDate: b\r\nX-Dup: 1\r\nETAG: e\r\nX-Dup: 2\r\nConnection: close\r\n\r\n";
        let layout = HeadLayout::of(received).unwrap();
        assert_eq!(layout.text(), "Server, Date, X-Dup, ETAG, X-Dup");
        assert_eq!(HeadLayout::read(layout.text()), Some(layout.clone()));
        let written = "HTTP/1.1 200 OK\r\netag: e\r\nx-dup: 1\r\nx-dup: 2\r\nserver: a\r\nmark: m\r\ndate: b\r\n\r\n";
        let expected = "HTTP/1.1 200 OK\r\nServer: a\r\nDate: b\r\nX-Dup: 1\r\nETAG: e\r\nX-Dup: 2\r\nmark: m\r\n\r\n";
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        for before in ["", interim] {
            let arranged = layout.arranged(format!("{before}{written}body: x\r\n\r\n").as_bytes());
            assert_eq!(arranged.unwrap(), format!("{before}{expected}").into_bytes());
        }
        for other in ["", "body", "HTTP/1.1 200 OK\r\netag: e\r\n", "HTTP/1.1 100 Continue\r\n\r\n"]
        {
            assert_eq!(layout.arranged(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_names_is_refused() {
        let many = vec!["a"; MAX_FIELDS + 1].join(", ");
        for text in ["", "a,b", "a, , b", "a b", "a:", "\u{e4}", &many] {
            assert_eq!(HeadLayout::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_field_is_lost(
            layout in proptest::collection::vec("[A-Ca-c]{1,2}", 1..6),
            fields in proptest::collection::vec("[a-c]{1,2}", 0..8),
        ) {
            let layout = HeadLayout::read(&layout.join(", ")).unwrap();
            let mut head = "HTTP/1.1 204 No Content\r\n".to_owned();
            for (at, name) in fields.iter().enumerate() {
                head.push_str(&format!("{name}: {at}\r\n"));
            }
            head.push_str("\r\n");
            let arranged = String::from_utf8(layout.arranged(head.as_bytes()).unwrap()).unwrap();
            let sorted = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(str::to_ascii_lowercase).collect();
                lines.sort();
                lines
            };
            prop_assert_eq!(sorted(&arranged), sorted(&head));
        }
    }
}
