//! Removes the secrets of an exchange before it is written: with pseudonyms in what is replayed, with marks in what
//! patterns are made of.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderName};
use serde_json::Value;

use crate::links::Links;
use crate::redact::{Known, MARK, Media, Pass, Redacted, Redactor};

use super::exchange::{SentRequest, path_of};
use super::link_marks::own_base;

/// Removes the secrets of one exchange.
pub(super) struct Clean<'r> {
    redactor: &'r Redactor,
    sent: &'r SentRequest,
    /// Makes pseudonyms.
    pass: Pass<'r>,
    /// Makes marks, for patterns.
    marks: Pass<'r>,
    /// Secrets of this exchange and of earlier ones: they are replaced wherever they are repeated.
    known: Known,
    /// Links to the server that was asked, where links are rewritten.
    own: Option<Links>,
    target: &'r str,
    /// The answer's body without the secrets that it shows by itself.
    answer: Redacted,
}

impl<'r> Clean<'r> {
    /// Finds the secrets in all of the exchange. Once the redactor knows them, `learned` is called, which waits until
    /// it knows those of earlier exchanges; nothing where it does not.
    pub(super) fn of(
        sent: &'r SentRequest,
        headers: &HeaderMap,
        body: &[u8],
        redactor: &'r Redactor,
        learned: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let target = sent.target.as_str();
        let pass = redactor.pass(target);
        pass.target(target);
        for (name, value) in sent.headers.iter().chain(headers) {
            if let Ok(value) = value.to_str() {
                pass.header(name, value);
            }
        }
        if let Some(body) = sent.body.bytes() {
            pass.body(&Media::of(&sent.headers), &body);
        }
        let answer = pass.body(&Media::of(headers), body);
        redactor.learn(&pass);
        if !learned() {
            return None;
        }
        let known = redactor.known_with(&pass);
        let marks = Redactor::marks(target);
        Some(Self { redactor, sent, pass, marks, known, own: own_links(sent), target, answer })
    }

    /// The credentials of the request, for the metadata of its mapping; nothing where it has none.
    pub(super) fn credentials(&self) -> Option<Value> {
        let body = self.sent.body.bytes().unwrap_or_default();
        let credentials = self.redactor.credentials(&self.sent.headers, self.target, &body)?;
        serde_json::to_value(credentials).ok()
    }

    /// The path of the request.
    pub(super) fn path(&self) -> &str {
        path_of(self.target)
    }

    /// The target with pseudonyms.
    pub(super) fn target(&self) -> String {
        self.redactor.without_around(&self.known, self.target, |target| self.pass.target(target))
    }

    pub(super) fn header(&self, name: &HeaderName, value: &str) -> String {
        self.redactor.without_around(&self.known, value, |value| self.pass.header(name, value))
    }

    /// Whether it cannot be told what the body of the answer holds.
    pub(super) fn is_opaque(&self) -> bool {
        matches!(self.answer, Redacted::Opaque(_))
    }

    /// The whole body of the answer.
    pub(super) fn answer(&self, headers: &HeaderMap, bytes: &[u8]) -> Redacted {
        // A text is searched once by itself, and once for the secrets of the rest of the exchange.
        let seen = match &self.answer {
            Redacted::Changed(new) => new,
            _ => bytes,
        };
        let has_known_parts =
            || std::str::from_utf8(bytes).is_ok_and(|text| self.known.has_parts_in(text));
        if headers.contains_key(CONTENT_ENCODING) || has_known_parts() {
            return self.body(headers, bytes);
        }
        match (&self.answer, std::str::from_utf8(seen)) {
            (Redacted::Opaque(why), _) => Redacted::Opaque(why.clone()),
            (_, Err(_)) => self.body(headers, bytes),
            (first, Ok(text)) => {
                let new = self.redactor.without(&self.known, text.to_owned()).into_bytes();
                let same = *first == Redacted::Same && new == seen;
                if same { Redacted::Same } else { Redacted::Changed(new) }
            }
        }
    }

    /// A body, or a piece of one.
    pub(super) fn body(&self, headers: &HeaderMap, bytes: &[u8]) -> Redacted {
        self.pass.coded(&Media::of(headers), bytes, &|text| {
            let change = |text: &str| self.pass.changed(text).unwrap_or_else(|| text.to_owned());
            let new = self.redactor.without_around(&self.known, text, change);
            (new != text).then_some(new)
        })
    }

    /// Links to the backends, and to the server that was asked; nothing where links stay as they are.
    pub(super) fn links(&self) -> Option<(&Links, &Links)> {
        Some((self.sent.links.as_deref()?, self.own.as_ref()?))
    }

    /// A text with a mark for each secret, and for the beginning of each link to the server that was asked: at
    /// replay it is another one.
    pub(super) fn marked(&self, text: &str) -> String {
        let new = Redactor::marked_around(&self.known, text, |text| {
            self.marks.changed(text).unwrap_or_else(|| text.to_owned())
        });
        match &self.own {
            Some(own) => own.marked(&new, MARK.encode_utf8(&mut [0; 4])).unwrap_or(new),
            None => new,
        }
    }

    /// The value of a query parameter, decoded, with marks as [`Clean::marked`] has them.
    pub(super) fn marked_parameter(&self, name: &str, value: &str) -> String {
        let new =
            Redactor::marked_around(&self.known, value, |value| self.marks.parameter(name, value));
        match &self.own {
            Some(own) => own.marked(&new, MARK.encode_utf8(&mut [0; 4])).unwrap_or(new),
            None => new,
        }
    }

    /// The value of a header field, with marks as [`Clean::marked`] has them.
    pub(super) fn marked_header(&self, name: &HeaderName, value: &str) -> String {
        let new =
            Redactor::marked_around(&self.known, value, |value| self.marks.header(name, value));
        match &self.own {
            Some(own) => own.marked(&new, MARK.encode_utf8(&mut [0; 4])).unwrap_or(new),
            None => new,
        }
    }

    /// A part of the target with a mark for each secret.
    pub(super) fn marked_target(&self, text: &str) -> String {
        Redactor::marked_around(&self.known, text, |text| self.marks.target(text))
    }
}

/// Links to the server that was asked, where links are rewritten.
fn own_links(sent: &SentRequest) -> Option<Links> {
    sent.links.as_ref()?;
    Some(Links::new(vec![own_base(sent)?]))
}
