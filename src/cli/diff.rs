//! `standin diff`: recorded answers beside live ones, or beside descriptions of the API.

use std::io::{self, Write as _};
use std::sync::Arc;

use crate::drift::{self, Descriptions, IgnoreRules, LiveOptions, Report};
use crate::recorded::{Answers, Recording};
use crate::redact::{Key, Redactor};

use super::args::Diff;
use super::backend::{self, Backend};
use super::error::CommandError;

/// Exit codes: an answer has drifted; the backend could not be asked.
const DRIFT: u8 = 1;
const NO_ANSWER: u8 = 2;

pub(super) fn diff(args: &Diff) -> Result<(), CommandError> {
    let has_backend =
        !args.backend.upstream.is_empty() || args.backend.backend.kubeconfig.is_some();
    if args.against.is_empty() && !has_backend {
        let why = "name the backend with --upstream or --kubeconfig, or a description of its API with --against";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let recording = Recording::load(&args.fixtures).map_err(CommandError::invalid)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let mut updated = false;
    let report = if args.against.is_empty() {
        runtime.block_on(against_backend(args, &recording, &mut updated))?
    } else {
        let answers = Answers::new(&args.fixtures, None).map_err(CommandError::invalid)?;
        let descriptions = Descriptions::read(&args.against).map_err(CommandError::invalid)?;
        runtime.block_on(drift::against(&recording, &answers, &descriptions))
    };
    let mut out = io::stdout().lock();
    let _ = if args.json {
        writeln!(out, "{:#}", report.to_json())
    } else {
        write!(out, "{}", report.to_text())
    };
    if report.is_empty() {
        eprintln!(
            "standin: warning: no answer was compared, so this says nothing about the recording"
        );
    }
    match report.exit_code() {
        0 => Ok(()),
        DRIFT if updated => Ok(()),
        code => Err(CommandError::Reported(code)),
    }
}

/// Compares with the backend. Says whether all that has drifted was updated.
async fn against_backend(
    args: &Diff,
    recording: &Recording,
    updated: &mut bool,
) -> Result<Report, CommandError> {
    let Backend { upstream, origin, headers } = match backend::open(&args.backend) {
        Ok(backend) => backend,
        Err(CommandError::Failed(why)) => {
            eprintln!("standin: {why}");
            return Err(CommandError::Reported(NO_ANSWER));
        }
        Err(error) => return Err(error),
    };
    let mut ignore = IgnoreRules::default();
    for rule in &args.ignore {
        ignore.add(rule).map_err(|why| CommandError::Usage(format!("--ignore: {why}")))?;
    }
    for file in &args.ignore_file {
        ignore.add_file(file).map_err(CommandError::invalid)?;
    }
    for path in &args.fixtures {
        ignore.add_beside(path).map_err(CommandError::invalid)?;
    }
    let base = origin.parse().ok();
    let answers = Answers::new(&args.fixtures, base).map_err(CommandError::invalid)?;
    let redactor = Arc::new(Redactor::new(key(args)));
    let options = LiveOptions { upstream: &upstream, origin, headers, ignore, redactor };
    let (report, drifted) = drift::live(recording, &answers, &options).await;
    if args.update {
        *updated = true;
        for recorded in &drifted {
            match drift::update(recorded) {
                Ok(()) => eprintln!("standin: updated {}", recorded.file().display()),
                Err(why) => {
                    *updated = false;
                    eprintln!("standin: {why}");
                }
            }
        }
    }
    Ok(report)
}

/// The key of the recording: from the environment, or beside it. Without one all secrets differ.
fn key(args: &Diff) -> Key {
    if let Some(key) = backend::key_of_environment() {
        return key;
    }
    let beside = args.fixtures.iter().find_map(|path| Key::read(path).ok().flatten());
    beside.unwrap_or_else(|| {
        eprintln!(
            "standin: warning: the recording's key is not here, so all secrets look changed; set STANDIN_REDACT_KEY"
        );
        Key::random()
    })
}
