//! Access to the body files of stubs: the loader of the fixtures knows the directory, and `serve`
//! reads the files for each answer.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::message::BodyStream;

/// The `__files` directory of the stubs that are compiled.
pub trait BodyFiles: std::fmt::Debug {
    /// Returns the directory, which need not exist, or `None` if stubs can name no files.
    fn directory(&self) -> Option<Arc<Path>>;

    /// Checks whether a file can be read now. Failure is only worth a warning: the file may exist
    /// by the time it is needed.
    ///
    /// # Errors
    /// A message that says what is wrong with the name or the file.
    fn check(&self, name: &str) -> Result<(), String>;
}

/// Reads the files that answers are made from.
pub(crate) trait ReadBodyFile: std::fmt::Debug {
    /// Returns the content of a file in a `__files` directory.
    ///
    /// # Errors
    /// A message that says what is wrong with the name or the file.
    fn read(&self, directory: &Path, name: &str) -> Result<Bytes, String>;

    /// Returns the content of a large file as it is read, with its length in bytes; `None` for a
    /// small one.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    fn stream(&self, directory: &Path, name: &str) -> Result<Option<(u64, BodyStream)>, String>;
}
