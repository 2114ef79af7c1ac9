//! Directories → the files in them, and files → bytes. What is no regular file is never waited for.
//!
//! A tree may hold anything: pipes that block who opens them, devices without an end, links that lead
//! in circles or to each other so that the ways through them have no end. Such things are named in a
//! warning and skipped.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Diagnostic, Diagnostics, Format};

/// Under how many names one directory is read besides its own: links may repeat it, but not without end.
const MAX_NAMES: usize = 8;

/// How deep a tree is read.
const MAX_DEPTH: usize = 64;

/// How many directories one tree may have.
const MAX_DIRECTORIES: usize = 100_000;

/// The fixture and scenario files below a directory, in the order of their names. Directories for
/// which `skipped` is true are left out, and so are names that begin with a dot.
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

    /// Why a directory is not read.
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

    /// The entries that may hold something, by name.
    fn entries(&mut self, directory: &Path) -> io::Result<Vec<(PathBuf, Entry)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let (path, own) = (entry.path(), entry.file_type()?);
            // A link is what it leads to; the system itself reports links that lead to each other.
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
                    let why = format!("{} is no regular file", name_of(kind));
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
        // By name: what stands before it is the same, and comparing paths looks at each of their parts.
        entries.sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        Ok(entries)
    }
}

/// What an entry of a directory is.
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

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "this"
    }
}

#[cfg(not(unix))]
fn name_of(_: FileType) -> &'static str {
    "this"
}

/// The problem of a path that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnostic::error(path, "there is no such file or directory");
    }
    Diagnostic::error(path, format!("cannot be read: {error}"))
}

/// A file smaller than this is read at one go, in bytes.
const SMALL: usize = 8 << 10;

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// What the system reports, and what is no regular file or too large. A file that has nothing to
/// read yet, as those of the kernel may, is an error too.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_stamped(path, most).map(|(bytes, _)| bytes)
}

/// As [`read`], with the state that the file was in.
pub(crate) fn read_stamped(path: &Path, most: u64) -> io::Result<(Vec<u8>, Stamp)> {
    let mut file = open(path)?;
    let data = file.metadata()?;
    check(&data, most)?;
    // Sets of thousands of small files are common: one read is all that most take. One byte more than there
    // should be tells a file that has grown.
    let expected = usize::try_from(data.len()).unwrap_or(SMALL).min(SMALL);
    let mut bytes = vec![0; expected + 1];
    let first = loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            first => break first?,
        }
    };
    bytes.truncate(first);
    if first <= expected && expected < SMALL && first > 0 {
        return Ok((bytes, Stamp::of(&data)));
    }
    bytes.reserve(usize::try_from(data.len()).unwrap_or(0).saturating_sub(first) + 1);
    // One that grows meanwhile is read no further than the limit.
    let left = most.saturating_sub(first as u64) + 1;
    file.take(left).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64, most));
    }
    Ok((bytes, Stamp::of(&data)))
}

/// The state of a file, by which a change is seen without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: (u64, u64),
    size: u64,
    /// Seconds and nanoseconds, of the content and of the file's own data.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    fn of(data: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            file: (data.dev(), data.ino()),
            size: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }

    /// Elsewhere the size and the time of the last change have to do.
    #[cfg(not(unix))]
    fn of(data: &Metadata) -> Self {
        let since =
            data.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let at = since.map_or((0, 0), |since| {
            (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), i64::from(since.subsec_nanos()))
        });
        Self { file: (0, 0), size: data.len(), modified: at, changed: at }
    }

    /// The state of a file now.
    pub(crate) fn now(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|data| Self::of(&data))
    }

    /// Whether the file was last changed long enough before a time that a later change cannot have the same
    /// stamp: clocks of file systems are coarse.
    pub(crate) fn is_settled(&self, at: SystemTime) -> bool {
        let Ok(at) = at.duration_since(SystemTime::UNIX_EPOCH) else { return false };
        let at = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
        self.modified.0.max(self.changed.0) < at - SETTLED
    }
}

