//! Directories → the files in them, and files → bytes. What is not a regular file is never waited for.
//!
//! A tree may hold anything: pipes that block who opens them, devices without an end, links that lead
//! in circles or to each other so that the ways through them have no end. Such things are named in a
//! warning and skipped.

mod file;
mod stamp;
#[cfg(all(test, unix))]
mod tests;
mod walk;

pub(crate) use file::{read, read_stamped, unreadable};
pub(crate) use stamp::Stamp;
pub(crate) use walk::files_below;
