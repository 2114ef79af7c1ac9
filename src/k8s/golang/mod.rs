//! Go's standard library, as far as its messages and formats appear in API answers: clients compare them.

mod base64;
mod json;
mod numbers;
mod text;

pub(super) use base64::decode_base64;
pub(super) use json::json_error;
pub(super) use numbers::{parse_duration, parse_int, parse_uint};
pub(super) use text::quote;
