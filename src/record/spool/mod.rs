//! Bodies that are too large to be held: sealed files beside the mappings, until they are searched for secrets.
//!
//! ```text
//! tee → [Spool], bounded in bytes → the thread of the [writer] → [sealed] file → answer::large → __files/NAME
//! ```
//!
//! The answer only hands its bytes over. A file that is referred to from the backlog outlives a killed recorder: the
//! next start opens it with the key of the recording. Any other is removed.

mod body;
mod sealed;
mod writer;

#[cfg(test)]
mod tests;

pub(super) use body::SpooledBody;
pub(super) use sealed::BodyFacts;
pub(super) use writer::{Spool, SpoolThread};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use crate::redact::Redactor;

use super::backlog::SealStream;
use super::files::UNFINISHED;

/// How many bytes of a body tell whether it is text.
const SAMPLE: usize = 64 << 10;

/// Where the files are, and the key that seals them.
#[derive(Debug, Clone)]
pub(super) struct SpoolFolder {
    folder: Arc<Path>,
    redactor: Arc<Redactor>,
    /// The recorder ends: what is being read waits for the next start.
    ending: Arc<AtomicBool>,
}

impl SpoolFolder {
    pub(super) fn new(folder: &Path, redactor: &Arc<Redactor>) -> Self {
        Self { folder: folder.into(), redactor: Arc::clone(redactor), ending: Arc::default() }
    }

    /// Reading ends with an error from now on: the files stay for the next start.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// A name that no other file has.
    fn new_name() -> String {
        format!(".body-{}.{}{UNFINISHED}", Uuid::new_v4().simple(), std::process::id())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The seal of a file, which no other file has.
    fn seal(&self, name: &str) -> SealStream {
        SealStream::new(self.redactor.derive_key(&format!("body {name}")), 0)
    }
}

/// Whether bytes are text; a character may be cut at their end.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => !text.contains('\0'),
        Err(error) => error.error_len().is_none() && !bytes.contains(&0),
    }
}
