//! The messages of built-in types: field numbers with names and types, read once from a table.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// The type of a field, by its form in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bool,
    Int,
    Double,
    /// Base64 in JSON.
    Bytes,
    /// A message of the table.
    Message(&'static str),
    List(Box<Kind>),
    /// A map with string keys.
    Map(Box<Kind>),
    /// RFC 3339, to the second.
    Time,
    /// RFC 3339, to the microsecond.
    MicroTime,
    /// A quantity: its text.
    Quantity,
    IntOrString,
    /// A message that holds JSON text.
    Raw,
    /// A message that holds a list of strings.
    Texts,
    SchemaOrBool,
    SchemaOrArray,
    SchemaOrTexts,
}

#[derive(Debug)]
pub(super) struct Field {
    /// Empty for a message whose fields JSON inlines.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether JSON omits it when it is empty.
    pub(super) omit: bool,
    /// Whether it is a pointer in Go: nothing is on the wire where it is nil.
    pub(super) optional: bool,
}

/// The fields of a message by their numbers.
pub(super) type Message = BTreeMap<u64, Field>;

/// All messages, and the message of each kind.
#[derive(Debug, Default)]
pub(super) struct Schema {
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    messages: HashMap<&'static str, Message>,
}

impl Schema {
    /// The table, read for the first protobuf body.
    pub(super) fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::parse(include_str!("schema.txt")))
    }

    fn parse(table: &'static str) -> Self {
        let mut schema = Self::default();
        let mut message = "";
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["kind", version, kind, of] => {
                    schema.kinds.insert((version, kind), of);
                }
                ["message", name] => {
                    message = name;
                    schema.messages.entry(name).or_default();
                }
                [number, name, kind, ref rest @ ..] => {
                    let field = Field {
                        name: if name == "." { "" } else { name },
                        kind: kind_of(kind),
                        omit: rest == ["omit"],
                        optional: rest == ["opt"],
                    };
                    let number = number.parse().expect("the table is well-formed");
                    schema.messages.entry(message).or_default().insert(number, field);
                }
                _ => {}
            }
        }
        schema
    }

    /// The message of a kind; options have the same message in all versions.
    pub(super) fn message_of(&self, api_version: &str, kind: &str) -> Option<&'static str> {
        let named = |version| self.kinds.get(&(version, kind)).copied();
        named(api_version).or_else(|| named("*"))
    }

    pub(super) fn message(&self, name: &str) -> Option<&Message> {
        self.messages.get(name)
    }
}

fn kind_of(word: &'static str) -> Kind {
    if let Some(name) = word.strip_prefix('=') {
        return Kind::Message(name);
    }
    if let Some(of) = word.strip_prefix("[]") {
        return Kind::List(Box::new(kind_of(of)));
    }
    if let Some(of) = word.strip_prefix("{}") {
        return Kind::Map(Box::new(kind_of(of)));
    }
    match word {
        "string" => Kind::Text,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "time" => Kind::Time,
        "microtime" => Kind::MicroTime,
        "quantity" => Kind::Quantity,
        "intorstring" => Kind::IntOrString,
        "raw" => Kind::Raw,
        "strings" => Kind::Texts,
        "schemaorbool" => Kind::SchemaOrBool,
        "schemaorarray" => Kind::SchemaOrArray,
        "schemaorstrings" => Kind::SchemaOrTexts,
        _ => unreachable!("the table has no kind {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_message_is_in_the_table() {
        let schema = Schema::get();
        let missing = |kind: &Kind| match kind {
            Kind::Message(name) => schema.message(name).is_none().then(|| (*name).to_owned()),
            _ => None,
        };
        let fields = schema.messages.values().flat_map(BTreeMap::values);
        let found: Vec<String> = fields
            .filter_map(|field| match &field.kind {
                Kind::List(of) | Kind::Map(of) => missing(of),
                kind => missing(kind),
            })
            .collect();
        assert_eq!(found, Vec::<String>::new());
        for of in schema.kinds.values() {
            assert!(schema.message(of).is_some(), "{of}");
        }
        assert!(schema.message_of("v1", "Pod").is_some());
        assert_eq!(schema.message_of("batch/v1", "DeleteOptions"), Some("meta.v1.DeleteOptions"));
        assert_eq!(schema.message_of("kubeflow.org/v1", "TFJob"), None);
    }
}
