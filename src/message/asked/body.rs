//! The part of [`Asked`](super::Asked) about the body. Before a stage has read it, nothing is known
//! and nothing is cached.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use super::super::bodies::BodyError;
use super::super::decoded::{content_type, is_form, text, without_gzip};
use super::super::multipart::{self, Part};
use super::super::parameters;
use super::LazyJson;
use super::view::{Asked, PlainBody};

impl<'r> Asked<'r> {
    /// Reads the whole body, once; later calls give the same bytes.
    ///
    /// # Errors
    /// See [`RequestBody::read`](super::super::RequestBody::read).
    pub(crate) async fn read_body(&self, limit: usize) -> Result<Bytes, BodyError> {
        self.request.body.read(limit).await
    }

    /// Returns the body as it was sent, if it has been read or there is none.
    pub(crate) fn sent_body(&self) -> Option<&'r Bytes> {
        self.request.body.bytes()
    }

    /// Returns the body without compression.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        self.plain_body().map(|body| &*body.bytes)
    }

    /// Returns the body as text; what cannot be decoded is replaced. Absent if it is empty or has
    /// not been read.
    pub(crate) fn text(&self) -> Option<&str> {
        self.plain_body().filter(|body| !body.bytes.is_empty()).map(|body| &*body.text)
    }

    fn plain_body(&self) -> Option<&PlainBody<'r>> {
        let sent = self.sent_body()?;
        Some(self.body.get_or_init(|| {
            let kind = content_type(self.headers());
            let bytes = without_gzip(self.headers(), sent);
            let text = match &bytes {
                Cow::Borrowed(bytes) => text(kind, bytes),
                Cow::Owned(bytes) => Cow::Owned(text(kind, bytes).into_owned()),
            };
            PlainBody { bytes, text }
        }))
    }

    /// Returns the body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.of(self.text()?)
    }

    /// Returns the parsed form of [`Self::text`], to be passed on with it.
    pub(crate) fn lazy_json(&self) -> &LazyJson {
        &self.json
    }

    /// Returns the decoded values of a form's field, in the order sent.
    pub(crate) fn form<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let fields = self.form_fields().iter();
        fields.filter(move |(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Returns the decoded fields of a form, in the order sent; none where the body is not a form
    /// or has not been read.
    pub(crate) fn form_fields(&self) -> &[(Cow<'static, str>, Cow<'static, str>)] {
        if self.body().is_none() {
            return &[];
        }
        self.form.get_or_init(|| {
            let text = self.text().filter(|_| is_form(self.headers()));
            parameters::of_form(text.unwrap_or(""), content_type(self.headers()))
        })
    }

    /// Returns the parts of a multipart body, and the body, or `None` if it is not multipart.
    pub(crate) fn parts(&self) -> Option<(&[Part], &[u8])> {
        let body = self.body()?;
        let parts = || multipart::parts(content_type(self.headers()), body);
        Some((self.parts.get_or_init(parts).as_deref()?, body))
    }
}
