//! What is secret in an exchange never leaves memory: before it is recorded, logged, reported or shown it
//! passes through here.
//!
//! ```text
//! exchange → Redactor → [pass]: headers, target, bodies ([body])
//!               by name ([names]) · by shape and place in a text ([text], [json], [yaml])
//!               → pseudonym under a key ([key]), the same wherever the secret stands
//! ```
//!
//! A secret becomes a pseudonym of its shape, so that what reads a recording still takes it, and one
//! secret stays one.

mod body;
mod edit;
mod header;
mod json;
mod key;
mod names;
mod pass;
mod text;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use body::{Media, Redacted};
pub(crate) use key::Key;
pub(crate) use pass::{MARK, Pass};

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use pass::By;

/// How many secrets of earlier exchanges are looked for in later ones.
const MOST_KNOWN: usize = 512;

/// Replaces secrets, of any number of exchanges under one key.
#[derive(Debug)]
pub(crate) struct Redactor {
    key: Key,
    /// Shows everything as it is.
    off: bool,
    known: Mutex<Known>,
}

/// The secrets of earlier exchanges: a token that was issued stands in later requests.
#[derive(Debug, Default)]
struct Known {
    secrets: BTreeSet<String>,
    /// In the order in which they came.
    order: std::collections::VecDeque<String>,
}

impl Redactor {
    pub(crate) fn new(key: Key) -> Self {
        Self { key, off: false, known: Mutex::default() }
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

    /// Keeps what passes have found, for the exchanges that follow.
    pub(crate) fn learn(&self, pass: &Pass<'_>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in pass.found() {
            if known.secrets.insert(secret.clone()) {
                known.order.push_back(secret);
            }
            if known.order.len() > MOST_KNOWN
                && let Some(oldest) = known.order.pop_front()
            {
                known.secrets.remove(&oldest);
            }
        }
    }

    /// All secrets that are known, the longest first: one may be a part of another.
    pub(crate) fn known(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<String> = known.secrets.iter().cloned().collect();
        all.sort_by_key(|secret| usize::MAX - secret.len());
        all
    }

    /// A text in which known secrets are repeated without a name, with what `with` gives instead.
    pub(crate) fn without_known(&self, text: String, known: &[String], mark: bool) -> String {
        known.iter().fold(text, |text, secret| {
            if !text.contains(secret.as_str()) {
                return text;
            }
            let instead = if mark { MARK.to_string() } else { self.key.pseudonym(secret) };
            text.replace(secret.as_str(), &instead)
        })
    }

    /// Path and query by themselves, for a line.
    pub(crate) fn target(&self, target: &str) -> String {
        if self.off { target.to_owned() } else { self.pass(target).target(target) }
    }

    /// One text by itself: a line of a log, a message of a panic.
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
