//! `anyOf`, `oneOf`, `allOf` and `not` (`schemaPropsValidator`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::Schema;
use super::check;
use super::outcome::{Outcome, Problem};
use super::path::Path;
use super::ratchet::Correlation;

fn whole(out: &mut Outcome, path: &Path<'_>, why: &str) {
    out.add(Problem::Whole(format!("{} must {why}", quote(&path.to_string()))));
}

/// Checks a value against the combined schemas.
pub(super) fn check_combined(
    schema: &Schema,
    value: &Value,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
) -> Outcome {
    let mut out = Outcome::default();
    if !schema.any_of.is_empty() {
        any_of(schema, value, path, correlation, &mut out);
    }
    if !schema.one_of.is_empty() {
        one_of(schema, value, path, correlation, &mut out);
    }
    if !schema.all_of.is_empty() {
        let mut valid = 0;
        for inner in &schema.all_of {
            let outcome = check(inner, value, path, correlation);
            valid += usize::from(outcome.is_valid());
            out.merge(outcome);
        }
        if valid != schema.all_of.len() {
            let more = if valid == 0 { ". None validated" } else { "" };
            whole(&mut out, path, &format!("validate all the schemas (allOf){more}"));
        }
    }
    if let Some(inner) = &schema.not
        && check(inner, value, path, correlation).is_valid()
    {
        whole(&mut out, path, "not validate the schema (not)");
    }
    out.matches += 1;
    out
}

fn any_of(
    schema: &Schema,
    value: &Value,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
    out: &mut Outcome,
) {
    let mut best: Option<Outcome> = None;
    for inner in &schema.any_of {
        let outcome = check(inner, value, path, correlation);
        if outcome.is_valid() {
            out.merge(outcome);
            return;
        }
        if best.as_ref().is_none_or(|best| outcome.matches > best.matches) {
            best = Some(outcome);
        }
    }
    whole(out, path, "validate at least one schema (anyOf)");
    if let Some(best) = best {
        out.merge(best);
    }
}

fn one_of(
    schema: &Schema,
    value: &Value,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
    out: &mut Outcome,
) {
    let mut best: Option<Outcome> = None;
    let mut first: Option<Outcome> = None;
    let mut valid = 0;
    for inner in &schema.one_of {
        let outcome = check(inner, value, path, correlation);
        if outcome.is_valid() {
            valid += 1;
            best = None;
            first.get_or_insert(outcome);
        } else if valid == 0 && best.as_ref().is_none_or(|best| outcome.matches > best.matches) {
            best = Some(outcome);
        }
    }
    if valid == 1 {
        if let Some(first) = first {
            out.merge(first);
        }
        return;
    }
    let found = match valid {
        0 => "Found none valid".to_owned(),
        count => format!("Found {count} valid alternatives"),
    };
    whole(out, path, &format!("validate one and only one schema (oneOf). {found}"));
    if let Some(best) = best {
        out.merge(best);
    }
}
