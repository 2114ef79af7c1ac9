//! Stamps of files, which show whether a file has changed since it was read.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// The state of a file, which reveals a change without reading the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: (u64, u64),
    size: u64,
    /// Seconds and nanoseconds, of the content and of the file's own data.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(data: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            file: (data.dev(), data.ino()),
            size: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }

    /// On other systems the stamp consists of the size and the time of the last change.
    #[cfg(not(unix))]
    pub(super) fn of(data: &Metadata) -> Self {
        let since =
            data.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let at = since.map_or((0, 0), |since| {
            (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), i64::from(since.subsec_nanos()))
        });
        Self { file: (0, 0), size: data.len(), modified: at, changed: at }
    }

    /// Returns the state of a file now.
    pub(crate) fn now(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|data| Self::of(&data))
    }

    /// Returns whether the file was last changed long enough before a time that a later change
    /// cannot have the same stamp: clocks of file systems are coarse.
    pub(crate) fn is_settled(&self, at: SystemTime) -> bool {
        let Ok(at) = at.duration_since(SystemTime::UNIX_EPOCH) else { return false };
        let at = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
        self.modified.0.max(self.changed.0) < at - SETTLED
    }
}

/// How long ago a file must have changed for its stamp to be trusted, in seconds.
const SETTLED: i64 = 2;
