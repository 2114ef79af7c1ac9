//! Secrets in text of any kind: by their shape, by the name before them, in URLs, elements and lines.

use percent_encoding::percent_decode_str;
use regex::Captures;

use super::code_values::is_file;
use super::edit::Edit;
use super::encodings::percent;
use super::marks;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::{has_mixed, looks_random};

patterns! {
    // The lines between those of a PEM block of a private key (RFC 7468), also where `\n` is written.
    PRIVATE_KEY = r"(?s)---- ?-?BEGIN (?:[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1) ?-----?(.*?)(?:----|\z)";
    // `scheme://user:password@host` (RFC 3986, section 3.2.1), the user may be missing.
    USER_INFO = r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?\#@:"'<>]*)(?::([^\s/?\#@"'<>]+))?@"#;
    // `user:password@tcp(host)/..`, as some drivers have it.
    DRIVER = r#"(?:^|[\s"'=])[A-Za-z0-9_.-]+:([^\s/@"':]+)@(?:tcp|unix|udp)\("#;
    // Credentials behind their scheme (RFC 9110, section 11.6.2).
    SCHEME = r"(?i)\b(bearer|basic|apikey|splunk|sso-key|genie-key|token|negotiate|ntlm|ssws|dpop|sharedkey(?:lite)?)\s+([A-Za-z0-9._~+/-]{6,}=*)";
    // Parameters of a URL's query or fragment, and of forms.
    PARAMETER = r#"(?:^|[?&\#;])([A-Za-z0-9_.~%\-\[\]+]+)=([^&\#;\s"'<>\\]*)"#;
    // An element whose marks are references, and attributes of one.
    REFERENCES = r"&lt;(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?:\s[^&<>]*)?(?:&gt;|>)([^&<>]+)&lt;/";
    REFERENCED = r#"\b(?:name|key|id)=(?:["']|&quot;)([^"'&\n]+)(?:["']|&quot;)\s+(?:value|content)=(?:["']|&quot;)([^"'&\n]+)"#;
    // `user/password@host` of Oracle's drivers.
    ORACLE = r"jdbc:oracle:\w+:[^/\s@]+/([^@\s]+)@";
    // A text that is percent-encoded as a whole, with the mark of a name or of a scheme.
    ENCODED = r"(?i)[a-z0-9%._~+*!'()-]*%(?:25)*(?:3d|3a|22|7b)[a-z0-9%._~+*!'()-]*";
    // A part of multipart/form-data with its name (RFC 7578).
    PART = r#"(?si)\bname="?([^";\r\n]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?:\r?\n--|\z)"#;
    // Words that lead to other things as well, before what looks like a token.
    LINK = r#"/(?:reset|verify|activate|activation|confirm|confirmation|share|join|accept|token|tokens|signed|api-?key|api_key|access[_-]token|auth[_-]token|password|passwd|secret-?key|otp)/([^\s/?\#"'<>]{12,})"#;
    SLACK = r"/(?:services|workflows|triggers)/(T[A-Za-z0-9_]+/[AB]?[A-Za-z0-9_]+(?:/[A-Za-z0-9_]+){1,2})";
    // A path that is a secret itself: of a web hook, an invitation, a link to reset a password.
    HOOK = r#"/(?:hooks?|webhookb2|webhooks?|incoming-?webhooks?|IncomingWebhook|callbacks?|catch)/([^\s?\#"'<>]+)"#;
    ONCE = r#"/(?:invites?|invitations?|reset-?password|password-?reset|magic-?links?|verify-?email|confirm-?email|unsubscribe|one-time|onetime|share-?links?|forgot-?password)/([^\s?\#"'<>/]+)"#;
    BOT = r"/bot([0-9]{6,}:[A-Za-z0-9_-]{20,})";
    SITE = r"//webhook\.site/([0-9a-f-]{36})";
}

