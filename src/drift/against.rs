//! Compares recorded answers with descriptions of the API: which of them no longer conform.

mod openapi;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::document::{Diagnostic, Diagnostics, Format, MAX_FILE_BYTES, Source, disk};
use crate::k8s::Definitions;
use crate::recorded::{Answers, LiteralRequest, RecordedAnswer, Recording};

use super::report::{Comparison, Report, Verdict};
use openapi::OpenApi;

/// How many problems of one answer are named.
const NAMED: usize = 10;

/// `OpenAPI` documents, and definitions of custom resources.
#[derive(Debug, Default)]
pub(crate) struct Descriptions {
    documents: Vec<OpenApi>,
    definitions: Definitions,
    has_definitions: bool,
}

impl Descriptions {
    /// Reads files: `OpenAPI` 2.0 to 3.1, or `CustomResourceDefinition`s.
    ///
    /// # Errors
    /// Every problem of every file.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Diagnostics> {
        let mut descriptions = Self::default();
        let mut problems = Diagnostics::default();
        for path in paths {
            if let Err(problem) = descriptions.add(path) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(descriptions) } else { Err(problems) }
    }

    fn add(&mut self, path: &Path) -> Result<(), Diagnostic> {
        let bytes =
            disk::read(path, MAX_FILE_BYTES).map_err(|error| disk::unreadable(path, &error))?;
        let format = Format::of(path).unwrap_or(Format::Yaml);
        let source = Source::from_bytes(path.to_path_buf(), format, bytes)?;
        let mut found = false;
        for document in source.parse()? {
            if document.get("openapi").is_some() || document.get("swagger").is_some() {
                self.documents.push(OpenApi::new(document));
                found = true;
                continue;
            }
            let items = document["items"].as_array().cloned();
            for object in items.unwrap_or_else(|| vec![document]) {
                if object["kind"] == "CustomResourceDefinition" {
                    let added = self.definitions.add(&object);
                    added.map_err(|error| Diagnostic::error(path, error.to_string()))?;
                    (self.has_definitions, found) = (true, true);
                }
            }
        }
        if found {
            return Ok(());
        }
        Err(Diagnostic::error(path, "neither an OpenAPI document nor a CustomResourceDefinition")
            .hint("name the description of the API that was recorded"))
    }

    /// Returns the problems of an answer, or `None` if no description covers it.
    fn problems(&self, request: &LiteralRequest, answer: &RecordedAnswer) -> Option<Vec<String>> {
        let mut all: Option<Vec<String>> = None;
        let mut unknown = None;
        for document in &self.documents {
            match document.problems(request, answer) {
                Ok(problems) => all.get_or_insert_default().extend(problems),
                Err(why) => unknown = Some(why),
            }
        }
        if self.has_definitions {
            for object in objects(&answer.body) {
                if let Some(problems) = self.definitions.problems(&object) {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let kind = object["kind"].as_str().unwrap_or_default();
                    let named = problems.iter().map(|problem| format!("{kind} {name}: {problem}"));
                    all.get_or_insert_default().extend(named);
                }
            }
        }
        // An operation that no document describes has been removed.
        all.or_else(|| unknown.filter(|_| !self.has_definitions).map(|why| vec![why]))
    }
}

/// Returns the Kubernetes objects in a body: itself, the items of a list, the objects of watch
/// events.
fn objects(body: &[u8]) -> Vec<Value> {
    let values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    let mut found = Vec::new();
    for value in values.map_while(Result::ok) {
        let (version, kind) = (value["apiVersion"].clone(), value["kind"].clone());
        match value.get("items").and_then(Value::as_array) {
            Some(items) => found.extend(items.iter().cloned().map(|mut item| {
                // Items of a list have the version and the kind of the list.
                if item.get("kind").is_none() {
                    let kind = kind.as_str().unwrap_or_default();
                    item["kind"] = kind.strip_suffix("List").unwrap_or(kind).into();
                    item["apiVersion"] = version.clone();
                }
                item
            })),
            None => match value.get("object") {
                Some(object) if value.get("type").is_some() => found.push(object.clone()),
                _ => found.push(value),
            },
        }
    }
    found
}

/// Checks each recorded answer against the descriptions.
pub(crate) async fn against(
    recording: &Recording,
    answers: &Answers,
    descriptions: &Descriptions,
) -> Report {
    let mut report = Report::default();
    for stub in &recording.stubs {
        let verdict = match LiteralRequest::of(&stub.mapping["request"]) {
            Err(why) => Verdict::Skipped(why),
            Ok(request) => match answers.of(stub, Some(&request)).await {
                Err(error) => Verdict::Skipped(error.to_string()),
                Ok(answer) => match descriptions.problems(&request, &answer) {
                    None => Verdict::Skipped("no description covers it".to_owned()),
                    Some(problems) if problems.is_empty() => Verdict::Same,
                    Some(mut problems) => {
                        let left = problems.len().saturating_sub(NAMED);
                        problems.truncate(NAMED);
                        if left > 0 {
                            problems.push(format!("… {left} more"));
                        }
                        Verdict::Drifted(problems.join("\n"))
                    }
                },
            },
        };
        let file = stub.file().display().to_string();
        report.0.push(Comparison { file, title: stub.title(), verdict });
    }
    report
}
