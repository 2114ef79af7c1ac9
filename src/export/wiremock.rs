//! Exports a root directory of `WireMock`: `mappings/`, and the bodies in `__files/`.
//!
//! A mapping is unchanged if `WireMock` supports all of it. Features of this program (transformers
//! of recorded streams) are replaced by their answers.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::document::duration;
use crate::fixtures;
use crate::matching::pretty_json;
use crate::recorded::{Answers, RecordedAnswer, RecordedStub, Recording};

use super::Exported;

/// The transformers that `WireMock` does not have begin so.
const OWN: &str = "standin-";

/// The base URL for which answers are rendered: links to it lead to the server that replays them.
pub(crate) const REPLAY: &str = "http://replay.invalid";

/// The same as `WireMock`'s templates say it.
const BASE: &str = "{{request.baseUrl}}";

/// Exports a recording, or any stubs. The answers are made for [`REPLAY`].
pub(crate) async fn wiremock(recording: &Recording, answers: &Answers) -> Exported {
    let mut exported = Exported::default();
    let without: HashSet<String> = recording
        .stubs
        .iter()
        .filter(|stub| credentials(stub).is_none())
        .map(|stub| stub.mapping["request"].to_string())
        .collect();
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
        let mut text = text;
        if let Some(credentials) = credentials(stub) {
            // Others for the same request were recorded without credentials.
            if without.contains(&stub.mapping["request"].to_string()) {
                text = asking_for(&text, credentials).unwrap_or(text);
            }
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

/// Returns the credentials by which a replay knows the client of a stub.
fn credentials(stub: &RecordedStub) -> Option<&Value> {
    stub.mapping.pointer("/metadata/standin/credentials")
}

/// Returns a mapping that asks for credentials, whatever they are: a request without them is for
/// another stub.
fn asking_for(mapping: &str, credentials: &Value) -> Option<String> {
    let mut keys: BTreeMap<String, Box<RawValue>> = serde_json::from_str(mapping).ok()?;
    let mut request: Value = serde_json::from_str(keys.get("request")?.get()).ok()?;
    for value in credentials["values"].as_array()? {
        let fields = match value["in"].as_str()? {
            "header" => "headers",
            "cookie" => "cookies",
            "query" => "queryParameters",
            _ => continue,
        };
        let field = &mut request[fields][value["name"].as_str()?];
        if field.is_null() {
            *field = json!({"matches": ".+"});
        }
    }
    keys.insert("request".to_owned(), to_raw_value(&request).ok()?);
    let text = serde_json::to_string(&keys).ok()?;
    Some(format!("{}\n", pretty_json(&text).unwrap_or(text)))
}

fn is_own(stub: &RecordedStub) -> bool {
    let names = stub.mapping["response"]["transformers"].as_array();
    names.into_iter().flatten().filter_map(Value::as_str).any(|name| name.starts_with(OWN))
}

/// Returns the mapping with the rendered answer in place of its definition.
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
    let links = response.get("transformerParameters").and_then(|own| own["links"].as_object());
    let backend = links.and_then(|links| links.keys().next().cloned()).unwrap_or_default();
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
    let answer = match templated(&answer) {
        Some(templated) => {
            let names = response.entry("transformers").or_insert_with(|| json!([]));
            names
                .as_array_mut()
                .into_iter()
                .for_each(|names| names.push("response-template".into()));
            set_headers(response, &templated.headers);
            templated
        }
        None => to_backend(answer, &backend),
    };
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

/// Returns an answer with links as a template, or `None` if it has no links or contains text that
/// looks like a template.
fn templated(answer: &RecordedAnswer) -> Option<RecordedAnswer> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let mut linked = text.contains(REPLAY);
    let mut headers = answer.headers.clone();
    for value in headers.values_mut() {
        let plain = value.to_str().unwrap_or_default();
        if plain.contains("{{") {
            return None;
        }
        if plain.contains(REPLAY) {
            *value = HeaderValue::try_from(plain.replace(REPLAY, BASE)).ok()?;
            linked = true;
        }
    }
    if !linked || text.contains("{{") {
        return None;
    }
    // The length follows from the replaying server's own URL.
    headers.remove(CONTENT_LENGTH);
    Some(RecordedAnswer { status: answer.status, headers, body: text.replace(REPLAY, BASE).into() })
}

/// Returns an answer that cannot be a template: its links lead to the backend.
fn to_backend(mut answer: RecordedAnswer, backend: &str) -> RecordedAnswer {
    if let Ok(text) = std::str::from_utf8(&answer.body)
        && text.contains(REPLAY)
    {
        answer.body = text.replace(REPLAY, backend.trim_end_matches('/')).into();
    }
    answer
}

/// Replaces the header fields of the stub by those of an answer.
fn set_headers(response: &mut Map<String, Value>, headers: &HeaderMap) {
    let mut fields = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<Value> = values.map(Value::from).collect();
        let value = match <[Value; 1]>::try_from(values) {
            Ok([one]) => one,
            Err(many) => many.into(),
        };
        fields.insert(name.as_str().to_owned(), value);
    }
    response.insert("headers".to_owned(), fields.into());
}

/// Returns a body file of a stub, from the nearest `__files` above it.
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

/// Returns a name for the stub's file: that of the file it comes from, where it is alone in it.
fn unused(exported: &Exported, stub: &RecordedStub) -> PathBuf {
    let stem = stub.file().file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_else(|| "stub".to_owned());
    let name = |number: usize| {
        let file =
            if number == 1 { format!("{stem}.json") } else { format!("{stem}-{number}.json") };
        Path::new("mappings").join(file)
    };
    // One more than there are files.
    (1..=exported.files.len() + 1)
        .map(name)
        .find(|path| !exported.files.contains_key(path))
        .unwrap_or_default()
}
