//! Reads regular files, bounded and without blocking.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

use super::super::Diagnostic;
use super::stamp::Stamp;

/// Returns the problem of a path that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnostic::error(path, "there is no such file or directory");
    }
    Diagnostic::error(path, format!("cannot be read: {error}"))
}

/// A file smaller than this is read at one go, in bytes.
pub(super) const SMALL: usize = 8 << 10;

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// The error of the system, or that the file is not regular or too large. A file that would block,
/// as some of the kernel's do, is an error too.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_stamped(path, most).map(|(bytes, _)| bytes)
}

/// Reads like [`read`], and returns the state of the file too.
pub(crate) fn read_stamped(path: &Path, most: u64) -> io::Result<(Vec<u8>, Stamp)> {
    let mut file = open(path)?;
    let data = file.metadata()?;
    check(&data, most)?;
    // Sets of thousands of small files are common: most take a single read. One extra byte reveals
    // a file that has grown.
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
    // A growing file is read up to the limit only.
    let left = most.saturating_sub(first as u64) + 1;
    file.take(left).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64, most));
    }
    Ok((bytes, Stamp::of(&data)))
}

/// Opens a file without blocking: opening a pipe would wait for its writer. One system call: the standard library takes
/// two with musl.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    loop {
        match rustix::fs::open(path, flags, Mode::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            opened => return opened.map(File::from).map_err(io::Error::from),
        }
    }
}

/// Opens a file: on this system no directory contains pipes.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn check(data: &Metadata, most: u64) -> io::Result<()> {
    if !data.is_file() {
        let kind = data.file_type();
        let name = if kind.is_dir() { "a directory" } else { name_of(kind) };
        return Err(io::Error::other(format!("{name} is not a regular file")));
    }
    if data.len() > most {
        return Err(too_large(data.len(), most));
    }
    Ok(())
}

fn too_large(size: u64, most: u64) -> io::Error {
    io::Error::other(format!("it has {size} bytes; at most {most} are read"))
}

#[cfg(unix)]
pub(super) fn name_of(kind: FileType) -> &'static str {
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
pub(super) fn name_of(_: FileType) -> &'static str {
    "this"
}
