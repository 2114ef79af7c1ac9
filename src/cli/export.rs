//! `standin export`: a recording → files of another tool.

use std::io::{self, Write as _};
use std::path::Path;

use crate::error::EXIT_FAILURE;
use crate::export::{self, Exported};
use crate::recorded::{Answers, Recording};

use super::args::{Export, ExportFormat};
use super::error::CommandError;
use super::output::{refuse_changes, write_all};
use super::snapshot;

pub(super) fn export(args: &Export) -> Result<(), CommandError> {
    if args.to == ExportFormat::Objects {
        let out = args.out.as_deref().ok_or_else(no_directory)?;
        return snapshot::of_recordings(&args.fixtures, out, args.force);
    }
    let recording = Recording::load(&args.fixtures).map_err(CommandError::invalid)?;
    let base = if args.to == ExportFormat::Har { &*args.base_url } else { export::REPLAY };
    let base: http::Uri =
        base.parse().map_err(|error| CommandError::Usage(format!("--base-url {base}: {error}")))?;
    let answers = Answers::new(&args.fixtures, Some(base)).map_err(CommandError::invalid)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let exported = runtime.block_on(async {
        match args.to {
            ExportFormat::Har => export::har(&recording, &answers, &args.base_url).await,
            ExportFormat::Wiremock | ExportFormat::Objects => {
                export::wiremock(&recording, &answers).await
            }
        }
    });
    for line in &exported.left_out {
        eprintln!("standin: {line}");
    }
    write(args, &exported)?;
    if args.strict && !exported.left_out.is_empty() {
        return Err(CommandError::Reported(EXIT_FAILURE));
    }
    Ok(())
}

fn no_directory() -> CommandError {
    CommandError::Usage("--out DIR names the directory for the files".to_owned())
}

fn write(args: &Export, exported: &Exported) -> Result<(), CommandError> {
    let Some(out) = &args.out else {
        let Some(content) = exported.files.values().next().filter(|_| args.to == ExportFormat::Har)
        else {
            return Err(no_directory());
        };
        // A reader that has seen enough closes the pipe.
        let _ = io::stdout().lock().write_all(content);
        return Ok(());
    };
    let at = |path: &Path| match args.to {
        ExportFormat::Har => out.clone(),
        ExportFormat::Wiremock | ExportFormat::Objects => out.join(path),
    };
    let files = exported.files.iter().map(|(path, content)| (at(path), content.clone())).collect();
    if !args.force {
        refuse_changes(&files)?;
    }
    write_all(&files)?;
    println!(
        "exported {} stubs to {} as {}, {} notes",
        exported.stubs,
        out.display(),
        args.to.name(),
        exported.left_out.len()
    );
    Ok(())
}
