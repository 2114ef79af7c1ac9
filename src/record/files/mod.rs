//! The folder of a recording: the names of its files, and who may write them.

mod existing;
mod folder;
mod lock;
mod manifest;
mod names;
mod unnamed;

use std::io;
use std::path::Path;

use bytes::Bytes;

pub(super) use existing::{EarlierAnswer, earlier_answers};
pub(super) use folder::{Folder, remove_blank, remove_unfinished, try_to_write, unfinished_bytes};
pub(super) use lock::FolderLock;
pub(super) use manifest::{ManifestOf, begin_manifest, links_of, write_manifest};
pub(super) use names::{BODIES, UNFINISHED, body_name, mapping_name, stem};
pub(super) use unnamed::{UnnamedBody, UnnamedFile};

/// A change of one file of a recording. Names are relative to its folder.
#[derive(Debug)]
pub(super) enum FileChange {
    /// The file has this content from now on.
    Write { name: String, content: Bytes },
    /// The file is this body from now on.
    Move { body: UnnamedBody, name: String },
    /// The file is there no more.
    Remove { name: String },
}

/// The files of a recording, as those who change them see them.
pub(super) trait RecordingFiles {
    /// The content of a file, with all changes so far.
    ///
    /// # Errors
    /// What the system reports.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// The folder on disk, for files that have no name yet.
    fn folder(&self) -> &Path;

    /// Makes changes, in their order: a recorder that is killed between two of them leaves a folder that loads.
    ///
    /// # Errors
    /// What the system reports.
    fn apply(&self, changes: Vec<FileChange>) -> io::Result<()>;
}
