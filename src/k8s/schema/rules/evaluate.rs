//! The value of an expression, with its cost (`cel-go/interpreter`).

use std::sync::Arc;

use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::cost::actual::call_cost;
use super::language::check::Checked;
use super::language::functions;
use super::library::{self, patterns::Patterns};
use super::value::{Outcome, Value};

/// The most that one expression may cost (`PerCallLimit`).
pub(super) const CALL_LIMIT: u64 = 1_000_000;

/// An expression that is being evaluated.
pub(super) struct Evaluation<'e, 'v> {
    pub(super) checked: &'e Checked,
    pub(super) patterns: &'e Patterns,
    /// The variables, the innermost last.
    pub(super) variables: Vec<(&'e str, Value<'v>)>,
    /// The variables that are evaluated when they are read.
    pub(super) composed: Option<&'e dyn Composed<'v>>,
    pub(super) cost: u64,
}

/// Variables that other expressions define: the fields of `variables`.
pub(super) trait Composed<'v> {
    /// Whether there is a variable.
    fn has(&self, name: &str) -> bool;

    /// The value of a variable; nothing where there is none.
    fn get(&self, name: &str) -> Option<Outcome<'v>>;
}

/// The name of the object whose fields are [`Composed`].
pub(super) const COMPOSED: &str = "variables";

/// The message of an expression that costs too much.
pub(super) const TOO_EXPENSIVE: &str = "operation cancelled: actual cost limit exceeded";

impl<'e, 'v> Evaluation<'e, 'v> {
    pub(super) fn spend(&mut self, cost: u64) -> Result<(), String> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > CALL_LIMIT { Err(TOO_EXPENSIVE.to_owned()) } else { Ok(()) }
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// Upstream's message, such as `no such key: a`.
    pub(super) fn value(&mut self, expr: &'e IdedExpr) -> Outcome<'v> {
        if matches!(expr.expr, Expr::Select(_))
            && let Some(name) = self.checked.qualified.get(&expr.id)
        {
            self.spend(1)?;
            return self.named(name);
        }
        match &expr.expr {
            Expr::Literal(literal) => Ok(literal_value(literal)),
            Expr::Ident(name) => {
                self.spend(1)?;
                self.named(name.trim_start_matches('.'))
            }
            Expr::Select(select) => {
                if let Some(composed) = self.composed
                    && matches!(&select.operand.expr, Expr::Ident(name) if name == COMPOSED)
                    && self.variable(COMPOSED).is_none()
                {
                    self.spend(1)?;
                    if select.test {
                        return Ok(Value::Bool(composed.has(&select.field)));
                    }
                    self.spend(1)?;
                    let missing = || Err(format!("no such key: {}", select.field));
                    return composed.get(&select.field).unwrap_or_else(missing);
                }
                let operand = self.value(&select.operand)?;
                let key = Value::text(select.field.as_str());
                if select.test {
                    return match &operand {
                        Value::Object(..)
                        | Value::Map(_)
                        | Value::Optional(_)
                        | Value::Literal(_) => Ok(Value::Bool(operand.get(&key)?.is_some())),
                        other if is_plain(other) => Ok(Value::Bool(false)),
                        _ => Err("no such overload".to_owned()),
                    };
                }
                self.spend(1)?;
                select_value(&operand, &key)
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => {
                let mut items = Vec::with_capacity(list.elements.len());
                for (index, element) in list.elements.iter().enumerate() {
                    let value = self.value(element)?;
                    match value {
                        Value::Optional(inner) if list.optional_indices.contains(&index) => {
                            items.extend(inner.map(|inner| (*inner).clone()));
                        }
                        value => items.push(value),
                    }
                }
                if !is_constant(&expr.expr) {
                    self.spend(10)?;
                }
                Ok(Value::list(items))
            }
            Expr::Map(map) => {
                let mut entries: Vec<(Value<'v>, Value<'v>)> =
                    Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    let (key, value) = (self.value(&entry.key)?, self.value(&entry.value)?);
                    // Of a key the last value counts.
                    entries.retain(|(known, _)| !known.equals(&key));
                    match value {
                        Value::Optional(inner) if entry.optional => {
                            entries.extend(inner.map(|inner| (key, (*inner).clone())));
                        }
                        value => entries.push((key, value)),
                    }
                }
                if !is_constant(&expr.expr) {
                    self.spend(30)?;
                }
                Ok(Value::Map(entries.into()))
            }
            Expr::Comprehension(of) => self.comprehension(of),
            Expr::Struct(of) => self.construct(of),
            Expr::Unspecified => Err("no such overload".to_owned()),
        }
    }

    fn variable(&self, name: &str) -> Option<&Value<'v>> {
        self.variables.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of a variable, or the type of that name.
    fn named(&self, name: &str) -> Outcome<'v> {
        self.variable(name)
            .cloned()
            .or_else(|| functions::type_of_name(name).map(Value::Type))
            .ok_or_else(|| format!("no such attribute(s): {name}"))
    }

