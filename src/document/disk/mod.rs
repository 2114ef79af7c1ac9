//! Directories → the files in them, and files → bytes. Only regular files are read.
//!
//! A tree may hold anything: pipes that block readers, endless devices, cyclic links. Such entries
//! are reported in a warning and skipped.

#[cfg(feature = "hot-reload")]
mod directories;
mod file;
mod stamp;
#[cfg(all(test, unix))]
mod tests;
mod walk;

#[cfg(feature = "hot-reload")]
pub(crate) use directories::each_directory;
pub(crate) use file::{read, read_stamped, unreadable};
pub(crate) use stamp::Stamp;
pub(crate) use walk::files_below;
