//! Where an answer belongs in the sequence of its request, and the files that this changes.

use bytes::Bytes;
use http::Method;
use uuid::Uuid;

use super::super::answer::{BodyContent, RecordedResponse};
use super::super::exchange::path_of;
use super::super::files::{BODIES, FileChange, RecordingFiles, body_name, mapping_name, stem};
use super::super::identity::{Field, Identity};
use super::super::mapping::{self, Place, STATE};
use super::super::text::{Object, file, json as raw, object, object_in};
use super::request_log::{Answers, RequestLog, Update};

/// The state of a scenario before its first request.
const STARTED: &str = "Started";

/// How often an answer is written that comes again and again before another one.
const MAX_RUN: u32 = 1_000;

/// An exchange that is to be placed.
pub(super) struct Exchange<'a> {
    pub(super) method: &'a Method,
    /// The method and the path, for people.
    pub(super) title: String,
    pub(super) request: Uuid,
    pub(super) identity: &'a Identity,
    pub(super) recorded: &'a mut RecordedResponse,
    pub(super) notes: &'a [String],
}

/// The place of an answer.
#[derive(Debug)]
pub(super) struct Placed {
    /// The variant of the request.
    pub(super) variant: usize,
    pub(super) update: Update,
    /// What changes on disk, in order.
    pub(super) changes: Vec<FileChange>,
    /// Whether it is the second, different answer.
    pub(super) began_sequence: bool,
    written_before: u32,
}

impl Placed {
    /// How many mappings are new.
    pub(super) fn new_files(&self) -> u64 {
        u64::from(self.update.answers.written.saturating_sub(self.written_before))
    }
}

/// Finds the place of an answer. Nothing is changed yet.
pub(super) fn place(
    log: &RequestLog,
    exchange: &mut Exchange<'_>,
    files: &dyn RecordingFiles,
) -> Placed {
    let fields = &exchange.identity.fields;
    let variant = log.find(fields).unwrap_or(log.variants.len());
    let known = log.variants.get(variant);
    let before = known.map(|known| known.answers.clone()).unwrap_or_default();
    let differences =
        log.first(fields).map(|first| fields.differences(&first.fields)).unwrap_or_default();
    let stem: Box<str> = known.map_or_else(
        || {
            let name = format!("{:?}{differences:?}", fields.conditions);
            let id = Uuid::new_v5(&exchange.request, name.as_bytes());
            stem(exchange.method, title_path(&exchange.title), &id).into()
        },
        |known| known.stem.clone(),
    );
    let digest = exchange.recorded.digest.clone();
    let unchanged = |answers| Placed {
        variant,
        update: Update { fields: fields.clone(), stem: stem.clone(), answers },
        changes: Vec::new(),
        began_sequence: false,
        written_before: before.written,
    };
    if before.written > 0 && *before.digest == *digest {
        let again = before.again.saturating_add(1);
        return unchanged(Answers { again, ..before.clone() });
    }
    let mut changes = Vec::new();
    let mut matched: Vec<(String, Field)> = Vec::new();
    matched.extend(fields.conditions.iter().map(|(name, field)| (name.clone(), field.clone())));
    let specificity = differences.values().map(Field::specificity).sum();
    matched.extend(differences);
    let mut guards = log.guards.clone();
    guards.extend(fields.guards.iter().cloned());
    let missing = guards.iter().filter(|name| !fields.conditions.contains_key(*name));
    matched.extend(missing.map(|name| (name.clone(), Field::absent())));

    let tail = last_written(&stem, &before, files);
    let run = if tail.is_some() { before.again.min(MAX_RUN) } else { 0 };
    let first = if tail.is_some() { before.written } else { 0 };
    let position = first + run + 1;
    let place =
        Place { request: exchange.request, stem: &stem, position, fields: &matched, specificity };
    keep_earlier_bytes(exchange.recorded, &mapping_name(&stem, position), files);
    let body = exchange.recorded.file.take().map(|body| {
        let file = body_name(&stem, position, body.extension);
        let name = format!("{BODIES}/{file}");
        changes.push(match body.content {
            BodyContent::Held(content) => FileChange::Write { name, content },
            BodyContent::File(body) => FileChange::Move { body, name },
        });
        file
    });
    let (title, recorded) = (exchange.title.clone(), &*exchange.recorded);
    let mut new = mapping::mapping(
        title,
        exchange.identity,
        &place,
        recorded,
        body.as_deref(),
        exchange.notes,
    );
    if let Some(tail) = tail {
        set_states(&mut new, &stem, position, false);
        changes.push(write(&stem, position, &new));
        // From the end on: what leads to a file comes after it.
        for position in (first + 1..position).rev() {
            let mut copy = tail.clone();
            let id = mapping::id(exchange.request, &stem, position);
            copy.insert("id".to_owned(), raw(id.to_string()));
            set_states(&mut copy, &stem, position, true);
            changes.push(write(&stem, position, &copy));
        }
        let mut tail = tail;
        set_states(&mut tail, &stem, first, true);
        changes.push(write(&stem, first, &tail));
    } else {
        changes.push(write(&stem, position, &new));
    }
    guard_others(log, exchange, variant, files, &mut changes);
    let written = |name: &String| {
        changes.iter().any(|change| match change {
            FileChange::Write { name: other, .. } | FileChange::Move { name: other, .. } => {
                other == name
            }
            FileChange::Remove { .. } => false,
        })
    };
    let removed: Vec<FileChange> = log
        .replaced
        .iter()
        .filter(|name| !written(name))
        .map(|name| FileChange::Remove { name: name.clone() })
        .collect();
    changes.extend(removed);
    let answers = Answers { written: position, digest: digest.into(), again: 0 };
    Placed { changes, began_sequence: first == 1, ..unchanged(answers) }
}

