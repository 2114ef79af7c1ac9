//! Errors of the YAML parser in the words of `libyaml`, with the lines that `go.yaml.in/yaml/v2` names.

use serde_saphyr::granit_parser::ScanError;

/// The error about the directives at the beginning of a text, which the parser takes all (`yaml_parser_scan_directive`,
/// `yaml_parser_process_directives`), and about a tab where a line begins.
pub(super) fn beginning(text: &str) -> Option<String> {
    for (line, found) in text.lines().enumerate() {
        let Some(directive) = found.strip_prefix('%') else {
            let content = found.trim_start_matches([' ', '\t']);
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let why = "found character that cannot start any token";
            return found.starts_with('\t').then(|| numbered(of_scanner(line), why));
        };
        let is_of_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let name: String = directive.chars().take_while(is_of_name).collect();
        let version = directive[name.len()..].trim();
        match &*name {
            "" => {
                return Some(numbered(of_scanner(line), "could not find expected directive name"));
            }
            "YAML" if version != "1.1" => {
                return Some(numbered(line, "found incompatible YAML document"));
            }
            "YAML" | "TAG" => {}
            _ => return Some(numbered(of_scanner(line), "found unknown directive name")),
        }
    }
    None
}

/// The line that an error of the scanner names, whose lines count from 0.
fn of_scanner(line: usize) -> usize {
    if line == 0 { 0 } else { line + 1 }
}

/// The error about a double-quoted scalar, by its source, that has an escape which libyaml does not know.
pub(super) fn unknown_escape(source: &str, line: usize) -> Option<String> {
    let mut rest = source;
    while let Some((_, after)) = rest.split_once('\\') {
        let mut letters = after.chars();
        let why = match letters.next() {
            Some('/') => "found unknown escape character",
            Some('u') => {
                let code = after.get(1..5).and_then(|code| u32::from_str_radix(code, 16).ok());
                match code {
                    Some(0xd800..=0xdfff) => "found invalid Unicode character escape code",
                    _ => "",
                }
            }
            _ => "",
        };
        if !why.is_empty() {
            return Some(numbered(of_scanner(line), why));
        }
        rest = letters.as_str();
    }
    None
}

/// Where a text has a closing bracket that nothing opens, in characters, and what libyaml says of it: for its scanner it
/// is a token like others, and the parser does not look behind the first document.
pub(super) fn misplaced(text: &str, error: &ScanError) -> Option<(usize, String)> {
    if !error.info().contains("misplaced bracket") {
        return None;
    }
    let at = error.marker().index();
    let before: String = text.chars().take(at).collect();
    let line = before.matches('\n').count();
    let last = before.trim_end();
    let what = if last.is_empty() || last.ends_with([':', '-', '?']) {
        "did not find expected node content"
    } else {
        "did not find expected key"
    };
    Some((at, numbered(line, what)))
}

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
    let of_flow = [
        "mismatched bracket",
        "unexpected EOF",
        "unexpected end of stream",
        "flow mapping",
        "quoted scalar",
    ];
    if of_flow.iter().any(|part| found.contains(part))
        && let Some((line, what)) = super::yaml_flow::problem(text)
    {
        return numbered(line, what);
    }
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
    [
        "found unexpected end of stream",
        "cannot start any token",
        "control characters",
        "mapping values are not allowed",
    ]
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
        (Some('{' | '[' | ',' | ':'), _) => "did not find expected node content",
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
