//! JSON that is parsed when it is first needed.

use std::sync::OnceLock;

use serde_json::Value;

/// The parsed form of a text that is kept elsewhere.
#[derive(Debug, Default)]
pub(crate) struct LazyJson(OnceLock<Option<Value>>);

impl LazyJson {
    /// Returns the text as JSON, if it is JSON. The text is the same in every call.
    pub(crate) fn of(&self, text: &str) -> Option<&Value> {
        self.0.get_or_init(|| serde_json::from_str(text).ok()).as_ref()
    }
}
