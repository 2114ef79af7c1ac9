//! The turns of the mutating plugins: all have one, and a second one where a webhook or a policy has changed the object
//! (`pkg/admission/reinvocation.go` in `k8s.io/apiserver`, and the contexts of the two plugins).

use std::collections::HashSet;

use serde_json::Value;

/// The turns of a request's plugins.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    is_second: bool,
    is_wanted: bool,
    /// What is known of the policies that were asked.
    pub(super) policies: Asked,
    /// What is known of the webhooks that were asked.
    pub(super) webhooks: Asked,
}

impl Turns {
    /// Whether the plugins have another turn, which begins.
    pub(super) fn has_another(&mut self) -> bool {
        let another = self.is_wanted && !self.is_second;
        self.is_second = true;
        another
    }

    /// Whether this is the second turn.
    pub(super) fn is_second(&self) -> bool {
        self.is_second
    }

    /// The object has changed: there is to be a second turn.
    pub(super) fn want_another(&mut self) {
        self.is_wanted = true;
    }
}

/// Those that were asked, of the webhooks or of the policies.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The object after the last of them.
    last: Option<Value>,
    /// Those that are asked again once others have changed the object.
    waiting: HashSet<String>,
    /// Those of them for which that has happened.
    again: HashSet<String>,
}

impl Asked {
    /// Begins the second turn: other plugins may have changed the object since.
    pub(super) fn resume(&mut self, object: &Value) {
        if self.last.as_ref() != Some(object) {
            self.ask_again();
        }
    }

    /// The object has changed: those that wait are asked again.
    pub(super) fn ask_again(&mut self) {
        self.again.extend(self.waiting.drain());
    }

    /// Whether one of them is asked again.
    pub(super) fn is_due(&self, key: &str) -> bool {
        self.again.contains(key)
    }

    /// Adds one that is asked again once others have changed the object.
    pub(super) fn wait(&mut self, key: &str) {
        self.waiting.insert(key.to_owned());
    }

    /// Keeps the object after the last of them.
    pub(super) fn end(&mut self, object: &Value) {
        self.last = Some(object.clone());
    }
}
