//! `life`: the phases of simulated jobs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use globset::{Glob, GlobMatcher};

use crate::document::{Diagnostic, Node, Place};
use crate::scenario::words::table::LifeWords;

/// One entry of `life`.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// `plural.group`.
    pub resource: String,
    pub namespace: Option<GlobMatcher>,
    pub name: Option<GlobMatcher>,
    /// The phases with the time after creation at which each begins.
    pub phases: Vec<(String, Duration)>,
    source: Arc<Path>,
    /// The places of the resource and of each phase.
    places: (Option<Place>, Vec<Option<Place>>),
}

impl Life {
    /// Checks and compiles one entry.
    pub(in crate::scenario) fn compile(words: &LifeWords<'_>, source: &Arc<Path>) -> Option<Self> {
        let mut phases = Vec::new();
        let mut places = Vec::new();
        let mut before = Duration::ZERO;
        for phase in words.phases.as_deref()? {
            let at = phase.at.unwrap_or(before);
            if at < before {
                phase.node.error(
                    format!("this phase begins after {at:?}, before the one preceding it"),
                    "write the phases in the order of their times, each counted from the creation",
                );
            }
            before = before.max(at);
            phases.push((phase.phase?.to_owned(), at));
            places.push(phase.node.place());
        }
        Some(Self {
            resource: words.resource?.to_owned(),
            namespace: words.namespace.as_ref().and_then(glob),
            name: words.name.as_ref().and_then(glob),
            phases,
            source: Arc::clone(source),
            places: (words.node.place(), places),
        })
    }

    /// Returns the diagnostic that no phases of the resource type are known.
    #[must_use]
    pub(crate) fn unknown_resource(&self, hint: String) -> Diagnostic {
        self.diagnostic(format!("no phases of {:?} are known", self.resource), hint, self.places.0)
    }

    /// Returns the diagnostic that a phase is not one of the resource type.
    #[must_use]
    pub(crate) fn unknown_phase(&self, index: usize, hint: String) -> Diagnostic {
        let (phase, _) = &self.phases[index];
        let message = format!("{:?} have no phase {phase:?}", self.resource);
        self.diagnostic(message, hint, self.places.1[index])
    }

    fn diagnostic(&self, message: String, hint: String, place: Option<Place>) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.source.to_path_buf(), message).hint(hint);
        match place {
            Some(place) => diagnostic.at(place),
            None => diagnostic,
        }
    }
}

fn glob((text, node): &(&str, Node<'_>)) -> Option<GlobMatcher> {
    let glob = Glob::new(text);
    let why = |error: globset::Error| {
        node.error(format!("this is not a glob: {}", error.kind()), "write it like \"train-*\"");
    };
    glob.map(|glob| glob.compile_matcher()).map_err(why).ok()
}
