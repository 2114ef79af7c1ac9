//! One sealed file: written once from its beginning to its end, and read the same way.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};

use crate::message::{BodyDigest, GrowingDigest};
use crate::record::backlog::SealStream;

use super::{SAMPLE, SpoolFolder, is_text};

/// A file that is being written.
#[derive(Debug)]
pub(super) struct SealedWriter {
    file: File,
    seal: SealStream,
    digest: GrowingDigest,
    /// The beginning, until it tells whether the body is text.
    sample: Vec<u8>,
    buffer: Vec<u8>,
}

/// What is known of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) struct BodyFacts {
    pub(in crate::record) digest: BodyDigest,
    /// Whether it is text, as far as its beginning tells.
    pub(in crate::record) is_text: bool,
}

impl SealedWriter {
    /// Makes the file, for its owner alone.
    pub(super) fn create(folder: &SpoolFolder, name: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(folder.path(name))?;
        let (seal, digest) = (folder.seal(name), GrowingDigest::default());
        Ok(Self { file, seal, digest, sample: Vec::new(), buffer: Vec::new() })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.push(bytes);
        let missing = SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        for piece in bytes.chunks(SAMPLE) {
            self.buffer.clear();
            self.buffer.extend_from_slice(piece);
            self.seal.apply(&mut self.buffer);
            self.file.write_all(&self.buffer)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> BodyFacts {
        BodyFacts { digest: self.digest.finish(), is_text: is_text(&self.sample) }
    }
}

/// Reads a sealed file.
#[derive(Debug)]
pub(in crate::record) struct SealedReader {
    file: File,
    seal: SealStream,
    folder: SpoolFolder,
}

impl SealedReader {
    pub(super) fn open(folder: &SpoolFolder, name: &str) -> io::Result<Self> {
        let (file, seal) = (File::open(folder.path(name))?, folder.seal(name));
        Ok(Self { file, seal, folder: folder.clone() })
    }
}

impl Read for SealedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.folder.is_ending() {
            return Err(io::Error::other("the recorder ends"));
        }
        let length = self.file.read(out)?;
        self.seal.apply(&mut out[..length]);
        Ok(length)
    }
}
