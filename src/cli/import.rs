//! `standin import`: a file of another tool → files with stub mappings.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::document::{Diagnostic, Diagnostics, Format, MAX_FILE_BYTES, Source, disk};
use crate::error::EXIT_FAILURE;
use crate::import::{self, ImportedStub};

use super::args::Import;
use super::error::CommandError;

pub(super) fn import(args: &Import) -> Result<(), CommandError> {
    let bytes = disk::read(&args.file, MAX_FILE_BYTES)
        .map_err(|source| CommandError::Read { path: args.file.clone(), source })?;
    let format = Format::of(&args.file).unwrap_or_else(|| guess(&bytes));
    let source = Source::from_bytes(args.file.clone(), format, bytes)
        .map_err(|problem| CommandError::invalid(Diagnostics(vec![problem])))?;
    let imported = import::import(&source, args.format).map_err(CommandError::invalid)?;
    let files = files(&args.to, &imported.stubs);
    if !args.force {
        refuse_changes(&files)?;
    }
    for (path, text) in &files {
        write(path, text)?;
    }
    for problem in &imported.left_out.0 {
        eprintln!("{problem}");
    }
    println!(
        "imported {} as {}: {} stubs in {}, {} parts without an equivalent",
        args.file.display(),
        imported.format.name(),
        imported.stubs.len(),
        args.to.join("mappings").display(),
        imported.left_out.0.len(),
    );
    if args.strict && !imported.left_out.0.is_empty() {
        return Err(CommandError::Reported(EXIT_FAILURE));
    }
    Ok(())
}

/// The format of a file whose name does not say it.
fn guess(bytes: &[u8]) -> Format {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) { Format::Json } else { Format::Yaml }
}

/// The files of the stubs, each with a name of its own that is the same at the next import.
fn files(to: &Path, stubs: &[ImportedStub]) -> BTreeMap<PathBuf, String> {
    let mut taken: HashSet<PathBuf> = HashSet::new();
    let mut files = BTreeMap::new();
    for stub in stubs {
        let folder = to.join("mappings").join(stub.folder.as_deref().unwrap_or_default());
        let stem = stub.file_stem();
        let mut path = folder.join(format!("{stem}.json"));
        let mut number = 2;
        while !taken.insert(path.clone()) {
            path = folder.join(format!("{stem}-{number}.json"));
            number += 1;
        }
        files.insert(path, format!("{:#}\n", stub.mapping));
    }
    files
}

/// Fails before anything is written if a file is there with another content.
fn refuse_changes(files: &BTreeMap<PathBuf, String>) -> Result<(), CommandError> {
    let differs = |(path, text): &(&PathBuf, &String)| {
        fs::read_to_string(path).map_or_else(|_| path.exists(), |known| known != **text)
    };
    let changed: Vec<Diagnostic> = files
        .iter()
        .filter(differs)
        .map(|(path, _)| {
            Diagnostic::error(path, "the file is there with another content")
                .hint("nothing was written; --force replaces it")
        })
        .collect();
    if changed.is_empty() { Ok(()) } else { Err(CommandError::invalid(Diagnostics(changed))) }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(CommandError::write(folder))?;
    }
    fs::write(path, text).map_err(CommandError::write(path))
}