/// A body that the backend compresses anew each time has other bytes each time, and says the same: those of an earlier
/// recording stay, so that recording again changes nothing.
fn keep_earlier_bytes(recorded: &mut RecordedResponse, name: &str, files: &dyn RecordingFiles) {
    if !recorded.is_coded {
        return;
    }
    let Some(known) = files.read(name).ok().and_then(|text| object(&text)) else { return };
    let own = object_in(&object_in(&known, "metadata"), "standin");
    if own.get("answer").is_none_or(|answer| answer.get() != raw(&recorded.digest).get()) {
        return;
    }
    let mut response = object_in(&known, "response");
    let body_file = response.remove("bodyFileName");
    match (body_file, &mut recorded.file) {
        (None, None) => {}
        (Some(body_file), Some(file)) => {
            let read = |name: String| files.read(&format!("{BODIES}/{name}")).ok();
            let Some(bytes) = serde_json::from_str(body_file.get()).ok().and_then(read) else {
                return;
            };
            file.content = BodyContent::Held(bytes.into());
        }
        _ => return,
    }
    recorded.response = response;
}

/// The last answer so far, as it is written; nothing where there is none, or somebody removed it.
fn last_written(stem: &str, answers: &Answers, files: &dyn RecordingFiles) -> Option<Object> {
    if answers.written == 0 {
        return None;
    }
    object(&files.read(&mapping_name(stem, answers.written)).ok()?)
}

/// Forbids the fields of conditions that are new to the request in the stubs of all other variants.
fn guard_others(
    log: &RequestLog,
    exchange: &Exchange<'_>,
    own: usize,
    files: &dyn RecordingFiles,
    changes: &mut Vec<FileChange>,
) {
    let new: Vec<&String> =
        exchange.identity.fields.guards.iter().filter(|name| !log.guards.contains(*name)).collect();
    if new.is_empty() {
        return;
    }
    for (_, variant) in log.variants.iter().enumerate().filter(|(at, _)| *at != own) {
        let absent: Vec<(String, Field)> = new
            .iter()
            .filter(|name| !variant.fields.conditions.contains_key(**name))
            .map(|name| ((*name).clone(), Field::absent()))
            .collect();
        for position in 1..=variant.answers.written {
            let name = mapping_name(&variant.stem, position);
            if let Some(mut mapping) = files.read(&name).ok().and_then(|text| object(&text)) {
                mapping::add_fields(&mut mapping, &absent);
                changes.push(FileChange::Write { name, content: file(&mapping).into() });
            }
        }
    }
}

fn write(stem: &str, position: u32, mapping: &Object) -> FileChange {
    let content = Bytes::from(file(mapping));
    FileChange::Write { name: mapping_name(stem, position), content }
}

/// Puts a mapping at its place in the sequence of a variant.
fn set_states(mapping: &mut Object, scenario: &str, position: u32, has_next: bool) {
    let required = if position <= 1 { STARTED.to_owned() } else { format!("{STATE}{position}") };
    mapping.insert("scenarioName".to_owned(), raw(scenario));
    mapping.insert("requiredScenarioState".to_owned(), raw(required));
    if has_next {
        mapping.insert("newScenarioState".to_owned(), raw(format!("{STATE}{}", position + 1)));
    }
}

/// The path in a title.
fn title_path(title: &str) -> &str {
    path_of(title.split_once(' ').map_or(title, |(_, path)| path))
}
