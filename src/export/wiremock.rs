//! A root directory of `WireMock`: `mappings/`, and the bodies in `__files/`.
//!
//! A mapping stays as it is where `WireMock` has all of it. What only this program has (transformers of recorded
//! streams) is written as what it answers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_LENGTH;
use serde_json::{Value, json};

use crate::document::duration;
use crate::fixtures;
use crate::matching::pretty_json;
use crate::recorded::{Answers, RecordedStub, Recording};

use super::Exported;

/// The transformers that `WireMock` does not have begin so.
const OWN: &str = "standin-";

/// Exports a recording, or any stubs.
pub(crate) async fn wiremock(recording: &Recording, answers: &Answers) -> Exported {
    let mut exported = Exported::default();
    for (index, stub) in recording.stubs.iter().enumerate() {
        let index = i64::try_from(index).ok();
        let text = if is_own(stub) {
            match answered(stub, answers, index).await {
                Ok(mapping) => format!("{mapping:#}\n"),
                Err(why) => {
                    let file = stub.file().display();
                    exported.left_out.push(format!("{file}: {} is left out: {why}", stub.title()));
                    continue;
                }
            }
        } else {
            let text = stub.stub.file_text(index);
            format!("{}\n", pretty_json(&text).unwrap_or(text))
        };
        if stub.mapping.pointer("/metadata/standin/credentials").is_some() {
            let file = stub.file().display();
            exported.left_out.push(format!(
                "{file}: {} answers any client there: WireMock does not know pseudonyms of credentials",
                stub.title()
            ));
        }
        if let Some(name) = stub.mapping["response"]["bodyFileName"].as_str()
            && let Some(bytes) = body_file(stub.file(), name, &recording.paths)
        {
            exported.files.insert(Path::new("__files").join(name), bytes);
        }
        exported.files.insert(unused(&exported, stub), text.into_bytes());
        exported.stubs += 1;
    }
    exported
}

fn is_own(stub: &RecordedStub) -> bool {
    let names = stub.mapping["response"]["transformers"].as_array();
    names.into_iter().flatten().filter_map(Value::as_str).any(|name| name.starts_with(OWN))
}

/// The mapping with what the stub answers in place of how it is made.
async fn answered(
    stub: &RecordedStub,
    answers: &Answers,
    index: Option<i64>,
) -> Result<Value, String> {
    let answer = answers.of(stub, None).await.map_err(|error| error.to_string())?;
    let mut mapping = stub.mapping.clone();
    mapping["persistent"] = true.into();
    if let Some(index) = index {
        mapping["insertionIndex"] = index.into();
    }
    let Some(response) = mapping["response"].as_object_mut() else {
        return Err("it has no response".to_owned());
    };
    let chunks = response.get("transformerParameters").and_then(|parameters| {
        let chunks = parameters["chunks"].as_array()?;
        let pause = |chunk: &Value| chunk["after"].as_str().and_then(duration).unwrap_or_default();
        let over: Duration = chunks.iter().map(pause).sum();
        Some((chunks.len().max(1), u64::try_from(over.as_millis()).unwrap_or(u64::MAX)))
    });
    for key in ["jsonBody", "bodyFileName", "body", "base64Body", "transformerParameters"] {
        response.remove(key);
    }
    if let Some(Value::Array(names)) = response.get_mut("transformers") {
        names.retain(|name| !name.as_str().is_some_and(|name| name.starts_with(OWN)));
        if names.is_empty() {
            response.remove("transformers");
        }
    }
    let length = answer.headers.get(CONTENT_LENGTH).is_some();
    match std::str::from_utf8(&answer.body) {
        _ if answer.body.is_empty() => {}
        Ok(text) => drop(response.insert("body".to_owned(), text.into())),
        Err(_) => {
            response.insert("base64Body".to_owned(), STANDARD.encode(&answer.body).into());
        }
    }
    if let Some((chunks, over)) = chunks
        && over > 0
        && !length
        && !answer.body.is_empty()
    {
        let delay = json!({"numberOfChunks": chunks, "totalDuration": over});
        response.insert("chunkedDribbleDelay".to_owned(), delay);
    }
    Ok(mapping)
}

/// A body file of a stub, from the nearest `__files` above it.
fn body_file(stub: &Path, name: &str, roots: &[PathBuf]) -> Option<Vec<u8>> {
    for above in stub.ancestors().skip(1) {
        if let Ok(path) = fixtures::body_file(&above.join("__files"), name) {
            return Some(fixtures::read_body_file(&path).ok()?.0.to_vec());
        }
        if roots.iter().any(|root| root == above)
            && above.file_name().is_none_or(|name| name != "mappings")
        {
            return None;
        }
    }
    None
}

/// A name for the stub's file: that of the file it comes from, where it stands alone in it.
fn unused(exported: &Exported, stub: &RecordedStub) -> PathBuf {
    let stem = stub.file().file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_else(|| "stub".to_owned());
    let name = |number: usize| {
        let file =
            if number == 1 { format!("{stem}.json") } else { format!("{stem}-{number}.json") };
        Path::new("mappings").join(file)
    };
    (1..).map(name).find(|path| !exported.files.contains_key(path)).unwrap_or_default()
}
