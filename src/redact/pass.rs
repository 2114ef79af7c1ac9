//! One exchange on its way out: what is secret in it is replaced wherever it stands, also where it is
//! repeated without a name.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::base64_coding::Base64;
use super::data_names::names_data;
use super::edit::{self, Edit, MARK};
use super::key::Key;
use super::known::Known;
use super::random::is_endpoint;
use super::trigger::may_hold_secrets;

/// How a secret is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'k> {
    /// By its pseudonym.
    Pseudonym(&'k Key),
    /// By [`MARK`].
    Mark,
}

/// How many levels of JSON inside JSON strings are redacted.
const MAX_NESTED: usize = 6;

/// The state of redacting one exchange.
#[derive(Debug)]
pub(crate) struct Pass<'k> {
    pub(super) by: By<'k>,
    /// It is about Kubernetes Secrets.
    pub(super) of_secrets: bool,
    /// What is looked at has a name of data: a value that looks drawn is no secret.
    pub(super) of_data: Cell<bool>,
    pub(super) found: RefCell<BTreeSet<String>>,
    /// Those of them that are passwords of letters alone.
    pub(super) words: RefCell<BTreeSet<String>>,
    nested: Cell<usize>,
}

impl<'k> Pass<'k> {
    pub(super) fn new(by: By<'k>) -> Self {
        Self {
            by,
            of_secrets: false,
            of_data: Cell::default(),
            found: RefCell::default(),
            words: RefCell::default(),
            nested: Cell::default(),
        }
    }

    /// The secrets found so far that are long enough to search for elsewhere.
    pub(super) fn found(&self) -> BTreeSet<String> {
        self.found.borrow().clone()
    }

    /// These secrets as a search pattern.
    pub(crate) fn known(&self) -> Known {
        Known::of(&self.found.borrow())
    }

    /// A text of any kind, where something in it is secret.
    pub(crate) fn changed(&self, text: &str) -> Option<String> {
        let new = edit::apply(text, self.edits(text));
        (new != text).then_some(new)
    }

    /// A text under a name, where something in it is secret.
    pub(super) fn changed_under(&self, name: &str, text: &str) -> Option<String> {
        self.of_data.set(names_data(name));
        let new = self.changed(text);
        self.of_data.set(false);
        new
    }

    fn edits(&self, text: &str) -> Vec<Edit> {
        let begins = text.trim_start().as_bytes().first();
        if matches!(begins, Some(b'{' | b'[' | b'"'))
            && let Some(edits) = self.json(text)
        {
            return edits;
        }
        if let Some(edits) = self.event_lines(text).or_else(|| self.json_lines(text)) {
            return edits;
        }
        let mut edits = self.plain(text);
        edits.extend(self.kubernetes_yaml(text));
        edits
    }

    /// Events of a server whose data is JSON on more than one line (the `text/event-stream` of HTML's standard).
    fn event_lines(&self, text: &str) -> Option<Vec<Edit>> {
        const FIELD: &str = "data:";
        if !text.contains(FIELD) || json_lines_suffice(text) {
            return None;
        }
        let mut edits = Vec::new();
        let (mut joined, mut places, mut start, mut any) = (String::new(), Vec::new(), 0, false);
        for line in text.split_inclusive('\n').chain(["\n"]) {
            let own = line.trim_end_matches(['\r', '\n']);
            if let Some(data) = own.strip_prefix(FIELD) {
                places.push((joined.len(), start + FIELD.len(), data.len()));
                joined.push_str(data);
                joined.push('\n');
            } else if own.is_empty() && !joined.is_empty() {
                let found = self.json(&joined);
                any |= found.is_some();
                let found = found.unwrap_or_else(|| self.plain(&joined));
                edits.extend(found.into_iter().filter_map(|edit| {
                    let (begin, at, length) =
                        *places.iter().rfind(|(begin, ..)| *begin <= edit.range.start)?;
                    let end = (edit.range.end - begin).min(length);
                    Some(Edit { range: at + edit.range.start - begin..at + end, text: edit.text })
                }));
                (joined, places) = (String::new(), Vec::new());
            } else if !own.is_empty() {
                edits.extend(self.plain(own).into_iter().map(|edit| Edit {
                    range: edit.range.start + start..edit.range.end + start,
                    text: edit.text,
                }));
            }
            start += line.len();
        }
        any.then_some(edits)
    }

