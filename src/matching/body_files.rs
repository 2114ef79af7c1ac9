//! Where a stub's response gets its `bodyFileName` from: the loader of the fixtures knows the files.

use bytes::Bytes;

/// Where bodies named by `bodyFileName` come from.
pub trait BodyFiles: std::fmt::Debug {
    /// The content of a file.
    ///
    /// # Errors
    /// The sentence for people: what is wrong with the name or the file.
    fn read(&self, name: &str) -> Result<Bytes, String>;
}
