//! The functions that expressions call, with their values (`cel-go/common/{stdlib,types}`, `cel-go/ext`,
//! `k8s.io/apiserver/pkg/cel/library`).

mod authorizer;
pub(super) mod convert;
mod format;
mod formats;
mod kubernetes;
mod lists;
pub(super) mod patterns;
mod standard;
mod strings;
mod times;

use super::value::{Outcome, Value};
use patterns::Patterns;

pub(super) use format::{Piece, clauses};
pub(super) use formats::regex_size;

/// Calls a function with its values, the receiver first.
///
/// # Errors
/// Upstream's message.
pub(super) fn call<'v>(name: &str, args: &[Value<'v>], patterns: &Patterns) -> Outcome<'v> {
    if let [Value::Access(receiver), rest @ ..] = args
        && let Some(outcome) = authorizer::call(name, receiver, rest)
    {
        return outcome;
    }
    if let Some(outcome) = standard::call(name, args, patterns) {
        return outcome;
    }
    if let Some(outcome) = kubernetes::call(name, args) {
        return outcome;
    }
    if let Some(outcome) = lists::call(name, args) {
        return outcome;
    }
    strings::call(name, args, patterns).unwrap_or_else(|| Err("no such overload".to_owned()))
}
