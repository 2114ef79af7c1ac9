//! Where the bytes of a large body come from.

use std::io;

use http::HeaderMap;

use crate::record::clean::Clean;
use crate::record::spool::SpooledBody;
use crate::redact::holds_much;

/// Where the bytes of a large body are.
#[derive(Debug, Clone, Copy)]
pub(in crate::record) enum LargeBody<'b> {
    File(&'b SpooledBody),
    /// In memory: it is large once it is decompressed.
    Packed(&'b [u8]),
}

impl<'b> LargeBody<'b> {
    /// A body that is held, where it is compressed, was not searched, and holds more than is searched as a whole.
    pub(in crate::record) fn of_packed(
        headers: &HeaderMap,
        body: &'b [u8],
        clean: &Clean<'_>,
    ) -> Option<Self> {
        (clean.is_opaque() && holds_much(headers, body)).then_some(Self::Packed(body))
    }

    /// Opens it.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn open(self) -> io::Result<Box<dyn io::Read + 'b>> {
        Ok(match self {
            Self::File(file) => Box::new(file.open()?),
            Self::Packed(bytes) => Box::new(bytes),
        })
    }

    /// Whether it is text.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn is_text(self) -> io::Result<bool> {
        match self {
            Self::File(file) => Ok(file.facts()?.is_text),
            Self::Packed(_) => Ok(false),
        }
    }
}
