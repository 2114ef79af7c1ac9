//! Texts of request bodies → values, as upstream's serializers decode them
//! (`k8s.io/apimachinery/pkg/runtime/serializer/json`).
//!
//! ```text
//! JSON → [json]   (sigs.k8s.io/json: numbers, duplicate keys)      → Decoded
//! YAML → [yaml]   (sigs.k8s.io/yaml: YAML 1.1, keys become texts)  → Decoded
//!        [scalar] (go.yaml.in/yaml/v2, resolve.go)
//! ```

mod json;
mod order;
mod scalar;
mod type_meta;
mod yaml;
mod yaml_error;
mod yaml_flow;
mod yaml_merge;

pub(super) use json::{decode as json, decode_as_written as patch, fields, normalize};
pub(super) use order::{Problem, Problems, in_text_order};
pub(super) use type_meta::TypeMeta;
pub(super) use yaml::decode as yaml;

use serde_json::Value;

/// A decoded text.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// The value. Of duplicate keys the last one counts.
    pub value: Value,
    /// The errors of strict decoding: duplicate keys.
    pub strict: Vec<String>,
    /// The error that decoding has although the text is well-formed: a number that no Go type holds. The
    /// kind of the object is read before it is found.
    pub invalid: Option<String>,
}

/// The warnings for errors of strict decoding: YAML's errors are one text with a line for each key
/// (`parseYAMLWarnings` in `k8s.io/apiserver/pkg/endpoints/handlers/rest.go`).
pub(super) fn warnings(errors: Vec<String>) -> Vec<String> {
    errors
        .into_iter()
        .flat_map(|error| {
            let lines = error
                .strip_prefix("error converting YAML to JSON: ")
                .unwrap_or(&error)
                .strip_prefix(yaml::TYPE_ERRORS);
            match lines {
                Some(lines) => lines.lines().map(|line| line.trim().to_owned()).collect(),
                None => vec![error],
            }
        })
        .collect()
}
