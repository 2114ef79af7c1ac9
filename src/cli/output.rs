//! Files that commands write: none is replaced by accident.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::document::{Diagnostic, Diagnostics};

use super::error::CommandError;

/// Files by their paths.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Fails before anything is written if a file is there with another content.
pub(super) fn refuse_changes(files: &Files) -> Result<(), CommandError> {
    let differs = |(path, content): &(&PathBuf, &Vec<u8>)| {
        fs::read(path).map_or_else(|_| path.exists(), |known| known != **content)
    };
    let changed: Vec<Diagnostic> = files
        .iter()
        .filter(differs)
        .map(|(path, _)| {
            Diagnostic::error(path, "the file is there with another content")
                .hint("nothing was written; --force replaces it")
        })
        .collect();
    if changed.is_empty() { Ok(()) } else { Err(CommandError::invalid(Diagnostics(changed))) }
}

/// Writes files, and the directories that they need.
pub(super) fn write_all(files: &Files) -> Result<(), CommandError> {
    for (path, content) in files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(CommandError::write(folder))?;
        }
        fs::write(path, content).map_err(CommandError::write(path))?;
    }
    Ok(())
}
