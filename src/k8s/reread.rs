//! Our own JSON texts, read back. They were checked when they came in (`limits::MAX_DEPTH`), but a
//! list, a watch event or managed fields nest them some levels deeper than the reader's own bound.

use serde::Deserialize as _;
use serde_json::Value;

/// The value of a text that this server has written; `Null` for anything else.
pub(super) fn value(text: &[u8]) -> Value {
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    Value::deserialize(&mut reader).unwrap_or_default()
}
