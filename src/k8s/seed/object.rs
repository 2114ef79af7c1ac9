//! An object of the first state: its identity, and its content, parsed or not.
//!
//! A tree of JSON values takes many times the memory of its text. So the items of a large list stay text
//! until they are rendered, in parallel.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::super::crd;

/// Why a seed object is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ObjectError {
    /// A CRD that declares no valid type.
    #[error("{}: {}", .0.key, .0.message)]
    Crd(crd::CrdError),
    /// An object that its type does not allow.
    #[error("{0}")]
    Object(String),
    /// A field that the rules of all objects or those of its type do not allow.
    #[error("{key}: {message}")]
    Field {
        /// The field, such as `spec.replicas`.
        key: String,
        /// The violation, as upstream words it.
        message: String,
    },
}

/// An object with its identity, known without parsing it whole.
#[derive(Debug, Default)]
pub struct SeedObject {
    /// `apiVersion`.
    pub api_version: Arc<str>,
    /// `kind`.
    pub kind: Arc<str>,
    /// `metadata.namespace`; empty where absent.
    pub namespace: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
    /// `metadata.resourceVersion`.
    pub(in super::super) revision: Option<u64>,
    /// Whether it is served as it is, without a check against its type.
    pub(in super::super) trusted: bool,
    content: SeedContent,
}

#[derive(Debug)]
enum SeedContent {
    Tree(Value),
    Text(Bytes),
}

impl Default for SeedContent {
    fn default() -> Self {
        Self::Tree(Value::Null)
    }
}

/// The fields that identify an object.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    api_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource_version: Option<Cow<'a, str>>,
    #[serde(rename = "labels")]
    _labels: Option<Texts>,
    #[serde(rename = "annotations")]
    _annotations: Option<Texts>,
}

/// A map with string values, checked and dropped.
struct Texts;

impl SeedObject {
    /// An object that was parsed whole.
    #[must_use]
    pub fn new(mut value: Value) -> Self {
        if value["apiVersion"] == "apiextensions.k8s.io/v1beta1" {
            crd::to_v1(&mut value);
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &value["metadata"];
        Self {
            api_version: text(&value["apiVersion"]).into(),
            kind: text(&value["kind"]).into(),
            namespace: text(&metadata["namespace"]).into(),
            name: text(&metadata["name"]).into(),
            revision: metadata["resourceVersion"].as_str().and_then(|text| text.parse().ok()),
            trusted: false,
            content: SeedContent::Tree(value),
        }
    }

    /// Serves the object as it is.
    pub(crate) fn trust(&mut self) {
        self.trusted = true;
    }

    /// An item of a list, as JSON text. Only its identity is parsed; the list's `apiVersion` and the Kind of
    /// its items count where the item has none. `None` for an invalid object: parsing it whole finds out why.
    #[must_use]
    pub fn of_item(text: Bytes, api_version: &Arc<str>, kind: &Arc<str>) -> Option<Self> {
        let head: Head<'_> = serde_json::from_slice(&text).ok()?;
        let own = |own: Option<Cow<'_, str>>, of_list: &Arc<str>| match own {
            Some(own) if *own != **of_list => own.into(),
            _ => Arc::clone(of_list),
        };
        let metadata = head.metadata;
        let seed = Self {
            api_version: own(head.api_version, api_version),
            kind: own(head.kind, kind),
            namespace: metadata.namespace.unwrap_or_default().into(),
            name: metadata.name.into(),
            revision: metadata.resource_version.and_then(|text| text.parse().ok()),
            trusted: false,
            content: SeedContent::default(),
        };
        if seed.name.is_empty() || seed.kind.is_empty() || seed.api_version.is_empty() {
            return None;
        }
        Some(Self { content: SeedContent::Text(text), ..seed })
    }

    /// The object as a value.
    #[must_use]
    pub fn value(&self) -> Cow<'_, Value> {
        match &self.content {
            SeedContent::Tree(value) => Cow::Borrowed(value),
            SeedContent::Text(text) => Cow::Owned(self.read(text)),
        }
    }

    /// Converts the object into a value.
    #[must_use]
    pub fn into_value(mut self) -> Value {
        match std::mem::take(&mut self.content) {
            SeedContent::Tree(value) => value,
            SeedContent::Text(text) => self.read(&text),
        }
    }

    fn read(&self, text: &[u8]) -> Value {
        // `of_item` has parsed the text to its end.
        let mut value = super::super::reread::value(text);
        value["apiVersion"] = (*self.api_version).into();
        value["kind"] = (*self.kind).into();
        value
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfTexts;
        impl<'de> Visitor<'de> for OfTexts {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with string values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                while map.next_key::<IgnoredAny>()?.is_some() {
                    map.next_value::<Cow<'de, str>>()?;
                }
                Ok(Texts)
            }
        }
        deserializer.deserialize_map(OfTexts)
    }
}
