//! Redaction: an exchange passes through here before it is recorded, logged, reported or shown, so that its
//! secrets stay in memory.
//!
//! ```text
//! exchange → Redactor → [pass]: headers, target, bodies ([body], its [coding])
//!               by name ([names]) · by shape and place in a text ([text], [json], [yaml])
//!               → pseudonym under a key ([key]), the same wherever the secret stands
//! request → [credentials]: who asks, as pseudonyms, to be compared at replay
//! ```
//!
//! A pseudonym has the shape of its secret, so that clients accept a recording, and equal secrets have equal
//! pseudonyms.

mod base64_coding;
mod base64_text;
mod beside;
mod body;
mod code_values;
mod coding;
mod commands;
mod credentials;
mod data_names;
mod edit;
mod elements;
mod encodings;
mod forms;
mod header;
mod json;
mod key;
mod key_file;
mod known;
mod marks;
mod names;
mod opaque;
mod pairs;
mod pass;
mod pattern;
#[cfg(feature = "record")]
mod pending;
mod phrases;
mod random;
mod remember;
mod services;
mod source;
mod tables;
mod text;
mod trigger;
mod vendors;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use body::{Media, Redacted, recoded};
#[cfg(feature = "record")]
pub(crate) use body::{decoded, decoded_beginning, holds_much};
pub(crate) use credentials::{Likeness, RecordedCredential, RecordedCredentials, RequestPart};
pub(crate) use edit::MARK;
pub(crate) use key::Key;
pub(crate) use key_file::KEY_FILE;
pub(crate) use known::Known;
pub(crate) use pass::Pass;
#[cfg(feature = "record")]
pub(crate) use pending::PendingBody;

#[cfg(feature = "record")]
use std::sync::Weak;
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "record")]
use http::HeaderMap;
#[cfg(feature = "record")]
use http::header::CONTENT_ENCODING;

use known::Memory;
use pass::By;
#[cfg(feature = "record")]
use pending::Pending;

/// Replaces secrets, of any number of exchanges under one key.
#[derive(Debug)]
pub(crate) struct Redactor {
    key: Key,
    /// Whether it replaces nothing.
    off: bool,
    memory: Mutex<Memory>,
    #[cfg(feature = "record")]
    pending: Mutex<Pending>,
}

