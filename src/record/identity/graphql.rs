//! GraphQL requests: an operation is the same however its text is spaced (GraphQL, section 2.1).

use serde_json::{Value, json};

use crate::redact::MARK;

/// What json-unit compares by a regular expression.
const REGEX: &str = "${json-unit.regex}";

/// Replaces the text of each operation in a body by a pattern that allows any spacing.
pub(super) fn relax(body: &mut Value) {
    match body {
        Value::Array(operations) => operations.iter_mut().for_each(relax_one),
        body => relax_one(body),
    }
}

fn relax_one(body: &mut Value) {
    if !is_operation(body) {
        return;
    }
    if let Some(Value::String(query)) = body.get_mut("query") {
        *query = format!("{REGEX}{}", marked_pattern(query));
    }
}

/// The pattern of a text that is an operation as a whole: a query parameter (GraphQL over HTTP, "GET"), or a body of
/// `application/graphql`. JSON is none.
pub(super) fn text(marked: &str) -> Option<Value> {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(marked).is_ok();
    (is_text_of_operation(marked) && !is_json).then(|| json!({"matches": marked_pattern(marked)}))
}

/// The pattern of an operation. A mark of a secret allows any text there.
fn marked_pattern(query: &str) -> String {
    pattern(query).replace(MARK, "[^\"]*")
}

/// Whether a JSON object asks a GraphQL server.
fn is_operation(body: &Value) -> bool {
    body.get("query").and_then(Value::as_str).is_some_and(is_text_of_operation)
}

fn is_text_of_operation(query: &str) -> bool {
    let begins = query.trim_start();
    ["query", "mutation", "subscription", "fragment", "{"].iter().any(|word| {
        begins.strip_prefix(word).is_some_and(|rest| {
            *word == "{" || rest.starts_with(|c: char| c.is_whitespace() || "({@".contains(c))
        })
    }) && query.contains('{')
}

/// A regular expression for the tokens of an operation, with any white space and commas between them. Texts in
/// quotes stay as they are.
fn pattern(query: &str) -> String {
    let mut out = String::from(SPACE);
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            c if c.is_whitespace() || c == ',' => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '"' => quoted(rest),
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        out.push_str(&regex::escape(token));
        // Two names stay two.
        let is_apart =
            token.ends_with(is_name) && after.trim_start_matches(is_ignored).starts_with(is_name);
        out.push_str(if is_apart { r"[\s,]+" } else { SPACE });
        rest = after;
    }
    out
}

const SPACE: &str = r"[\s,]*";

fn is_ignored(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.' || c == '-'
}

/// The length of a text in quotes.
fn quoted(text: &str) -> usize {
    if let Some(inner) = text.strip_prefix("\"\"\"") {
        return inner.find("\"\"\"").map_or(text.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_the_same_however_it_is_spaced() {
        let mut body = json!({"query": "query Q($a: Int, $b: Int) {\n  item(a: $a, s: \"x  y\") { id name }\n}"});
        relax(&mut body);
        let pattern = body["query"].as_str().unwrap().strip_prefix(REGEX).unwrap().to_owned();
        let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let same = "query Q($a:Int $b:Int){item(a:$a,s:\"x  y\"){id,name}}";
        assert!(pattern.is_match(same));
        for other in [
            same.replace("x  y", "x y"),
            same.replace("id,name", "idname"),
            same.replace("id,name", "id"),
            same.replace("query Q", "query R"),
        ] {
            assert!(!pattern.is_match(&other), "{other}");
        }
    }

    #[test]
    fn a_text_may_be_an_operation() {
        let pattern = text("query Q{ item(id: 1) { name } }").unwrap();
        let regex = regex::Regex::new(&format!("^(?:{})$", pattern["matches"].as_str().unwrap()));
        let regex = regex.unwrap();
        assert!(regex.is_match("query Q {\n item(id:1){name}\n}"));
        assert!(!regex.is_match("query Q { item(id: 2) { name } }"));
        for other in ["{\"a\": {\"b\": 1}}", "select", "query"] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn other_bodies_stay() {
        for body in [
            json!({"query": "queryable {"}),
            json!({"query": "q"}),
            json!({"query": {"match": {}}}),
            json!([1]),
        ] {
            let mut relaxed = body.clone();
            relax(&mut relaxed);
            assert_eq!(relaxed, body);
        }
    }
}
