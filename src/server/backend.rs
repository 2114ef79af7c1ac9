//! Settings → the backend behind a server, and what records it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::record::{Proxy, Recorder, Upstream, UpstreamOptions};
use crate::redact::{Key, Redactor};
use crate::transport::Logger;

/// Where exchanges are recorded, and what takes their secrets out.
pub(super) struct Recording {
    pub(super) directory: PathBuf,
    pub(super) redactor: Arc<Redactor>,
}

impl Recording {
    /// Opens the directory: its key is read, or made.
    ///
    /// # Errors
    /// [`Error::Record`] when the directory cannot be used.
    pub(super) fn open(directory: PathBuf, key: Option<&Key>) -> Result<Self, Error> {
        match Recorder::redactor(&directory, key.cloned()) {
            Ok(redactor) => Ok(Self { directory, redactor }),
            Err(source) => Err(Error::Record { path: directory, source }),
        }
    }
}

/// The backend, with a recorder where there is a recording. Nothing is connected yet.
///
/// # Errors
/// [`Error::Upstream`] for a URL or certificates that cannot be used, [`Error::Record`].
pub(super) fn proxy(
    url: &str,
    options: &UpstreamOptions,
    recording: Option<Recording>,
    recorder_bytes: usize,
    log: &Logger,
) -> Result<Proxy, Error> {
    let upstream =
        Upstream::new(url, options).map_err(|error| Error::Upstream(error.to_string()))?;
    let recorder = match recording {
        None => None,
        Some(Recording { directory, redactor }) => {
            let recorder = Recorder::new(&directory, recorder_bytes, &redactor, log);
            Some(recorder.map_err(|source| Error::Record { path: directory, source })?)
        }
    };
    Ok(Proxy::new(upstream, recorder))
}
