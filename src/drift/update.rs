//! Replaces recorded answers by live ones, in place: the rest of each file is unchanged, byte by
//! byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::value::RawValue;

use crate::recorded::{RecordedAnswer, RecordedStub};

use super::scratch::Scratch;

/// A stub, and its live answer as it would be recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(super) stub: RecordedStub,
    pub(super) answer: RecordedAnswer,
    /// The stub of the live answer, in the scratch folder.
    pub(super) live: RecordedStub,
    pub(super) scratch: Scratch,
}

impl Recorded {
    /// Returns the file of the stub.
    pub(crate) fn file(&self) -> &Path {
        self.stub.file()
    }
}

/// Writes the live answer into the file of the stub.
///
/// # Errors
/// A message that says why the file is not changed.
pub(crate) fn update(recorded: &Recorded) -> Result<(), String> {
    let file = recorded.stub.file();
    let failed = |why: String| format!("{} is not updated: {why}", file.display());
    let old = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    let new =
        fs::read_to_string(recorded.live.file()).map_err(|error| failed(error.to_string()))?;
    let old_name = recorded.stub.mapping["response"]["bodyFileName"].as_str();
    let new_name = recorded.live.mapping["response"]["bodyFileName"].as_str();
    let Some(response) = part(&old, &["response"]) else {
        return Err(failed("it is not a JSON file with one stub".to_owned()));
    };
    let mut live = part(&new, &["response"]).unwrap_or("{}").to_owned();
    let folder = file.parent().unwrap_or(Path::new(".")).join("__files");
    if let Some(name) = new_name {
        let body = fs::read(recorded.scratch.path().join("__files").join(name));
        let body = body.map_err(|error| failed(error.to_string()))?;
        let kept = old_name.unwrap_or(name);
        live = live.replace(&quoted(name), &quoted(kept));
        fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
        fs::write(folder.join(kept), body).map_err(|error| failed(error.to_string()))?;
    }
    let mut text = splice(&old, response, &live);
    // The fields by which the recorder recognizes an answer.
    for key in ["answer", "readable"] {
        let path = ["metadata", "standin", key];
        if let (Some(was), Some(is)) = (part(&text, &path), part(&new, &path)) {
            text = splice(&text, was, is);
        }
    }
    write(file, &text).map_err(|error| failed(error.to_string()))?;
    if let (Some(gone), None) = (old_name, new_name) {
        // Nothing refers to it any longer; a body that several stubs share is not named after one of them.
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if gone.starts_with(&stem) {
            let _ = fs::remove_file(folder.join(gone));
        }
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Returns the text of the value at these keys.
fn part<'t>(text: &'t str, keys: &[&str]) -> Option<&'t str> {
    let mut text = text.trim_start_matches('\u{feff}');
    for key in keys {
        let map: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        text = map.get(*key)?.get();
    }
    Some(text)
}

/// Replaces a part of a text.
fn splice(text: &str, part: &str, new: &str) -> String {
    let from = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let Some(before) = text.get(..from) else { return text.to_owned() };
    format!("{before}{new}{}", &text[from + part.len()..])
}

/// Writes a file atomically.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = file.with_file_name(format!(".{name}.{}.unfinished", std::process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let text = "{ \"a\": {\"b\" : [1,  2]},\n  \"c\": 3 }\n";
        let found = part(text, &["a", "b"]).unwrap();
        assert_eq!(found, "[1,  2]");
        assert_eq!(splice(text, found, "null"), "{ \"a\": {\"b\" : null},\n  \"c\": 3 }\n");
        assert_eq!(part(text, &["a", "x"]), None);
        assert_eq!(part("- a\n", &["a"]), None);
    }
}