    /// Lines of which some are JSON: JSON lines, events of a server, logs.
    fn json_lines(&self, text: &str) -> Option<Vec<Edit>> {
        let begin = |line: &str| {
            line.find(['{', '[']).filter(|at| {
                let before = line[..*at].trim();
                before.is_empty() || before.ends_with(':')
            })
        };
        if !text.lines().any(|line| begin(line).is_some()) {
            return None;
        }
        let mut edits = Vec::new();
        let mut start = 0;
        let mut any = false;
        for line in text.split_inclusive('\n') {
            let own = line.trim_end_matches(['\r', '\n']);
            let json = begin(own).and_then(|at| Some((at, self.json(&own[at..])?)));
            let (offset, found) = match json {
                Some((at, found)) => {
                    any = true;
                    (start + at, found)
                }
                None => (start, self.plain(own)),
            };
            edits.extend(found.into_iter().map(|edit| Edit {
                range: edit.range.start + offset..edit.range.end + offset,
                text: edit.text,
            }));
            start += line.len();
        }
        any.then_some(edits)
    }

    /// What a text inside of a value is, where it has a form of its own.
    pub(super) fn nested(&self, text: &str) -> Option<String> {
        if let Some(new) = self.nested_base64(text) {
            return Some(new);
        }
        // Most values say nothing but themselves.
        if text.len() < 6 || !may_hold_secrets(text) {
            return None;
        }
        match (self.by, self.inner(text)) {
            // A pattern has no way to look into a value.
            (By::Mark, Some(_)) => Some(MARK.to_string()),
            (_, new) => new,
        }
    }

    /// A value that is base64 of a text in which something is secret.
    pub(super) fn nested_base64(&self, text: &str) -> Option<String> {
        const SHORTEST: usize = 16;
        let coding = Base64::of(text).filter(|_| text.len() >= SHORTEST)?;
        let decoded = coding.decode(text)?;
        if decoded.starts_with(&[0x1f, 0x8b, 8]) {
            return match self.deeper(|| self.compressed_again(&decoded))? {
                _ if matches!(self.by, By::Mark) => Some(MARK.to_string()),
                new => Some(coding.encode(&new)),
            };
        }
        let decoded = String::from_utf8(decoded).ok()?;
        let readable = |c: char| !c.is_control() || c.is_whitespace();
        if !decoded.chars().all(readable) {
            return None;
        }
        let new = self.inner(&decoded)?;
        Some(match self.by {
            By::Mark => MARK.to_string(),
            By::Pseudonym(_) => coding.encode(new.as_bytes()),
        })
    }

    /// A text inside of a value, where something in it is secret and it does not lie too deep.
    fn inner(&self, text: &str) -> Option<String> {
        self.deeper(|| self.changed(text))
    }

    /// What is found one level deeper; nothing below the last one.
    fn deeper<T>(&self, find: impl FnOnce() -> Option<T>) -> Option<T> {
        let depth = self.nested.get();
        if depth >= MAX_NESTED {
            return None;
        }
        self.nested.set(depth + 1);
        let new = find();
        self.nested.set(depth);
        new
    }

    /// What stands for a secret. Marks alone are none: `***`, `...`.
    pub(crate) fn hide(&self, secret: &str) -> String {
        let is_blank = !secret.contains(char::is_alphanumeric);
        if secret.contains(MARK) {
            return self.hide_beside_marks(secret);
        }
        if is_blank || is_placeholder(secret) {
            return secret.to_owned();
        }
        self.remember(secret);
        match self.by {
            By::Pseudonym(key) => key.pseudonym(secret),
            By::Mark => MARK.to_string(),
        }
    }

