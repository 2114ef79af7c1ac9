//! Structural schemas of custom resources: defaulting, pruning, validation.
//!
//! ```text
//! CRD openAPIV3Schema → Schema::parse → prune → default → validate, embedded, lists → 422 with causes
//! ```
//!
//! Order (`k8s.io/apiextensions-apiserver`) and messages are upstream's
//! (`k8s.io/kube-openapi/pkg/validation`).

mod default;
pub(super) mod embedded;
mod expressions;
mod findings;
mod lists;
mod parse;
mod prune;
#[cfg(feature = "cel")]
mod rules;
mod validate;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::golang;

pub(super) use default::{apply_defaults, prune_nulls};
pub(super) use expressions::{compile_rules, validate_default_rules, validate_rules};
pub(super) use lists::validate as validate_lists;
pub(super) use prune::{prune, prune_value};
#[cfg(feature = "cel")]
pub(super) use rules::admission;
pub(super) use validate::{
    Correlation, is_known_format, shown, validate, validate_at, validate_update,
};

/// One node of a structural schema.
#[expect(clippy::struct_excessive_bools, reason = "a schema has that many yes-or-no keywords")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    /// The JSON type; without one any type is allowed.
    pub(crate) kind: Option<Kind>,
    pub(crate) format: Option<String>,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) properties: BTreeMap<String, Schema>,
    pub(crate) additional: Additional,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) required: Vec<String>,
    pub(crate) allowed: Vec<Value>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) pattern: Option<SchemaPattern>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) min_properties: Option<u64>,
    pub(crate) max_properties: Option<u64>,
    /// The kinds of values that no maximum allows, because it is negative.
    pub(crate) never: Never,
    pub(crate) all_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) not: Option<Box<Schema>>,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub(crate) preserve_unknown: bool,
    /// `x-kubernetes-int-or-string`.
    pub(crate) int_or_string: bool,
    /// `x-kubernetes-embedded-resource`.
    pub(crate) embedded: bool,
    /// Whether it, or a schema below it, is one of embedded objects.
    pub(crate) embeds: bool,
    /// `x-kubernetes-list-map-keys`, for a list of type `map`.
    pub(crate) list_map_keys: Vec<String>,
    /// `x-kubernetes-list-type`.
    pub(crate) list_type: ListType,
    /// `x-kubernetes-map-type: atomic`.
    pub(crate) atomic_map: bool,
    /// Whether it stands for no schema: expressions see values as their JSON is.
    #[cfg(feature = "cel")]
    pub(crate) dynamic: bool,
    /// `x-kubernetes-validations`.
    #[cfg(feature = "cel")]
    pub(crate) rules: Vec<rules::Rule>,
    /// Whether it, or a schema of values below it, has rules.
    #[cfg(feature = "cel")]
    pub(crate) has_rules: bool,
    /// As [`Schema::has_rules`], or one of its `allOf` has: those count only where there are others.
    #[cfg(feature = "cel")]
    pub(crate) reaches_rules: bool,
}

/// A JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// The keys that an object may have besides its `properties`.
#[derive(Debug, Clone, Default)]
pub(crate) enum Additional {
    /// None: other keys are pruned.
    #[default]
    Unsaid,
    /// `additionalProperties: true|false`.
    Allowed(bool),
    /// Any, each with a value of a schema.
    Schema(Box<Schema>),
}

/// How two versions of a list are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ListType {
    /// As a single value.
    #[default]
    Atomic,
    /// By value.
    Set,
    /// By key fields.
    Map,
}

/// The kinds of values that are never valid: the maximum of their size is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Never {
    /// By `maxLength`.
    pub(crate) text: bool,
    /// By `maxItems`.
    pub(crate) list: bool,
    /// By `maxProperties`.
    pub(crate) object: bool,
}

/// A numeric bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

/// A pattern with its text, for messages. It is compiled when a value is first checked: a server has thousands of
/// patterns, and starts in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct SchemaPattern {
    pub(crate) text: String,
    regex: Arc<OnceLock<Option<regex::Regex>>>,
}

impl SchemaPattern {
    /// # Errors
    /// Go's message for a wrong pattern.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        golang::check_regex(text)?;
        Ok(Self { text: text.to_owned(), regex: Arc::default() })
    }

    /// Whether a text matches. One that is too large to compile matches nothing.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| golang::compile_regex(&self.text).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}
