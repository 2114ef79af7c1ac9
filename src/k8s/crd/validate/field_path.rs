//! Paths to fields of a schema, as rules and selectable fields name them (`cel.ValidFieldPath`).

use serde_json::Value;

/// A path that a schema has: its text as in messages, its first step, and the schema at its end.
#[derive(Debug)]
pub(in super::super) struct FieldPath<'s> {
    pub(in super::super) text: String,
    pub(in super::super) root: String,
    pub(in super::super) schema: &'s Value,
}

/// Finds a path such as `.spec.a['b.c']` in a schema; `brackets` tells whether it may have those.
///
/// # Errors
/// Upstream's reason.
pub(in super::super) fn valid_field_path<'s>(
    path: &str,
    schema: &'s Value,
    brackets: bool,
) -> Result<FieldPath<'s>, String> {
    let mut found = FieldPath { text: String::new(), root: String::new(), schema };
    let mut rest = path;
    let end = || "unexpected end of JSON path".to_owned();
    while let Some(token) = next(&mut rest) {
        match token {
            "[" => {
                if !brackets {
                    return Err("array notation is not allowed".to_owned());
                }
                let name = next(&mut rest).ok_or_else(end)?;
                let inner = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
                let Some(inner) = inner.filter(|_| name.len() >= 2) else {
                    return Err(format!("expected single quoted string but got {name}"));
                };
                let inner = unescape(inner)?;
                found.step(&inner)?;
                let close = next(&mut rest).ok_or_else(end)?;
                if close != "]" {
                    return Err(format!("expected ] but got {close}"));
                }
            }
            "." => {
                let name = next(&mut rest).ok_or_else(end)?;
                found.step(name)?;
            }
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok(found)
}

impl FieldPath<'_> {
    fn step(&mut self, name: &str) -> Result<(), String> {
        let nowhere = || "does not refer to a valid field".to_owned();
        if let Some(properties) = self.schema.get("properties") {
            self.schema = properties.get(name).ok_or_else(nowhere)?;
            self.text.push_str(if self.text.is_empty() { "" } else { "." });
            self.text.push_str(name);
        } else {
            self.schema = self.schema.get("additionalProperties").ok_or_else(nowhere)?;
            self.text.push_str(&format!("[{name}]"));
        }
        if self.root.is_empty() {
            name.clone_into(&mut self.root);
        }
        Ok(())
    }
}

/// The next token: a delimiter, a text in single quotes, or what stands before the next delimiter.
fn next<'p>(rest: &mut &'p str) -> Option<&'p str> {
    let first = rest.chars().next()?;
    let length = match first {
        '.' | '[' | ']' => 1,
        '\'' => {
            let bytes = rest.as_bytes();
            let close = (1..bytes.len()).find(|at| bytes[*at] == b'\'' && bytes[at - 1] != b'\\');
            close.map_or(rest.len(), |at| at + 1)
        }
        _ => rest.find(['.', '[', ']']).unwrap_or(rest.len()),
    };
    let (token, after) = rest.split_at(length);
    *rest = after;
    Some(token)
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(escaped) = chars.next() else {
            out.push('\\');
            break;
        };
        out.push(match escaped {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\'' | '\\' => escaped,
            other => return Err(format!("invalid string literal: invalid escape char \\{other}")),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_fields_and_maps() {
        let schema = json!({"properties": {
            "a": {"properties": {"b.c": {"type": "string"}}},
            "m": {"additionalProperties": {"type": "integer"}},
        }});
        let found = |path: &str| {
            valid_field_path(path, &schema, true).map(|found| (found.text, found.schema.clone()))
        };
        assert_eq!(found(".a['b.c']").unwrap(), ("a.b.c".to_owned(), json!({"type": "string"})));
        assert_eq!(found(".m.x").unwrap(), ("m[x]".to_owned(), json!({"type": "integer"})));
        for (path, why) in [
            ("a", "expected [ or . but got: a"),
            (".z", "does not refer to a valid field"),
            (".a[", "unexpected end of JSON path"),
            (".a[b]", "expected single quoted string but got b"),
            (".a['b.c'.", "expected ] but got ."),
        ] {
            assert_eq!(found(path).unwrap_err(), why, "{path}");
        }
        assert_eq!(
            valid_field_path(".a['x']", &schema, false).unwrap_err(),
            "array notation is not allowed"
        );
    }
}
