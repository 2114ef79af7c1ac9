//! What is secret in an exchange never leaves memory: before it is recorded, logged, reported or shown it
//! passes through here.
//!
//! ```text
//! exchange → Redactor → [pass]: headers, target, bodies ([body], its [coding])
//!               by name ([names]) · by shape and place in a text ([text], [json], [yaml])
//!               → pseudonym under a key ([key]), the same wherever the secret stands
//! request → [credentials]: who asks, as pseudonyms, to be compared at replay
//! ```
//!
//! A secret becomes a pseudonym of its shape, so that what reads a recording still takes it, and one
//! secret stays one.

mod body;
mod coding;
mod credentials;
mod edit;
mod header;
mod json;
mod key;
mod key_file;
mod known;
mod names;
mod pass;
mod text;
mod trigger;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use body::{Media, Redacted};
pub(crate) use credentials::{RecordedCredential, RecordedCredentials, RequestPart};
pub(crate) use edit::MARK;
pub(crate) use key::Key;
#[cfg(feature = "record")]
pub(crate) use key_file::KEY_FILE;
pub(crate) use known::Known;
pub(crate) use pass::Pass;

use std::sync::{Mutex, PoisonError};

use known::Memory;
use pass::By;

/// Replaces secrets, of any number of exchanges under one key.
#[derive(Debug)]
pub(crate) struct Redactor {
    key: Key,
    /// Shows everything as it is.
    off: bool,
    memory: Mutex<Memory>,
}

impl Redactor {
    pub(crate) fn new(key: Key) -> Self {
        Self { key, off: false, memory: Mutex::default() }
    }

    /// Hides nothing: somebody has asked to see it all.
    pub(crate) fn off() -> Self {
        Self { off: true, ..Self::new(Key::random()) }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    /// For the parts of one exchange, which become pseudonyms. `target` tells what it is about.
    pub(crate) fn pass(&self, target: &str) -> Pass<'_> {
        let mut pass = Pass::new(By::Pseudonym(&self.key));
        pass.of_secrets = is_of_secrets(target);
        pass
    }

    /// For a pattern: secrets become [`MARK`].
    pub(crate) fn marks(target: &str) -> Pass<'static> {
        let mut pass = Pass::new(By::Mark);
        pass.of_secrets = is_of_secrets(target);
        pass
    }

    /// Keeps what a pass has found, for the exchanges that follow. Gives all that is known.
    pub(crate) fn learn(&self, pass: &Pass<'_>) -> Known {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.learn(pass.found());
        memory.known()
    }

    /// A text with pseudonyms for known secrets that are repeated in it without a name.
    pub(crate) fn without(&self, known: &Known, text: String) -> String {
        known.replace(text, Some(&self.key))
    }

    /// A pattern with marks for them.
    pub(crate) fn marked(known: &Known, text: String) -> String {
        known.replace(text, None)
    }

    /// Path and query by themselves, for a line.
    pub(crate) fn target(&self, target: &str) -> String {
        if self.off { target.to_owned() } else { self.pass(target).target(target) }
    }

    /// One text by itself: a line of a log, a message of a panic.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn line(&self, text: &str) -> String {
        if self.off {
            return text.to_owned();
        }
        self.pass("").changed(text).unwrap_or_else(|| text.to_owned())
    }
}

impl Default for Redactor {
    /// Under a key that nobody has.
    fn default() -> Self {
        Self::new(Key::random())
    }
}

/// Whether a request is about Kubernetes Secrets, whatever its body says.
fn is_of_secrets(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.contains("/api/v1/") && path.split('/').any(|segment| segment == "secrets")
}
