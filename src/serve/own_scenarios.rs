//! The scenarios that a world has in place of those of the server, and besides them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::document::InlineText;

/// How many scenarios the admin API may put into a world.
pub(crate) const MAX_PUT: usize = 100;

/// What the admin API has chosen for a world.
#[derive(Debug, Default)]
pub(crate) struct OwnScenarios(Mutex<Chosen>);

/// The scenarios of a world, as they were chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    /// Names and files in place of those of the server.
    pub(crate) named: Option<(Vec<String>, Option<u64>)>,
    /// Texts that were put, in the order of their first appearance.
    pub(crate) put: Vec<InlineText>,
}

impl OwnScenarios {
    /// What is chosen now. One change at a time: the guard is held until it is made.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Chosen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chosen {
    /// The same with a text, which replaces one of its name.
    pub(crate) fn with(&self, text: InlineText) -> Self {
        let mut changed = self.clone();
        match changed.put.iter_mut().find(|known| known.name == text.name) {
            Some(known) => *known = text,
            None => changed.put.push(text),
        }
        changed
    }

    /// The same without the text of a name; nothing where there is none.
    pub(crate) fn without(&self, name: &str) -> Option<Self> {
        let mut changed = self.clone();
        changed.put.retain(|text| text.name != name);
        (changed.put.len() < self.put.len()).then_some(changed)
    }

    /// Whether the world has the scenarios of the server.
    pub(crate) fn is_of_server(&self) -> bool {
        self.named.is_none() && self.put.is_empty()
    }
}
