//! The key of a recording's pseudonyms lies in its directory, in a file that version control ignores.

use std::io;
use std::path::Path;

use crate::document::disk;

use super::key::Key;

/// The name of the file.
pub(crate) const KEY_FILE: &str = ".standin-redact-key";

/// The largest key, in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Key {
    /// Reads the key in a directory; nothing where there is none.
    ///
    /// # Errors
    /// What the system reports, but for a file that does not exist.
    pub(crate) fn read(directory: &Path) -> io::Result<Option<Self>> {
        match disk::read(&directory.join(KEY_FILE), MAX_BYTES) {
            Ok(bytes) => {
                let text = bytes.trim_ascii();
                Ok((!text.is_empty()).then(|| Self::of(text)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
