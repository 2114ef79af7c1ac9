//! The phases of resource types, as their operators write them: what a scenario's `life` takes objects through.
//!
//! ```yaml
//! tfjobs.kubeflow.org:
//!   Running:                             # a stage of its own, see the stages of fixtures
//!     status: {startTime: "{{now}}"}
//!     removeConditions: [Restarting]     # these types go
//!     changeConditions: [{type: Created, status: "False"}]    # where they are there
//!     conditions: [{type: Running, reason: TFJobRunning}]
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::document::{Decoder, Diagnostics, Format, Source};

use super::filter::ObjectFilter;
use super::stage::{Stage, StageList};

/// The phases of resource types, by `plural.group` and name.
#[derive(Debug)]
pub(crate) struct Phases(BTreeMap<String, BTreeMap<String, Stage>>);

impl Phases {
    /// Reads the phases that a profile has.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub(crate) fn read(text: &str) -> Result<Self, Diagnostics> {
        let path = Path::new("phases.yaml").to_path_buf();
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        let documents = source.parse().map_err(|problem| Diagnostics(vec![problem]))?;
        let decoder = Decoder::new(&source, 0);
        let mut all = BTreeMap::new();
        for document in documents.iter().take(1) {
            for (resource, node) in decoder.root(document).entries() {
                let phases = node.entries().into_iter();
                let read = phases
                    .filter_map(|(phase, node)| Some((phase.to_owned(), Stage::of_phase(&node)?)));
                all.insert(resource.to_owned(), read.collect());
            }
        }
        let problems = Diagnostics(decoder.finish());
        if problems.is_empty() { Ok(Self(all)) } else { Err(problems) }
    }

    /// The resource types that have phases.
    pub(crate) fn resources(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The phases of a type; nothing where it has none.
    pub(crate) fn of(&self, resource: &str) -> Option<Vec<&str>> {
        Some(self.0.get(resource)?.keys().map(String::as_str).collect())
    }

    /// The stages of objects that go through these phases, each so long after the beginning. Phases that are not known are
    /// left out.
    pub(crate) fn list(
        &self,
        resource: &str,
        objects: ObjectFilter,
        phases: &[(String, Duration)],
    ) -> StageList {
        let mut stages = Vec::new();
        let mut before = Duration::ZERO;
        for (phase, at) in phases {
            if let Some(stage) = self.0.get(resource).and_then(|known| known.get(phase)) {
                stages.push(stage.after(at.saturating_sub(before)));
                before = *at;
            }
        }
        StageList::of_objects(resource, objects, stages, &Arc::from(Path::new("phases.yaml")))
    }
}
