//! Bodies in sealed files: what is on disk while they arrive, and afterwards.

use std::io::Read as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::*;
use crate::message::BodyDigest;
use crate::redact::Key;

fn folder(at: &Path) -> SpoolFolder {
    SpoolFolder::new(at, &Arc::new(Redactor::new(Key::of(b"key"))))
}

/// The files of a folder.
fn files(at: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// The thread may hold a body a moment longer than the exchange does; the last of them removes the file.
fn assert_all_removed(at: &Path) {
    for _ in 0..5_000 {
        if files(at).is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("they stay: {:?}", files(at));
}

fn read(body: &SpooledBody) -> Vec<u8> {
    let mut bytes = Vec::new();
    body.open().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_body_is_sealed_from_its_first_byte_and_goes_with_its_exchange() {
    let directory = tempfile::tempdir().unwrap();
    let thread = SpoolThread::start(folder(directory.path())).unwrap();
    let secret = "hunter2-hunter2 ";
    let spool = thread.begin(Bytes::from(secret.repeat(900)));
    for _ in 0..10 {
        spool.push(secret.repeat(777).as_bytes()).unwrap();
    }
    let body = spool.finish();
    let whole = secret.repeat(900 + 7_770).into_bytes();
    let facts = body.facts().unwrap();
    assert_eq!((facts.digest, facts.is_text), (BodyDigest::of(&whole), true));
    let [file] = &files(directory.path())[..] else { panic!("one file") };
    let on_disk = std::fs::read(file).unwrap();
    assert_eq!(on_disk.len(), whole.len());
    assert!(!on_disk.windows(7).any(|part| part == b"hunter2"), "nothing is readable");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(read(&body), whole);
    drop(body);
    assert_all_removed(directory.path());

    // One that is given up.
    let spool = thread.begin(Bytes::from_static(b"\0\x01"));
    drop(spool);
    let last = thread.begin(Bytes::from_static(b"\0\x01")).finish();
    assert!(!last.facts().unwrap().is_text);
    drop(last);
    assert_all_removed(directory.path());
}

#[test]
fn the_backlog_keeps_a_file_and_finds_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let thread = SpoolThread::start(folder(directory.path())).unwrap();
    let body = thread.begin(Bytes::from_static(b"body")).finish();
    let (name, facts) = (body.name().to_owned(), body.facts().unwrap());
    body.keep();
    drop((body, thread));
    let again = SpooledBody::restore(&folder(directory.path()), name, facts);
    assert_eq!((read(&again), again.length()), (b"body".to_vec(), 4));
    drop(again);
    assert!(files(directory.path()).is_empty());
}

#[test]
fn a_file_that_cannot_be_written_fails_the_recording_and_not_the_answer() {
    let directory = tempfile::tempdir().unwrap();
    let thread = SpoolThread::start(folder(&directory.path().join("gone"))).unwrap();
    let spool = thread.begin(Bytes::from_static(b"body"));
    let ended = thread.begin(Bytes::from_static(b"body")).finish();
    assert_eq!(ended.facts().unwrap_err().kind(), std::io::ErrorKind::NotFound);
    // What came before is written by then.
    assert!(spool.push(b"more").is_err());
    assert!(spool.finish().open().is_err());
}

#[test]
fn bodies_arrive_no_faster_than_the_disk_takes_them() {
    let directory = tempfile::tempdir().unwrap();
    let (thread, disk) = SpoolThread::without_disk(folder(directory.path()));
    let spool = thread.begin(Bytes::from(vec![0; 20 << 20]));
    let cx = Context::from_waker(Waker::noop());
    assert_eq!(spool.poll_ready(&cx), Poll::Ready(()));
    spool.push(&vec![0; 5 << 20]).unwrap();
    assert_eq!(spool.poll_ready(&cx), Poll::Pending);
    disk.take_one();
    assert_eq!(spool.poll_ready(&cx), Poll::Ready(()));
}
