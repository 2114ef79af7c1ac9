//! Secrets in elements and attributes of XML and HTML.

use std::ops::Range;

use memchr::memchr_iter;

use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::has_mixed;

/// The begin of character data (XML 1.0, section 2.7).
const CDATA: &str = "<![CDATA[";

patterns! {
    // `<key>name</key><string>value</string>` of a property list.
    PROPERTY = r"<[kK]ey>([^<]+)</[kK]ey>\s*<(?:string|data|Value)(?:\s[^<>]*)?>([^<]+)<";
    // `<dt>name</dt><dd>value</dd>`, and two cells of a row.
    ROW = r"(?i)<(?:dt|th|td)(?:\s[^<>]*)?>\s*([^<]{1,40}?)\s*:?\s*</(?:dt|th|td)>\s*<(?:dd|td)(?:\s[^<>]*)?>\s*(?:<(?:code|b|strong|span|pre|tt)(?:\s[^<>]*)?>\s*)?([^<\s][^<]*?)\s*<";
    // `<name>name</name><value>value</value>`.
    MEMBER = r"<name>([^<]+)</name>\s*<value>\s*(?:<string>)?([^<]+)<";
    // The value below a tag that names it.
    BELOW = r"^\s*<value>\s*([^<]+?)\s*</value>";
}

