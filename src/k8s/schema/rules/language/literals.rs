//! What is wrong with literals whose types are right: durations, times, regular expressions, lists and maps of several
//! types, and formats (`cel-go/cel/validator.go`, `cel-go/ext/formatting.go`).

use ::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::super::evaluate::literal_value;
use super::super::library::{self, Piece, clauses, patterns::Patterns};
use super::super::value::Value;
use super::check::{Checked, Violation};
use super::parse::parts;
use super::types::Type;

/// The violations in an expression, in the order of upstream's validators.
pub(in super::super) fn violations(expr: &IdedExpr, checked: &Checked) -> Vec<Violation> {
    let mut found = Literals { checked, calls: Vec::new(), types: Vec::new(), formats: Vec::new() };
    found.visit(expr, false);
    let Literals { mut calls, types, formats, .. } = found;
    calls.extend(types);
    calls.extend(formats);
    calls
}

/// Why a program of an expression cannot be made: upstream converts literals and compiles
/// regular expressions then (`maybeOptimizeConstUnary`, `RegexOptimization`).
pub(in super::super) fn wrong_conversion(expr: &IdedExpr) -> Option<String> {
    const CONVERSIONS: [&str; 8] =
        ["bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"];
    if let Expr::Call(call) = &expr.expr
        && CONVERSIONS.contains(&call.func_name.as_str())
        && let ([IdedExpr { expr: Expr::Literal(literal), .. }], None) =
            (call.args.as_slice(), &call.target)
    {
        if matches!(literal, LiteralValue::Null) {
            return Some(format!("no such overload: {}(null_type)", call.func_name));
        }
        let value = literal_value(literal);
        return library::call(&call.func_name, &[value], &Patterns::default()).err();
    }
    if let Expr::Call(call) = &expr.expr
        && matches!(call.func_name.as_str(), "find" | "findAll")
        && let Some(IdedExpr { expr: Expr::Literal(LiteralValue::String(pattern)), .. }) =
            call.args.first()
        && let Err(why) = Patterns::default().get(pattern.inner())
    {
        return Some(why);
    }
    parts(&expr.expr).into_iter().find_map(wrong_conversion)
}

struct Literals<'c> {
    checked: &'c Checked,
    calls: Vec<Violation>,
    types: Vec<Violation>,
    formats: Vec<Violation>,
}

impl Literals<'_> {
    /// `in_format` says that lists and maps may have several types.
    fn visit(&mut self, expr: &IdedExpr, in_format: bool) {
        let mut exempt = in_format;
        match &expr.expr {
            Expr::Call(call) => {
                exempt |= call.func_name == "format";
                self.call(call);
                self.format(expr.id, call);
            }
            Expr::List(list) if !in_format => {
                let items = list.elements.iter().enumerate();
                let items = items.map(|(index, item)| {
                    let of = self.of(item);
                    (item.id, if list.optional_indices.contains(&index) { inner(of) } else { of })
                });
                let items: Vec<_> = items.collect();
                self.same(&items, true);
            }
            Expr::Map(map) if !in_format => {
                let (mut keys, mut values) = (Vec::new(), Vec::new());
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    keys.push((entry.key.id, self.of(&entry.key)));
                    let of = self.of(&entry.value);
                    values.push((entry.value.id, if entry.optional { inner(of) } else { of }));
                }
                self.same(&keys, false);
                self.same(&values, false);
            }
            _ => {}
        }
        for part in parts(&expr.expr) {
            self.visit(part, exempt);
        }
    }

    fn of(&self, expr: &IdedExpr) -> Type {
        self.checked.types.get(&expr.id).cloned().unwrap_or(Type::Dyn)
    }

    fn same(&mut self, items: &[(u64, Type)], only_first: bool) {
        let Some(((_, first), rest)) = items.split_first() else { return };
        for (id, of) in rest.iter().filter(|(_, of)| of != first) {
            self.types.push((*id, format!("expected type '{first}' but found '{of}'")));
            if only_first {
                return;
            }
        }
    }

    fn call(&mut self, call: &CallExpr) {
        let name = call.func_name.as_str();
        let Some(IdedExpr { id, expr: Expr::Literal(literal) }) = call.args.first() else { return };
        let is_wrong = match (name, literal) {
            ("matches", LiteralValue::String(pattern)) => {
                Patterns::default().get(pattern.inner()).is_err()
            }
            ("duration" | "timestamp", LiteralValue::String(text)) => {
                let text = Value::text(text.inner());
                library::call(name, &[text], &Patterns::default()).is_err()
            }
            ("duration" | "timestamp", LiteralValue::Int(number)) => {
                let number = Value::Int(*number.inner());
                library::call(name, &[number], &Patterns::default()).is_err()
            }
            _ => false,
        };
        if is_wrong {
            self.calls.push((*id, format!("invalid {name} argument")));
        }
    }

    /// `'literal'.format([..])`.
    fn format(&mut self, id: u64, call: &CallExpr) {
        let ("format", Some(target), [args]) =
            (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice())
        else {
            return;
        };
        let (Expr::Literal(LiteralValue::String(text)), Expr::List(list)) =
            (&target.expr, &args.expr)
        else {
            return;
        };
        let count = list.elements.len();
        let mut args = list.elements.iter();
        for piece in clauses(text.inner()) {
            let clause = match piece {
                Piece::Text(_) => continue,
                Piece::End => {
                    self.formats.push((id, "unexpected end of string".to_owned()));
                    return;
                }
                Piece::Clause(clause) => clause,
            };
            let Some(arg) = args.next() else {
                self.formats.push((id, format!("index {count} out of range")));
                return;
            };
            let clause = match clause {
                Ok(clause) => clause,
                Err(why) => {
                    self.formats.push((id, why));
                    return;
                }
            };
            let (allowed, what) = clause.types();
            if let Some((id, of)) = self.misfit(arg, allowed, clause.is_text()) {
                let why = format!("error during formatting: {what}, was given {of}");
                self.formats.push((id, why));
                return;
            }
        }
        let seen = count - args.len();
        if count > seen {
            let why = format!(
                "too many arguments supplied to string.format (expected {seen}, got {count})"
            );
            self.formats.push((id, why));
        }
    }

    /// The first part of an argument whose type a clause does not take.
    fn misfit(&self, arg: &IdedExpr, allowed: &[&str], deep: bool) -> Option<(u64, String)> {
        let of = self.of(arg);
        let name = of.name();
        if !matches!(of, Type::Dyn) && !allowed.contains(&name.as_str()) {
            return Some((arg.id, name));
        }
        let is_whole = deep && matches!(arg.expr, Expr::List(_) | Expr::Map(_));
        let inner = if is_whole { parts(&arg.expr) } else { Vec::new() };
        inner.into_iter().find_map(|part| self.misfit(part, allowed, deep))
    }
}

/// The type inside of an optional one.
fn inner(of: Type) -> Type {
    match of {
        Type::Optional(inner) => (*inner).clone(),
        other => other,
    }
}
