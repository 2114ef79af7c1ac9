//! Secrets in text of any kind: by their shape, by the name before them, in URLs, elements and lines.

use std::ops::Range;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};

use super::edit::{Edit, MARK};
use super::names::{self, Place};
use super::pass::Pass;

fn regex(pattern: &str) -> Regex {
    // They are part of the program: `every_pattern_compiles` tries each.
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{pattern}: {error}"))
}

macro_rules! patterns {
    ($($name:ident = $pattern:expr;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| regex($pattern));)*

        #[cfg(test)]
        const PATTERNS: &[&LazyLock<Regex>] = &[$(&$name),*];
    };
}

patterns! {
    // The lines between those of a PEM block of a private key (RFC 7468), also where `\n` is written.
    PRIVATE_KEY = r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END|\z)";
    // A JSON Web Token or encryption (RFC 7519, RFC 7516).
    JSON_WEB_TOKEN = r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}";
    // Tokens that say whose they are: cloud keys, forges, chats, shops, vaults.
    OF_VENDORS = r"(?x)\b(?:
        (?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,} | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{20,}
        | glpat-[A-Za-z0-9_-]{10,} | gl(?:dt|rt|ptt|ft|cbt|soat)-[A-Za-z0-9_-]{10,} | xox[abeprs]-[A-Za-z0-9-]{8,}
        | xapp-[A-Za-z0-9-]{8,} | AIza[0-9A-Za-z_-]{20,} | ya29\.[0-9A-Za-z_-]{10,} | 1//0[0-9A-Za-z_-]{20,}
        | (?:sk|rk|pk|whsec)_(?:live_|test_)?[0-9A-Za-z]{12,} | sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{16,} | npm_[A-Za-z0-9]{20,}
        | pypi-[A-Za-z0-9_-]{16,} | hv[sbr]\.[A-Za-z0-9_-]{10,} | sha256~[A-Za-z0-9_-]{20,}
        | dop_v1_[a-f0-9]{20,} | SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,} | sq0[a-z]{3}-[0-9A-Za-z_-]{20,}
        | dckr_pat_[A-Za-z0-9_-]{16,} | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16,} | AGE-SECRET-KEY-1[0-9A-Z]{20,}
        | lin_api_[A-Za-z0-9]{16,} | hf_[A-Za-z]{16,} | tskey-[a-z]+-[A-Za-z0-9-]{8,} | k8s-aws-v1\.[A-Za-z0-9_-]{10,}
        | eyJrIjoi[A-Za-z0-9_-]{10,} | glsa_[A-Za-z0-9_]{16,} | NRAK-[A-Z0-9]{16,} | EAAC[A-Za-z0-9]{20,}
    )";
    // `scheme://user:password@host` (RFC 3986, section 3.2.1), the user may be missing.
    USER_INFO = r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?\#@:"'<>]*)(?::([^\s/?\#@"'<>]+))?@"#;
    // `user:password@tcp(host)/..`, as some drivers have it.
    DRIVER = r#"(?:^|[\s"'=])[A-Za-z0-9_.-]+:([^\s/@"':]+)@(?:tcp|unix|udp)\("#;
    // Credentials behind their scheme (RFC 9110, section 11.6.2).
    SCHEME = r"(?i)\b(bearer|basic|apikey|splunk|sso-key|genie-key|token)\s+([A-Za-z0-9._~+/-]{6,}=*)";
    // Parameters of a URL's query or fragment, and of forms.
    PARAMETER = r#"(?:^|[?&\#;])([A-Za-z0-9_.~%\-\[\]+]+)=([^&\#;\s"'<>\\]*)"#;
    // `name: value`, `name=value`, `"name": "value"`, `name => value`, `--name=value`.
    PAIR = r#"(?x)(?:^|[^A-Za-z0-9_.\-]|--)([A-Za-z][A-Za-z0-9_.\-]{0,60}) (?:\\?["'])?\s*(?::=|=>|:|=)\s*
        (?: \\?"((?:[^"\\]|\\[^"])*)\\?" | '([^']*)' | ([^\s"'<>,;&(){}\[\]|\\]+) )"#;
    // `name: a value that goes on to the end of the line`.
    LINE = r#"(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+|set[ \t]+)?["']?([A-Za-z][A-Za-z0-9_.\-]{0,60})["']?[ \t]*[:=][ \t]+([^\s|>&*"'{\[][^\r\n]*)"#;
    // `name: |` and its block of lines, in YAML.
    BLOCK = r"(?m)^([ \t]*)(?:-[ \t]+)?([A-Za-z][A-Za-z0-9_.\-]{0,60}):[ \t]*[|>][-+0-9]*[ \t]*\r?\n";
    // `--name value`, and `password value` as .netrc has it.
    ARGUMENT = r#"(?:^|[\s"'])--([a-z][a-z0-9_-]{1,40})[ \t]+["']?([^\s"'-][^\s"']*)"#;
    NETRC = r"(?i)\blogin\s+\S+\s+password\s+(\S+)";
    // `identified by 'value'`, `password 'value'` in SQL.
    SQL = r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by(?:\s+password)?|password)\s+'([^']+)'";
    // `<key>name</key><string>value</string>` of a property list.
    PROPERTY = r"<key>([^<]+)</key>\s*<(?:string|data)>([^<]+)<";
    // `<name>value</name>`, also as CDATA.
    ELEMENT = r"<([A-Za-z_][\w:.\-]*)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<>]+?))\s*</";
    TAG = r"(?s)<[A-Za-z!?][^<>]*>";
    ATTRIBUTE = r#"([A-Za-z_:][\w:.\-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#;
    // A part of multipart/form-data with its name (RFC 7578).
    PART = r#"(?si)\bname="?([^";\r\n]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?:\r?\n--|\z)"#;
    // Words that lead to other things as well, before what looks like a token.
    LINK = r#"/(?:reset|verify|activate|activation|confirm|confirmation|share|join|accept|token|tokens)/([^\s/?\#"'<>]{12,})"#;
    SLACK = r"/services/(T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+)";
    // A path that is a secret itself: of a web hook, an invitation, a link to reset a password.
    HOOK = r#"/(?:hooks?|webhookb2|webhooks?|incoming-webhook|invites?|invitations?|reset-password|password-reset|magic-link|verify-email|unsubscribe)/([^\s?\#"'<>]+)"#;
    BOT = r"/bot([0-9]{6,}:[A-Za-z0-9_-]{20,})";
}

