//! A body in a sealed file, from its first byte until it is recorded.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::SpoolFolder;
use super::sealed::{BodyFacts, SealedReader, SealedWriter};

/// How far a body is written.
#[derive(Debug)]
enum Progress {
    New,
    Writing(SealedWriter),
    Whole(BodyFacts),
    Failed(io::ErrorKind, String),
}

/// A body and its file, which is removed with it.
#[derive(Debug)]
pub(super) struct BodyOnDisk {
    folder: SpoolFolder,
    name: String,
    progress: Mutex<Progress>,
    /// Wakes who waits for its end.
    ended: Condvar,
    /// It cannot be written, which the answer sees without waiting.
    failed: AtomicBool,
    /// The backlog refers to the file, so it stays.
    kept: AtomicBool,
}

impl BodyOnDisk {
    pub(super) fn new(folder: SpoolFolder) -> Self {
        Self::with(folder, SpoolFolder::new_name(), Progress::New)
    }

    fn with(folder: SpoolFolder, name: String, progress: Progress) -> Self {
        let (failed, kept) = (AtomicBool::new(false), AtomicBool::new(false));
        let (progress, ended) = (Mutex::new(progress), Condvar::new());
        Self { folder, name, progress, ended, failed, kept }
    }

    /// Writes bytes; an error is kept.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match &mut *progress {
            Progress::New => SealedWriter::create(&self.folder, &self.name)
                .and_then(|mut file| file.push(bytes).map(|()| Some(file))),
            Progress::Writing(file) => file.push(bytes).map(|()| None),
            Progress::Whole(_) | Progress::Failed(..) => return,
        };
        match written {
            Ok(None) => {}
            Ok(Some(file)) => *progress = Progress::Writing(file),
            Err(error) => {
                self.failed.store(true, Ordering::Release);
                *progress = Progress::Failed(error.kind(), error.to_string());
            }
        }
    }

    /// Its last byte is written.
    pub(super) fn end(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        *progress = match std::mem::replace(&mut *progress, Progress::New) {
            Progress::Writing(file) => Progress::Whole(file.finish()),
            other => other,
        };
        self.ended.notify_all();
    }

    /// Why it cannot be written.
    pub(super) fn error(&self) -> Option<io::Error> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        match &*self.progress.lock().unwrap_or_else(PoisonError::into_inner) {
            Progress::Failed(kind, why) => Some(io::Error::new(*kind, why.clone())),
            _ => None,
        }
    }
}

impl Drop for BodyOnDisk {
    fn drop(&mut self) {
        if !*self.kept.get_mut() {
            // It may never have been made.
            let _ = fs::remove_file(self.folder.path(&self.name));
        }
    }
}

/// A body whose last byte was handed over. Clones share the file.
#[derive(Debug, Clone)]
pub(in crate::record) struct SpooledBody(pub(super) Arc<BodyOnDisk>);

impl SpooledBody {
    /// The body that the backlog refers to.
    pub(in crate::record) fn restore(folder: &SpoolFolder, name: String, facts: BodyFacts) -> Self {
        Self(Arc::new(BodyOnDisk::with(folder.clone(), name, Progress::Whole(facts))))
    }

    /// Waits until the last byte is on disk.
    ///
    /// # Errors
    /// What the system reported: the disk may be full.
    pub(in crate::record) fn facts(&self) -> io::Result<BodyFacts> {
        let mut progress = self.0.progress.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*progress {
                Progress::Whole(facts) => return Ok(*facts),
                Progress::Failed(kind, why) => return Err(io::Error::new(*kind, why.clone())),
                Progress::New | Progress::Writing(_) => {
                    progress = self.0.ended.wait(progress).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// How many bytes it has; none where it cannot be written.
    pub(in crate::record) fn length(&self) -> u64 {
        self.facts().map_or(0, |facts| facts.digest.length)
    }

    /// Opens the file.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn open(&self) -> io::Result<SealedReader> {
        self.facts()?;
        SealedReader::open(&self.0.folder, &self.0.name)
    }

    /// The name of the file.
    pub(in crate::record) fn name(&self) -> &str {
        &self.0.name
    }

    /// The file stays when this is dropped, since the backlog refers to it.
    pub(in crate::record) fn keep(&self) {
        self.0.kept.store(true, Ordering::Release);
    }
}
