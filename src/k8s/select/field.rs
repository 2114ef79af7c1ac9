//! Field selectors, with the grammar and the messages of `k8s.io/apimachinery/pkg/fields/selector.go`.
//!
//! `path=value`, `path==value`, `path!=value`, joined by commas; `\` escapes `,`, `=` and itself.

use super::super::resource::Served;
use super::super::store::Object;

/// A parsed field selector; the empty one selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    label: String,
    field: Field,
    equal: bool,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Unresolved,
    Name,
    Namespace,
    /// A selectable field of the resource type, by its index, and what it is where an object does not have it.
    Declared(usize, &'static str),
}

impl FieldSelector {
    /// Parses a selector; its fields are not resolved yet.
    ///
    /// # Errors
    /// Upstream's message.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split_terms(text);
        parts.sort_unstable();
        // A term without field and value says nothing (`hasTerm.Transform`).
        let is_term = |part: &&str| !matches!(*part, "" | "=" | "==" | "!=");
        let terms = parts.into_iter().filter(is_term).map(|part| {
            let (label, equal, value) = split_term(part)
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{part}'"))?;
            let value = unescape(value)?;
            Ok(Term { label: label.to_owned(), field: Field::Unresolved, equal, value })
        });
        terms.collect::<Result<_, String>>().map(Self)
    }

    /// The selector of the object with a name.
    pub(crate) fn of_name(name: &str) -> Self {
        let label = "metadata.name".to_owned();
        Self(vec![Term { label, field: Field::Name, equal: true, value: name.to_owned() }])
    }

    /// Resolves the fields for a resource type.
    ///
    /// # Errors
    /// Upstream's message for the first field that the type does not support.
    pub(crate) fn resolve(mut self, of: &Served) -> Result<Self, String> {
        for term in &mut self.0 {
            term.field = match term.label.as_str() {
                "metadata.name" => Field::Name,
                "metadata.namespace" if of.of.namespaced || !of.of.is_built_in() => {
                    Field::Namespace
                }
                label => match of.selectable_index(label) {
                    Some(index) => {
                        let mut declared = of.version().selectable.iter();
                        let field = declared.find(|field| field.label == label);
                        Field::Declared(index, field.map_or("", |field| field.absent))
                    }
                    None => return Err(unknown_field(of, label)),
                },
            };
        }
        Ok(self)
    }

    /// Whether every object is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name that all selected objects have, where a term requires one.
    pub(crate) fn name(&self) -> Option<&str> {
        let term = self.0.iter().find(|term| term.field == Field::Name && term.equal)?;
        Some(&term.value)
    }

    /// Whether an object is selected.
    pub(crate) fn matches(&self, object: &Object) -> bool {
        self.0.iter().all(|term| {
            let meta = &object.meta;
            let value = match term.field {
                Field::Name => &*meta.name,
                Field::Namespace => &*meta.namespace,
                Field::Declared(index, absent) => {
                    let found = meta.fields.get(index).map(|field| &**field);
                    found.filter(|found| !found.is_empty()).unwrap_or(absent)
                }
                Field::Unresolved => "",
            };
            (value == term.value) == term.equal
        })
    }
}

fn unknown_field(of: &Served, label: &str) -> String {
    match (of.of.is_built_in(), of.of.plural()) {
        (true, "namespaces") => format!(
            "{label:?} is not a known namespace selector: only \"metadata.name\", \"status.phase\""
        ),
        (true, "jobs") => format!("field label {label:?} not supported for Job"),
        (true, _) if !of.version().selectable.is_empty() => {
            format!("field label not supported: {label}")
        }
        (true, _) => format!(
            "{label:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        (false, _) => format!("field label not supported: {label}"),
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    for (at, _) in term.char_indices() {
        for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some(value) = term[at..].strip_prefix(operator) {
                return Some((&term[..at], equal, value));
            }
        }
    }
    None
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (true, '\\' | ',' | '=') => out.push(c),
            (true, c) => {
                return Err(format!("invalid field selector: invalid escape sequence: \\{c}"));
            }
            (false, '\\') => {
                escaped = true;
                continue;
            }
            // Go prints the number of the rune here.
            (false, ',' | '=') => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    c as u32
                ));
            }
            (false, c) => out.push(c),
        }
        escaped = false;
    }
    if escaped {
        return Err("invalid field selector: invalid escape sequence: \\".to_owned());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_selectors_have_upstreams_messages() {
        for (selector, message) in [
            (
                "metadata.name",
                "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
            ),
            ("a=b=c", "invalid field selector: unescaped character in value: 61"),
            ("a=b\\c", "invalid field selector: invalid escape sequence: \\c"),
            ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
        ] {
            assert_eq!(FieldSelector::parse(selector).unwrap_err(), message, "{selector:?}");
        }
    }

    #[test]
    fn terms_and_escapes_are_parsed() {
        let selector = FieldSelector::parse("metadata.name==x\\,y,b!=1,").unwrap();
        assert_eq!(selector.0.len(), 2);
        assert_eq!(selector.0[1].value, "x,y");
        assert!(!selector.0[0].equal);
        for nothing in ["", "=", "==,!=", ",="] {
            assert!(FieldSelector::parse(nothing).unwrap().is_empty(), "{nothing:?}");
        }
    }
}
