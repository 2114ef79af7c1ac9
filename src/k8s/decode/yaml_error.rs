//! Errors of the YAML parser in the words of `libyaml`, with the lines that `go.yaml.in/yaml/v2` names.

use serde_saphyr::granit_parser::ScanError;

/// The message of an error.
///
/// libyaml counts lines from 0, and yaml/v2 names no line 0. It adds 1 to the lines of the scanner alone. The
/// end of a text is on a line of its own.
pub(super) fn message(text: &str, error: &ScanError) -> String {
    let (line, column) = (error.marker().line(), error.marker().col());
    let found = error.info();
    let end = text.lines().count();
    let breaks = text.matches('\n').count();
    let first = line <= 1;
    let (line, what) = if found.contains("unknown anchor") {
        return format!("yaml: unknown anchor '{}' referenced", word_at(text, line, column));
    } else if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))
    {
        return "yaml: control characters are not allowed".to_owned();
    } else if found.contains("unclosed bracket") {
        let open = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        (end, unclosed(open, text))
    } else if let Some(what) = escape(&found) {
        (if first { 0 } else { line }, what)
    } else if found.contains("simple key expected") {
        (line + 1, "could not find expected ':'")
    } else if found.contains("unsupported YAML major version") {
        return numbered(line.saturating_sub(1), "found incompatible YAML document");
    } else if found.contains("quoted scalar")
        || found.contains("unclosed quote")
        || found.contains("unexpected end of stream")
    {
        (if breaks == 0 { 0 } else { breaks + 1 }, "found unexpected end of stream")
    } else if found.contains("tab") || found.contains("unexpected character") {
        (if first { 0 } else { line }, "found character that cannot start any token")
    } else if let Some((_, what)) = found.split_once("did not find expected ") {
        // The parser's own errors.
        return numbered(line.saturating_sub(1), &format!("did not find expected {what}"));
    } else {
        (if first { 0 } else { line }, found.as_str())
    };
    numbered(line, what)
}

/// What libyaml says of an escape in a quoted scalar.
fn escape(found: &str) -> Option<&'static str> {
    let found = found.strip_prefix("while parsing a quoted scalar, ")?;
    if found.contains("unknown escape character") {
        Some("found unknown escape character")
    } else if found.contains("surrogate") && !found.contains("number")
        || found.contains("escape code")
    {
        Some("found invalid Unicode character escape code")
    } else if found.contains("hexadecimal number") {
        // libyaml spells it like this.
        Some("did not find expected hexdecimal number")
    } else {
        None
    }
}

/// Whether a message is about a text that has no tokens.
pub(super) fn is_of_scanner(message: &str) -> bool {
    ["found unexpected end of stream", "cannot start any token", "control characters"]
        .iter()
        .any(|part| message.contains(part))
}

fn numbered(line: usize, what: &str) -> String {
    if line == 0 { format!("yaml: {what}") } else { format!("yaml: line {line}: {what}") }
}

/// What libyaml misses at the end of a text with an open bracket.
fn unclosed(line: &str, text: &str) -> &'static str {
    let last = text.trim_end().chars().next_back();
    match (last, line.rfind('{') > line.rfind('[')) {
        (Some('[' | ','), false) | (Some(':'), true) => "did not find expected node content",
        (_, true) => "did not find expected ',' or '}'",
        (_, false) => "did not find expected ',' or ']'",
    }
}

/// The word after the sign at a place: the name of an alias. Lines count from 1, columns from 0.
pub(super) fn word_at(text: &str, line: usize, column: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let rest = line.chars().skip(column).skip_while(|c| matches!(c, '*' | '&' | ' '));
    rest.take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}
