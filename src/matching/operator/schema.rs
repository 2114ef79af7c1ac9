//! `matchesJsonSchema` (`C/matching/MatchesJsonSchemaPattern.java`).

use crate::document::Node;

use super::operand::{Options, json_operand};
use super::subject::Subject;

/// A JSON schema.
#[derive(Debug)]
pub(crate) struct SchemaPattern {
    /// As written, in one line.
    text: Box<str>,
    #[cfg(feature = "json-schema")]
    validator: Option<super::schema_validator::Validator>,
}

/// The versions that `schemaVersion` names.
const VERSIONS: [&str; 5] = ["V4", "V6", "V7", "V201909", "V202012"];

impl SchemaPattern {
    /// Reads a schema; problems are reported. An invalid schema is accepted and never matches.
    pub(super) fn compile(operand: &Node<'_>, options: &Options<'_>) -> Option<Self> {
        let schema = json_operand(operand)?.to_serde();
        // The text of a version that is none is none of those known.
        let version =
            options.get("schemaVersion").map_or("V202012", |of| of.as_str().unwrap_or(""));
        if !VERSIONS.contains(&version) {
            operand.error(
                "schemaVersion must be one of [ \"V4\", \"V6\", \"V7\", \"V201909\", \"V202012\" ]",
                "",
            );
            return None;
        }
        let text = schema.to_string().into();
        #[cfg(feature = "json-schema")]
        {
            let validator = super::schema_validator::Validator::new(schema, version)
                .map_err(|why| {
                    operand.warn(format!("this never matches: {why}"), "correct the schema");
                })
                .ok();
            Some(Self { text, validator })
        }
        #[cfg(not(feature = "json-schema"))]
        {
            operand.error(
                "JSON schemas are not part of this build",
                "build with the feature `json-schema`",
            );
            let pattern: Option<Self> = Some(Self { text });
            pattern.filter(|_| false)
        }
    }

    /// As written, in one line.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        #[cfg(feature = "json-schema")]
        if let (Some(validator), Some(text)) = (&self.validator, subject.text()) {
            return validator.accepts(text, subject.exact());
        }
        let _ = subject;
        false
    }
}
