//! `standin scenario from`: observed traffic → a scenario that reproduces its faults.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::document::disk;
use crate::observed::{self, Observed, ObservedError, Reproduction};

use super::args::{ScenarioCommand, ScenarioFrom};
use super::ask::{Answer, AnswerLimits, Server};
use super::error::CommandError;

/// The largest journal or HAR that is read, in bytes.
const MAX_SOURCE: u64 = 512 << 20;
/// A whole journal of large bodies takes a server seconds: it looks for secrets in each.
const JOURNAL: AnswerLimits = AnswerLimits { size: 256 << 20, time: Duration::from_secs(60) };

pub(super) fn scenario(command: &ScenarioCommand) -> Result<(), CommandError> {
    let ScenarioCommand::From(args) = command;
    from(&args.0)
}

fn from(args: &ScenarioFrom) -> Result<(), CommandError> {
    let source = &args.source;
    if let Some(path) = &args.out
        && path.exists()
        && !args.force
    {
        let why = format!("{}: the file is there already; --force replaces it", path.display());
        return Err(CommandError::Failed(why));
    }
    let token = args.admin.read().map_err(CommandError::Usage)?;
    let observed = read(source, token.as_deref())?;
    for note in &observed.notes {
        eprintln!("standin: {note}");
    }
    // Of a path its last part says enough, and of a URL what comes before its query.
    let name = source.split('?').next().unwrap_or_default().trim_end_matches('/');
    let is_url = name.contains("://");
    let name = if is_url { name } else { name.rsplit('/').next().unwrap_or(name) };
    let made = observed::reproduce(&observed, name).map_err(|error| failed(source, &error))?;
    match &args.out {
        None => print!("{}", made.text),
        Some(path) => std::fs::write(path, &made.text).map_err(CommandError::write(path))?,
    }
    let Reproduction { requests, faults, rules, phases, .. } = made;
    eprintln!(
        "standin: {requests} requests with {faults} faults became {rules} rules{}",
        if phases == 0 { String::new() } else { format!(" in {phases} phases") }
    );
    Ok(())
}

/// Reads a file, a recording, or the journal of a running server.
fn read(source: &str, token: Option<&str>) -> Result<Observed, CommandError> {
    let path = Path::new(source);
    if path.is_dir() {
        return observed::read_folder(path).map_err(CommandError::invalid);
    }
    let text = if !path.exists() && (source.contains("://") || is_address(source)) {
        journal(source, token)?
    } else {
        let bytes = disk::read(path, MAX_SOURCE)
            .map_err(|error| CommandError::Read { path: path.to_path_buf(), source: error })?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| CommandError::Failed(format!("{source} is not JSON: {error}")))?;
    observed::read(&json).map_err(|error| failed(source, &error))
}

/// Whether it is `HOST:PORT`.
fn is_address(source: &str) -> bool {
    source.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// The journal of a running server, or of one of its worlds.
fn journal(server: &str, token: Option<&str>) -> Result<String, CommandError> {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/');
    let path = path.split("__admin").next().unwrap_or_default().trim_end_matches('/');
    let world = if path.is_empty() { String::new() } else { format!("/{path}") };
    let (server, answer) =
        Server::ask_for(server, &format!("{world}/__admin/requests"), token, JOURNAL)?;
    match answer {
        Answer { status: 200, body } => Ok(body),
        Answer { status, .. } => {
            Err(CommandError::Failed(format!("{server} has no journal: status {status}")))
        }
    }
}

fn failed(source: &str, error: &ObservedError) -> CommandError {
    CommandError::Failed(format!("{source}: {error}"))
}
