//! `$ref` within the document (RFC 6901 pointers).

use serde_json::Value;

/// How many references may follow each other.
const MAX_HOPS: usize = 32;

/// A document with its components.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'d> {
    root: &'d Value,
}

impl<'d> Document<'d> {
    pub(super) fn new(root: &'d Value) -> Self {
        Self { root }
    }

    /// Resolves a value; returns `None` for a reference out of the document, or a cyclic one.
    pub(super) fn resolve(&self, value: &'d Value) -> Option<&'d Value> {
        let mut value = value;
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Some(value);
            };
            let pointer = reference.strip_prefix('#')?;
            let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
            value = self.root.pointer(&decoded)?;
        }
        None
    }
}
