//! What a client draws anew in an XML body: ids of messages and of elements, nonces, the time, and what is signed
//! over them (WS-Addressing, WS-Security, XML Signature).

use crate::redact::MARK;

use super::drawn;

/// Names, in lower case without prefix, whose random values are ids within one document, or signatures.
const OF_DOCUMENT: [&str; 7] =
    ["id", "uri", "assertionid", "inresponseto", "signaturevalue", "digestvalue", "relatesto"];

/// A text with marks in place of drawn values, where it is XML.
pub(super) fn marked(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find('>') else { break };
        let (tag, after) = rest.split_at(end + 1);
        attributes(tag, &mut out);
        rest = after;
        let content = &rest[..rest.find('<').unwrap_or(rest.len())];
        let name = tag[1..].split(|c: char| c.is_whitespace() || "/>".contains(c)).next();
        if is_drawn(name.unwrap_or_default(), content.trim()) {
            out.push(MARK);
            rest = &rest[content.len()..];
        }
    }
    out.push_str(rest);
    out
}

/// Appends a tag, with marks for drawn values of its attributes.
fn attributes(tag: &str, out: &mut String) {
    let mut rest = tag;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = &rest[at..=at];
        let Some(length) = rest[at + 1..].find(quote) else { break };
        let (before, value) = (&rest[..=at], &rest[at + 1..at + 1 + length]);
        let name = before[..at].trim_end().trim_end_matches('=').trim_end();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
        out.push_str(before);
        if is_drawn(name, value) {
            out.push(MARK);
        } else {
            out.push_str(value);
        }
        out.push_str(quote);
        rest = &rest[at + length + 2..];
    }
    out.push_str(rest);
}

fn is_drawn(name: &str, value: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or_default();
    let value = ["urn:uuid:", "uuid:", "#", "_"]
        .iter()
        .fold(value, |value, prefix| value.strip_prefix(prefix).unwrap_or(value));
    let of_document = OF_DOCUMENT.contains(&local.to_ascii_lowercase().as_str());
    drawn::is_drawn(local, value) || of_document && drawn::is_random(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_values_are_marked_and_others_stay() {
        let now = jiff::Timestamp::now();
        let id = "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9";
        for (text, expected) in [
            (
                format!("<s:E><a:MessageID>urn:uuid:{id}</a:MessageID><To>x</To></s:E>"),
                "<s:E><a:MessageID>?</a:MessageID><To>x</To></s:E>",
            ),
            (
                format!("<?xml version=\"1.0\"?>\n<T wsu:Id='_{id}' n=\"1\"><C>{now}</C></T>"),
                "<?xml version=\"1.0\"?>\n<T wsu:Id='?' n=\"1\"><C>?</C></T>",
            ),
            (
                format!("<id>{id}</id><order>{id}</order>"),
                &format!("<id>?</id><order>{id}</order>"),
            ),
            ("<a b=\"unclosed><c>1".to_owned(), "<a b=\"unclosed><c>1"),
            (format!("no XML <id>{id}</id>"), &format!("no XML <id>{id}</id>")),
        ] {
            assert_eq!(marked(&text).replace(MARK, "?"), expected);
        }
    }
}
