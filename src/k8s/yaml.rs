//! YAML in the layout of `sigs.k8s.io/yaml`: sorted keys, two spaces, lists not indented, quotes only where a
//! plain scalar would have another type.

use std::fmt::Write as _;

use serde_json::Value;

/// Renders a value as a YAML document.
pub(crate) fn render(value: &Value) -> String {
    let mut out = String::new();
    node(&mut out, value, 0, false);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Writes a value; `inline` after a key or a dash on the same line.
fn node(out: &mut String, value: &Value, indent: usize, inline: bool) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(list) if list.is_empty() => out.push_str("[]"),
        Value::Object(map) => {
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 || !inline {
                    pad(out, indent, at > 0);
                }
                scalar(out, key, indent, Place::Key);
                out.push(':');
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        out.push('\n');
                        node(out, value, indent + 2, false);
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        out.push('\n');
                        node(out, value, indent, false);
                    }
                    value => {
                        out.push(' ');
                        node(out, value, indent, true);
                    }
                }
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                if at > 0 || !inline {
                    pad(out, indent, at > 0);
                }
                out.push_str("- ");
                match value {
                    Value::String(text) => scalar(out, text, indent, Place::Value),
                    value => node(out, value, indent + 2, true),
                }
            }
        }
        Value::String(text) => scalar(out, text, indent, Place::Value),
        Value::Null => out.push_str("null"),
        value => {
            let _ = write!(out, "{value}");
        }
    }
}

fn pad(out: &mut String, indent: usize, new_line: bool) {
    if new_line && !out.ends_with('\n') {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Where a scalar is. Only values may have line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Value,
}

/// The column after which a value goes on in the next line (`best_width` in go-yaml's emitter).
const WIDTH: usize = 80;

/// Writes a text that is plain or in single quotes. It is broken at single spaces beyond the width.
fn folded(out: &mut String, text: &str, indent: usize, place: Place, quoted: bool) {
    let line_start = out.rfind('\n').map_or(0, |at| at + 1);
    let mut column = out[line_start..].chars().count();
    let mut letters = text.char_indices().peekable();
    let mut after_space = false;
    while let Some((at, letter)) = letters.next() {
        let inner = !quoted || at > 0 && at + 1 < text.len();
        let next_is_space = letters.peek().is_some_and(|(_, next)| *next == ' ');
        let breaks = letter == ' ' && !after_space && column > WIDTH && inner && !next_is_space;
        if breaks && place == Place::Value {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent + 2));
            column = indent + 2;
        } else {
            out.push(letter);
            column += 1;
        }
        after_space = letter == ' ';
    }
}

fn scalar(out: &mut String, text: &str, indent: usize, place: Place) {
    if text.contains('\n')
        && !text.contains(|c: char| c.is_control() && c != '\n')
        && !text.starts_with([' ', '\n'])
    {
        out.push('|');
        if !text.ends_with('\n') {
            out.push('-');
        } else if text.ends_with("\n\n") {
            out.push('+');
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            out.push('\n');
            if !line.is_empty() {
                out.extend(std::iter::repeat_n(' ', indent + 2));
                out.push_str(line);
            }
        }
        return;
    }
    if text.contains(char::is_control) {
        let _ = write!(out, "{}", Value::from(text));
    } else if needs_no_quotes(text) {
        folded(out, text, indent, place, false);
    } else if text.contains('\'') || text.is_empty() || reads_as_other(text) {
        let _ = write!(out, "{}", Value::from(text));
    } else {
        out.push('\'');
        folded(out, text, indent, place, true);
        out.push('\'');
    }
}

fn needs_no_quotes(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(first);
    let allowed_first = matches!(first, '-' | '?' | ':')
        && text[1..].starts_with(|c: char| !c.is_whitespace() && c != ',');
    (!indicator || allowed_first)
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !reads_as_other(text)
}

/// Whether a plain scalar is a boolean, null, number or time in YAML 1.1.
fn reads_as_other(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "~" | "=" | "<<"
    ) {
        return true;
    }
    let digits = lower.trim_start_matches(['+', '-']);
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (digits.replace('_', "").parse::<f64>().is_ok()
            || digits
                .strip_prefix("0x")
                .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            || digits
                .strip_prefix("0b")
                .is_some_and(|bits| bits.bytes().all(|b| matches!(b, b'0' | b'1')))
            || matches!(digits, ".inf" | ".nan"));
    numeric || text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn long_values_are_broken_at_single_spaces() {
        let words = |count: usize| vec!["word"; count].join(" ");
        let value =
            json!({"a": words(20), "b": [format!("x: {}", words(17))], "c": "x".repeat(90)});
        // The line ends behind the first word that passes column 80.
        let (head, tail) = (words(16), words(4));
        assert_eq!(
            render(&value),
            format!(
                "a: {head}\n  {tail}\nb:\n- 'x: {}\n  {}'\nc: {}\n",
                words(16),
                words(1),
                "x".repeat(90)
            )
        );
    }

    #[test]
    fn the_layout_is_that_of_sigs_yaml() {
        let value = json!({
            "a": {"b": [], "c": {}},
            "list": [{"x": 1, "y": [2, "3"]}, "plain", "yes", ""],
            "text": "two\nlines\n",
            "message": "jobs \"x\" not found",
            "time": "2020-01-01T00:00:00Z",
            "odd": ["a: b", "# c", "-1", "- d", "it's: x", "-flag"],
        });
        let expected = "a:\n  b: []\n  c: {}\nlist:\n- x: 1\n  \"y\":\n  - 2\n  - \"3\"\n- plain\n- \"yes\"\n- \"\"\n\
message: jobs \"x\" not found\nodd:\n- 'a: b'\n- '# c'\n- \"-1\"\n- '- d'\n- \"it's: x\"\n- -flag\n\
text: |\n  two\n  lines\ntime: \"2020-01-01T00:00:00Z\"\n";
        assert_eq!(render(&value), expected);
    }
}
