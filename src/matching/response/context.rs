//! What answers are made from, besides their stub.

use uuid::Uuid;

use crate::message::Request;
use crate::template;

use super::super::body_files::ReadBodyFile;
use super::settings::ResponseSettings;

/// What an answer is made from, besides its stub.
pub(crate) struct ResponseContext<'a> {
    /// The request. Its body has been read where [`Stub::needs_body`](super::super::Stub::needs_body) asks for it.
    pub(crate) request: &'a Request,
    /// The id of the exchange; nothing where the answer gives it one.
    pub(crate) exchange_id: Option<Uuid>,
    /// The settings of all stubs.
    pub(crate) settings: &'a ResponseSettings,
    /// Reads the files of answers.
    pub(crate) files: &'a dyn ReadBodyFile,
    /// Draws of evenly spread 64-bit numbers.
    pub(crate) random: &'a mut dyn FnMut() -> u64,
    /// The time, in milliseconds since 1970.
    pub(crate) now: i64,
    /// What templates may learn about the machine.
    pub(crate) host: &'a dyn template::Host,
}
