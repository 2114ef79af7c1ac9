//! The body, once a stage has read it ([`RequestBody::read`](super::super::RequestBody::read)). Before that no
//! part of it is known, and nothing is remembered.

use bytes::Bytes;
use serde_json::Value;

use super::super::bodies::BodyError;
use super::{Asked, LazyJson};

impl Asked<'_> {
    /// Reads the whole body, once; later calls give the same bytes.
    ///
    /// # Errors
    /// See [`RequestBody::read`](super::super::RequestBody::read).
    pub(crate) async fn read_body(&self, limit: usize) -> Result<Bytes, BodyError> {
        self.request.body.read(limit).await
    }
}

impl<'r> Asked<'r> {
    /// The bytes of the body, if it has been read or there is none.
    pub(crate) fn body(&self) -> Option<&'r Bytes> {
        self.request.body.bytes()
    }

    /// The body as text; bytes that are not UTF-8 are replaced. Absent if it is empty or has not been read.
    pub(crate) fn text(&self) -> Option<&str> {
        let body = self.body()?;
        let text = || (!body.is_empty()).then(|| String::from_utf8_lossy(body));
        self.text.get_or_init(text).as_deref()
    }

    /// The body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.of(self.text()?)
    }

    /// The parsed form of [`Self::text`], to be handed on with it.
    pub(crate) fn lazy_json(&self) -> &LazyJson {
        &self.json
    }
}
