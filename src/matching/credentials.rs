//! Who asked when a stub was recorded: the stub answers the same client, and clients that do not say who they are.
//!
//! A recording keeps pseudonyms of the credentials in the mapping's `metadata.standin.credentials`. With the key of
//! the recording, a stub is for requests with these credentials; without it, for requests with any. A request
//! without credentials gets such a stub only if no other one answers.

use serde::Deserialize as _;
use serde_json::Value;

use crate::document::Node;
use crate::redact::{Key, RecordedCredential, RecordedCredentials, RequestPart, cookies, is_form};

use super::query;
use super::request::Facts;

/// The credentials of the request that a stub was recorded from.
#[derive(Debug)]
pub(super) struct Credentials {
    recorded: RecordedCredentials,
    key: Option<Key>,
}

/// How a request's credentials compare with the recorded ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Same,
    /// The request has no credential where the recorded one has.
    Unknown,
    Another,
}

impl Credentials {
    /// Those in a mapping's metadata. Other metadata may be anything.
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

    /// The id of the key that they were recorded with.
    pub(super) fn key_id(&self) -> &str {
        &self.recorded.key
    }

    /// Compares with pseudonyms of this key from now on.
    pub(super) fn set_key(&mut self, key: Key) {
        self.key = Some(key);
    }

    /// Whether some of them stand in the body.
    pub(super) fn are_in_body(&self) -> bool {
        self.recorded.values.iter().any(is_in_body)
    }

    /// Compares those outside of the body.
    pub(super) fn head(&self, facts: &Facts<'_>) -> Asker {
        self.compare(facts, |credential| !is_in_body(credential))
    }

    /// Compares those in the body.
    pub(super) fn body(&self, facts: &Facts<'_>) -> Asker {
        self.compare(facts, is_in_body)
    }

    /// The names of those that differ.
    pub(super) fn differing(&self, facts: &Facts<'_>) -> Vec<&str> {
        let values = self.recorded.values.iter();
        let differs = |one: &&RecordedCredential| self.one(one, facts) == Asker::Another;
        values.filter(differs).map(|credential| &*credential.name).collect()
    }

    fn compare(&self, facts: &Facts<'_>, which: impl Fn(&RecordedCredential) -> bool) -> Asker {
        let mut asker = Asker::Same;
        for credential in self.recorded.values.iter().filter(|credential| which(credential)) {
            match self.one(credential, facts) {
                Asker::Same => {}
                Asker::Unknown => asker = Asker::Unknown,
                Asker::Another => return Asker::Another,
            }
        }
        asker
    }

    fn one(&self, credential: &RecordedCredential, facts: &Facts<'_>) -> Asker {
        let headers = &facts.request.headers;
        let name = &*credential.name;
        match credential.part {
            RequestPart::Header => {
                let values = headers.get_all(name).iter();
                self.any(credential, values.filter_map(|value| value.to_str().ok()))
            }
            RequestPart::Cookie => {
                let values = cookies(headers).filter(|(other, _)| *other == name);
                self.any(credential, values.map(|(_, value)| value))
            }
            RequestPart::Query => self.any(credential, facts.query().all(name)),
            RequestPart::Form if is_form(headers) => {
                let text = facts.body().and_then(|body| body.text()).unwrap_or_default();
                let form = query::parse(Some(text));
                self.any(credential, form.all(name))
            }
            RequestPart::Form => Asker::Unknown,
            RequestPart::Json => {
                let json = facts.body().and_then(|body| body.json());
                let value = json.and_then(|json| json.pointer(name)).and_then(Value::as_str);
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
            if credential.is(value, self.key.as_ref()) {
                return Asker::Same;
            }
            asker = Asker::Another;
        }
        asker
    }
}

fn is_in_body(credential: &RecordedCredential) -> bool {
    matches!(credential.part, RequestPart::Form | RequestPart::Json)
}
