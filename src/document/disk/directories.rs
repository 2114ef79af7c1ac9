//! Visits the directories of a tree, for those who watch them. Bounded, as the walk for files is.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::walk::{MAX_DEPTH, MAX_DIRECTORIES};

/// Visits a directory and all directories below it, each once: links may lead to one by many names. Those whose names
/// begin with a dot are omitted. A directory is visited before its entries are read, so that nothing that is created
/// in it later escapes one who begins to watch it on the visit.
pub(crate) fn each_directory(root: &Path, visit: &mut dyn FnMut(&Path)) {
    let mut visited = HashSet::new();
    let mut left = vec![(root.to_path_buf(), 0)];
    while let Some((directory, depth)) = left.pop() {
        let Ok(real) = fs::canonicalize(&directory) else { continue };
        if visited.len() >= MAX_DIRECTORIES || !visited.insert(real) {
            continue;
        }
        visit(&directory);
        if depth == MAX_DEPTH {
            continue;
        }
        // One that vanishes meanwhile, or cannot be read, has no directories that a load could read.
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // The kind is part of the entry: a file costs no system call of its own.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() || kind.is_symlink() && entry.path().is_dir() {
                left.push((entry.path(), depth + 1));
            }
        }
    }
}
