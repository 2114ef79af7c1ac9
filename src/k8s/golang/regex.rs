//! Regular expressions of Go (`regexp`): their syntax as this crate's, and Go's messages for wrong ones.
//!
//! Both are RE2's. They differ in classes, which are of ASCII in Go, and in what only one of them has.

use regex_syntax::ast::{self, ErrorKind};

use super::quote;

/// The largest count of a repetition in Go.
const MAX_REPEAT: u32 = 1000;

/// Compiles a pattern as Go would.
///
/// # Errors
/// Go's message (`regexp.Compile`), such as ``error parsing regexp: missing closing ]: `[a` ``.
pub(in super::super) fn compile_regex(pattern: &str) -> Result<regex::Regex, String> {
    check(pattern)?;
    let translated = translate(pattern);
    regex::Regex::new(&translated).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => message("expression too large", pattern),
        _ => message("invalid or unsupported Perl syntax", pattern),
    })
}

/// Checks the syntax of a pattern without compiling it.
///
/// # Errors
/// As [`compile_regex`].
pub(in super::super) fn check_regex(pattern: &str) -> Result<(), String> {
    check(pattern)?;
    let hir = regex_syntax::parse(&translate(pattern));
    hir.map(drop).map_err(|_| message("invalid character class range", pattern))
}

fn message(why: &str, part: &str) -> String {
    let shown = if part.contains('`') { quote(part) } else { format!("`{part}`") };
    format!("error parsing regexp: {why}: {shown}")
}

fn check(pattern: &str) -> Result<(), String> {
    let parse = |pattern: &str| ast::parse::Parser::new().parse(pattern);
    // Where the syntaxes differ, the pattern as it is written may be wrong here and right in Go.
    match parse(pattern) {
        Ok(tree) => repetitions(&tree, pattern),
        Err(_) if parse(&translate(pattern)).is_ok() => Ok(()),
        Err(error) => Err(explain(pattern, &error)),
    }
}

/// Go's message for a syntax error.
fn explain(pattern: &str, error: &ast::Error) -> String {
    let text = error.pattern();
    let span = error.span();
    let from = |at: usize| text.get(at..).unwrap_or_default();
    let part = text.get(span.start.offset..span.end.offset).unwrap_or_default();
    match error.kind() {
        ErrorKind::GroupUnclosed => message("missing closing )", pattern),
        ErrorKind::GroupUnopened => message("unexpected )", pattern),
        ErrorKind::ClassUnclosed => message("missing closing ]", from(span.start.offset)),
        ErrorKind::ClassRangeInvalid | ErrorKind::ClassRangeLiteral => {
            message("invalid character class range", part)
        }
        ErrorKind::RepetitionMissing => message(
            "missing argument to repetition operator",
            from(span.start.offset).get(..1).unwrap_or(part),
        ),
        ErrorKind::RepetitionCountInvalid | ErrorKind::DecimalInvalid => {
            message("invalid repeat count", part)
        }
        ErrorKind::EscapeUnexpectedEof => {
            "error parsing regexp: trailing backslash at end of expression: ``".to_owned()
        }
        ErrorKind::EscapeUnrecognized
        | ErrorKind::EscapeHexEmpty
        | ErrorKind::EscapeHexInvalid
        | ErrorKind::EscapeHexInvalidDigit
        | ErrorKind::ClassEscapeInvalid
        | ErrorKind::UnsupportedBackreference => message("invalid escape sequence", part),
        ErrorKind::UnicodeClassInvalid => message("invalid character class range", part),
        ErrorKind::GroupNameInvalid
        | ErrorKind::GroupNameEmpty
        | ErrorKind::GroupNameDuplicate { .. }
        | ErrorKind::GroupNameUnexpectedEof => message("invalid named capture", part),
        // What follows `(?<` is a name in Go.
        ErrorKind::UnsupportedLookAround if part.starts_with("(?<") => {
            let rest = from(span.start.offset);
            let name = rest.find('>').map_or(rest, |end| &rest[..=end]);
            message("invalid named capture", name)
        }
        ErrorKind::UnsupportedLookAround => {
            message("invalid or unsupported Perl syntax", part.get(..3).unwrap_or(part))
        }
        _ => message("invalid or unsupported Perl syntax", part),
    }
}

