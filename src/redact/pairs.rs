//! `name: value`, `name=value`, `"name": "value"`, `name => value`, `--name=value`, in texts of any kind.
//!
//! The marks between names and values are searched for, and the name before each one: most names are not those of
//! secrets, and nothing else is looked at then.

use std::ops::Range;

use memchr::memchr2_iter;

use super::code_values::is_of_code;
use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::random::{has_mixed, is_reference};

/// The longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 64;

/// How many quotes and spaces stand between a name and its value at most.
const MOST_MARKS: usize = 8;

/// The words of a sentence: a line with more of them is one.
const MOST_WORDS: usize = 6;

/// The name in front of a value: `name: "value"`, `name=value`, `<name>value`.
pub(super) fn name_before(text: &str, value: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = value;
    while at > 0 && value - at < MOST_MARKS && b"\"'\\ \t".contains(&bytes[at - 1]) {
        at -= 1;
    }
    match bytes.get(at.checked_sub(1)?)? {
        b':' | b'=' => before(text, at - 1).map(|named| named.name),
        b'>' => {
            let tag = &text[text[..at].rfind('<')? + 1..at - 1];
            let name = tag.split(char::is_whitespace).next()?;
            name.rsplit(':').next()
        }
        _ => None,
    }
}

/// The name before a mark, and where it stands.
struct Named<'t> {
    name: &'t str,
    start: usize,
}

impl Pass<'_> {
    /// The edits of names with their values.
    pub(super) fn pairs(&self, text: &str, edits: &mut Vec<Edit>) {
        let bytes = text.as_bytes();
        let mut behind = 0;
        for at in memchr2_iter(b':', b'=', bytes) {
            if at < behind {
                continue;
            }
            let end = at + mark(&bytes[at..]);
            behind = end;
            let Some(named) = before(text, at) else { continue };
            if !names::may_be_secret(named.name, Place::Field) {
                continue;
            }
            if let Some(range) = line(text, named.start, end) {
                let value = &text[range.clone()];
                if names::is_secret(named.name, Place::Field)
                    && !is_sentence(value)
                    && !is_reference(named.name, value.trim_end_matches([',', ';', ' ']))
                    && !is_of_code(named.name, value, "")
                {
                    edits.push(Edit { text: self.hide_value(value, named.name), range });
                }
            } else if names::is_secret(named.name, Place::Field)
                && let Some(start) = block(text, named.start, end)
            {
                self.lines_of_block(text, indent(text, named.start), start, edits);
            }
            if names::is_secret(named.name, Place::Field) {
                self.list(text, end, named.name, edits);
            }
            let Some(range) = value(text, end).filter(|range| !range.is_empty()) else { continue };
            // What is on the next line belongs to the name if it is quoted, or if nothing is before the name.
            if !matches!(bytes[range.start - 1], b'"' | b'\'')
                && text[end..range.start].contains('\n')
                && !is_at_line_start(text, named.start)
            {
                continue;
            }
            let value = &text[range.clone()];
            let scheme = ["bearer", "basic", "token", "digest"];
            if names::is_secret_value(named.name, Place::Field, value)
                && !scheme.iter().any(|scheme| value.eq_ignore_ascii_case(scheme))
                && !(bytes[range.start - 1] != b'"' && is_reference(named.name, value))
                && (matches!(bytes[range.start - 1], b'"' | b'\'')
                    || !is_of_code(named.name, value, &text[range.end..]))
            {
                edits.push(Edit { text: self.hide_value(value, named.name), range });
            }
        }
    }

    /// The quoted values of `name: ["value", "value"]` that are no plain words.
    fn list(&self, text: &str, mark: usize, name: &str, edits: &mut Vec<Edit>) {
        let mut at = mark + (text[mark..].len() - text[mark..].trim_start().len());
        if !text[at..].starts_with('[') {
            return;
        }
        loop {
            at += 1;
            at += text[at..].len() - text[at..].trim_start().len();
            let quote = text[at..].trim_start_matches('\\');
            if !quote.starts_with(['"', '\'']) {
                return;
            }
            let Some(range) = value(text, at) else { return };
            let found = &text[range.clone()];
            at = range.end;
            if has_mixed(found) {
                edits.push(Edit { text: self.hide_value(found, name), range });
            }
            at += text[at..].len()
                - text[at..].trim_start_matches(['\\', '"', '\'']).trim_start().len();
            if !text[at..].starts_with(',') {
                return;
            }
        }
    }

    /// The lines below `name: |`, as far as they are deeper.
    fn lines_of_block(&self, text: &str, indent: usize, start: usize, edits: &mut Vec<Edit>) {
        let deeper = |line: &&str| {
            line.trim().is_empty()
                || line.len() - line.trim_start_matches([' ', '\t']).len() > indent
        };
        let mut start = start;
        for line in text[start..].split_inclusive('\n').take_while(deeper) {
            let inner = line.trim();
            let at = start + (line.len() - line.trim_start().len());
            if !inner.is_empty() {
                edits.push(Edit { range: at..at + inner.len(), text: self.hide(inner) });
            }
            start += line.len();
        }
    }
}

/// The length of the mark that begins here.
fn mark(bytes: &[u8]) -> usize {
    const MARKS: [&[u8]; 5] = [b"===", b"==", b"=>", b":=", b"::"];
    MARKS.iter().find(|mark| bytes.starts_with(mark)).map_or(1, |mark| mark.len())
}