/// How long ago a file must have changed for its stamp to be trusted, in seconds.
const SETTLED: i64 = 2;

/// Opens a file without waiting: opening a pipe waits for who writes it.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits();
    #[expect(clippy::cast_possible_wrap, reason = "the flags of open(2) are an int")]
    File::options().read(true).custom_flags(nonblocking as i32).open(path)
}

/// Opens a file: no directory has a pipe in it.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn check(data: &Metadata, most: u64) -> io::Result<()> {
    if !data.is_file() {
        let kind = data.file_type();
        let name = if kind.is_dir() { "a directory" } else { name_of(kind) };
        return Err(io::Error::other(format!("{name} is no regular file")));
    }
    if data.len() > most {
        return Err(too_large(data.len(), most));
    }
    Ok(())
}

fn too_large(size: u64, most: u64) -> io::Error {
    io::Error::other(format!("it has {size} bytes; at most {most} are read"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }

    fn found(root: &Path) -> (Vec<String>, Vec<String>) {
        let mut problems = Diagnostics::default();
        let files = files_below(root, &|path| path.ends_with("__files"), &mut problems);
        let inside = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        assert!(!problems.has_errors(), "{problems}");
        let lines = problems
            .0
            .iter()
            .map(|problem| format!("{}: {}", inside(&problem.path), problem.message));
        (files.iter().map(|path| inside(path)).collect(), lines.collect())
    }

    #[test]
    fn what_is_no_regular_file_is_named_and_skipped() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("a.json"), "{}").unwrap();
        fs::write(at("b.txt"), "").unwrap();
        fs::create_dir(at("__files")).unwrap();
        fs::write(at("__files/c.json"), "").unwrap();
        pipe(&at("pipe.json"));
        pipe(&at("pipe"));
        let _socket = UnixListener::bind(at("socket.yaml")).unwrap();
        symlink("/dev/zero", at("zero.json")).unwrap();
        symlink("round.json", at("round.json")).unwrap();
        let (files, lines) = found(root.path());
        assert_eq!(files, ["a.json"]);
        let mut lines = lines;
        lines.sort();
        assert_eq!(
            lines,
            [
                "pipe.json: not read: a named pipe is no regular file",
                "round.json: not read: a link that leads back to itself",
                "socket.yaml: not read: a socket is no regular file",
                "zero.json: not read: a device is no regular file",
            ]
        );
        for name in ["pipe.json", "zero.json", "__files"] {
            let error = read(&at(name), 100).unwrap_err().to_string();
            assert!(error.ends_with("is no regular file"), "{error}");
        }
    }

    #[test]
    fn a_mesh_of_links_is_read_within_bounds() {
        let root = tempfile::tempdir().unwrap();
        let at = |n: usize| root.path().join(format!("d{n:02}"));
        for n in 0..12 {
            fs::create_dir(at(n)).unwrap();
            fs::write(at(n).join("a.json"), "{}").unwrap();
        }
        for (from, to) in (0..12).flat_map(|from| (0..12).map(move |to| (from, to))) {
            if from != to {
                symlink(at(to), at(from).join(format!("l{to}"))).unwrap();
            }
        }
        let (files, lines) = found(root.path());
        assert!((12..=12 * (MAX_NAMES + 1)).contains(&files.len()), "{}", files.len());
        assert!((1..=24).contains(&lines.len()), "{lines:#?}");
        for n in 0..12 {
            assert!(files.contains(&format!("d{n:02}/a.json")), "{files:#?}");
        }
    }

    #[test]
    fn files_are_read_whole_up_to_the_limit() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.json");
        for size in [0, 1, SMALL - 1, SMALL, SMALL + 1, 5 * SMALL] {
            let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
            fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path, size as u64).unwrap(), bytes);
            if size > 0 {
                let error = read(&path, size as u64 - 1).unwrap_err().to_string();
                assert_eq!(error, format!("it has {size} bytes; at most {} are read", size - 1));
            }
        }
    }
}
