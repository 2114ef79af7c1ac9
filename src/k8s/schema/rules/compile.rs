//! All rules of a schema, compiled when their definition is checked.

use super::super::Schema;
use super::super::findings::CompiledRule;
use super::language::types::Decl;

/// The rules of a schema, compiled, with the most values of it that a request can hold.
///
/// # Errors
/// That rules cannot see the values.
pub(in super::super) fn compile_all(
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
