//! The layout of an HTTP/1.1 head: the case and the order of a backend's field names. They mean the
//! same in any case, and fields of different names in any order (RFC 9110, sections 5.1 and 5.3);
//! clients that display or hash a head see a difference.

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
    /// Reads names with commas between them, as [`HeadLayout::text`] writes them, or `None` if they
    /// are no names.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_token);
        let mut count = 0;
        let is_next = |name: &str| {
            // Names after the first have a space before them.
            let name = if count == 0 { Some(name) } else { name.strip_prefix(' ') };
            count += 1;
            count <= MAX_FIELDS && name.is_some_and(is_name)
        };
        let fits = text.len() <= MAX_BYTES && text.split(',').all(is_next);
        fits.then(|| Self(text.into()))
    }

    /// Returns the layout of a head as it was received, without the fields of its connection.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let mut text = String::with_capacity(head.len().min(MAX_BYTES));
        for name in names_of(head) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(std::str::from_utf8(name).ok()?);
        }
        Self::read(&text)
    }

    /// Returns whether this is the layout of a head as it was received.
    pub(crate) fn is_of(&self, head: &[u8]) -> bool {
        let mut rest = self.0.as_bytes();
        let mut comma: &[u8] = b"";
        for name in names_of(head) {
            let behind = rest.strip_prefix(comma).and_then(|rest| rest.strip_prefix(name));
            let Some(behind) = behind else { return false };
            (rest, comma) = (behind, b", ");
        }
        rest.is_empty()
    }

    /// Returns the names, with a comma and a space between them.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Returns the names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').map(|name| name.strip_prefix(' ').unwrap_or(name))
    }

    /// Rearranges the first bytes of an answer up to the end of its head: field names get this case
    /// and order. Fields that the layout does not have come last. The length stays. Returns `None`
    /// if the bytes do not begin with a complete head.
    pub(crate) fn arranged(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut start = 0;
        let end = loop {
            let head = &bytes[start..];
            if !head.starts_with(b"HTTP/1.") {
                return None;
            }
            let end = start + memchr::memmem::find(head, END)? + END.len();
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

/// Returns the names of the fields of a head as it was received, without those of its connection.
fn names_of(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = memchr::memchr(b'\n', head).map_or(head.len(), |end| end + 1);
    let names = std::iter::from_fn(move || {
        loop {
            let line = head.get(start..).filter(|line| !line.is_empty())?;
            let end = memchr::memchr(b'\n', line).map_or(line.len(), |end| end + 1);
            start += end;
            if let Some(colon) = memchr::memchr(b':', &line[..end]) {
                return Some(&line[..colon]);
            }
        }
    });
    let is_of_connection =
        |name: &[u8]| OF_CONNECTION.iter().any(|of| name.eq_ignore_ascii_case(of.as_bytes()));
    names.filter(move |name| !is_of_connection(name))
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
        assert!(layout.is_of(received));
        for (name, other) in [
            ("ETAG", "Etag"),
            ("Server: a\r\n", ""),
            ("X-Dup: 2\r\n", "X-Dup: 2\r\nY: 3\r\n"),
            ("Server", "Serve"),
        ] {
            let head = String::from_utf8_lossy(received).replace(name, other);
            assert!(!layout.is_of(head.as_bytes()), "{head}");
        }
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
