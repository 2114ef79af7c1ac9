//! The files that stubs' answers are made from, kept while they do not change.

use std::fs::File;
use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream;
use lru::LruCache;

use crate::document::disk::Stamp;
use crate::fixtures;
use crate::matching::ReadBodyFile;
use crate::message::{BodyError, BodyStream};

/// How many files are kept.
const FILES: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");

/// The largest file that is kept, in bytes; all together are at most this, times [`FILES`].
const KEPT_BYTES: usize = 64 << 10;

/// Reads files, and keeps those that were read last.
#[derive(Debug)]
pub(crate) struct BodyFileCache {
    kept: Mutex<LruCache<PathBuf, Kept>>,
}

/// A file that was read: its state then, when that was, and its content.
#[derive(Debug)]
struct Kept {
    stamp: Stamp,
    read_at: SystemTime,
    content: Bytes,
}

impl Default for BodyFileCache {
    fn default() -> Self {
        Self { kept: Mutex::new(LruCache::new(FILES)) }
    }
}

impl ReadBodyFile for BodyFileCache {
    fn read(&self, directory: &Path, name: &str) -> Result<Bytes, String> {
        let path = fixtures::body_file(directory, name)?;
        if let Some(content) = self.kept(&path) {
            return Ok(content);
        }
        let read_at = SystemTime::now();
        let (content, stamp) = fixtures::read_body_file(&path)?;
        if content.len() <= KEPT_BYTES {
            let kept = Kept { stamp, read_at, content: content.clone() };
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).put(path, kept);
        }
        Ok(content)
    }

    fn stream(&self, directory: &Path, name: &str) -> Result<Option<(u64, BodyStream)>, String> {
        let path = fixtures::body_file(directory, name)?;
        let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
        let file = File::open(&path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        Ok((length > LARGE).then(|| (length, pieces(file))))
    }
}

/// Larger files are read while they are sent, in bytes.
const LARGE: u64 = 1 << 20;

/// How much of such a file is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// A file, piece by piece. Reading waits for the disk, on a thread that serves no requests.
fn pieces(file: File) -> BodyStream {
    Box::pin(stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, io::Error>((piece, file))
        });
        let broken = |why: String| BodyError::Broken(format!("the body's file: {why}"));
        let read = read.await.map_err(|error| broken(error.to_string()))?;
        let (piece, file) = read.map_err(|error| broken(error.to_string()))?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    }))
}

impl BodyFileCache {
    /// The content of a file that has not changed since it was read.
    fn kept(&self, path: &Path) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let file = kept.get(path)?;
        let same = file.stamp.is_settled(file.read_at)
            && Stamp::now(path).is_ok_and(|now| now == file.stamp);
        same.then(|| file.content.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_as_it_is_now_and_none_outside() {
        let directory = tempfile::tempdir().unwrap();
        let files = directory.path().join("__files");
        fs::create_dir_all(files.join("d")).unwrap();
        fs::write(files.join("a.txt"), "one").unwrap();
        fs::write(directory.path().join("secret"), "s").unwrap();
        let cache = BodyFileCache::default();
        assert_eq!(cache.read(&files, "a.txt").unwrap(), "one");
        fs::write(files.join("a.txt"), "two").unwrap();
        assert_eq!(cache.read(&files, "./d/../a.txt").unwrap(), "two");
        for name in ["../secret", "/etc/passwd", "d/../../secret", "none", "d"] {
            assert!(cache.read(&files, name).is_err(), "{name}");
        }
    }
}
