//! Go's standard library, as far as its messages and formats appear in API answers: clients compare them.

mod base64;
mod encode;
mod json;
mod numbers;
mod package;
mod regex;
mod source;
mod text;
mod time;
mod typed;
mod url;
mod value;

pub(super) use base64::{decode_base64, decode_base64_padded};
pub(super) use encode::{compact, indent_json, safe_in_html, write_as_written, write_json};
pub(super) use json::{check_json, json_error};
pub(crate) use numbers::{parse_duration, parse_int, parse_uint};
pub(super) use package::go_package;
pub(super) use regex::{check_regex, compile_regex};
pub(super) use source::readable;
pub(super) use text::is_print;
pub(crate) use text::quote;
pub(super) use time::{parse_micro_time, parse_time};
pub(super) use typed::{GoType, STRING, Struct, decode, decode_list, decode_written};
pub(super) use url::{Url, parse_url};
pub(super) use value::{float, json_kind, json_text, plain, syntax, type_name};
