//! The context in which answers are rendered.

use uuid::Uuid;

use crate::message::Request;
use crate::template;

use super::super::body_files::ReadBodyFile;
use super::settings::ResponseSettings;

/// The inputs of an answer other than its stub.
pub(crate) struct ResponseContext<'a> {
    /// The request. Its body has been read if [`Stub::needs_body`](super::super::Stub::needs_body)
    /// asks for it.
    pub(crate) request: &'a Request,
    /// The id of the exchange; `None` if the answer assigns it.
    pub(crate) exchange_id: Option<Uuid>,
    /// The settings of all stubs.
    pub(crate) settings: &'a ResponseSettings,
    /// Reads the files of answers.
    pub(crate) files: &'a dyn ReadBodyFile,
    /// Draws uniformly distributed 64-bit numbers.
    pub(crate) random: &'a mut dyn FnMut() -> u64,
    /// The time, in milliseconds since 1970.
    pub(crate) now: i64,
    /// The host information that templates may access.
    pub(crate) host: &'a dyn template::Host,
}
