//! Walks directories for fixture and scenario files, bounded.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{Diagnostic, Diagnostics, Format};
use super::file::{name_of, unreadable};

/// How many additional names one directory is read under: links may repeat it, but not endlessly.
pub(super) const MAX_NAMES: usize = 8;

/// How deep a tree is read.
pub(super) const MAX_DEPTH: usize = 64;

/// How many directories one tree may have.
pub(super) const MAX_DIRECTORIES: usize = 100_000;

/// Returns the fixture and scenario files below a directory, in the order of their names.
/// Directories for which `skipped` is true are omitted, and so are names that begin with a dot.
pub(crate) fn files_below(
    root: &Path,
    skipped: &dyn Fn(&Path) -> bool,
    problems: &mut Diagnostics,
) -> Vec<PathBuf> {
    let mut walk = Walk {
        skipped,
        problems,
        files: Vec::new(),
        names: HashMap::new(),
        named: HashSet::new(),
        directories: 0,
    };
    walk.directory(root, false, &mut Vec::new());
    walk.files
}

struct Walk<'a> {
    skipped: &'a dyn Fn(&Path) -> bool,
    problems: &'a mut Diagnostics,
    files: Vec<PathBuf>,
    /// How often each directory was read, by its real path.
    names: HashMap<PathBuf, usize>,
    /// The directories that a warning has named.
    named: HashSet<PathBuf>,
    directories: usize,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Path, linked: bool, way: &mut Vec<PathBuf>) {
        let real = match fs::canonicalize(directory) {
            Ok(real) => real,
            Err(error) => return self.problems.push(unreadable(directory, &error)),
        };
        if let Some(why) = self.refusal(&real, linked, way) {
            if self.named.insert(real) {
                self.problems.push(skipped(directory, &why).hint("remove the link"));
            }
            return;
        }
        if linked {
            *self.names.entry(real.clone()).or_default() += 1;
        }
        self.directories += 1;
        way.push(real);
        match self.entries(directory) {
            Ok(entries) => {
                for (path, kind) in entries {
                    match kind {
                        Entry::File => self.files.push(path),
                        Entry::Directory => self.directory(&path, linked, way),
                        Entry::Link => self.directory(&path, true, way),
                    }
                }
            }
            Err(error) => self.problems.push(unreadable(directory, &error)),
        }
        way.pop();
    }

    /// Returns why a directory is not read.
    fn refusal(&self, real: &Path, linked: bool, way: &[PathBuf]) -> Option<String> {
        if way.iter().any(|above| above == real) {
            return Some(format!("a symlink loop: it leads back to {}", real.display()));
        }
        if linked && self.names.get(real).is_some_and(|times| *times >= MAX_NAMES) {
            let real = real.display();
            return Some(format!("{real} was read under {MAX_NAMES} other names already"));
        }
        if way.len() >= MAX_DEPTH {
            return Some(format!("it lies more than {MAX_DEPTH} directories deep"));
        }
        (self.directories >= MAX_DIRECTORIES)
            .then(|| format!("{MAX_DIRECTORIES} directories were read already"))
    }

    /// Returns the relevant entries, sorted by name.
    fn entries(&mut self, directory: &Path) -> io::Result<Vec<(PathBuf, Entry)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // As `DirEntry::path` joins them, with one allocation.
            let mut path = PathBuf::with_capacity(directory.as_os_str().len() + 1 + name.len());
            path.push(directory);
            path.push(name);
            let own = entry.file_type()?;
            // Links are followed; the system reports links that form a cycle.
            let kind = if own.is_symlink() {
                fs::metadata(&path).map(|to| to.file_type())
            } else {
                Ok(own)
            };
            match kind {
                Ok(kind) if kind.is_dir() => {
                    if !(self.skipped)(&path) {
                        let kind = if own.is_symlink() { Entry::Link } else { Entry::Directory };
                        entries.push((path, kind));
                    }
                }
                _ if Format::of(&path).is_none() => {}
                Ok(kind) if kind.is_file() => entries.push((path, Entry::File)),
                Ok(kind) => {
                    let why = format!("{} is not a regular file", name_of(kind));
                    self.problems.push(skipped(&path, &why).hint("remove it from the directory"));
                }
                Err(error) if is_loop(&error) => {
                    let why = "a link that leads back to itself";
                    self.problems.push(skipped(&path, why).hint("remove it"));
                }
                Err(error) => self.problems.push(
                    Diagnostic::error(path, format!("a link that leads nowhere: {error}"))
                        .hint("repair or remove it"),
                ),
            }
        }
        Ok(sorted(entries))
    }
}

/// Sorts the entries of one directory by name: what is before it is the same, and comparing paths looks at each of
/// their parts. Most comparisons are decided by the eight bytes after the part that all names have in common.
fn sorted(entries: Vec<(PathBuf, Entry)>) -> Vec<(PathBuf, Entry)> {
    fn bytes(path: &Path) -> &[u8] {
        path.as_os_str().as_encoded_bytes()
    }
    let Some((first, _)) = entries.first() else { return entries };
    let shared = |of: usize, path: &Path| {
        bytes(first).iter().zip(bytes(path)).take(of).take_while(|(a, b)| a == b).count()
    };
    let common = entries.iter().fold(usize::MAX, |common, (path, _)| shared(common, path));
    let key = |path: &Path| {
        let mut key = [0; 8];
        for (to, byte) in key.iter_mut().zip(bytes(path).iter().skip(common)) {
            *to = *byte;
        }
        u64::from_be_bytes(key)
    };
    let mut keyed: Vec<_> = entries.into_iter().map(|entry| (key(&entry.0), entry)).collect();
    keyed.sort_unstable_by(|(key, (path, _)), (other_key, (other, _))| {
        key.cmp(other_key).then_with(|| bytes(path).cmp(bytes(other)))
    });
    keyed.into_iter().map(|(_, entry)| entry).collect()
}

/// The kind of a directory entry.
enum Entry {
    File,
    Directory,
    /// A directory under another name.
    Link,
}

#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Such links are reported as links that lead nowhere.
#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}

fn skipped(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::warning(path, format!("not read: {why}"))
}
