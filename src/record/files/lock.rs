//! One recorder writes to a folder at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Held by the recorder of a folder. The system gives it back when the process ends, however that happens.
#[derive(Debug)]
pub(in crate::record) struct FolderLock(
    #[expect(dead_code, reason = "its drop unlocks")] Option<File>,
);

impl FolderLock {
    /// Locks a folder.
    ///
    /// # Errors
    /// When another recorder has it.
    pub(in crate::record) fn take(folder: &Path) -> io::Result<Self> {
        // Where a folder cannot be opened or locked, as on some systems and network shares, nothing is refused.
        let Ok(file) = File::open(folder) else { return Ok(Self(None)) };
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another recorder writes to this folder; stop it, or record to another one",
            )),
            Err(TryLockError::Error(_)) => Ok(Self(None)),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_recorder() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let error = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("another recorder"), "{error}");
        drop(first);
        drop(FolderLock::take(folder.path()).unwrap());
    }
}
