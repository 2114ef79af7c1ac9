//! An expression, compiled: parsed, its types checked, its cost estimated.

use std::sync::atomic::{AtomicU64, Ordering};

use super::cost::estimate;
use super::evaluate::{Composed, Evaluation};
use super::language::check::{Checked, Names, check};
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

/// Parses an expression and checks its types.
///
/// # Errors
/// Upstream's message, with the place of each violation.
pub(super) fn parse_and_check(text: &str, names: Names<'_>) -> Result<(Parsed, Checked), String> {
    let parsed = parse(text)?;
    let (checked, mut violations) = check(&parsed.expr, names);
    if violations.is_empty() {
        violations = literals::violations(&parsed.expr, &checked);
    }
    if violations.is_empty() {
        return Ok((parsed, checked));
    }
    Err(parsed.explain(text, &violations))
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
        let this = of.cel_type();
        let old = if optional_old { Type::optional(this.clone()) } else { this.clone() };
        let variables = [("self", this), ("oldSelf", old)];
        let names = Names { variables: &variables, patches: false };
        let (parsed, checked) = parse_and_check(text, names).map_err(failed)?;
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

    /// A checked expression, without an estimate of its cost.
    pub(super) fn of_checked(parsed: Parsed, checked: Checked) -> Self {
        Self { parsed, checked, patterns: Patterns::default(), max_cost: 0 }
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
        self.evaluate_with(variables, None)
    }

    /// The value of it with variables, with what evaluating has cost.
    pub(super) fn evaluate_with<'v, 'e>(
        &'e self,
        variables: Vec<(&'e str, Value<'v>)>,
        composed: Option<&'e dyn Composed<'v>>,
    ) -> (Outcome<'v>, u64) {
        let (checked, patterns) = (&self.checked, &self.patterns);
        let mut evaluation = Evaluation { checked, patterns, variables, composed, cost: 0 };
        let outcome = evaluation.value(&self.parsed.expr);
        (outcome, evaluation.cost)
    }
}
