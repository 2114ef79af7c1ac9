//! The parts of a multipart body (RFC 2046, section 5.1; RFC 7578), as `WireMock` finds them.

use std::ops::Range;

/// How many parts are read, and how large the header of one may be.
const MAX_PARTS: usize = 1_000;
const MAX_HEADER: usize = 10 << 10;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The fields of its header, in the order sent.
    pub(crate) headers: Vec<(String, String)>,
    /// The name of the field that a form's part is.
    pub(crate) name: Option<String>,
    /// The name of the file that a form's part is.
    pub(crate) file_name: Option<String>,
    /// The range of its content in the body.
    pub(crate) content: Range<usize>,
}

impl Part {
    /// Returns the values of a field.
    pub(crate) fn header<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let fields = self.headers.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| &**value)
    }
}

/// Returns the parts of a body, or `None` if the content type is not multipart. Of
/// `multipart/related` every part counts, of other types those with a name in their
/// `Content-Disposition: form-data`. A body that ends too early has no parts at all.
pub(crate) fn parts(content_type: Option<&str>, body: &[u8]) -> Option<Vec<Part>> {
    let content_type = content_type?.trim_start();
    let kind = content_type.to_ascii_lowercase();
    if !kind.starts_with("multipart/") {
        return None;
    }
    let is_related = kind.starts_with("multipart/related");
    let found = parameter(content_type, "boundary").and_then(|boundary| read(body, &boundary));
    let mut parts = found.unwrap_or_default();
    if !is_related {
        for part in &mut parts {
            part.name = field_name(part);
            part.file_name = file_name(part);
        }
        parts.retain(|part| part.name.is_some());
    }
    Some(parts)
}

/// Returns the parts between the lines of a boundary.
fn read(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let line = format!("--{boundary}");
    let delimiter = format!("\r\n{line}");
    // The first boundary may begin the body, the others follow a line end.
    let mut at = if body.starts_with(line.as_bytes()) {
        line.len()
    } else {
        find(body, 0, delimiter.as_bytes())? + delimiter.len()
    };
    let mut parts = Vec::new();
    loop {
        match body.get(at..at + 2)? {
            b"--" => return Some(parts),
            b"\r\n" => at += 2,
            _ => return None,
        }
        if parts.len() == MAX_PARTS {
            return None;
        }
        let end = match body.get(at..at + 2)? {
            b"\r\n" => at,
            _ => find(&body[..body.len().min(at + MAX_HEADER)], at, b"\r\n\r\n")? + 2,
        };
        let headers = fields(&String::from_utf8_lossy(&body[at..end]));
        let start = end + 2;
        // A part without content: its boundary follows the header at once.
        let end = find(body, start - 2, delimiter.as_bytes())?;
        parts.push(Part { headers, name: None, file_name: None, content: start.min(end)..end });
        at = end + delimiter.len();
    }
}

/// Returns the position of some bytes, from an offset on.
fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let found = bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted)?;
    Some(from + found)
}

/// Returns the fields of a header; a line that begins with white space continues the one before.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(last) => last.extend([" ", line.trim_start_matches([' ', '\t'])]),
            None => lines.push(line.to_owned()),
        }
    }
    let pairs = lines.iter().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// Returns the name of the form field of a part.
pub(crate) fn field_name(part: &Part) -> Option<String> {
    let disposition = part.header("content-disposition").next()?;
    let is_form = disposition.to_ascii_lowercase().starts_with("form-data");
    is_form.then(|| parameter(disposition, "name"))?
}

fn file_name(part: &Part) -> Option<String> {
    let name = parameter(part.header("content-disposition").next()?, "filename")?;
    Some(name.trim().to_owned())
}

/// Returns a parameter of a header field, without its quotes.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.rsplit([';', ',']).next().unwrap_or(name).trim();
        let after = after.trim_start();
        let (found, behind) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let end = after.find([';', ',']).unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(found);
        }
        rest = behind;
    }
}

/// Returns a text in quotes up to the closing one, and the rest.
fn unquoted(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (out, &text[at + 1..]),
            '\\' => out.extend(characters.next().map(|(_, escaped)| escaped)),
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a;\\\"b\"\r\n\
        Content-Type: text/plain;\r\n charset=utf-8\r\n\r\none\r\ntwo\r\n--b\r\n\r\nbare\r\n--b\r\n\
        Content-Disposition: attachment; name=c\r\n\r\n\r\n--b--\r\nepilogue";

    fn contents(kind: &str, body: &str) -> Option<Vec<String>> {
        let parts = parts(Some(kind), body.as_bytes())?;
        Some(parts.into_iter().map(|part| body[part.content].to_owned()).collect())
    }

    #[test]
    fn parts_with_a_name_count_and_of_related_all() {
        let named = contents("multipart/form-data; boundary=b", BODY).unwrap();
        assert_eq!(named, ["one\r\ntwo"]);
        let all = contents("Multipart/Related; a=b; boundary=\"b\"", BODY).unwrap();
        assert_eq!(all, ["one\r\ntwo", "bare", ""]);
        let parts = parts(Some("multipart/mixed;boundary=b"), BODY.as_bytes()).unwrap();
        assert_eq!(
            parts[0].header("content-TYPE").collect::<Vec<_>>(),
            ["text/plain; charset=utf-8"]
        );
        assert_eq!(field_name(&parts[0]).as_deref(), Some("a;\"b"));
    }

    #[test]
    fn broken_bodies_have_no_parts() {
        assert_eq!(contents("text/plain", BODY), None);
        for (kind, body) in [
            ("multipart/form-data", BODY),
            ("multipart/form-data; boundary=c", BODY),
            ("multipart/form-data; boundary=b", &BODY[..BODY.len() - 20]),
            ("multipart/form-data; boundary=b", ""),
        ] {
            assert_eq!(contents(kind, body), Some(Vec::new()), "{kind}");
        }
    }
}
