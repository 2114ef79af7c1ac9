//! `standin import`: a file of another tool → stub mappings, or a recording.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Diagnostics, Format, MAX_FILE_BYTES, Source, disk};
use crate::error::EXIT_FAILURE;
use crate::export;
use crate::fixtures;
use crate::import::{
    self, ImportFormat, ImportedContent, ImportedExchange, ImportedStub, StubSecrets,
};
use crate::links::{Backend, Links};
use crate::record::{Earlier, QueueLimits, Recorder, RecordingOf};
use crate::recorded::{Answers, Recording};
use crate::redact::{Key, Redactor};

use super::args::Import;
use super::backend::key_of_environment;
use super::error::CommandError;
use super::output::{Files, refuse_changes, write_all};

pub(super) fn import(args: &Import) -> Result<(), CommandError> {
    if args.file.is_dir() {
        return wiremock(args);
    }
    let bytes = disk::read(&args.file, MAX_FILE_BYTES)
        .map_err(|source| CommandError::Read { path: args.file.clone(), source })?;
    let format = Format::of(&args.file).unwrap_or_else(|| guess(&bytes));
    let source = Source::from_bytes(args.file.clone(), format, bytes)
        .map_err(|problem| CommandError::invalid(Diagnostics(vec![problem])))?;
    let imported = import::import(&source, args.format).map_err(CommandError::invalid)?;
    if imported.format == ImportFormat::Wiremock {
        return wiremock(args);
    }
    let written = match imported.content {
        ImportedContent::Stubs(mut stubs) => {
            if let Some(secrets) = stub_secrets(args, source.text.as_bytes()) {
                let had = stubs.iter_mut().map(|stub| secrets.remove(&mut stub.mapping));
                report_secrets(had.filter(|had| *had).count());
            }
            write_stubs(args, &stubs)?
        }
        ImportedContent::Exchanges(exchanges) => record(args, exchanges)?,
    };
    for problem in &imported.left_out.0 {
        eprintln!("{problem}");
    }
    conclude(args, imported.format, &written, imported.left_out.0.len())
}

/// What removes the secrets of stubs; nothing where they are kept. Without a key of the user's the pseudonyms follow
/// from the content, so that it is imported the same again.
fn stub_secrets(args: &Import, content: &[u8]) -> Option<StubSecrets> {
    let key = || key_of_environment().unwrap_or_else(|| Key::of(content));
    (!args.keep_secrets).then(|| StubSecrets::new(Redactor::new(key())))
}

/// Removes the secrets of a root directory of `WireMock`.
fn remove_secrets(secrets: &StubSecrets, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let mut had = 0;
    for (path, content) in files {
        if path.starts_with("__files") {
            if let Some(new) = secrets.body(content) {
                *content = new;
                had += 1;
            }
        } else if let Ok(mut mapping) = serde_json::from_slice(content)
            && secrets.remove(&mut mapping)
        {
            *content = format!("{mapping:#}\n").into_bytes();
            had += 1;
        }
    }
    report_secrets(had);
}

fn report_secrets(stubs: usize) {
    if stubs > 0 {
        eprintln!(
            "standin: secrets in {stubs} stubs and bodies have pseudonyms, and patterns match any value in their place; --keep-secrets keeps them"
        );
    }
}

/// Reports what was done, and fails where the options say so.
fn conclude(
    args: &Import,
    format: ImportFormat,
    written: &str,
    left_out: usize,
) -> Result<(), CommandError> {
    println!(
        "imported {} as {}: {written}, {left_out} parts without an equivalent",
        args.file.display(),
        format.name(),
    );
    if args.strict && left_out > 0 {
        return Err(CommandError::Reported(EXIT_FAILURE));
    }
    Ok(())
}

/// The format of a file whose name does not say it.
fn guess(bytes: &[u8]) -> Format {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) { Format::Json } else { Format::Yaml }
}

fn write_stubs(args: &Import, stubs: &[ImportedStub]) -> Result<String, CommandError> {
    let mut files = files(&args.to, stubs);
    let beside = args.file.parent().unwrap_or(Path::new(""));
    for name in stubs.iter().filter_map(|stub| stub.body_file.as_ref()) {
        let path = beside.join(name);
        let bytes = disk::read(&path, MAX_FILE_BYTES)
            .map_err(|source| CommandError::Read { path, source })?;
        files.insert(args.to.join("__files").join(name), bytes);
    }
    if !args.force {
        refuse_changes(&files)?;
    }
    write_all(&files)?;
    Ok(format!("{} stubs in {}", stubs.len(), args.to.join("mappings").display()))
}

