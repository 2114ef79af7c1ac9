//! JSON texts that this server has written, parsed again. They were validated when they were received
//! (`limits::MAX_DEPTH`), but lists, watch events and managed fields nest them deeper than the parser's own
//! bound.

use serde::Deserialize as _;
use serde_json::Value;

/// Parses a text that this server has written; `Null` for invalid JSON.
pub(super) fn value(text: &[u8]) -> Value {
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    Value::deserialize(&mut reader).unwrap_or_default()
}
