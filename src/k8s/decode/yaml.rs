//! YAML → JSON values, as `sigs.k8s.io/yaml` converts them. Of several documents the first one counts.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::super::golang::{quote, syntax};
use super::super::limits::{MAX_REPEATED_VALUES, MAX_YAML_DEPTH};
use super::scalar::{self, Scalar};
use super::yaml_merge::{count, go_syntax, merge};
use super::{Decoded, yaml_error};

/// The first line of the error about duplicate keys (`yaml.TypeError`).
pub(super) const TYPE_ERRORS: &str = "yaml: unmarshal errors:\n";

/// Decodes a YAML text.
///
/// # Errors
/// Upstream's message for a text that is not YAML, or has no JSON form.
pub(in super::super) fn decode(text: &[u8]) -> Result<Decoded, String> {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if let Some(why) = yaml_error::beginning(text) {
        return Err(why);
    }
    // libyaml knows fewer escapes than the parser.
    let escapes = text.contains("\\/") || text.contains("\\u");
    let mut composer = Composer {
        text,
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        repeated: 0,
        duplicates: Vec::new(),
        depth: 0,
        escapes,
    };
    let value = match composer.document() {
        Ok(value) => value,
        Err(Failure::Said(why)) => return Err(why),
        Err(Failure::Misplaced(at, why)) => return before_bracket(text, at).ok_or(why),
    };
    if let Some(what) = value.not_finite {
        return Err(format!("json: unsupported value: {what}"));
    }
    let strict = match composer.duplicates.as_slice() {
        [] => Vec::new(),
        lines => vec![format!("{TYPE_ERRORS}{}", lines.join("\n"))],
    };
    Ok(Decoded { value: value.json, strict, invalid: None })
}

/// Why a text cannot be decoded.
enum Failure {
    /// Upstream's message.
    Said(String),
    /// A closing bracket that nothing opens: its place, and the message where the document is not complete before it.
    Misplaced(usize, String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Said(why)
    }
}

/// The document before a closing bracket that nothing opens, where it ends there: it is in brackets itself.
fn before_bracket(text: &str, at: usize) -> Option<Decoded> {
    let before: String = text.chars().take(at).collect();
    let own = before.trim();
    let is_flow =
        own.starts_with('{') && own.ends_with('}') || own.starts_with('[') && own.ends_with(']');
    if is_flow { decode(before.as_bytes()).ok() } else { None }
}

/// A node with what prevents its JSON form: a float that is not finite.
#[derive(Debug, Clone, Default)]
struct Node {
    json: Value,
    not_finite: Option<&'static str>,
}

struct Composer<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// The nodes with an anchor, by the parser's number; `None` while the node is not complete.
    anchors: HashMap<usize, Option<Node>>,
    /// How many values aliases have added.
    repeated: usize,
    /// The lines about duplicate keys.
    duplicates: Vec<String>,
    depth: usize,
    /// Whether the text may have escapes that libyaml does not know.
    escapes: bool,
}

type Head<'t> = (Event<'t>, Span);

