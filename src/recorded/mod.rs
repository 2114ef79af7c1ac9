//! What a recording says, read back from its stub mappings: for exports, comparisons and objects.
//!
//! ```text
//! paths → fixtures → [Recording] → stubs in the order of their sequences
//!                       ├ [request]: the one request that a pattern takes
//!                       └ [answer]: what the server answers with a stub
//! ```

mod answer;
mod request;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::document::Diagnostics;
use crate::fixtures;
use crate::matching::{STARTED, Stub};

pub(crate) use answer::{Answers, RecordedAnswer};
pub(crate) use request::LiteralRequest;

/// The stubs of files and directories.
#[derive(Debug)]
pub(crate) struct Recording {
    /// The paths that were read.
    pub(crate) paths: Vec<PathBuf>,
    /// In the order of the files; those of one sequence stand together, in its order.
    pub(crate) stubs: Vec<RecordedStub>,
}

/// A stub with its mapping.
#[derive(Debug, Clone)]
pub(crate) struct RecordedStub {
    pub(crate) stub: Arc<Stub>,
    pub(crate) mapping: Value,
}

impl Recording {
    /// Reads stubs; Kubernetes objects among them are passed over.
    ///
    /// # Errors
    /// Every problem of every file.
    pub(crate) fn load(paths: &[PathBuf]) -> Result<Self, Diagnostics> {
        let files = fixtures::load(paths)?.set.stubs;
        let mut stubs: Vec<RecordedStub> = Vec::new();
        for file in &files {
            stubs.extend(
                file.stubs()
                    .iter()
                    .map(|stub| RecordedStub { stub: Arc::clone(stub), mapping: stub.mapping() }),
            );
        }
        Ok(Self { paths: paths.to_vec(), stubs: in_sequence(stubs) })
    }
}

impl RecordedStub {
    pub(crate) fn file(&self) -> &Path {
        self.stub.source()
    }

    /// Its name, or its request in few words.
    pub(crate) fn title(&self) -> String {
        if let Some(name) = self.stub.name() {
            return name.to_owned();
        }
        let request = &self.mapping["request"];
        let url = ["url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate"];
        let url = url.iter().find_map(|key| request[*key].as_str()).unwrap_or("any URL");
        format!("{} {url}", request["method"].as_str().unwrap_or("ANY"))
    }

    /// The sequence that it belongs to: the name of its scenario.
    pub(crate) fn sequence(&self) -> Option<&str> {
        self.mapping["scenarioName"].as_str()
    }

    fn state(&self, key: &str) -> Option<&str> {
        self.mapping[key].as_str()
    }
}

/// Puts the stubs of each sequence where its first one stands, in the order of its states.
fn in_sequence(stubs: Vec<RecordedStub>) -> Vec<RecordedStub> {
    let mut sequences: HashMap<String, Steps> = HashMap::new();
    for (at, stub) in stubs.iter().enumerate() {
        if let Some(name) = stub.sequence() {
            let state = stub.state("requiredScenarioState").unwrap_or(STARTED);
            sequences.entry(name.to_owned()).or_default().add(state, at);
        }
    }
    let mut stubs: Vec<Option<RecordedStub>> = stubs.into_iter().map(Some).collect();
    let mut ordered: Vec<RecordedStub> = Vec::with_capacity(stubs.len());
    for at in 0..stubs.len() {
        let Some(stub) = &stubs[at] else { continue };
        let Some(mut steps) = stub.sequence().and_then(|name| sequences.remove(name)) else {
            ordered.extend(stubs[at].take());
            continue;
        };
        let mut state = Some(STARTED.to_owned());
        // Each step takes a stub that was not taken: it ends.
        while let Some(stub) = state.and_then(|now| stubs[steps.next(&now)?].take()) {
            state = stub.state("newScenarioState").map(str::to_owned);
            ordered.push(stub);
        }
        // What no state leads to.
        ordered.extend(steps.all.into_iter().filter_map(|at| stubs[at].take()));
    }
    ordered
}

/// The stubs of a sequence by their places in a recording, the first one first.
#[derive(Debug, Default)]
struct Steps {
    all: Vec<usize>,
    by_state: HashMap<String, VecDeque<usize>>,
}

impl Steps {
    fn add(&mut self, state: &str, at: usize) {
        self.all.push(at);
        self.by_state.entry(state.to_owned()).or_default().push_back(at);
    }

    /// Takes the first stub that requires a state.
    fn next(&mut self, state: &str) -> Option<usize> {
        self.by_state.get_mut(state)?.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sequences_are_in_the_order_of_their_states() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, mapping: Value| {
            std::fs::write(directory.path().join(name), mapping.to_string()).unwrap();
        };
        let step = |name: &str, at: &str, to: Option<&str>| {
            let mut stub = json!({"name": name, "scenarioName": "s", "requiredScenarioState": at,
                "request": {"url": "/s"}, "response": {}});
            if let Some(to) = to {
                stub["newScenarioState"] = to.into();
            }
            stub
        };
        write("a.json", step("third", "3", None));
        write("b.json", json!({"name": "other", "request": {"url": "/o"}, "response": {}}));
        write("c.json", step("first", "Started", Some("2")));
        write("d.json", step("second", "2", Some("3")));
        let recording = Recording::load(&[directory.path().to_path_buf()]).unwrap();
        let names: Vec<String> = recording.stubs.iter().map(RecordedStub::title).collect();
        assert_eq!(names, ["first", "second", "third", "other"]);
    }
}