/// Counts that Go refuses, and operators on operators.
fn repetitions(tree: &ast::Ast, pattern: &str) -> Result<(), String> {
    let walk = |parts: &[ast::Ast]| parts.iter().try_for_each(|part| repetitions(part, pattern));
    match tree {
        ast::Ast::Repetition(repetition) => {
            let operator = pattern_part(pattern, &repetition.op.span);
            if let ast::RepetitionKind::Range(range) = &repetition.op.kind {
                let most = match range {
                    ast::RepetitionRange::Exactly(count) | ast::RepetitionRange::AtLeast(count) => {
                        *count
                    }
                    ast::RepetitionRange::Bounded(_, most) => *most,
                };
                if most > MAX_REPEAT {
                    return Err(message("invalid repeat count", operator));
                }
            }
            if let ast::Ast::Repetition(inner) = &*repetition.ast {
                let inner = pattern_part(pattern, &inner.op.span);
                return Err(message(
                    "invalid nested repetition operator",
                    &format!("{inner}{operator}"),
                ));
            }
            repetitions(&repetition.ast, pattern)
        }
        ast::Ast::Group(group) => repetitions(&group.ast, pattern),
        ast::Ast::Alternation(alternation) => walk(&alternation.asts),
        ast::Ast::Concat(concat) => walk(&concat.asts),
        _ => Ok(()),
    }
}

/// The part of a pattern at a place; the place may be off where the pattern was translated.
fn pattern_part<'p>(pattern: &'p str, span: &ast::Span) -> &'p str {
    pattern.get(span.start.offset..span.end.offset).unwrap_or(pattern)
}

/// A pattern of Go in the syntax of this crate: `\d`, `\w`, `\s` and `\b` are of ASCII, brackets do not nest,
/// and `&&` and `~~` in them are characters.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut taken = c.len_utf8();
        match c {
            '\\' => {
                let escaped = after.chars().next();
                taken += escaped.map_or(0, char::len_utf8);
                match escaped {
                    Some('d') => out.push_str("[0-9]"),
                    Some('D') => out.push_str("[^0-9]"),
                    Some('w') => out.push_str("[0-9A-Za-z_]"),
                    Some('W') => out.push_str("[^0-9A-Za-z_]"),
                    Some('s') => out.push_str("[\\t\\n\\x0C\\r ]"),
                    Some('S') => out.push_str("[^\\t\\n\\x0C\\r ]"),
                    Some('b') if !in_class => out.push_str("(?-u:\\b)"),
                    Some('Q') if !in_class => {
                        let text = &after[1..];
                        let end = text.find("\\E");
                        out.push_str(&regex_syntax::escape(&text[..end.unwrap_or(text.len())]));
                        taken += end.map_or(text.len(), |end| end + 2);
                    }
                    _ => out.push_str(&rest[..taken]),
                }
            }
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                for first in ["^", "]"] {
                    if rest[taken..].starts_with(first) {
                        out.push_str(if first == "]" { "\\]" } else { first });
                        taken += 1;
                    }
                }
            }
            '[' => match rest.find(":]").filter(|_| after.starts_with(':')) {
                Some(end) => {
                    taken = end + 2;
                    out.push_str(&rest[..taken]);
                }
                None => out.push_str("\\["),
            },
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_patterns_have_gos_messages() {
        for (pattern, message) in [
            ("[a", "missing closing ]: `[a`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("\\y", "invalid escape sequence: `\\y`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("x(?<=a)b", "invalid named capture: `(?<=a)b`"),
            ("(?<!a>b)c", "invalid named capture: `(?<!a>`"),
            ("a\\", "trailing backslash at end of expression: ``"),
        ] {
            let found = check_regex(pattern).unwrap_err();
            assert_eq!(found, format!("error parsing regexp: {message}"), "{pattern}");
        }
    }

    #[test]
    fn classes_are_those_of_go() {
        for (pattern, text, matches) in [
            ("^\\d+$", "12", true),
            ("^\\d+$", "\u{661}", false),
            ("^[\\w.-]+$", "a.b-c_1", true),
            ("^[\\w]+$", "\u{e4}", false),
            ("^[[:alpha:]_]+$", "ab_", true),
            ("^[[a]+$", "[a", true),
            ("^[]a]+$", "]a", true),
            ("^[a&&b]+$", "&ab", true),
            ("^\\Qa.b\\E$", "a.b", true),
            ("\\bx\\b", "a x b", true),
        ] {
            let regex = compile_regex(pattern).unwrap();
            assert_eq!(regex.is_match(text), matches, "{pattern} {text}");
        }
    }
}