impl Pass<'_> {
    /// The edits of elements and attributes.
    pub(super) fn elements(&self, text: &str, edits: &mut Vec<Edit>) {
        for (pattern, marks) in [(&PROPERTY, ["<key>", "<Key>"]), (&MEMBER, ["<name>"; 2])] {
            if marks.iter().any(|mark| text.contains(mark)) {
                for found in pattern.captures_iter(text) {
                    if names::is_secret(&found[1], Place::Field) {
                        self.edit(&found, 2, &found[1], edits);
                    }
                }
            }
        }
        if ["</dt>", "</th>", "</td>"].iter().any(|mark| text.contains(mark)) {
            for found in ROW.captures_iter(text) {
                let value = &found[2];
                let is_number = value.len() >= 6 && value.bytes().all(|byte| byte.is_ascii_digit());
                if names::is_secret(&found[1], Place::Field) && (is_number || has_mixed(value)) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
        for at in memchr_iter(b'<', text.as_bytes()) {
            let rest = &text[at + 1..];
            if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?' | '_'))
            {
                continue;
            }
            let Some(end) = rest.find(['<', '>']).filter(|end| rest[*end..].starts_with('>'))
            else {
                continue;
            };
            let name = rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
            let name = name.unwrap_or_default();
            let behind = at + 1 + end + 1;
            if rest[..end].contains('=') {
                self.attributes(text, at + 1 + name.len()..at + 1 + end, edits);
            }
            self.content(text, name, behind, edits);
        }
    }

    /// The content of an element whose name says that it is secret.
    fn content(&self, text: &str, name: &str, start: usize, edits: &mut Vec<Edit>) {
        let local = name.rsplit(':').next().unwrap_or_default();
        if local.is_empty() || !names::may_be_secret(local, Place::Field) {
            return;
        }
        let rest = &text[start..];
        let lead = rest.len() - rest.trim_start().len();
        let (from, length) = match rest[lead..].strip_prefix(CDATA) {
            Some(inner) => (start + lead + CDATA.len(), inner.find("]]>")),
            None => (
                start + lead,
                rest[lead..].find('<').filter(|end| rest[lead + end..].starts_with("</")),
            ),
        };
        let Some(length) = length else { return };
        let value = text[from..from + length].trim_end();
        if !value.is_empty() && names::is_secret_value(local, Place::Field, value) {
            let range = from..from + value.len();
            edits.push(Edit { text: self.hide_value(value, local), range });
        }
    }

    /// The attributes of a tag: those with names of secrets, and the value of one that another names.
    fn attributes(&self, text: &str, tag: Range<usize>, edits: &mut Vec<Edit>) {
        let behind = tag.end + 1;
        let mut named = false;
        let mut values: Vec<Range<usize>> = Vec::new();
        for (name, range) in attributes(text, tag) {
            let value = &text[range.clone()];
            match name.to_ascii_lowercase().as_str() {
                "name" | "n" | "key" | "id" | "itemprop" => {
                    named |= names::is_secret(value, Place::Field);
                }
                "type" => named |= value.eq_ignore_ascii_case("password"),
                "value" | "content" => values.push(range),
                _ if names::is_secret_value(name, Place::Field, value) => {
                    edits.push(Edit { text: self.hide_value(value, name), range });
                }
                _ => {}
            }
        }
        if !named {
            return;
        }
        for range in values {
            edits.push(Edit { text: self.hide(&text[range.clone()]), range });
        }
        // `<entry key="password">value</entry>`
        let after = &text[behind..];
        if let Some(value) = BELOW.captures(after).and_then(|found| found.get(1)) {
            let range = behind + value.start()..behind + value.end();
            edits.push(Edit { range, text: self.hide(value.as_str()) });
        }
        let lead = after.len() - after.trim_start().len();
        if let Some(inner) = after[lead..].strip_prefix(CDATA) {
            let range = behind + lead + CDATA.len()
                ..behind + lead + CDATA.len() + inner.find("]]>").unwrap_or(0);
            edits.push(Edit { text: self.hide(&text[range.clone()]), range });
        } else if let Some(end) = after.find('<').filter(|end| !after[..*end].trim().is_empty())
            && after[end..].starts_with("</")
        {
            let range = behind..behind + end;
            edits.push(Edit { text: self.hide(&text[range.clone()]), range });
        }
    }
}

/// The attributes in a part of a text: their names, and where their values stand.
fn attributes(text: &str, tag: Range<usize>) -> Vec<(&str, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for at in memchr_iter(b'=', &bytes[tag.clone()]).map(|at| tag.start + at) {
        if found.last().is_some_and(|(_, value): &(&str, Range<usize>)| at < value.end) {
            continue;
        }
        let name = text[tag.start..at].trim_end();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
        let name = &name[name.trim_end_matches(is_name).len()..];
        let mut start = at + 1;
        while start < tag.end && bytes[start].is_ascii_whitespace() {
            start += 1;
        }
        let length = match bytes.get(start..tag.end) {
            Some([quote @ (b'"' | b'\''), rest @ ..]) => {
                start += 1;
                rest.iter().position(|byte| byte == quote)
            }
            Some(rest) => Some(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())),
            None => None,
        };
        let Some(length) = length else { continue };
        if !name.is_empty() && length > 0 {
            found.push((name, start..start + length));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};

    #[test]
    fn marks_shortcuts_and_code_are_no_secrets() {
        let redactor = Redactor::new(Key::of(b"k"));
        for text in [
            r#"<a accesskey="p" href="x.html">back</a>"#,
            r#"{"password":"********"}"#,
            "use --otp=... for it",
            "case 'signature':\n    return new Builder();",
            "const token = options.identityToken;",
            "GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}",
            "id-token: write",
        ] {
            assert_eq!(redactor.pass("/x").changed(text), None, "{text}");
        }
        for text in [
            "<String><Key>Password</Key><Value ProtectInMemory=\"True\">hunter1</Value></String>",
            "<dl><dt>Password</dt><dd>hunter1</dd></dl>",
            "<tr><th>API key:</th>\n<td><code>hunter1</code></td></tr>",
            "<field name=\"password\"><![CDATA[hunter1]]></field>",
        ] {
            let new = redactor.pass("/x").changed(text).unwrap_or_default();
            assert!(!new.is_empty() && !new.contains("hunter1"), "{text}: {new}");
        }
        let yaml = redactor.pass("/x").changed("password:\n  hunter\n").unwrap();
        assert!(!yaml.contains("hunter"), "{yaml}");
    }
}