/// The files of the stubs, each with a name of its own that is the same at the next import.
fn files(to: &Path, stubs: &[ImportedStub]) -> Files {
    let mut taken: HashSet<PathBuf> = HashSet::new();
    let mut files = Files::new();
    for stub in stubs {
        let folder = to.join("mappings").join(stub.folder.as_deref().unwrap_or_default());
        let stem = stub.file_stem();
        let mut path = folder.join(format!("{stem}.json"));
        let mut number = 2;
        while !taken.insert(path.clone()) {
            path = folder.join(format!("{stem}-{number}.json"));
            number += 1;
        }
        files.insert(path, format!("{:#}\n", stub.mapping).into_bytes());
    }
    files
}

/// Records exchanges as if they had just been made: with pseudonyms for secrets, repeated ones as a sequence.
fn record(args: &Import, exchanges: Vec<ImportedExchange>) -> Result<String, CommandError> {
    let wanted = |host: &str| args.host.is_empty() || args.host.iter().any(|name| name == host);
    let all: BTreeSet<String> = exchanges.iter().map(|one| one.host.clone()).collect();
    let hosts = || all.iter().cloned().collect::<Vec<_>>().join(", ");
    if let Some(unknown) = args.host.iter().find(|name| !all.contains(*name)) {
        let why = format!("--host {unknown}: the file has exchanges with {}", hosts());
        return Err(CommandError::Usage(why));
    }
    if all.len() > 1 && args.host.is_empty() {
        eprintln!(
            "standin: warning: the file has exchanges with {} hosts ({}); name those that are wanted with --host",
            all.len(),
            hosts()
        );
    }
    if !args.force && fixtures::has_files(&args.to) {
        return Err(CommandError::Failed(format!(
            "{} has fixtures already; nothing was written, --force adds to them",
            args.to.display()
        )));
    }
    let unusable = |source| crate::Error::Record { path: args.to.clone(), source };
    let redactor = Recorder::redactor(&args.to, key_of_environment()).map_err(unusable)?;
    let log: crate::transport::Logger = Arc::new(|line: &str| eprintln!("standin: {line}"));
    let bounds = crate::Bounds::default();
    let limits = QueueLimits {
        memory: bounds.recorder_bytes,
        backlog: bounds.recorder_backlog as u64,
        gives_way: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let mut recorded = 0;
    runtime.block_on(async {
        let earlier = Earlier::Replace;
        // Links to any of the hosts lead to the server that replays them.
        let taken = exchanges.iter().filter(|one| wanted(&one.host));
        let origins: BTreeSet<&String> =
            taken.filter_map(|one| one.exchange.origin.as_ref()).collect();
        let backends: Vec<Backend> =
            origins.into_iter().filter_map(|url| Backend::new(url, "").ok()).collect();
        let links = (!backends.is_empty()).then(|| Arc::new(Links::new(backends)));
        let of = RecordingOf { backend: hosts(), earlier, links, ..RecordingOf::default() };
        let recorder = Recorder::new(&args.to, of, limits, &redactor, &log).map_err(unusable)?;
        for ImportedExchange { mut exchange, host } in exchanges {
            if !wanted(&host) {
                continue;
            }
            exchange.origin = None;
            let what = format!("{} {}", exchange.method, redactor.target(&exchange.target));
            if recorder.record(exchange).await {
                recorded += 1;
            } else {
                log(&format!("not recorded: the answer to {what} is too large"));
            }
        }
        recorder.flush().await;
        Ok::<(), CommandError>(())
    })?;
    Ok(format!("{recorded} exchanges in {}", args.to.display()))
}

/// Copies the stubs of a file or a root directory of `WireMock`, with their bodies, once they are known to load.
fn wiremock(args: &Import) -> Result<(), CommandError> {
    if args.format.is_some_and(|format| format != ImportFormat::Wiremock) {
        let why = format!("{} is a directory; only WireMock's are read", args.file.display());
        return Err(CommandError::Usage(why));
    }
    let paths = [args.file.clone()];
    let recording = Recording::load(&paths).map_err(CommandError::invalid)?;
    let answers =
        Answers::new(&paths, export::REPLAY.parse().ok()).map_err(CommandError::invalid)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(CommandError::Start)?;
    let mut exported = runtime.block_on(export::wiremock(&recording, &answers));
    if let Some(secrets) =
        stub_secrets(args, &exported.files.values().flatten().copied().collect::<Vec<u8>>())
    {
        remove_secrets(&secrets, &mut exported.files);
    }
    let files: Files =
        exported.files.into_iter().map(|(path, content)| (args.to.join(path), content)).collect();
    if !args.force {
        refuse_changes(&files)?;
    }
    write_all(&files)?;
    for line in &exported.left_out {
        eprintln!("standin: {line}");
    }
    let written = format!("{} stubs in {}", exported.stubs, args.to.join("mappings").display());
    conclude(args, ImportFormat::Wiremock, &written, exported.left_out.len())
}
