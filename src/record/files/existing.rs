//! What a folder holds before a recorder adds to it: the answers of earlier recordings.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use crate::document::{MAX_FILE_BYTES, disk};

use super::super::mapping::STATE;

/// An answer in a file of an earlier recording.
#[derive(Debug)]
pub(in crate::record) struct EarlierAnswer {
    /// The file of its mapping.
    pub(in crate::record) name: String,
    /// The file of its body, below the folder of bodies.
    pub(in crate::record) body: Option<String>,
    /// The id of the request.
    pub(in crate::record) request: Uuid,
    /// The number of the answer: the first one is 1.
    pub(in crate::record) position: u32,
    pub(in crate::record) mapping: Value,
}

impl EarlierAnswer {
    /// What the recorder noted for itself.
    pub(in crate::record) fn note(&self, key: &str) -> &Value {
        &self.mapping["metadata"]["standin"][key]
    }

    /// The name of the files of its request.
    pub(in crate::record) fn stem(&self) -> &str {
        let stem = self.name.strip_suffix(".json").unwrap_or(&self.name);
        if self.position <= 1 {
            return stem;
        }
        stem.rsplit_once('-').map_or(stem, |(stem, _)| stem)
    }
}

/// The answers that were recorded into a folder, in the order of their files. Other files are passed over.
///
/// # Errors
/// When the folder cannot be read.
pub(in crate::record) fn earlier_answers(folder: &Path) -> io::Result<Vec<EarlierAnswer>> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && Path::new(&name).extension().is_some_and(|extension| extension == "json")
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names.into_iter().filter_map(|name| earlier(folder, name)).collect())
}

fn earlier(folder: &Path, name: String) -> Option<EarlierAnswer> {
    // What cannot be read is not this recorder's; loading reports it.
    let text = disk::read(&folder.join(&name), MAX_FILE_BYTES).ok()?;
    let mapping: Value = serde_json::from_slice(&text).ok()?;
    let request = mapping["metadata"]["standin"]["request"].as_str()?.parse().ok()?;
    let state = mapping["requiredScenarioState"].as_str();
    let position = state.and_then(|state| state.strip_prefix(STATE)?.parse().ok());
    let body = mapping["response"]["bodyFileName"].as_str().map(str::to_owned);
    Some(EarlierAnswer { name, body, request, position: position.unwrap_or(1), mapping })
}