/// The name that ends at a mark, whatever spaces and quotes are between them.
fn before(text: &str, at: usize) -> Option<Named<'_>> {
    let bytes = text.as_bytes();
    let mut end = at;
    while end > 0 && bytes[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    // `config["name"] = value`
    if end > 1 && bytes[end - 1] == b']' && matches!(bytes[end - 2], b'"' | b'\'') {
        end -= 1;
    }
    if end > 0 && matches!(bytes[end - 1], b'"' | b'\'') {
        end -= 1;
        if end > 0 && bytes[end - 1] == b'\\' {
            end -= 1;
        }
    }
    // Letters of any language.
    let is_name = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') || !byte.is_ascii()
    };
    let mut start = end;
    while start > 0 && end - start < LONGEST_NAME && is_name(bytes[start - 1]) {
        start -= 1;
    }
    let begins = |at: usize| bytes[at].is_ascii_alphabetic() || !bytes[at].is_ascii();
    while start < end && !(begins(start) && text.is_char_boundary(start)) {
        start += 1;
    }
    if let Some(dashes) = text[start..end].rfind("--") {
        start += dashes + 2;
    }
    while start < end && !begins(start) {
        start += 1;
    }
    // `acme key: value`: the word before says what the key is of.
    if text[start..end].eq_ignore_ascii_case("key") && text[..start].ends_with(' ') {
        let word = bytes[..start - 1].iter().rev().take(LONGEST_NAME);
        start -= 1 + word.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    }
    (start < end).then(|| Named { name: text[start..end].trim_start(), start })
}

/// What is before a name in its line, without the words that declare it.
fn is_at_line_start(text: &str, start: usize) -> bool {
    let before = &text[text[..start].rfind('\n').map_or(0, |at| at + 1)..start];
    let mut before = before.trim_start_matches([' ', '\t']);
    for word in ["- ", "export ", "set "] {
        before = before.strip_prefix(word).unwrap_or(before).trim_start_matches([' ', '\t']);
    }
    matches!(before.trim_end_matches(['_', '.']), "" | "\"" | "'")
}

fn indent(text: &str, start: usize) -> usize {
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    text[line..].len() - text[line..].trim_start_matches([' ', '\t']).len()
}

/// The value that goes on to the end of its line, behind a name at its start.
fn line(text: &str, name: usize, mark: usize) -> Option<Range<usize>> {
    let rest = &text[mark..];
    if !rest.starts_with([' ', '\t']) || !is_at_line_start(text, name) {
        return None;
    }
    let rest = &rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())];
    let mut inner = rest.trim_start_matches([' ', '\t']);
    // The tag or the anchor of YAML.
    if inner.starts_with(['&', '!'])
        && let Some((_, value)) = inner.split_once([' ', '\t'])
    {
        inner = value.trim_start_matches([' ', '\t']);
    }
    if inner.is_empty() || inner.starts_with(['|', '>', '&', '*', '"', '\'', '{', '[']) {
        return None;
    }
    let end = mark + rest.len();
    Some(end - inner.len()..end)
}

fn is_sentence(value: &str) -> bool {
    value.split_whitespace().count() > MOST_WORDS
        || value.contains("://")
        || value.starts_with("<<")
}

/// Where the lines of a block of YAML begin, behind `name: |`.
fn block(text: &str, name: usize, mark: usize) -> Option<usize> {
    let rest = &text[mark..];
    let end = rest.find('\n')?;
    let style = rest[..end].trim();
    let is_block = style.starts_with(['|', '>'])
        && style[1..].bytes().all(|byte| byte.is_ascii_digit() || b"-+".contains(&byte));
    (is_block && is_at_line_start(text, name)).then_some(mark + end + 1)
}

/// The value behind a mark: between quotes, or up to what ends one.
fn value(text: &str, mark: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = mark;
    while bytes.get(start).is_some_and(u8::is_ascii_whitespace) {
        start += 1;
    }
    let rest = &bytes[start..];
    for quotes in [&br#"\"\"\""#[..], &br#"""""#[..]] {
        if rest.starts_with(quotes) {
            let from = start + quotes.len();
            let length = bytes[from..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            return Some(from..from + length);
        }
    }
    match rest {
        [b'"', ..] => Some(start + 1..start + 1 + quoted(&rest[1..])?),
        [b'\\', b'"', ..] => Some(start + 2..start + 2 + quoted(&rest[2..])?),
        [b'\'', ..] => {
            let length = rest[1..].iter().position(|byte| *byte == b'\'')?;
            Some(start + 1..start + 1 + length)
        }
        _ => {
            let ends =
                |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>,;&(){}[]|\\".contains(byte);
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            Some(start..start + length)
        }
    }
}

/// The length of what is before a quote that is not escaped, or before one that is as the first was.
fn quoted(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' if bytes.get(at + 1) == Some(&b'"') => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_front_of_its_value() {
        for (text, name) in [
            ("etag: \"V", Some("etag")),
            ("{\"id\":\"V", Some("id")),
            ("?cursor=V", Some("cursor")),
            ("<a:VersionId x='1'>V", Some("VersionId")),
            ("see V", None),
            ("V", None),
        ] {
            assert_eq!(name_before(text, text.len() - 1), name, "{text}");
        }
    }
}