impl Pass<'_> {
    /// The edits of a text that is not looked at as JSON.
    pub(super) fn plain(&self, text: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        self.shapes(text, &mut edits);
        self.urls(text, &mut edits);
        if text.contains('<') {
            self.elements(text, &mut edits);
        }
        self.pairs(text, &mut edits);
        self.words(text, &mut edits);
        if text.contains("name=") && text.contains("--") {
            for found in PART.captures_iter(text) {
                if names::is_secret(&found[1], Place::Query) {
                    self.edit(&found, 2, &found[1], &mut edits);
                }
            }
        }
        edits
    }

    fn shapes(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in PRIVATE_KEY.captures_iter(text) {
            if let Some(body) = found.get(1) {
                edits.push(Edit { range: body.range(), text: self.hide_key(body.as_str()) });
            }
        }
        for pattern in [&JSON_WEB_TOKEN, &OF_VENDORS] {
            for found in pattern.find_iter(text) {
                edits.push(Edit { range: found.range(), text: self.hide(found.as_str()) });
            }
        }
        for found in SCHEME.captures_iter(text) {
            let (scheme, rest) = (&found[1], found.get(2));
            // Words that follow in a sentence, and the kind of a token.
            let is_credential = |text: &str| {
                text.bytes().any(|byte| byte.is_ascii_digit() || b"._~+/=".contains(&byte))
                    || text.len() >= 20
            };
            if let Some(rest) = rest.filter(|rest| is_credential(rest.as_str())) {
                let new = if scheme.eq_ignore_ascii_case("basic") {
                    self.hide_basic(rest.as_str())
                } else {
                    self.hide(rest.as_str())
                };
                edits.push(Edit { range: rest.range(), text: new });
            }
        }
    }

    fn urls(&self, text: &str, edits: &mut Vec<Edit>) {
        if text.contains('@') {
            for found in USER_INFO.captures_iter(text) {
                // A user alone is a token: `https://TOKEN@host`.
                let group = if found.get(2).is_some() { 2 } else { 1 };
                let user = found.get(1).map_or(0, |user| user.len());
                if group == 2 || user >= 16 {
                    self.encoded(&found, group, edits);
                }
            }
            for found in DRIVER.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        if text.contains('=') {
            let mut at = 0;
            // Each parameter ends where the next one begins: the mark between them belongs to both.
            while let Some(found) = PARAMETER.captures_at(text, at) {
                let (name, value) = (&found[1], found.get(2));
                at = value.as_ref().map_or(text.len(), regex::Match::end).max(at + 1);
                let long_key = name == "key" && value.is_some_and(|value| value.len() >= 20);
                if names::is_secret(name, Place::Query) || long_key {
                    self.encoded(&found, 2, edits);
                } else if let Some(value) = value.filter(|value| value.as_str().contains('%')) {
                    // What is encoded may be JSON, or another URL.
                    let decoded = percent_decode_str(value.as_str()).decode_utf8_lossy();
                    if let Some(new) = self.nested(&decoded) {
                        edits.push(Edit { range: value.range(), text: encode(&new) });
                    }
                }
                if at >= text.len() {
                    break;
                }
            }
        }
        for pattern in [&HOOK, &BOT, &SLACK] {
            for found in pattern.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        for found in LINK.captures_iter(text) {
            let of_token = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
            if found[1].bytes().any(of_token) {
                self.edit(&found, 1, "", edits);
            }
        }
    }

    fn elements(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in ELEMENT.captures_iter(text) {
            let name = found[1].rsplit(':').next().unwrap_or_default();
            if names::is_secret(name, Place::Field) {
                self.edit(&found, if found.get(2).is_some() { 2 } else { 3 }, name, edits);
            }
        }
        for found in PROPERTY.captures_iter(text) {
            if names::is_secret(&found[1], Place::Field) {
                self.edit(&found, 2, &found[1], edits);
            }
        }
        for tag in TAG.find_iter(text) {
            let mut named = false;
            let mut values: Vec<Range<usize>> = Vec::new();
            for found in ATTRIBUTE.captures_iter(tag.as_str()) {
                let Some(value) = (2..=4).find_map(|group| found.get(group)) else { continue };
                let range = tag.start() + value.start()..tag.start() + value.end();
                match found[1].to_ascii_lowercase().as_str() {
                    "name" | "key" | "id" | "itemprop" => {
                        named |= names::is_secret(value.as_str(), Place::Field);
                    }
                    "type" => named |= value.as_str().eq_ignore_ascii_case("password"),
                    "value" | "content" => values.push(range),
                    name if names::is_secret(name, Place::Field) => {
                        let text = self.hide_value(value.as_str(), name);
                        edits.push(Edit { range, text });
                    }
                    _ => {}
                }
            }
            if named {
                for range in values {
                    edits.push(Edit { text: self.hide(&text[range.clone()]), range });
                }
                // `<entry key="password">value</entry>`
                let after = &text[tag.end()..];
                if let Some(end) = after.find('<').filter(|end| !after[..*end].trim().is_empty())
                    && after[end..].starts_with("</")
                {
                    let range = tag.end()..tag.end() + end;
                    edits.push(Edit { text: self.hide(&text[range.clone()]), range });
                }
            }
        }
    }

    /// What is named without a mark between the name and the value.
    fn words(&self, text: &str, edits: &mut Vec<Edit>) {
        if text.contains("--") {
            for found in ARGUMENT.captures_iter(text) {
                if names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
        if text.contains("assword") || text.contains("PASSWORD") || text.contains('\'') {
            for pattern in [&NETRC, &SQL] {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        self.columns(text, edits);
    }

    /// A table whose first line names its columns.
    fn columns(&self, text: &str, edits: &mut Vec<Edit>) {
        let Some((first, rest)) = text.split_once('\n') else { return };
        let is_name = |name: &str| {
            let name = name.trim().trim_matches('"');
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
        };
        let Some(mark) = [',', ';', '\t'].into_iter().find(|mark| first.contains(*mark)) else {
            return;
        };
        let names: Vec<&str> = first.split(mark).collect();
        if !names.iter().all(|name| is_name(name)) {
            return;
        }
        let secret = |name: &&str| names::is_secret(name.trim().trim_matches('"'), Place::Field);
        let secret: Vec<bool> = names.iter().map(secret).collect();
        if !secret.contains(&true) {
            return;
        }
        let mut start = first.len() + 1;
        for line in rest.split_inclusive('\n') {
            let mut at = start;
            for (field, secret) in line.trim_end().split(mark).zip(&secret) {
                let value = field.trim().trim_matches('"');
                if let (true, Some(offset)) = (*secret && !value.is_empty(), field.find(value)) {
                    let range = at + offset..at + offset + value.len();
                    edits.push(Edit { range, text: self.hide(value) });
                }
                at += field.len() + mark.len_utf8();
            }
            start += line.len();
        }
    }

    fn pairs(&self, text: &str, edits: &mut Vec<Edit>) {
        if !text.contains([':', '=']) {
            return;
        }
        let mut at = 0;
        while let Some(found) = PAIR.captures_at(text, at) {
            let value = (2..=4).find_map(|group| Some((group, found.get(group)?)));
            let Some((group, value)) = value else { break };
            // Behind the name only: the value may be the next one's name.
            at = found.get(1).map_or(text.len(), |name| name.end());
            let name = &found[1];
            let scheme = ["bearer", "basic", "token", "digest"]
                .iter()
                .any(|scheme| value.as_str().eq_ignore_ascii_case(scheme));
            if names::is_secret(name, Place::Field) && !scheme {
                self.edit(&found, group, name, edits);
            }
        }
        for found in LINE.captures_iter(text) {
            let words = found[2].split_whitespace().count();
            let sentence = words > 6;
            if names::is_secret(&found[1], Place::Field) && !sentence && !found[2].contains("://") {
                self.edit(&found, 2, &found[1], edits);
            }
        }
        for found in BLOCK.captures_iter(text) {
            let (indent, end) = (found[1].len(), found.get(0).map_or(0, |all| all.end()));
            if !names::is_secret(&found[2], Place::Field) {
                continue;
            }
            let deeper = |line: &&str| {
                line.trim().is_empty()
                    || line.len() - line.trim_start_matches([' ', '\t']).len() > indent
            };
            let mut start = end;
            for line in text[end..].split_inclusive('\n').take_while(deeper) {
                let inner = line.trim();
                let at = start + (line.len() - line.trim_start().len());
                if !inner.is_empty() {
                    edits.push(Edit { range: at..at + inner.len(), text: self.hide(inner) });
                }
                start += line.len();
            }
        }
    }

    fn edit(&self, found: &Captures<'_>, group: usize, name: &str, edits: &mut Vec<Edit>) {
        if let Some(value) = found.get(group).filter(|value| !value.is_empty()) {
            edits.push(Edit { range: value.range(), text: self.hide_value(value.as_str(), name) });
        }
    }

    /// A value that is percent-encoded stays so.
    fn encoded(&self, found: &Captures<'_>, group: usize, edits: &mut Vec<Edit>) {
        let Some(value) = found.get(group).filter(|value| !value.is_empty()) else { return };
        let text = if value.as_str().contains('%') {
            let decoded = percent_decode_str(value.as_str()).decode_utf8_lossy();
            encode(&self.hide(&decoded))
        } else {
            self.hide(value.as_str())
        };
        edits.push(Edit { range: value.range(), text });
    }
}

fn encode(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    // The mark of a pattern is none of the value's own characters.
    text.split(MARK)
        .map(|part| utf8_percent_encode(part, KEPT).to_string())
        .collect::<Vec<_>>()
        .join(&MARK.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for pattern in PATTERNS {
            assert!(!pattern.as_str().is_empty());
            assert!(!pattern.is_match("a word"), "{}", pattern.as_str());
        }
    }
}
