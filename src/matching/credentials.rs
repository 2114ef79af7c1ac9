//! The credentials that a stub was recorded with: the stub answers the same client, and clients
//! without credentials.
//!
//! A recording stores pseudonyms of the credentials in the mapping's
//! `metadata.standin.credentials`. With the key of the recording, a stub is for requests with these
//! credentials; without it, for requests with any. A request without credentials gets such a stub
//! only if no other one answers.

use serde::Deserialize as _;
use serde_json::Value;

use crate::document::Node;
use crate::message::Asked;
use crate::redact::{Key, Likeness, RecordedCredential, RecordedCredentials, RequestPart};

use super::asker::{Asker, AskerFilter};

/// The credentials of the request that a stub was recorded from.
#[derive(Debug)]
pub(super) struct Credentials {
    recorded: RecordedCredentials,
    key: Option<Key>,
}

impl Credentials {
    /// Reads the credentials in a mapping's metadata. Other metadata is ignored.
    pub(super) fn read(metadata: &Node<'_>) -> Option<Self> {
        let value = metadata.value().get("standin")?.get("credentials")?;
        match RecordedCredentials::deserialize(value) {
            Ok(recorded) => Some(Self { recorded, key: None }),
            Err(error) => {
                metadata.warn(
                    format!("standin.credentials cannot be read: {error}"),
                    "record the exchange again, or remove them to answer all clients",
                );
                None
            }
        }
    }

    /// Returns the id of the key that they were recorded with.
    pub(super) fn key_id(&self) -> &str {
        &self.recorded.key
    }

    /// Sets the key with which pseudonyms are compared from now on.
    pub(super) fn set_key(&mut self, key: Key) {
        self.key = Some(key);
    }

    /// Returns whether some of them are in the body.
    pub(super) fn are_in_body(&self) -> bool {
        self.recorded.values.iter().any(is_in_body)
    }

    /// Compares the credentials outside of the body: returns whether the stub may answer.
    pub(super) fn head_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        filter.accepts(self.compare(asked, |credential| !is_in_body(credential)))
    }

    /// Compares the credentials in the body: returns whether the stub may answer.
    pub(super) fn body_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        filter.accepts(self.compare(asked, is_in_body))
    }

    /// Returns the names of the credentials that differ.
    pub(super) fn differing(&self, asked: &Asked<'_>) -> Vec<&str> {
        let values = self.recorded.values.iter();
        let differs = |one: &&RecordedCredential| self.one(one, asked) == Asker::Another;
        values.filter(differs).map(|credential| &*credential.name).collect()
    }

    fn compare(&self, asked: &Asked<'_>, which: impl Fn(&RecordedCredential) -> bool) -> Asker {
        let (mut is_same, mut similar, mut unknown) = (false, false, false);
        for credential in self.recorded.values.iter().filter(|credential| which(credential)) {
            match self.one(credential, asked) {
                Asker::Same => is_same = true,
                Asker::Similar => similar = true,
                Asker::Another if credential.is_decisive() => return Asker::Another,
                Asker::Unknown | Asker::Another => unknown = true,
            }
        }
        match (unknown, similar && !is_same) {
            (true, _) => Asker::Unknown,
            (false, true) => Asker::Similar,
            (false, false) => Asker::Same,
        }
    }

    fn one(&self, credential: &RecordedCredential, asked: &Asked<'_>) -> Asker {
        let name = &*credential.name;
        match credential.part {
            RequestPart::Header => {
                let values = asked.headers().get_all(name).iter();
                self.any(credential, values.filter_map(|value| value.to_str().ok()))
            }
            RequestPart::Cookie => self.any(credential, asked.cookie(name)),
            RequestPart::Query => self.any(credential, asked.parameter(name)),
            RequestPart::Form => self.any(credential, asked.form(name)),
            RequestPart::Path => {
                let mut segments = asked.path().split('/').skip(1);
                let segment = name.parse().ok().and_then(|number| segments.nth(number));
                self.any(credential, segment.into_iter())
            }
            RequestPart::Json => {
                let value =
                    asked.json().and_then(|json| json.pointer(name)).and_then(Value::as_str);
                self.any(credential, value.into_iter())
            }
        }
    }

    fn any<'v>(
        &self,
        credential: &RecordedCredential,
        values: impl Iterator<Item = &'v str>,
    ) -> Asker {
        let mut asker = Asker::Unknown;
        for value in values {
            match credential.is(value, self.key.as_ref()) {
                Likeness::Same => return Asker::Same,
                Likeness::Similar => asker = Asker::Similar,
                Likeness::Other if asker != Asker::Similar => asker = Asker::Another,
                Likeness::Other => {}
            }
        }
        asker
    }
}

fn is_in_body(credential: &RecordedCredential) -> bool {
    matches!(credential.part, RequestPart::Form | RequestPart::Json)
}