impl Redactor {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            off: false,
            memory: Mutex::default(),
            #[cfg(feature = "record")]
            pending: Mutex::default(),
        }
    }

    /// A redactor that replaces nothing, for `--show-secrets`.
    pub(crate) fn off() -> Self {
        Self { off: true, ..Self::new(Key::random()) }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    /// The id of its key, which tells nothing about it.
    #[cfg(feature = "record")]
    pub(crate) fn key_id(&self) -> String {
        self.key.id()
    }

    /// Another key that follows from its own; `purpose` says which.
    #[cfg(feature = "record")]
    pub(crate) fn derive_key(&self, purpose: &str) -> [u8; 32] {
        self.key.derive(purpose)
    }

    /// A pass over one exchange, with pseudonyms. `target` is the exchange's path and query.
    pub(crate) fn pass(&self, target: &str) -> Pass<'_> {
        let mut pass = Pass::new(By::Pseudonym(&self.key));
        pass.of_secrets = is_of_secrets(target);
        pass
    }

    /// A pass that replaces secrets by [`MARK`], from which patterns are made.
    pub(crate) fn marks(target: &str) -> Pass<'static> {
        let mut pass = Pass::new(By::Mark);
        pass.of_secrets = is_of_secrets(target);
        pass
    }

    /// Keeps the secrets that a pass has found, for later exchanges. A plain word is kept only if it is a password:
    /// others are in most texts, where they are no secrets.
    pub(crate) fn learn(&self, pass: &Pass<'_>) {
        let mut found = pass.found();
        let passwords = pass.words.borrow();
        found.retain(|secret| !random::is_plain_word(secret) || passwords.contains(secret));
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).learn(found);
    }

    /// The secrets that are kept, and those that a pass has found.
    pub(crate) fn known_with(&self, pass: &Pass<'_>) -> Known {
        let mut words = pass.found();
        words.retain(|secret| random::is_plain_word(secret));
        let kept = self.known();
        if words.is_empty() { kept } else { kept.and(&Known::of(&words)) }
    }

    /// The secrets that are kept.
    pub(crate) fn known(&self) -> Known {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).known()
    }

    /// How many different secrets were found, by kind. Those that are too short to be searched for do not count.
    pub(crate) fn secrets(&self) -> std::collections::BTreeMap<&'static str, u64> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).kinds()
    }

    /// Learns the secrets of the bodies that are kept in mind.
    #[cfg(feature = "record")]
    fn learn_pending(&self) {
        let bodies = self.pending.lock().unwrap_or_else(PoisonError::into_inner).bodies();
        let pass = self.pass("");
        for (coding, body) in &bodies {
            let headers = coding.iter().map(|coding| (CONTENT_ENCODING, coding.clone())).collect();
            pass.body(&Media::of(&headers), body);
        }
        if !bodies.is_empty() {
            self.learn(&pass);
        }
    }

    /// Keeps a body in mind whose secrets are learned later.
    #[cfg(feature = "record")]
    pub(crate) fn expect(&self, headers: &HeaderMap, body: Weak<dyn PendingBody>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.add(headers.get(CONTENT_ENCODING).cloned(), body);
    }

    /// The secrets that are kept of earlier exchanges, and those of bodies that are kept in mind.
    pub(crate) fn remembered(&self) -> Known {
        #[cfg(feature = "record")]
        self.learn_pending();
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).known()
    }

    /// A text in which known secrets are replaced by pseudonyms wherever they occur.
    pub(crate) fn without(&self, known: &Known, text: String) -> String {
        known.replace(text, Some(&self.key))
    }

    /// A text that went through a function which replaces what is secret by itself, and without the known secrets.
    #[cfg(feature = "record")]
    pub(crate) fn without_around(
        &self,
        known: &Known,
        text: &str,
        change: impl Fn(&str) -> String,
    ) -> String {
        if let Some((marked, stand_ins)) = known.set_aside(text, Some(&self.key)) {
            let new = change(&marked);
            let mut parts = new.split(MARK);
            // One that the function took away stays away.
            if new.matches(MARK).count() == stand_ins.len() {
                let mut out = parts.next().unwrap_or_default().to_owned();
                for (stand_in, part) in stand_ins.iter().zip(parts) {
                    out.push_str(stand_in);
                    out.push_str(part);
                }
                return self.without(known, out);
            }
        }
        self.without(known, change(text))
    }

    /// A pattern that went through a function which marks what is secret by itself, with marks for known secrets too.
    #[cfg(feature = "record")]
    pub(crate) fn marked_around(
        known: &Known,
        text: &str,
        change: impl Fn(&str) -> String,
    ) -> String {
        let marked = known.set_aside(text, None);
        Self::marked(known, change(marked.as_ref().map_or(text, |(marked, _)| marked)))
    }

    /// A pattern in which known secrets are replaced by marks.
    pub(crate) fn marked(known: &Known, text: String) -> String {
        known.replace(text, None)
    }

    /// Redacts a path with its query, for a log line.
    pub(crate) fn target(&self, target: &str) -> String {
        if self.off { target.to_owned() } else { self.pass(target).target(target) }
    }

    /// Redacts one text: a log line, the message of a panic.
    pub(crate) fn line(&self, text: &str) -> String {
        if self.off {
            return text.to_owned();
        }
        self.pass("").changed(text).unwrap_or_else(|| text.to_owned())
    }
}

impl Default for Redactor {
    /// A redactor with a random key.
    fn default() -> Self {
        Self::new(Key::random())
    }
}

/// Whether a request is about Kubernetes Secrets, whatever its body says.
pub(crate) fn is_of_secrets(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.contains("/api/v1/") && path.split('/').any(|segment| segment == "secrets")
}

/// Compiles all patterns: the first text would wait for it, which takes some ten milliseconds.
#[cfg(feature = "record")]
pub(crate) fn compile_patterns() {
    beside::compile();
    commands::compile();
    elements::compile();
    encodings::compile();
    json::compile();
    phrases::compile();
    tables::compile();
    source::compile();
    text::compile();
    vendors::compile();
}
