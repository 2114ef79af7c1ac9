//! `standin snapshot`, and objects of recordings: Kubernetes objects as state fixtures.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::objects::{self, ObjectCollection, SnapshotOptions};
use crate::record::Recorder;
use crate::recorded::{Answers, Recording};

use super::args::Snapshot;
use super::backend::{self, Backend, key_of_environment};
use super::error::CommandError;
use super::output::{Files, refuse_changes, write_all};

/// The folder of what was recorded, in the directory of its objects: fixtures leave it out.
pub(super) const RECORDED: &str = ".recording";

pub(super) fn snapshot(args: &Snapshot) -> Result<(), CommandError> {
    let Backend { upstream, headers, .. } = backend::open(&args.backend)?;
    let unusable = |source| crate::Error::Record { path: args.to.clone(), source };
    let redactor = Recorder::redactor(&args.to, key_of_environment()).map_err(unusable)?;
    let options = SnapshotOptions {
        upstream: &upstream,
        headers,
        resources: args.resources.clone(),
        namespaces: args.namespace.clone(),
        redactor,
    };
    let runtime = runtime()?;
    let taken = runtime.block_on(objects::snapshot(&options)).map_err(CommandError::Failed)?;
    for note in &taken.notes {
        eprintln!("standin: {note}");
    }
    write(&args.to, &taken.objects, &taken.kinds, args.force)
}

/// Writes the objects of recordings into a directory.
pub(super) fn of_recordings(
    recorded: &[PathBuf],
    to: &Path,
    force: bool,
) -> Result<(), CommandError> {
    let recording = Recording::load(recorded).map_err(CommandError::invalid)?;
    let answers = Answers::new(recorded, None).map_err(CommandError::invalid)?;
    let (collection, left_out) = runtime()?.block_on(objects::of_recording(&recording, &answers));
    for line in &left_out {
        eprintln!("standin: {line}");
    }
    write(to, &collection, &HashMap::new(), force)
}

fn write(
    to: &Path,
    collection: &ObjectCollection,
    kinds: &HashMap<(String, String), String>,
    force: bool,
) -> Result<(), CommandError> {
    let files = objects::to_files(collection, kinds);
    let files: Files = files.into_iter().map(|(path, content)| (to.join(path), content)).collect();
    if !force {
        refuse_changes(&files)?;
    }
    write_all(&files)?;
    println!(
        "wrote {} objects to {} files in {}",
        collection.objects().count(),
        files.len(),
        to.display()
    );
    // A definition that only a newer server has may not load here.
    if let Err(problems) = crate::check(&[to.to_path_buf()], &[]) {
        eprintln!("{problems}");
        eprintln!("standin: warning: the files are written, and do not load until this is mended");
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(CommandError::Start)
}