    /// What stands for the value of a name. A few words under such names are none.
    pub(super) fn hide_value(&self, value: &str, name: &str) -> String {
        const WORDS: &[&str] = &[
            "true",
            "false",
            "on",
            "off",
            "yes",
            "no",
            "null",
            "none",
            "basic",
            "bearer",
            "required",
            "optional",
            "enabled",
            "disabled",
            "digest",
            "negotiate",
            "oauth",
            "oauth2",
            "redacted",
            "hidden",
            "(hidden)",
            "inherit",
            "write",
            "string",
        ];
        // `write # comment` of YAML.
        let word = value.split(" #").next().unwrap_or_default().trim_end();
        let lower = word.to_ascii_lowercase();
        let name = name.to_ascii_lowercase();
        // A letter of the keyboard (HTML, section 6.7.2).
        let is_letter = || name == "accesskey" && value.chars().nth(1).is_none();
        if WORDS.contains(&lower.as_str()) || is_letter() {
            return value.to_owned();
        }
        if is_endpoint(&name, value) {
            return self.nested(value).unwrap_or_else(|| value.to_owned());
        }
        if (name.ends_with("authorization") || name == "auth") && value.contains(' ') {
            return self.credentials(value);
        }
        // A key keeps its first and last line.
        if value.contains("-----BEGIN") {
            return self.nested(value).unwrap_or_else(|| self.hide(value));
        }
        self.remember_password(value, &name);
        self.hide_escaped(value)
    }

    /// `Scheme credentials` (RFC 9110, section 11.4).
    pub(super) fn credentials(&self, value: &str) -> String {
        match value.split_once(' ') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => {
                format!("{scheme} {}", self.hide_basic(rest.trim()))
            }
            // `Digest username="..", response=".."`
            Some((scheme, rest)) if rest.contains('=') && rest.contains(['"', ',']) => {
                format!("{scheme} {}", self.parameters(rest))
            }
            Some((scheme, rest)) => format!("{scheme} {}", self.hide(rest.trim())),
            None => self.hide(value),
        }
    }

    fn parameters(&self, text: &str) -> String {
        const KEPT: &[&str] =
            &["username", "realm", "uri", "algorithm", "qop", "nc", "signedheaders"];
        let parts = text.split(',').map(|part| match part.split_once('=') {
            Some((name, value)) if !KEPT.contains(&name.trim().to_ascii_lowercase().as_str()) => {
                let inner = value.trim().trim_matches('"');
                format!("{name}={}", value.replace(inner, &self.hide(inner)))
            }
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join(",")
    }

    /// `user:password` in base64 (RFC 7617): the user stays.
    pub(super) fn hide_basic(&self, value: &str) -> String {
        let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match (self.by, decoded.as_deref().and_then(|text| text.split_once(':'))) {
            (By::Pseudonym(key), Some((user, password))) => {
                self.remember(value);
                self.remember(password);
                self.remember_password(password, "password");
                STANDARD.encode(format!("{user}:{}", key.pseudonym(password)))
            }
            _ => self.hide(value),
        }
    }

    pub(super) fn hide_base64(&self, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        self.remember(value);
        if let Ok(text) = STANDARD.decode(value).map(String::from_utf8)
            && let Ok(text) = text
        {
            self.remember(&text);
        }
        match self.by {
            By::Pseudonym(key) => key.base64(value),
            By::Mark => MARK.to_string(),
        }
    }

    /// A number stays one: without a zero in front.
    pub(super) fn hide_number(&self, number: &str) -> String {
        self.remember(number);
        match self.by {
            By::Pseudonym(key) => {
                let digits = key.pseudonym(number);
                if digits.starts_with('0') && digits.len() > 1 {
                    digits.replacen('0', "1", 1)
                } else {
                    digits
                }
            }
            By::Mark => format!("\"{MARK}0\""),
        }
    }
}

/// Whether a value says what is put in its place, in the words of templates: `{{ .Values.password }}`, `${PASSWORD}`.
fn is_placeholder(value: &str) -> bool {
    // Behind a scheme it may end with the quotes of a program.
    let value = value.trim().trim_end_matches(['`', ',', ';']);
    [("{{", "}}"), ("${{", "}}"), ("${", "}"), ("$(", ")")].into_iter().any(|(begin, end)| {
        value
            .strip_prefix(begin)
            .is_some_and(|rest| rest.find(end).is_some_and(|at| at + end.len() == rest.len()))
    })
}

/// Whether no line of data continues the one before it.
fn json_lines_suffice(text: &str) -> bool {
    let data: Vec<bool> = text.lines().map(|line| line.starts_with("data:")).collect();
    !data.windows(2).any(|pair| pair == [true, true])
}
