//! The JSON body of an admin request → a value, or the one error that `WireMock` answers.

use std::path::Path;

use serde_json::{Value, json};

use super::{Decoder, Diagnostic, Format, Node, Severity, Source, lenient};

/// The title of every such error.
const TITLE: &str = "Error parsing JSON";

/// Why a body is rejected, in the form of `WireMock`'s errors (`C/common/JsonException.java`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The value that is wrong, such as `/request/headers/X`; `None` if the text is not JSON.
    pub(crate) pointer: Option<String>,
    /// What is wrong, and what to do.
    pub(crate) detail: String,
}

impl Refusal {
    /// Returns the first of all problems in the order of the text: `WireMock` stops there. `None`
    /// if there is no error.
    pub(crate) fn of(problems: &[Diagnostic]) -> Option<Self> {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let first = errors.min_by_key(|problem| problem.place)?;
        let detail = match (&first.reported.detail, first.hint.as_str()) {
            (Some(detail), _) => detail.clone(),
            (None, "") => first.message.clone(),
            (None, hint) => format!("{}; {hint}", first.message),
        };
        Some(Self { pointer: Some(first.reported.pointer.clone()), detail })
    }

    /// As one item of `errors`.
    pub(crate) fn to_json(&self) -> Value {
        let source = self.pointer.as_ref().map_or_else(|| json!({}), |p| json!({"pointer": p}));
        json!({"code": 10, "source": source, "title": TITLE, "detail": self.detail})
    }
}

/// Reads the JSON text of a request body. Warnings are ignored.
///
/// # Errors
/// [`Refusal`] if the text is not JSON or `read` reports an error.
pub(crate) fn read_body<T>(
    body: &[u8],
    read: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Refusal> {
    read_body_and_text(body, read).map(|(result, _)| result)
}

/// Reads the JSON text of a request body, and returns it as strict JSON too.
///
/// # Errors
/// [`Refusal`] if the text is not JSON or `read` reports an error.
pub(crate) fn read_body_and_text<T>(
    body: &[u8],
    read: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<(T, String), Refusal> {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        let detail = "the body is empty; send JSON".to_owned();
        return Err(Refusal { pointer: Some("/".to_owned()), detail });
    }
    let (text, value) = value_of(&text)?;
    let source = Source { path: Path::new("the request body").into(), format: Format::Json, text };
    let decoder = Decoder::of_body(&source);
    let result = read(&decoder.root(&value));
    let problems = decoder.finish();
    if let Some(refusal) = Refusal::of(&problems) {
        return Err(refusal);
    }
    let result = result.ok_or_else(|| Refusal {
        pointer: Some("/".to_owned()),
        detail: "the body is not what is expected here".to_owned(),
    })?;
    Ok((result, source.text))
}

/// Returns the first JSON value of a text, with the text it was read from in the end.
fn value_of(text: &str) -> Result<(String, Value), Refusal> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok((text.to_owned(), value));
    }
    let strict = lenient::to_strict(text)
        .map_err(|malformed| Refusal { pointer: malformed.pointer, detail: malformed.message })?;
    match serde_json::from_str(&strict.text) {
        Ok(value) => Ok((strict.text, value)),
        Err(error) => Err(Refusal { pointer: None, detail: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Value {
        let read = |node: &Node<'_>| {
            let keys = node.keys()?;
            let url = keys.get("url").and_then(|node| node.of_parent().text());
            if let Some(pattern) = keys.get("pattern").map(|node| node.whole()) {
                for (_, value) in pattern.entries() {
                    value.error_saying("no text", "", "operand must be a text");
                }
            }
            keys.finish();
            url.map(str::to_owned)
        };
        read_body(body.as_bytes(), read).unwrap_err().to_json()
    }

    #[test]
    fn errors_name_the_value_as_wiremock_does() {
        let table = [
            ("", json!({"pointer": "/"}), "the body is empty; send JSON"),
            ("nope", json!({}), "expected a value, found 'n'"),
            ("\"text\"", json!({"pointer": "/"}), "expected an object, found the text \"text\""),
            (
                "{'url': 1}",
                json!({"pointer": "/"}),
                "expected a text, found the number 1; write it in quotes, like \"1\"",
            ),
            (
                "{\"pattern\": {\"b\": 1}, \"url\": 1}",
                json!({"pointer": "/pattern"}),
                "operand must be a text",
            ),
            (
                "{\"foo\": 1, \"bar\": 2}",
                json!({"pointer": "/foo"}),
                "unknown key \"foo\"; known here: pattern, url",
            ),
        ];
        for (body, source, detail) in table {
            let wanted = json!({"code": 10, "source": source, "title": TITLE, "detail": detail});
            assert_eq!(refused(body), wanted, "{body}");
        }
    }
}