impl<'t> Composer<'t> {
    fn next(&mut self) -> Result<Head<'t>, Failure> {
        match self.parser.next_event() {
            Some(Ok(event)) => {
                self.check_escapes(&event)?;
                Ok(event)
            }
            Some(Err(error)) => Err(match yaml_error::misplaced(self.text, &error) {
                Some((at, why)) => Failure::Misplaced(at, why),
                None => Failure::Said(yaml_error::message(self.text, &error)),
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Checks the escapes of a scalar in double quotes.
    fn check_escapes(&self, (event, span): &Head<'t>) -> Result<(), Failure> {
        if !self.escapes || !matches!(event, Event::Scalar(_, ScalarStyle::DoubleQuoted, ..)) {
            return Ok(());
        }
        let (start, end) = (span.start.index(), span.end.index());
        let source = if self.text.is_ascii() {
            self.text.get(start..end).unwrap_or_default().to_owned()
        } else {
            self.text.chars().skip(start).take(end.saturating_sub(start)).collect()
        };
        let line = span.start.line().saturating_sub(1);
        yaml_error::unknown_escape(&source, line).map_or(Ok(()), |why| Err(Failure::Said(why)))
    }

    /// The first document; null for an empty text.
    fn document(&mut self) -> Result<Node, Failure> {
        loop {
            match self.next()?.0 {
                Event::StreamEnd => return Ok(Node::default()),
                Event::DocumentStart(..) => {
                    let head = self.next()?;
                    if matches!(head.0, Event::DocumentEnd) {
                        return Ok(Node::default());
                    }
                    let node = self.node(head)?;
                    self.after_document()?;
                    return Ok(node);
                }
                _ => {}
            }
        }
    }

    /// libyaml reads one token after the first document: what is no token there is an error, whatever else follows
    /// is not looked at.
    fn after_document(&mut self) -> Result<(), Failure> {
        match self.next() {
            Err(Failure::Said(why)) if yaml_error::is_of_scanner(&why) => Err(why.into()),
            _ => Ok(()),
        }
    }

    fn node(&mut self, (event, span): Head<'t>) -> Result<Node, Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = resolve(&text, style, tag.as_deref())?;
                let node = match scalar {
                    Scalar::Value(json) => Node { json, not_finite: None },
                    Scalar::Merge => Node { json: text.into_owned().into(), not_finite: None },
                    Scalar::NotFinite(what) => Node { json: Value::Null, not_finite: Some(what) },
                };
                self.keep(anchor, &node);
                Ok(node)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.enter(anchor)?;
                let (mut list, mut not_finite) = (Vec::new(), None);
                loop {
                    let head = self.next()?;
                    if matches!(head.0, Event::SequenceEnd) {
                        break;
                    }
                    let item = self.node(head)?;
                    not_finite = not_finite.or(item.not_finite);
                    list.push(item.json);
                }
                Ok(self.leave(anchor, Node { json: list.into(), not_finite }))
            }
            Event::MappingStart(_, anchor, _) => {
                self.enter(anchor)?;
                let node = self.mapping()?;
                Ok(self.leave(anchor, node))
            }
            Event::Alias(anchor) => {
                let Some(Some(node)) = self.anchors.get(&anchor) else {
                    let name = yaml_error::word_at(self.text, span.start.line(), span.start.col());
                    return Err(format!("yaml: anchor '{name}' value contains itself").into());
                };
                let node = node.clone();
                self.repeated += count(&node.json);
                if self.repeated > MAX_REPEATED_VALUES {
                    return Err("yaml: document contains excessive aliasing".to_owned().into());
                }
                Ok(node)
            }
            _ => Ok(Node::default()),
        }
    }

    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
    }

    fn enter(&mut self, anchor: usize) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_YAML_DEPTH {
            return Err("yaml: exceeded max depth".to_owned().into());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        Ok(())
    }

    fn leave(&mut self, anchor: usize, node: Node) -> Node {
        self.depth -= 1;
        self.keep(anchor, &node);
        node
    }

    fn mapping(&mut self) -> Result<Node, Failure> {
        let mut map = Map::new();
        let mut strange: BTreeMap<String, &'static str> = BTreeMap::new();
        loop {
            let head = self.next()?;
            let line = head.1.start.line();
            let scalar = match head.0 {
                Event::MappingEnd => break,
                Event::Scalar(text, style, anchor, tag) => {
                    let scalar = resolve(&text, style, tag.as_deref())?;
                    if let Scalar::Value(json) = &scalar {
                        self.keep(anchor, &Node { json: json.clone(), not_finite: None });
                    }
                    scalar
                }
                event => match self.node((event, head.1))?.json {
                    json @ (Value::Array(_) | Value::Object(_)) => {
                        return Err(format!("yaml: invalid map key: {}", go_syntax(&json)).into());
                    }
                    json => Scalar::Value(json),
                },
            };
            let value = self.next()?;
            let value = self.node(value)?;
            if scalar == Scalar::Merge {
                merge(&mut map, value.json)?;
                continue;
            }
            let key = scalar::key(&scalar, &value.json)?;
            if map.contains_key(&key) {
                let shown = match &scalar {
                    Scalar::Value(json) => syntax(json),
                    _ => quote(&key),
                };
                self.duplicates.push(format!("  line {line}: key {shown} already set in map"));
            }
            if let Some(what) = value.not_finite {
                strange.insert(key.clone(), what);
            }
            map.insert(key, value.json);
        }
        // Go encodes keys in their order, and stops at the first value without a JSON form.
        let not_finite = strange.into_values().next();
        Ok(Node { json: map.into(), not_finite })
    }
}

fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Scalar, String> {
    let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix())).unwrap_or_default();
    scalar::resolve(text, &tag, style == ScalarStyle::Plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        decode(text.as_bytes()).unwrap().value
    }

    fn error(text: &str) -> String {
        decode(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn keys_are_resolved_like_values() {
        assert_eq!(
            value("{y: 1, 2: x, 1.5: z, off: q}"),
            json!({"true": 1, "2": "x", "1.5": "z", "false": "q"})
        );
        assert_eq!(
            error("{null: 1}"),
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"
        );
        assert_eq!(error("{[1]: x}"), "yaml: invalid map key: []interface {}{1}");
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded() {
        assert_eq!(value("a: &a {x: 1}\nb: *a\n"), json!({"a": {"x": 1}, "b": {"x": 1}}));
        assert_eq!(value("{<<: {x: 1}, z: 2}"), json!({"x": 1, "z": 2}));
        assert_eq!(value("{<<: [{x: 1}, {x: 2, z: 3}]}"), json!({"x": 1, "z": 3}));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert_eq!(error(&bomb), "yaml: document contains excessive aliasing");
    }

    #[test]
    fn the_first_document_counts_and_duplicates_are_found() {
        let decoded = decode(b"---\na: 1\na: 2\n---\nb: 1\n").unwrap();
        assert_eq!(decoded.value, json!({"a": 2}));
        assert_eq!(
            decoded.strict,
            ["yaml: unmarshal errors:\n  line 3: key \"a\" already set in map"]
        );
        assert_eq!(
            super::super::warnings(decoded.strict),
            ["line 3: key \"a\" already set in map"]
        );
        assert_eq!(value(""), Value::Null);
    }

    #[test]
    fn texts_that_are_not_yaml_have_upstreams_message() {
        for (text, message) in [
            ("a:\n\tb: c\n", "line 2: found character that cannot start any token"),
            ("a: {b: c\n", "line 1: did not find expected ',' or '}'"),
            ("a: [\n", "line 1: did not find expected node content"),
            ("{\"a\": 1", "line 1: did not find expected ',' or '}'"),
            ("a: @x\n", "found character that cannot start any token"),
            ("a: \"\u{1}\"\n", "control characters are not allowed"),
            ("- a\nb: c\n", "line 1: did not find expected '-' indicator"),
            ("a: *nope\n", "unknown anchor 'nope' referenced"),
            ("{", "line 1: did not find expected node content"),
            ("%YAML 1.2\n---\na: 1\n", "found incompatible YAML document"),
            ("%FOO\n---\na: 1\n", "found unknown directive name"),
            ("%\n", "could not find expected directive name"),
            ("\ta: 1\n", "found character that cannot start any token"),
            ("a: ]\n", "did not find expected node content"),
            ("{\"a\" 1}", "did not find expected ',' or '}'"),
            ("a\nb: 1\n", "line 2: mapping values are not allowed in this context"),
            ("{,}", "did not find expected node content"),
            ("[a}\n", "did not find expected ',' or ']'"),
            ("}\n", "did not find expected node content"),
            ("{\"a\": \"\\/\"}", "found unknown escape character"),
            ("{\"a\": \"\\ud83d\\ude00\"}", "found invalid Unicode character escape code"),
            ("a: {x: .nan}\n", ""),
        ] {
            let message = match message {
                "" => "json: unsupported value: NaN".to_owned(),
                message => format!("yaml: {message}"),
            };
            assert_eq!(error(text), message, "{text:?}");
        }
    }

    #[test]
    fn what_follows_a_document_in_brackets_is_not_looked_at() {
        assert_eq!(value("{\"a\": 1}}"), json!({"a": 1}));
        assert_eq!(value("[1]]\n"), json!([1]));
    }

    #[test]
    fn deep_texts_are_refused() {
        let text = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(decode(text.as_bytes()).is_err());
    }
}
