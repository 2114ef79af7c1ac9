//! The redacted texts of an exchange, the only form in which it leaves memory.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderName;

use crate::message::decoded;
use crate::redact::{Media, Pass, Redacted};

use super::exchange::Exchange;

/// The texts of an exchange.
pub(super) struct Shown {
    /// Path and query of the request.
    pub(super) target: String,
    pub(super) headers: Fields,
    pub(super) body: Text,
    pub(super) response_headers: Fields,
    pub(super) response_body: Text,
}

/// Header fields, as they were sent.
pub(super) struct Fields(pub(super) Vec<(HeaderName, String)>);

/// A body.
#[derive(Default)]
pub(super) struct Text {
    pub(super) bytes: Bytes,
    /// Its type, which may name the charset.
    content_type: Option<String>,
    /// How it is compressed.
    media: Media,
}

impl Shown {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let target = exchange.sent_target();
        // An empty query is none, as in Jetty.
        let target = target.strip_suffix('?').unwrap_or(target);
        let response_headers = exchange.entry.response_headers();
        let (response_body, _) = exchange.entry.response_body();
        let plain = Self {
            target: target.to_owned(),
            headers: Fields::of(&exchange.headers),
            body: Text::of_request(&exchange.headers, &exchange.body),
            response_headers: Fields::of(&response_headers),
            response_body: Text::of(&response_headers, response_body),
        };
        if exchange.redactor.is_off() {
            return plain;
        }
        let pass = exchange.redactor.pass(target);
        let cleaned = Self {
            headers: plain.headers.clean(&pass),
            body: plain.body.clean(&pass),
            target: pass.target(target),
            response_headers: plain.response_headers.clean(&pass),
            response_body: plain.response_body.clean(&pass),
        };
        // A secret that one part reveals is redacted in the others too.
        let found = pass.known().and(&exchange.redactor.remembered());
        let without = |text: String| exchange.redactor.without(&found, text);
        Self {
            target: without(cleaned.target),
            headers: cleaned.headers.map(without),
            body: cleaned.body.map(without),
            response_headers: cleaned.response_headers.map(without),
            response_body: cleaned.response_body.map(without),
        }
    }
}

impl Fields {
    fn of(headers: &HeaderMap) -> Self {
        let text = |bytes| decoded::header(bytes).into_owned();
        Self(headers.iter().map(|(name, value)| (name.clone(), text(value.as_bytes()))).collect())
    }

    fn clean(self, pass: &Pass<'_>) -> Self {
        let clean = |(name, value): (HeaderName, String)| {
            let value = pass.header(&name, &value);
            (name, value)
        };
        Self(self.0.into_iter().map(clean).collect())
    }

    fn map(self, change: impl Fn(String) -> String) -> Self {
        Self(self.0.into_iter().map(|(name, value)| (name, change(value))).collect())
    }

    /// Returns the values of a field.
    pub(super) fn all<'f>(&'f self, name: &'f HeaderName) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl Text {
    fn of(headers: &HeaderMap, bytes: Bytes) -> Self {
        let content_type = decoded::content_type(headers).map(str::to_owned);
        Self { bytes, content_type, media: Media::of(headers) }
    }

    /// Returns the body of a request, without compression.
    fn of_request(headers: &HeaderMap, bytes: &Bytes) -> Self {
        match decoded::without_gzip(headers, bytes) {
            Cow::Borrowed(_) => Self::of(headers, bytes.clone()),
            Cow::Owned(plain) => {
                Self { media: Media::default(), ..Self::of(headers, plain.into()) }
            }
        }
    }

    fn clean(self, pass: &Pass<'_>) -> Self {
        match pass.body(&self.media, &self.bytes) {
            Redacted::Same => self,
            Redacted::Changed(bytes) => Self { bytes: bytes.into(), ..self },
            Redacted::Opaque(why) => {
                let text = format!("(not shown, since it may hold secrets: {why})");
                Self { bytes: text.into(), ..Self::default() }
            }
        }
    }

    /// Changes a text; bytes that are not text stay unchanged.
    fn map(self, change: impl Fn(String) -> String) -> Self {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Self { bytes: change(text.to_owned()).into(), ..self },
            Err(_) => self,
        }
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        decoded::text(self.content_type.as_deref(), &self.bytes).into_owned()
    }
}
