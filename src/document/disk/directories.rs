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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn each_directory_of_a_mesh_of_links_is_visited_once() {
        let root = tempfile::tempdir().unwrap();
        let at = |n: usize| root.path().join(format!("d{n:02}"));
        for n in 0..12 {
            fs::create_dir(at(n)).unwrap();
        }
        for (from, to) in (0..12).flat_map(|from| (0..12).map(move |to| (from, to))) {
            if from != to {
                symlink(at(to), at(from).join(format!("l{to}"))).unwrap();
            }
        }
        let mut visited = Vec::new();
        each_directory(root.path(), &mut |path| visited.push(fs::canonicalize(path).unwrap()));
        visited.sort();
        let all = std::iter::once(root.path().to_path_buf()).chain((0..12).map(at));
        let expected: Vec<PathBuf> = all.map(|path| fs::canonicalize(path).unwrap()).collect();
        assert_eq!(visited, expected);
    }

    #[test]
    fn directories_are_visited_before_they_are_read() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a", ".git/objects", "file/below"] {
            fs::create_dir_all(root.path().join(name)).unwrap();
        }
        symlink("nowhere", root.path().join("link")).unwrap();
        let mut visited = Vec::new();
        each_directory(root.path(), &mut |path| {
            visited.push(path.strip_prefix(root.path()).unwrap().display().to_string());
            if path.ends_with("a") {
                fs::create_dir(path.join("new")).unwrap();
            }
        });
        visited.sort();
        assert_eq!(visited, ["", "a", "a/new", "file", "file/below"]);
    }
}