    fn call(&mut self, expr: &'e IdedExpr, call: &'e CallExpr) -> Outcome<'v> {
        let args = call.args.as_slice();
        match (call.func_name.as_str(), args) {
            ("_&&_", [left, right]) => return self.logic(left, right, false),
            ("_||_", [left, right]) => return self.logic(left, right, true),
            ("_?_:_", [condition, yes, no]) => {
                return match self.value(condition)? {
                    Value::Bool(true) => self.value(yes),
                    Value::Bool(false) => self.value(no),
                    _ => Err("no such overload".to_owned()),
                };
            }
            ("@not_strictly_false", [arg]) => {
                let value = self.value(arg);
                self.check_limit(&value)?;
                self.spend(1)?;
                return Ok(Value::Bool(!matches!(value, Ok(Value::Bool(false)))));
            }
            ("_[_]", [container, key]) => {
                let (container, key) = (self.value(container)?, self.value(key)?);
                self.spend(1)?;
                return index_value(&container, &key);
            }
            ("_[?_]" | "_?._", [container, key]) => {
                let (container, key) = (self.value(container)?, self.value(key)?);
                self.spend(1)?;
                if is_plain(&container) {
                    return Ok(Value::Optional(None));
                }
                return Ok(Value::Optional(container.get(&key)?.map(Arc::new)));
            }
            ("or" | "orValue", [other]) if call.target.is_some() => {
                let target =
                    call.target.as_deref().map_or(Ok(Value::Null), |target| self.value(target))?;
                self.spend(1)?;
                return match (target, call.func_name.as_str()) {
                    (Value::Optional(Some(inner)), "orValue") => Ok((*inner).clone()),
                    (some @ Value::Optional(Some(_)), _) => Ok(some),
                    (Value::Optional(None), _) => self.value(other),
                    _ => Err("no such overload".to_owned()),
                };
            }
            _ => {}
        }
        let full = self.checked.qualified.get(&expr.id);
        let mut values = Vec::with_capacity(args.len() + 1);
        if full.is_none()
            && let Some(target) = &call.target
        {
            values.push(self.value(target)?);
        }
        for arg in args {
            values.push(self.value(arg)?);
        }
        let name = full.map_or(call.func_name.as_str(), String::as_str);
        let result = library::call(name, &values, self.patterns);
        let overload = match self.checked.overloads.get(&expr.id).map(Vec::as_slice) {
            Some([one]) => one,
            _ => "",
        };
        self.spend(call_cost(name, overload, &values, result.as_ref().ok()))?;
        result
    }

    /// `&&` and `||`: an error on one side does not count where the other side decides.
    fn logic(&mut self, left: &'e IdedExpr, right: &'e IdedExpr, decides: bool) -> Outcome<'v> {
        let first = self.value(left);
        self.check_limit(&first)?;
        if matches!(first, Ok(Value::Bool(value)) if value == decides) {
            return first;
        }
        let second = self.value(right);
        self.check_limit(&second)?;
        match (first, second) {
            (_, Ok(Value::Bool(value))) if value == decides => Ok(Value::Bool(decides)),
            (Ok(Value::Bool(_)), Ok(Value::Bool(value))) => Ok(Value::Bool(value)),
            (Err(why), _) | (_, Err(why)) => Err(why),
            _ => Err("no such overload".to_owned()),
        }
    }

    /// Nothing makes up for an expression that costs too much.
    fn check_limit(&self, outcome: &Outcome<'v>) -> Result<(), String> {
        match outcome {
            Err(why) if self.cost > CALL_LIMIT => Err(why.clone()),
            _ => Ok(()),
        }
    }

    fn comprehension(&mut self, of: &'e ComprehensionExpr) -> Outcome<'v> {
        let range = self.value(&of.iter_range)?;
        let init = self.value(&of.accu_init)?;
        let accumulated = self.variables.len();
        self.variables.push((&of.accu_var, init));
        let result = self.iterate(of, &range, accumulated);
        self.variables.truncate(accumulated + 1);
        let result = match result {
            Ok(value) => {
                self.variables[accumulated].1 = value;
                self.value(&of.result)
            }
            Err(why) => Err(why),
        };
        self.variables.truncate(accumulated);
        result
    }

    /// The accumulated value after all rounds. An error in it may still be made up for by a later round.
    fn iterate(
        &mut self,
        of: &'e ComprehensionExpr,
        range: &Value<'v>,
        accumulated: usize,
    ) -> Outcome<'v> {
        let pairs: Vec<(Value<'v>, Option<Value<'v>>)> = if let Some(items) = range.items() {
            let items = items?.into_iter();
            match of.iter_var2 {
                Some(_) => {
                    let indexed = items.enumerate();
                    indexed.map(|(index, item)| (Value::count(index), Some(item))).collect()
                }
                None => items.map(|item| (item, None)).collect(),
            }
        } else if let Some(entries) = range.entries() {
            entries?
                .into_iter()
                .map(|(key, value)| (key, of.iter_var2.as_ref().map(|_| value)))
                .collect()
        } else {
            return Err("no such overload".to_owned());
        };
        let mut outcome: Outcome<'v> = Ok(self.variables[accumulated].1.clone());
        for (first, second) in pairs {
            self.variables.truncate(accumulated + 1);
            self.variables.push((&of.iter_var, first));
            if let (Some(name), Some(second)) = (&of.iter_var2, second) {
                self.variables.push((name, second));
            }
            // With an error as the accumulated value the condition holds.
            if outcome.is_ok() && matches!(self.value(&of.loop_cond)?, Value::Bool(false)) {
                break;
            }
            outcome = match (outcome, step_of(of)) {
                (Err(why), Some((decides, body))) => {
                    let value = self.value(body);
                    self.check_limit(&value)?;
                    match value {
                        Ok(Value::Bool(value)) if value == decides => Ok(Value::Bool(decides)),
                        _ => Err(why),
                    }
                }
                (Err(why), None) => return Err(why),
                (Ok(_), _) => self.value(&of.loop_step),
            };
            self.check_limit(&outcome)?;
            if let Ok(value) = &outcome {
                self.variables[accumulated].1 = value.clone();
            }
        }
        outcome
    }
}

