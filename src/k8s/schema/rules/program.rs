//! An expression, compiled: parsed, its types checked, its cost estimated.

use std::sync::atomic::{AtomicU64, Ordering};

use super::cost::estimate;
use super::evaluate::Evaluation;
use super::language::check::{Checked, check};
use super::language::literals;
use super::language::parse::{Parsed, parse};
use super::language::types::{Decl, Type};
use super::library::patterns::Patterns;
use super::value::{Outcome, Value};

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Program {
    parsed: Parsed,
    checked: Checked,
    patterns: Patterns,
    /// What evaluating it costs at most.
    pub(super) max_cost: u64,
}

/// What an expression must evaluate to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Bool,
    Text,
}

/// A name for the type of `self`: a new one each time, so that no expression can rely on it.
pub(super) fn self_type_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000);
    format!("selfType{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Program {
    /// Compiles an expression about values of a declaration.
    ///
    /// # Errors
    /// Upstream's message, with the place of each violation.
    pub(super) fn compile(
        text: &str,
        of: &Decl,
        optional_old: bool,
        wanted: Wanted,
    ) -> Result<Self, String> {
        let what = match wanted {
            Wanted::Bool => "",
            Wanted::Text => "messageExpression ",
        };
        let failed = |why: String| format!("{what}compilation failed: {why}");
        let parsed = parse(text).map_err(failed)?;
        let this = of.cel_type();
        let old = if optional_old { Type::optional(this.clone()) } else { this.clone() };
        let (checked, mut violations) = check(&parsed.expr, &[("self", this), ("oldSelf", old)]);
        if violations.is_empty() {
            violations = literals::violations(&parsed.expr, &checked);
        }
        if !violations.is_empty() {
            return Err(failed(parsed.explain(text, &violations)));
        }
        let result = checked.types.get(&parsed.expr.id);
        match (wanted, result) {
            (Wanted::Bool, Some(Type::Bool)) | (Wanted::Text, Some(Type::String)) => {}
            (Wanted::Bool, _) => return Err("cel expression must evaluate to a bool".to_owned()),
            (Wanted::Text, _) => {
                return Err("messageExpression must evaluate to a string".to_owned());
            }
        }
        if let Some(why) = literals::wrong_conversion(&parsed.expr) {
            let what = if wanted == Wanted::Bool { "program" } else { "messageExpression" };
            return Err(format!("{what} instantiation failed: {why}"));
        }
        let max_cost = estimate::cost(&parsed.expr, &checked, of).max;
        Ok(Self { parsed, checked, patterns: Patterns::default(), max_cost })
    }

    /// Whether it reads the object before a change.
    pub(super) fn uses_old_self(&self) -> bool {
        self.checked.variables.iter().any(|name| name == "oldSelf")
    }

    /// The value of it, with what evaluating has cost.
    pub(super) fn evaluate<'v>(
        &self,
        this: &Value<'v>,
        old: Option<&Value<'v>>,
    ) -> (Outcome<'v>, u64) {
        let mut variables = vec![("self", this.clone())];
        variables.extend(old.map(|old| ("oldSelf", old.clone())));
        let mut evaluation =
            Evaluation { checked: &self.checked, patterns: &self.patterns, variables, cost: 0 };
        let outcome = evaluation.value(&self.parsed.expr);
        (outcome, evaluation.cost)
    }
}
