//! Validation with JSON schemas, bounded in time and without loading other documents.

use jsonschema::{Draft, PatternOptions};
use serde_json::Value;

use super::schema_reading;
use crate::java::json::Json;

/// The largest schema, in values, with its references expanded.
const MAX_SCHEMA: usize = 100_000;

/// The longest text that is validated, in bytes.
const MAX_TEXT: usize = 4 << 20;

/// How deep the values may nest that a schema is applied to which refers to itself more than once.
const MAX_BRANCHING_DEPTH: usize = 12;

/// How often a pattern of a schema may backtrack.
const MAX_BACKTRACKS: usize = 100_000;

/// A schema that can be applied.
pub(super) struct Validator {
    validator: jsonschema::Validator,
    /// Whether it refers to itself in more than one place.
    branching: bool,
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Validator")
    }
}

impl Validator {
    pub(super) fn new(mut schema: Value, version: &str) -> Result<Self, String> {
        let draft = match schema.get("$schema") {
            Some(Value::String(uri)) => draft_of_uri(uri)?,
            _ => match version {
                "V4" => Draft::Draft4,
                "V6" => Draft::Draft6,
                "V7" => Draft::Draft7,
                "V201909" => Draft::Draft201909,
                _ => Draft::Draft202012,
            },
        };
        let branching = {
            let mut size = Size { root: &schema, left: MAX_SCHEMA, open: Vec::new(), loops: 0 };
            size.add(&schema)?;
            size.loops > 1
        };
        schema_reading::read(&mut schema);
        if draft == Draft::Draft4 {
            schema_reading::as_draft_4(&mut schema);
        }
        // Since 2019-09 `format` is only an annotation.
        let formats = matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7);
        let validator = jsonschema::options()
            .with_draft(draft)
            .offline()
            .should_validate_formats(formats)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS))
            .build(&schema)
            .map_err(|error| error.to_string())?;
        Ok(Self { validator, branching })
    }

    /// Returns whether a text is valid by the schema. Text that is not JSON counts as a JSON
    /// string; a number may too.
    pub(super) fn accepts(&self, text: &str, json: Option<&Json>) -> bool {
        if text.len() > MAX_TEXT {
            return false;
        }
        let as_text = || self.validator.is_valid(&Value::String(text.to_owned()));
        let Some(json) = json else { return as_text() };
        if self.branching && depth(json) > MAX_BRANCHING_DEPTH {
            return false;
        }
        let value = json.to_serde();
        self.validator.is_valid(&value)
            || !matches!(json, Json::Text(_) | Json::List(_) | Json::Map(_)) && as_text()
    }
}

fn draft_of_uri(uri: &str) -> Result<Draft, String> {
    let name = uri.trim_end_matches('#').trim_start_matches("https").trim_start_matches("http");
    Ok(match name {
        "://json-schema.org/draft-04/schema" => Draft::Draft4,
        "://json-schema.org/draft-06/schema" => Draft::Draft6,
        "://json-schema.org/draft-07/schema" => Draft::Draft7,
        "://json-schema.org/draft/2019-09/schema" => Draft::Draft201909,
        "://json-schema.org/draft/2020-12/schema" => Draft::Draft202012,
        _ => return Err(format!("the $schema {uri:?} is not known")),
    })
}

fn depth(json: &Json) -> usize {
    1 + match json {
        Json::List(items) => items.iter().map(depth).max().unwrap_or(0),
        Json::Map(map) => map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// The size of a schema with its references expanded: each may be followed many times.
struct Size<'s> {
    root: &'s Value,
    left: usize,
    /// The references that are currently being followed.
    open: Vec<&'s str>,
    /// How many references are cyclic.
    loops: usize,
}

impl<'s> Size<'s> {
    fn add(&mut self, schema: &'s Value) -> Result<(), String> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            format!("the schema has more than {MAX_SCHEMA} values with its references")
        })?;
        match schema {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(reference) if key == "$ref" => self.follow(reference)?,
                        // Only the target of a reference is applied.
                        Value::Object(_) if key == "$defs" || key == "definitions" => {}
                        value => self.add(value)?,
                    }
                }
                Ok(())
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.add(item)),
            _ => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'s str) -> Result<(), String> {
        if self.open.contains(&reference) || reference == "#" {
            self.loops += 1;
            return Ok(());
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else { return Ok(()) };
        self.open.push(reference);
        self.add(target)?;
        self.open.pop();
        Ok(())
    }
}