/// The side of `&&` or `||` that a round evaluates, and the value that decides.
fn step_of(of: &ComprehensionExpr) -> Option<(bool, &IdedExpr)> {
    let Expr::Call(call) = &of.loop_step.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("_&&_", [_, body]) => Some((false, body)),
        ("_||_", [_, body]) => Some((true, body)),
        _ => None,
    }
}

/// Whether an expression is a literal with nothing but literals in it: upstream makes it once, and it costs nothing
/// (`maybeBuildListLiteral`, `maybeBuildMapLiteral`).
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) => true,
        Expr::List(list) => list.elements.iter().all(|item| is_constant(&item.expr)),
        Expr::Map(map) => map.entries.iter().all(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => {
                is_constant(&entry.key.expr) && is_constant(&entry.value.expr)
            }
            EntryExpr::StructField(_) => false,
        }),
        _ => false,
    }
}

/// Whether a value has no parts that expressions could select: each key of it is absent (`refQualify`).
fn is_plain(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
    )
}

fn select_value<'v>(operand: &Value<'v>, key: &Value<'v>) -> Outcome<'v> {
    match operand {
        Value::Optional(_) => Ok(Value::Optional(operand.get(key)?.map(Arc::new))),
        // A field that the literal has not is null.
        Value::Literal(_) => Ok(operand.get(key)?.unwrap_or(Value::Null)),
        Value::Object(..) | Value::Map(_) => {
            operand.get(key)?.ok_or_else(|| format!("no such key: {}", key.shown()))
        }
        plain if is_plain(plain) => Err(format!("no such key: {}", key.shown())),
        _ => Err("no such overload".to_owned()),
    }
}

fn index_value<'v>(container: &Value<'v>, key: &Value<'v>) -> Outcome<'v> {
    match container {
        Value::List(_) | Value::Items(..) => {
            container.get(key)?.ok_or_else(|| format!("index out of bounds: {}", key.shown()))
        }
        other => select_value(other, key),
    }
}

pub(super) fn literal_value<'v>(literal: &LiteralValue) -> Value<'v> {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
        LiteralValue::Double(value) => Value::Double(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::text(text.inner()),
        LiteralValue::UInt(value) => Value::Uint(*value.inner()),
    }
}
