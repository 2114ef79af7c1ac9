//! The file of the backlog: a head, then records, each with its length, its checksum, and whether it is done.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::redact::Redactor;

use super::FILE;
use super::seal::Seal;

const MAGIC: &[u8; 16] = b"standin-backlog1";
/// The magic, the id of the key (8 bytes), a salt (16 bytes), nothing (24 bytes).
const HEAD: usize = 64;
/// A record's length and checksum (4 bytes each), whether it is done (1), nothing (3).
const RECORD_HEAD: usize = 12;

/// The file of a backlog that is open.
#[derive(Debug)]
pub(in crate::record) struct Journal {
    path: PathBuf,
    file: File,
    seal: Seal,
    /// Where the next record goes.
    end: u64,
    /// The records that are being put together.
    buffer: Vec<u8>,
}

/// A record: where it is, and which others it must not overtake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) struct Entry {
    pub(in crate::record) offset: u64,
    length: u32,
    pub(in crate::record) key: u64,
    /// Its number among the exchanges of this process.
    pub(in crate::record) order: u64,
}

/// A backlog that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::record) enum JournalError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{} was written with another key; set STANDIN_REDACT_KEY to that one, or remove the file and lose its exchanges",
        .0.display()
    )]
    OtherKey(PathBuf),
}

impl Journal {
    /// Opens the backlog of a folder, which may not be there, with the records in it that are not done. `key` says
    /// which records must not overtake each other. The last value is how many bytes at its end are not a record.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub(in crate::record) fn open(
        folder: &Path,
        redactor: &Redactor,
        key: impl Fn(Bytes) -> Option<u64>,
    ) -> Result<(Option<Self>, VecDeque<Entry>, u64), JournalError> {
        let path = folder.join(FILE);
        let broken = |source| JournalError::Io { path: path.clone(), source };
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((None, VecDeque::new(), 0));
            }
            Err(error) => return Err(broken(error)),
        };
        let size = file.metadata().map_err(broken)?.len();
        let mut head = [0; HEAD];
        if size < HEAD as u64 {
            // It was killed before the first record.
            fs::remove_file(&path).map_err(broken)?;
            return Ok((None, VecDeque::new(), 0));
        }
        file.read_exact(&mut head).map_err(broken)?;
        if head[..16] != *MAGIC || head[16..24] != *redactor.key_id().as_bytes() {
            return Err(JournalError::OtherKey(path));
        }
        let seal = seal(redactor, &head[24..40]);
        let mut journal =
            Self { path: path.clone(), file, seal, end: HEAD as u64, buffer: Vec::new() };
        let mut entries = VecDeque::new();
        while let Some((mut entry, done)) = journal.entry_at(journal.end, size) {
            let Some(bytes) = journal.read(&entry) else { break };
            journal.end += RECORD_HEAD as u64 + u64::from(entry.length);
            if let Some(key) = key(bytes).filter(|_| !done) {
                entry.key = key;
                entries.push_back(entry);
            }
        }
        // Records that are added take the place of what is not one.
        let rest = size - journal.end;
        journal.file.set_len(journal.end).map_err(broken)?;
        Ok((Some(journal), entries, rest))
    }

    /// Makes the backlog of a folder.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn create(folder: &Path, redactor: &Redactor) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        // For its owner alone, as the key is.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let salt = uuid::Uuid::new_v4().into_bytes();
        let mut head = [0; HEAD];
        head[..16].copy_from_slice(MAGIC);
        head[16..24].copy_from_slice(redactor.key_id().as_bytes());
        head[24..40].copy_from_slice(&salt);
        file.write_all(&head)?;
        let seal = seal(redactor, &salt);
        Ok(Self { path, file, seal, end: HEAD as u64, buffer: Vec::new() })
    }

    /// Adds a record that `write` makes to those that [`Journal::commit`] writes.
    ///
    /// # Errors
    /// That of `write`: then nothing is added.
    pub(in crate::record) fn add(
        &mut self,
        key: u64,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<Entry> {
        let start = self.buffer.len();
        let offset = self.end + start as u64;
        self.buffer.resize(start + RECORD_HEAD, 0);
        if let Err(error) = write(&mut self.buffer) {
            self.buffer.truncate(start);
            return Err(error);
        }
        let (head, record) = self.buffer[start..].split_at_mut(RECORD_HEAD);
        self.seal.apply(offset, record);
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..8].copy_from_slice(&crc32fast::hash(record).to_le_bytes());
        Ok(Entry { offset, length, key, order: 0 })
    }

    /// How many bytes were added and are not written.
    pub(in crate::record) fn added(&self) -> usize {
        self.buffer.len()
    }

    /// Writes the added records, all with one call.
    ///
    /// # Errors
    /// What the system reports. Then none of them is in the file.
    pub(in crate::record) fn commit(&mut self) -> io::Result<()> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(&self.buffer));
        match written {
            Ok(()) => self.end += self.buffer.len() as u64,
            // What was written of them is not a record.
            Err(_) => drop(self.file.set_len(self.end)),
        }
        self.buffer.clear();
        self.buffer.shrink_to(1 << 20);
        written
    }

    /// How many bytes the file has.
    pub(in crate::record) fn len(&self) -> u64 {
        self.end
    }

    /// What reads records and marks them as done, beside the one that adds them.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn reader(&self) -> io::Result<Self> {
        let Self { path, seal, end, .. } = self;
        let (path, seal) = (path.clone(), seal.clone());
        // Not a clone of the handle, which would share its position.
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Self { path, file, seal, end: *end, buffer: Vec::new() })
    }

    /// The bytes of a record; nothing where they are damaged.
    pub(in crate::record) fn read(&mut self, entry: &Entry) -> Option<Bytes> {
        let mut bytes = vec![0; RECORD_HEAD + usize::try_from(entry.length).ok()?];
        self.file.seek(SeekFrom::Start(entry.offset)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        let mut record = bytes.split_off(RECORD_HEAD);
        let sum = u32::from_le_bytes(bytes[4..8].try_into().ok()?);
        if crc32fast::hash(&record) != sum {
            return None;
        }
        self.seal.apply(entry.offset, &mut record);
        Some(record.into())
    }

    /// Marks a record as done: the next start leaves it out.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn mark_done(&mut self, entry: &Entry) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(entry.offset + 8))?;
        self.file.write_all(&[1])
    }

    /// Removes the file: all of its records are done. What it takes on disk is free once the last handle is closed.
    ///
    /// # Errors
    /// What the system reports.
    pub(in crate::record) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// The record at an offset, and whether it is done; nothing at the end of the file, or where it was cut.
    fn entry_at(&mut self, offset: u64, size: u64) -> Option<(Entry, bool)> {
        if offset + RECORD_HEAD as u64 > size {
            return None;
        }
        let mut head = [0; RECORD_HEAD];
        self.file.seek(SeekFrom::Start(offset)).ok()?;
        self.file.read_exact(&mut head).ok()?;
        let length = u32::from_le_bytes(head[..4].try_into().ok()?);
        let fits = offset + RECORD_HEAD as u64 + u64::from(length) <= size;
        let entry = Entry { offset, length, key: 0, order: 0 };
        fits.then_some((entry, head[8] == 1))
    }
}

