//! Tests with unusual trees and files.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::file::{SMALL, read};
use super::walk::{MAX_NAMES, files_below};
use crate::document::{Diagnostics, Format};

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

fn found(root: &Path) -> (Vec<String>, Vec<String>) {
    let mut problems = Diagnostics::default();
    let files = files_below(root, &|path| path.ends_with("__files"), &mut problems);
    let inside = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    assert!(!problems.has_errors(), "{problems}");
    let lines =
        problems.0.iter().map(|problem| format!("{}: {}", inside(&problem.path), problem.message));
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
            "pipe.json: not read: a named pipe is not a regular file",
            "round.json: not read: a link that leads back to itself",
            "socket.yaml: not read: a socket is not a regular file",
            "zero.json: not read: a device is not a regular file",
        ]
    );
    for name in ["pipe.json", "zero.json", "__files"] {
        let error = read(&at(name), 100).unwrap_err().to_string();
        assert!(error.ends_with("is not a regular file"), "{error}");
    }
}

#[test]
fn files_are_in_the_order_of_their_names() {
    let root = tempfile::tempdir().unwrap();
    let mut names: Vec<String> = (0..300).map(|n| format!("stub-number-{n}.json")).collect();
    names.extend(
        ["stub-number-.json", "stub-number-1é.json", "stub-number.yaml"].map(str::to_owned),
    );
    for name in &names {
        fs::write(root.path().join(name), "{}").unwrap();
    }
    names.sort();
    assert_eq!(found(root.path()), (names.clone(), Vec::new()));
    // Nothing in common.
    fs::write(root.path().join("a.yml"), "").unwrap();
    names.insert(0, "a.yml".to_owned());
    assert_eq!(found(root.path()), (names, Vec::new()));
}

#[test]
fn the_extension_says_the_format() {
    let of = |path: &str| Format::of(Path::new(path));
    for (path, format) in [
        ("a.json", Some(Format::Json)),
        ("d/a.b.yaml", Some(Format::Yaml)),
        ("a.yml", Some(Format::Yaml)),
        ("a.JSON", None),
        ("ajson", None),
        ("d/.json", None),
        (".yml", None),
        ("a.json.bak", None),
        ("d.json/a", None),
    ] {
        assert_eq!(of(path), format, "{path}");
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
