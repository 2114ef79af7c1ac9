//! The root directory: where the admin API keeps stubs and body files, as `WireMock`'s `--root-dir`.
//!
//! Nothing is read or written outside of it: names have no `..`, and links are followed before they are judged.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::matching::BodyFiles;

/// The directories of a root directory that hold stub mappings and body files.
const MAPPINGS: &str = "mappings";
const FILES: &str = "__files";

/// How many files are listed, and how deep below `__files`.
const MAX_LISTED: usize = 100_000;
const MAX_DEPTH: usize = 64;

/// A directory with `mappings/` and `__files/`. Either may be missing: it is made when something is written.
#[derive(Debug, Clone)]
pub(crate) struct RootDirectory {
    pub(crate) mappings: PathBuf,
    pub(crate) files: PathBuf,
}

impl RootDirectory {
    /// The root directory among the paths of the fixtures: the first directory that holds one of the two, or
    /// that is named `mappings`.
    pub(crate) fn of(paths: &[PathBuf]) -> Option<Self> {
        paths.iter().filter(|path| path.is_dir()).find_map(|path| Self::at(path))
    }

    fn at(path: &Path) -> Option<Self> {
        if path.join(MAPPINGS).is_dir() || path.join(FILES).is_dir() {
            return Some(Self { mappings: path.join(MAPPINGS), files: path.join(FILES) });
        }
        // The name may be hidden by a `.` at the end, or by a link.
        let real = fs::canonicalize(path).ok()?;
        if path.file_name()? == MAPPINGS || real.file_name()? == MAPPINGS {
            let files = path.parent()?.join(FILES);
            return Some(Self { mappings: path.to_owned(), files });
        }
        None
    }

    /// The names of all body files, sorted.
    pub(crate) fn body_files(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        if self.files.is_dir() {
            list(&self.files, "", 0, &mut names)?;
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn list(directory: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{name}/"), depth + 1, names)?;
        } else if names.len() < MAX_LISTED && !is_unfinished(&entry.file_name().to_string_lossy()) {
            // Links are listed, not followed.
            names.push(name);
        }
    }
    Ok(())
}

/// The path of a name below a directory.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`]: it leads out of the directory.
pub(crate) fn inside(directory: &Path, name: &str) -> io::Result<PathBuf> {
    let outside = || {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} leads out of the directory"))
    };
    let mut path = directory.to_path_buf();
    let mut depth = 0_usize;
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => {
                path.push(part);
                depth += 1;
            }
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => {
                path.pop();
                depth -= 1;
            }
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(outside());
            }
        }
    }
    // What is there decides where it leads: the file, or the nearest directory above it.
    let there = path.ancestors().find_map(|path| fs::canonicalize(path).ok());
    if directory.exists() {
        let directory = fs::canonicalize(directory)?;
        if depth == 0 || there.is_none_or(|there| !there.starts_with(directory)) {
            return Err(outside());
        }
    }
    Ok(path)
}

/// Writes a file at once: whoever reads it sees the old or the new content.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file name"));
    };
    fs::create_dir_all(directory)?;
    let number = uuid::Uuid::new_v4().simple();
    let unfinished = directory.join(format!(".{number}{UNFINISHED}"));
    let written = fs::File::create_new(&unfinished).and_then(|mut file| {
        file.write_all(content)?;
        fs::rename(&unfinished, directory.join(name))
    });
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Removes a file. One that is not there is no error.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How the names of files end that are being written.
const UNFINISHED: &str = ".unfinished";

fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(UNFINISHED)
}

/// The bodies that stubs of the admin API may name. They are looked for when a stub answers.
#[derive(Debug)]
pub(crate) struct RootFiles<'a>(pub(crate) Option<&'a RootDirectory>);

impl BodyFiles for RootFiles<'_> {
    fn directory(&self) -> Option<Arc<Path>> {
        self.0.map(|root| root.files.as_path().into())
    }

    fn check(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_directory_is_given_itself_or_by_its_mappings() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("mappings")).unwrap();
        let of = |path: &Path| RootDirectory::of(&[path.to_path_buf()]);
        for path in [root.clone(), root.join("mappings"), root.join("mappings/")] {
            let found = of(&path).unwrap();
            assert_eq!(
                (found.mappings, found.files),
                (root.join("mappings"), root.join("__files"))
            );
        }
        assert!(of(directory.path()).is_none());
    }

    #[test]
    fn nothing_outside_is_reached() {
        let directory = tempfile::tempdir().unwrap();
        let files = directory.path().join("__files");
        fs::create_dir_all(files.join("a")).unwrap();
        for name in ["", ".", "..", "../x", "a/../../x", "/etc/passwd", "a/../.."] {
            assert!(inside(&files, name).is_err(), "{name}");
        }
        assert_eq!(inside(&files, "new/b.txt").unwrap(), files.join("new/b.txt"));
        assert_eq!(inside(&files, "a/../b.txt").unwrap(), files.join("b.txt"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(directory.path(), files.join("out")).unwrap();
            assert!(inside(&files, "out/x").is_err());
            assert!(inside(&files, "out").is_err());
        }
    }

    #[test]
    fn files_are_written_whole_and_listed() {
        let directory = tempfile::tempdir().unwrap();
        let root = RootDirectory::at(&{
            fs::create_dir(directory.path().join(FILES)).unwrap();
            directory.path().to_path_buf()
        })
        .unwrap();
        write(&root.files.join("d/b.txt"), b"1").unwrap();
        write(&root.files.join("a.txt"), b"2").unwrap();
        write(&root.files.join("a.txt"), b"3").unwrap();
        assert_eq!(root.body_files().unwrap(), ["a.txt", "d/b.txt"]);
        assert_eq!(fs::read(root.files.join("a.txt")).unwrap(), b"3");
        remove(&root.files.join("a.txt")).unwrap();
        remove(&root.files.join("a.txt")).unwrap();
        assert_eq!(root.body_files().unwrap(), ["d/b.txt"]);
    }
}
