//! The syntax of expressions: that of the crate `cel`, with the macros of optional values and of two-variable
//! comprehensions, and messages as `cel-go` writes them.

use ::cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};

use super::macros::environment;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 100_000;

/// A parsed expression.
#[derive(Debug)]
pub(in super::super) struct Parsed {
    pub(in super::super) expr: IdedExpr,
    source: SourceInfo,
}

/// Parses an expression.
///
/// # Errors
/// All violations of the syntax, as `cel-go` shows them.
pub(in super::super) fn parse(text: &str) -> Result<Parsed, String> {
    if text.len() > MAX_LENGTH {
        let why = format!(
            "expression code point size exceeds limit: size: {}, limit {MAX_LENGTH}",
            text.len()
        );
        return Err(shown(text, 1, 0, &why));
    }
    match environment().parser().enable_optional_syntax(true).parse_with_source_info(text) {
        Ok((expr, source)) => Ok(Parsed { expr, source }),
        Err(errors) => {
            let all = errors.errors.iter().map(|error| {
                let line = usize::try_from(error.pos.0).unwrap_or(1).max(1);
                let column = usize::try_from(error.pos.1 - 1).unwrap_or_default();
                shown(text, line, column, &error.msg)
            });
            Err(all.collect::<Vec<_>>().join("\n"))
        }
    }
}

impl Parsed {
    /// Violations, as `cel-go` shows them: sorted by their places.
    pub(in super::super) fn explain(&self, text: &str, violations: &[(u64, String)]) -> String {
        let mut placed: Vec<(usize, usize, &String)> = violations
            .iter()
            .map(|(id, why)| {
                let (line, column) = self.place(text, *id);
                (line, column, why)
            })
            .collect();
        placed.sort_by_key(|(line, column, _)| (*line, *column));
        let all = placed.into_iter().map(|(line, column, why)| shown(text, line, column, why));
        all.collect::<Vec<_>>().join("\n")
    }

    /// The line, from 1, and the column, from 0, of a part.
    fn place(&self, text: &str, id: u64) -> (usize, usize) {
        let offset = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        // The offset is one of bytes, the column one of characters.
        let before = text.char_indices().take_while(|(at, _)| *at < offset);
        let mut before: Vec<char> = before.map(|(_, c)| c).collect();
        // A number begins with its sign.
        if is_negative(&self.expr, id)
            && let Some(sign) = before.iter().rposition(|c| *c == '-')
        {
            before.truncate(sign);
        }
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count();
        (line, column)
    }
}

/// A violation with its line and a mark below it (`common.Error.ToDisplayString`).
fn shown(text: &str, line: usize, column: usize, why: &str) -> String {
    if text.is_empty() {
        // What is not there has neither a column nor a line to show.
        return format!("ERROR: <input>:{line}:0: {why}");
    }
    let mut out = format!("ERROR: <input>:{line}:{}: {why}", column + 1);
    let Some(snippet) = text.split('\n').nth(line - 1) else { return out };
    let snippet = snippet.replace('\t', " ");
    let wide = |c: char| c.len_utf8() > 1;
    let dots: String =
        snippet.chars().take(column).map(|c| if wide(c) { '\u{ff0e}' } else { '.' }).collect();
    let mark = if snippet.chars().nth(column).is_some_and(wide) { '\u{ff3e}' } else { '^' };
    out.push_str(&format!("\n | {snippet}\n | {dots}{mark}"));
    out
}

/// Whether a part is a number below 0.
fn is_negative(expr: &IdedExpr, id: u64) -> bool {
    if expr.id == id {
        return match &expr.expr {
            Expr::Literal(LiteralValue::Int(value)) => *value.inner() < 0,
            Expr::Literal(LiteralValue::Double(value)) => *value.inner() < 0.0,
            _ => false,
        };
    }
    parts(&expr.expr).into_iter().any(|part| is_negative(part, id))
}

/// The parts of an expression.
pub(super) fn parts(expr: &Expr) -> Vec<&IdedExpr> {
    match expr {
        Expr::Select(select) => vec![&select.operand],
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(_) => Vec::new(),
            })
            .collect(),
        Expr::Struct(of) => of
            .entries
            .iter()
            .filter_map(|entry| match &entry.expr {
                EntryExpr::StructField(field) => Some(&field.value),
                EntryExpr::MapEntry(_) => None,
            })
            .collect(),
        Expr::Comprehension(of) => {
            vec![&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result]
        }
        Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => Vec::new(),
    }
}