fn seal(redactor: &Redactor, salt: &[u8]) -> Seal {
    let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
    Seal::new(redactor.derive_key(&format!("backlog {salt}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Key;

    #[expect(clippy::needless_pass_by_value, reason = "it stands for a decoder, which takes them")]
    fn first_byte(bytes: Bytes) -> Option<u64> {
        bytes.first().copied().map(u64::from)
    }

    fn add(journal: &mut Journal, key: u64, bytes: &[u8]) -> Entry {
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        journal.add(key, write).unwrap()
    }

    #[test]
    fn what_is_not_done_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let redactor = Redactor::new(Key::of(b"key"));
        let open = || Journal::open(folder.path(), &redactor, first_byte);
        assert!(open().unwrap().0.is_none());
        let mut journal = Journal::create(folder.path(), &redactor).unwrap();
        let entries: Vec<Entry> =
            (1..=5_u8).map(|n| add(&mut journal, u64::from(n), &[n; 40])).collect();
        journal.commit().unwrap();
        let mut reader = journal.reader().unwrap();
        assert_eq!(reader.read(&entries[2]).unwrap(), vec![3; 40]);
        reader.mark_done(&entries[1]).unwrap();
        let on_disk = fs::read(folder.path().join(FILE)).unwrap();
        assert!(!on_disk.windows(8).any(|part| part == [4; 8]), "nothing is readable");
        // Killed in the middle of the next record.
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(&on_disk[HEAD..HEAD + 30]).unwrap();
        let (again, left, rest) = open().unwrap();
        let keys: Vec<u64> = left.iter().map(|entry| entry.key).collect();
        assert_eq!((keys, rest), (vec![1, 3, 4, 5], 30));
        // What is added next takes the place of the half record.
        let mut again = again.unwrap();
        let sixth = add(&mut again, 6, &[6; 9]);
        again.commit().unwrap();
        assert_eq!(again.reader().unwrap().read(&sixth).unwrap(), vec![6; 9]);
        let error = Journal::open(folder.path(), &Redactor::default(), first_byte).unwrap_err();
        assert!(error.to_string().contains("STANDIN_REDACT_KEY"), "{error}");
        again.remove().unwrap();
        assert!(open().unwrap().0.is_none());
    }

    #[test]
    fn a_damaged_record_ends_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let redactor = Redactor::new(Key::of(b"key"));
        let mut journal = Journal::create(folder.path(), &redactor).unwrap();
        for n in 1..=3_u8 {
            add(&mut journal, 0, &[n; 10]);
        }
        journal.commit().unwrap();
        let path = folder.path().join(FILE);
        let mut bytes = fs::read(&path).unwrap();
        let second = HEAD + RECORD_HEAD + 10 + RECORD_HEAD + 5;
        bytes[second] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (_, left, rest) = Journal::open(folder.path(), &redactor, first_byte).unwrap();
        assert_eq!((left.len(), rest), (1, 2 * (RECORD_HEAD as u64 + 10)));
        fs::write(&path, &bytes[..20]).unwrap();
        assert!(Journal::open(folder.path(), &redactor, first_byte).unwrap().0.is_none());
        assert!(!path.exists(), "a head that was cut is removed");
    }
}
