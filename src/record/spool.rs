//! Bodies that are too large to be held: files of the recording that have no name yet.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::message::{BodyDigest, GrowingDigest};

use super::files::UNFINISHED;

/// How many bytes of a body tell whether it is text.
const SAMPLE: usize = 64 << 10;

/// A body that is being written to a file.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    path: PathBuf,
    digest: GrowingDigest,
    is_text: bool,
}

/// A body in a file, which is removed if it gets no name.
#[derive(Debug)]
pub(super) struct SpooledBody {
    path: PathBuf,
    pub(super) digest: BodyDigest,
    /// Whether it is text, as far as its beginning tells.
    pub(super) is_text: bool,
}

impl SpooledBody {
    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |data| data.len())
    }
}

impl Spool {
    /// A file in the folder of a recording, with the beginning of a body.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn begin(folder: &Path, beginning: &[u8]) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".body-{number}.{}{UNFINISHED}", std::process::id()));
        let is_text = is_text(&beginning[..beginning.len().min(SAMPLE)]);
        let mut spool =
            Self { file: File::create(&path)?, path, digest: GrowingDigest::default(), is_text };
        spool.push(beginning)?;
        Ok(spool)
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// What the system reports: the disk may be full.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.push(bytes);
        self.file.write_all(bytes)
    }

    /// The whole body.
    pub(super) fn finish(mut self) -> SpooledBody {
        let path = std::mem::take(&mut self.path);
        let digest = std::mem::take(&mut self.digest).finish();
        SpooledBody { path, digest, is_text: self.is_text }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

impl SpooledBody {
    /// Opens the file.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Gives the file a name.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn name(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)
    }
}

impl Drop for SpooledBody {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes a file, unless it got a name.
fn remove(path: &Path) {
    if !path.as_os_str().is_empty() {
        let _ = fs::remove_file(path);
    }
}

/// Whether bytes are text; a character may be cut at their end.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => !text.contains('\0'),
        Err(error) => error.error_len().is_none() && !bytes.contains(&0),
    }
}
