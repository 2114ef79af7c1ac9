//! Which files were written for stubs, and why one could not be.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use uuid::Uuid;

/// The files that were written for stubs.
#[derive(Debug, Default)]
pub(crate) struct SavedStubs(pub(super) Mutex<HashMap<Uuid, Saved>>);

/// A file that was written for a stub.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) path: PathBuf,
    /// The place of the stub among the others.
    pub(super) index: Option<i64>,
}

/// Why a stub could not be saved, or its file not be removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    #[error(
        "there is no root directory to keep stubs in; start the server with --fixtures DIR, where DIR holds mappings/ or __files/"
    )]
    NoRoot,
    #[error(
        "the stub {id} was read from {path}, which holds several stubs and is not written; the change is in effect until the next reset"
    )]
    SeveralInFile { id: Uuid, path: PathBuf },
    #[error("{path} cannot be written: {error}; the change is in effect until the next reset")]
    Write { path: PathBuf, error: io::Error },
}
