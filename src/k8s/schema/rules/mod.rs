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
//! A rule is compiled once: when a definition is checked, and for objects when the first one is.

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

use super::Schema;
use super::findings::CompiledRule;
use language::types::Decl;

pub(super) use rule::Rule;
pub(super) use walk::validate;

/// The rules of a schema, compiled, with the most values of it that a request can hold.
///
/// # Errors
/// That rules cannot see the values.
pub(super) fn compile_all(
    schema: &Schema,
    is_resource: bool,
) -> Result<(Vec<CompiledRule>, u64), String> {
    let declared = Decl::of(schema, is_resource, "object");
    let declared = declared.ok_or("unable to convert structural schema to CEL declarations")?;
    let compiled = schema.rules.iter().map(|rule| {
        let compiled = rule.compiled(schema, is_resource);
        let mut found = CompiledRule::default();
        match &compiled.rule {
            Ok(Some(program)) => {
                found.max_cost = program.max_cost;
                found.uses_old_self = program.uses_old_self();
            }
            Ok(None) => {}
            Err(why) => found.error = Some(why.clone()),
        }
        match &compiled.message {
            Some(Ok(program)) => found.message_cost = Some(program.max_cost),
            Some(Err(why)) => found.message_error = Some(why.clone()),
            None => {}
        }
        found
    });
    Ok((compiled.collect(), declared.max_cardinality()))
}
