//! Predicates → request patterns: their disjunctive normal form, one pattern for each alternative.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::regex;
use super::super::scalar::scalar;
use super::super::stub::RequestPattern;
use super::atom::{Atom, Field, request};

/// The most alternatives that one stub becomes.
const MAX_ALTERNATIVES: usize = 64;

/// How deep predicates may be nested.
const MAX_DEPTH: usize = 32;

/// Alternatives, in each of which all atoms hold.
type Alternatives = Vec<Vec<Atom>>;

/// Reads the patterns for requests that all predicates hold for. Returns `None`, with a warning, if
/// one has no equivalent.
pub(super) fn requests(predicates: &[Node<'_>]) -> Option<Vec<RequestPattern>> {
    let all = conjunction(predicates, false, 0)?;
    all.iter().map(|atoms| request(atoms, predicates.first()?)).collect()
}

fn conjunction(predicates: &[Node<'_>], negated: bool, depth: usize) -> Option<Alternatives> {
    let mut all: Alternatives = vec![Vec::new()];
    for node in predicates {
        all = product(node, &all, &alternatives(node, negated, depth + 1)?)?;
    }
    Some(all)
}

fn disjunction(predicates: &[Node<'_>], negated: bool, depth: usize) -> Option<Alternatives> {
    let mut any = Alternatives::new();
    for node in predicates {
        any.extend(alternatives(node, negated, depth + 1)?);
        bounded(node, any.len())?;
    }
    Some(any)
}

/// Reads all pairs of alternatives.
fn product(node: &Node<'_>, left: &Alternatives, right: &Alternatives) -> Option<Alternatives> {
    bounded(node, left.len() * right.len())?;
    let pairs = left.iter().flat_map(|a| right.iter().map(move |b| [a.as_slice(), b].concat()));
    Some(pairs.collect())
}

fn bounded(node: &Node<'_>, count: usize) -> Option<()> {
    if count > MAX_ALTERNATIVES {
        node.warn(
            format!("the predicates have more than {MAX_ALTERNATIVES} alternatives"),
            "write the stubs by hand",
        );
        return None;
    }
    Some(())
}

/// Reads the alternatives of one predicate, or of its negation.
fn alternatives(node: &Node<'_>, negated: bool, depth: usize) -> Option<Alternatives> {
    if depth > MAX_DEPTH {
        node.warn("predicates are nested too deeply", "");
        return None;
    }
    let options = Options::read(node)?;
    let entries = node.entries();
    let (operator, operand) = entries.iter().find(|(key, _)| !Options::KEYS.contains(key))?;
    match *operator {
        "and" if negated => disjunction(&operand.items(), true, depth),
        "and" => conjunction(&operand.items(), false, depth),
        "or" if negated => conjunction(&operand.items(), true, depth),
        "or" => disjunction(&operand.items(), false, depth),
        "not" => alternatives(operand, !negated, depth + 1),
        "equals" | "deepEquals" | "contains" | "startsWith" | "endsWith" | "matches" | "exists" => {
            let atoms = atoms(operator, operand, &options)?;
            if !negated {
                return Some(vec![atoms]);
            }
            // "Not all": at least one does not hold.
            Some(atoms.into_iter().map(|atom| vec![atom.negated()]).collect())
        }
        _ => {
            operand.warn(format!("the predicate {operator:?} has no equivalent"), "write the stub");
            None
        }
    }
}

/// The options of a predicate.
struct Options {
    case_sensitive: bool,
    /// `(operator, selector)` of `jsonpath` or `xpath`.
    selector: Option<(&'static str, String)>,
}

impl Options {
    const KEYS: [&'static str; 6] =
        ["caseSensitive", "keyCaseSensitive", "except", "jsonpath", "xpath", "comment"];

    fn read(node: &Node<'_>) -> Option<Self> {
        let value = node.value();
        if value.get("except").is_some_and(|text| text != "") {
            node.warn("except has no equivalent", "write the pattern without it");
            return None;
        }
        let selector = |key: &str| {
            value.pointer(&format!("/{key}/selector")).and_then(Value::as_str).map(str::to_owned)
        };
        let json = selector("jsonpath").map(|path| ("matchesJsonPath", path));
        let xml = selector("xpath").map(|path| ("matchesXPath", path));
        let case_sensitive = value.get("caseSensitive") == Some(&json!(true));
        Some(Self { case_sensitive, selector: json.or(xml) })
    }
}

/// Returns the conditions of a predicate on each field.
fn atoms(operator: &str, operand: &Node<'_>, options: &Options) -> Option<Vec<Atom>> {
    let mut atoms = Vec::new();
    for (name, node) in operand.entries() {
        let fields: Vec<(Field, Node<'_>)> = match (name, node.value()) {
            ("method", _) => vec![(Field::Method, node)],
            ("path", _) => vec![(Field::Path, node)],
            ("body", _) => vec![(Field::Body, node)],
            ("query" | "headers" | "form", Value::Object(_)) => {
                let list = match name {
                    "query" => "queryParameters",
                    "headers" => "headers",
                    _ => "formParameters",
                };
                let named = |(key, node)| (Field::Named(list, str::to_owned(key)), node);
                node.entries().into_iter().map(named).collect()
            }
            _ => {
                node.warn(format!("the field {name:?} has no equivalent"), "write the stub");
                return None;
            }
        };
        for (field, node) in fields {
            let mut pattern = pattern(operator, &node, &field, options)?;
            if let (Field::Body, Some((matcher, selector))) = (&field, &options.selector) {
                pattern["expression"] = json!(selector);
                pattern = json!({ *matcher: pattern });
            }
            atoms.push(Atom { field, pattern, negated: false });
        }
    }
    Some(atoms)
}

/// Reads the operator for one field.
fn pattern(operator: &str, node: &Node<'_>, field: &Field, options: &Options) -> Option<Value> {
    if operator == "exists" {
        return Some(match node.value() {
            Value::Bool(false) => json!({"absent": true}),
            _ => json!({"not": {"absent": true}}),
        });
    }
    if let value @ (Value::Object(_) | Value::Array(_)) = node.value() {
        if *field != Field::Body || !matches!(operator, "equals" | "deepEquals") {
            node.warn("a value with parts is compared with equals or deepEquals only", "");
            return None;
        }
        let extra = operator == "equals";
        return Some(json!({
            "equalToJson": value, "ignoreArrayOrder": true, "ignoreExtraElements": extra,
        }));
    }
    let text = scalar(node.value())?;
    let literal = regex::literal(&text);
    let expression = match operator {
        "equals" | "deepEquals" => {
            // An empty text is what is not there.
            if text.is_empty() && *field == Field::Body {
                return Some(json!({"absent": true}));
            }
            return Some(if options.case_sensitive {
                json!({"equalTo": text})
            } else {
                json!({"equalTo": text, "caseInsensitive": true})
            });
        }
        "contains" => format!(".*{literal}.*"),
        "startsWith" => format!("{literal}.*"),
        "endsWith" => format!(".*{literal}"),
        _ => regex::anywhere(&text),
    };
    let flags = if options.case_sensitive { "" } else { "(?i)" };
    Some(json!({"matches": format!("{flags}{expression}")}))
}
