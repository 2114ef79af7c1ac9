//! A file of the recording that has no name yet: a large body without its secrets.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::message::{BodyDigest, GrowingDigest};

use super::UNFINISHED;

/// A file that is being written. It is removed if it gets no name.
#[derive(Debug)]
pub(in crate::record) struct UnnamedFile {
    file: File,
    path: Removed,
    digest: GrowingDigest,
}

/// A file that is whole. It is removed if it gets no name.
#[derive(Debug)]
pub(in crate::record) struct UnnamedBody {
    path: Removed,
    pub(in crate::record) digest: BodyDigest,
}

/// The path of a file that is removed with this; empty once it has a name.
#[derive(Debug)]
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // It is of no use, and the next start removes it as well.
            let _ = fs::remove_file(&self.0);
        }
    }
}

impl UnnamedFile {
    /// Makes a file in the folder of a recording.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn create(folder: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".new-{number}.{}{UNFINISHED}", std::process::id()));
        let file = File::create(&path)?;
        Ok(Self { file, path: Removed(path), digest: GrowingDigest::default() })
    }

    /// The whole file.
    pub(in crate::record) fn finish(self) -> UnnamedBody {
        UnnamedBody { path: self.path, digest: self.digest.finish() }
    }
}

impl io::Write for UnnamedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.write(bytes)?;
        self.digest.push(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl UnnamedBody {
    /// Opens the file.
    ///
    /// # Errors
    /// What the system reports.
    #[cfg(test)]
    pub(in crate::record) fn open(&self) -> io::Result<File> {
        File::open(&self.path.0)
    }

    /// Gives the file a name.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn name(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path.0, path)?;
        self.path.0 = PathBuf::new();
        Ok(())
    }
}
