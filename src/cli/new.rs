//! `standin new scenario`: a commented skeleton, with the schema for editors beside it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::document::Format;
use crate::scenario::schema;

use super::args::New;
use super::error::CommandError;

/// The schema's file beside the scenario: editors find it by the first line.
const SCHEMA: &str = "scenario.schema.json";

/// The skeleton: every line can be used as it is.
pub(super) const SKELETON: &str = "\
# yaml-language-server: $schema=scenario.schema.json
# What goes wrong, for which requests, and when. Every word: docs/scenarios.md, or `standin schema scenario --reference`.
# Check it with `standin check FILE`, preview it with `standin plan FILE`, run a client with `standin drill FILE -- COMMAND`.
description: Lists of TFJobs fail twice with 503, then recover.

# The number that all draws come from; the same seed gives the same run.
seed: 42

rules:
- id: lists-fail-twice
  # Which requests: method, path, query, header, body; verb, resource, namespace, name of the Kubernetes API.
  match: {verb: list, resource: tfjobs.kubeflow.org}
  # What happens: then (always), steps (one after the other), share (by a draw), at (pages, places within a body).
  steps:
  - {times: 2, then: {status: 503, retry_after: 1s}}
  # How a good client behaves; a drill fails if it does not.
  expect: {retry_after: honoured, max_attempts: 5}

# - id: quota
#   match: {path: /api*/**}
#   limit: {requests: 100, window: 1m, per: client}

# Phases that follow each other on the clock, each with rules of its own.
# timeline:
#   start: first_request
#   phases:
#   - {name: healthy, for: 30s}
#   - name: brownout
#     for: 10s
#     rules:
#     - {id: slow, match: {verb: list}, delay: {median: 400ms, p99: 3s}}
#   - {name: down, for: 5s, listen: refuse}
#   - {name: recovered, forever: true}

# Jobs that go through their phases by themselves.
# life:
# - resource: tfjobs.kubeflow.org
#   phases: [{phase: Created}, {phase: Running, at: 2s}, {phase: Failed, at: 5s}]
";

pub(super) fn new(args: &New) -> Result<(), CommandError> {
    let path = &args.file;
    if Format::of(path) != Some(Format::Yaml) {
        let name = path.with_extension("yaml");
        let why =
            format!("{} is not the name of a scenario: write {}", path.display(), name.display());
        return Err(CommandError::Usage(why));
    }
    write_new(path, SKELETON).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::Failed(format!(
            "{} is there already; choose another name, or remove it",
            path.display()
        )),
        _ => CommandError::write(path)(error),
    })?;
    let beside = path.with_file_name(SCHEMA);
    if !beside.exists() {
        write_new(&beside, &schema()).map_err(CommandError::write(&beside))?;
    }
    println!("{}: edit it, then: standin check {}", path.display(), path.display());
    Ok(())
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
