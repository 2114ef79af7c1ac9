//! The rules of `x-kubernetes-validations`
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel`).
//!
//! ```text
//! Schema → [declare] what rules see of it → [language] parse, check types → [cost] estimate → [program]
//! object → [walk] → [program] → [evaluate], [library] with [value]s → violations
//! ```
//!
//! The crate `cel` parses: its grammar and its messages are those of upstream's parser. It has no types, no costs and
//! none of Kubernetes' libraries, and its evaluation words errors in its own way; what stands behind the syntax is
//! therefore written after `cel-go`.
//!
//! Policies and match conditions of admission use the same language with other variables: [admission].
//!
//! A rule is compiled once: when a definition is checked, and for objects when the first one is.

mod access;
pub(in super::super) mod admission;
mod compile;
mod construct;
mod cost;
mod declare;
mod evaluate;
mod kinds;
mod language;
mod library;
mod program;
mod rule;
#[cfg(test)]
mod tests;
mod value;
mod walk;

pub(super) use compile::compile_all;
pub(super) use rule::Rule;
pub(super) use walk::{validate, validate_default};