impl Pass<'_> {
    /// The edits of a text that is not looked at as JSON.
    pub(super) fn plain(&self, text: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        let marks = marks::in_text(text);
        self.shapes(text, marks, &mut edits);
        self.urls(text, &mut edits);
        if marks & marks::PATH != 0 {
            self.paths(text, &mut edits);
        }
        if text.contains('<') {
            self.elements(text, &mut edits);
        }
        if text.contains("&lt;") {
            for found in REFERENCES.captures_iter(text) {
                if names::is_secret_value(&found[1], Place::Field, &found[2]) {
                    self.edit(&found, 2, &found[1], &mut edits);
                }
            }
            for found in REFERENCED.captures_iter(text) {
                if names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], &mut edits);
                }
            }
        }
        self.pairs(text, &mut edits);
        self.words(text, marks, &mut edits);
        if text.contains("name=") && text.contains("--") {
            for found in PART.captures_iter(text) {
                if names::is_secret_value(&found[1], Place::Query, &found[2]) {
                    self.edit(&found, 2, &found[1], &mut edits);
                }
            }
        }
        edits
    }

    fn shapes(&self, text: &str, marks: u32, edits: &mut Vec<Edit>) {
        if marks & marks::KEY != 0 {
            for found in PRIVATE_KEY.captures_iter(text) {
                if let Some(body) = found.get(1) {
                    edits.push(Edit { range: body.range(), text: self.hide_key(body.as_str()) });
                }
            }
        }
        self.tokens(text, edits);
        self.encoded_texts(text, edits);
        if marks & marks::SERVICE != 0 {
            self.keys_of_services(text, edits);
        }
        if marks & marks::SCHEME == 0 {
            return;
        }
        for found in SCHEME.captures_iter(text) {
            let (scheme, rest) = (&found[1], found.get(2));
            if let Some(rest) = rest.filter(|rest| !is_placeholder(rest.as_str()))
                && is_of_authorization(text, found.get(0).map_or(0, |all| all.start()))
            {
                // Whatever it consists of.
                let ends = |c: char| c.is_whitespace() || "\"'`,;\\<>".contains(c);
                let length = text[rest.start()..].find(ends).unwrap_or(text.len() - rest.start());
                let range = rest.start()..rest.start() + length;
                let value = &text[range.clone()];
                let is_basic = scheme.eq_ignore_ascii_case("basic");
                let new = if is_basic { self.hide_basic(value) } else { self.hide(value) };
                edits.push(Edit { range, text: new });
                continue;
            }
            // Words that follow in a sentence, and the kind of a token.
            let is_credential = |text: &str| {
                let text = text.trim_end_matches('.');
                let is_token =
                    text.bytes().any(|byte| byte.is_ascii_digit() || b"._~+/=".contains(&byte));
                // `a basic package.json file`
                (is_token || text.len() >= 20) && !is_file(text)
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
                    self.encoded(&found, group, "password", edits);
                }
            }
            for pattern in [&DRIVER, &ORACLE] {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        if text.contains('%') {
            for found in ENCODED.find_iter(text) {
                let decoded = percent_decode_str(found.as_str()).decode_utf8_lossy();
                if let Some(new) = self.nested(&decoded) {
                    edits.push(Edit { range: found.range(), text: percent(&new) });
                }
            }
        }
        if text.contains('=') {
            let mut at = 0;
            // Each parameter ends where the next one begins: the mark between them belongs to both.
            while let Some(found) = PARAMETER.captures_at(text, at) {
                let (name, value) = (&found[1], found.get(2));
                at = value.as_ref().map_or(text.len(), regex::Match::end).max(at + 1);
                let text_of = value.as_ref().map_or("", regex::Match::as_str);
                if names::is_secret_value(name, Place::Query, text_of) {
                    self.encoded(&found, 2, name, edits);
                } else if let Some(value) = value.filter(|value| value.as_str().contains('%')) {
                    // What is encoded may be JSON, or another URL.
                    let decoded = percent_decode_str(value.as_str()).decode_utf8_lossy();
                    if let Some(new) = self.nested(&decoded) {
                        edits.push(Edit { range: value.range(), text: percent(&new) });
                    }
                }
                if at >= text.len() {
                    break;
                }
            }
        }
    }

    /// The edits of a request target as a whole: it may be a URL, and its path a secret itself.
    pub(super) fn plain_of_path(&self, target: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        self.urls(target, &mut edits);
        if marks::in_text(target) & marks::PATH != 0 {
            self.paths(target, &mut edits);
        }
        edits
    }

    /// The edits of paths that are secrets themselves.
    fn paths(&self, text: &str, edits: &mut Vec<Edit>) {
        self.keys_in_paths(text, edits);
        for pattern in [&BOT, &SLACK, &SITE] {
            for found in pattern.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        for found in HOOK.captures_iter(text) {
            let Some(path) = found.get(1) else { continue };
            let mut at = path.start();
            for segment in path.as_str().split('/') {
                if is_drawn(segment) {
                    edits.push(Edit { range: at..at + segment.len(), text: self.hide(segment) });
                }
                at += segment.len() + 1;
            }
        }
        for found in ONCE.captures_iter(text) {
            if has_mixed(&found[1]) || is_drawn(&found[1]) {
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

    pub(super) fn edit(
        &self,
        found: &Captures<'_>,
        group: usize,
        name: &str,
        edits: &mut Vec<Edit>,
    ) {
        if let Some(value) = found.get(group).filter(|value| !value.is_empty()) {
            edits.push(Edit { range: value.range(), text: self.hide_value(value.as_str(), name) });
        }
    }

    /// A value that is percent-encoded stays so.
    fn encoded(&self, found: &Captures<'_>, group: usize, name: &str, edits: &mut Vec<Edit>) {
        let Some(value) = found.get(group).filter(|value| !value.is_empty()) else { return };
        let text = if value.as_str().contains('%') {
            let decoded = percent_decode_str(value.as_str()).decode_utf8_lossy();
            self.remember_password(&decoded, name);
            percent(&self.hide(&decoded))
        } else {
            self.remember_password(value.as_str(), name);
            self.hide(value.as_str())
        };
        edits.push(Edit { range: value.range(), text });
    }
}

/// Whether a text stands for credentials, as in a manual.
fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["token", "your", "example", "secret", "credential", "access", "jwt", "key"];
    let lower = text.to_ascii_lowercase();
    let has_word = WORDS.iter().any(|word| lower.contains(word));
    has_word && !text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether `Authorization:` stands before a place.
fn is_of_authorization(text: &str, at: usize) -> bool {
    const NAME: &str = "authorization";
    let before = text[..at].trim_end_matches([' ', '\t', '"', '\'', '\\']);
    let Some(name) = before.strip_suffix([':', '=']) else { return false };
    let name = name.trim_end_matches([' ', '\t', '"', '\'', '\\']);
    let start = name.len().saturating_sub(NAME.len());
    name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(NAME))
}

/// Whether a segment of a path is drawn, not chosen: `hooks/x1` is a name, `hooks/T0aB3xK9q2Lm` is not.
fn is_drawn(segment: &str) -> bool {
    const SHORTEST: usize = 16;
    let is_long = || {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits == segment.len();
        // Ids of 128 bits have their own shape, and words are joined by hyphens.
        let is_of_words = segment.split(['-', '_']).all(|word| word.len() < SHORTEST);
        segment.len() >= SHORTEST
            && segment.bytes().all(word)
            && digits >= 3
            && !is_number
            && !is_of_words
    };
    looks_random(segment) || is_long() || has_digits_in_word(segment)
}

/// Whether digits stand between letters, as in `s3cr3t`: words of a name end with digits, and ids are not words.
fn has_digits_in_word(segment: &str) -> bool {
    const SHORTEST: usize = 8;
    let between = |word: &str| {
        let inner = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        inner.bytes().any(|byte| byte.is_ascii_digit())
    };
    segment.len() >= SHORTEST
        && segment.split(['-', '_', '.']).any(between)
        && uuid::Uuid::parse_str(segment).is_err()
}
