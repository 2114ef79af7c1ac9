//! Expected JSON trees, with placeholders for values that vary.

use serde_json::Value;

use super::super::pattern::Pattern;
use super::equal::canonical;

/// The placeholders that are known, for messages.
const PLACEHOLDERS: &str = "${json-unit.ignore}, ${json-unit.ignore-element}, \
     ${json-unit.any-string}, ${json-unit.any-number}, ${json-unit.any-boolean}, ${json-unit.regex}...";

#[derive(Debug)]
pub(super) enum Tree {
    /// Anything; whether it may also be missing.
    Ignore {
        missing_too: bool,
    },
    AnyString,
    AnyNumber,
    AnyBoolean,
    Regex(Pattern),
    Scalar(Value),
    List(Vec<Item>),
    Object(Vec<(Box<str>, Tree)>),
}

/// An expected item of a list.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) tree: Tree,
    /// The canonical text of all values that it equals, where that is one text: it is looked up then,
    /// and not compared with each actual item.
    pub(super) canonical: Option<Box<str>>,
}

impl Tree {
    pub(super) fn compile(expected: &Value, rules: Rules) -> Result<Self, String> {
        Ok(match expected {
            Value::String(text) => match placeholder(text) {
                Some(name) => Self::placeholder(name, text)?,
                None => Self::Scalar(expected.clone()),
            },
            Value::Array(list) => Self::List(
                list.iter().map(|item| Item::compile(item, rules)).collect::<Result<_, _>>()?,
            ),
            Value::Object(map) => {
                let fields = map
                    .iter()
                    .map(|(key, value)| Ok((key.as_str().into(), Self::compile(value, rules)?)));
                Self::Object(fields.collect::<Result<_, String>>()?)
            }
            scalar => Self::Scalar(scalar.clone()),
        })
    }

    fn placeholder(name: &str, text: &str) -> Result<Self, String> {
        Ok(match name {
            "ignore}" => Self::Ignore { missing_too: false },
            "ignore-element}" => Self::Ignore { missing_too: true },
            "any-string}" => Self::AnyString,
            "any-number}" => Self::AnyNumber,
            "any-boolean}" => Self::AnyBoolean,
            _ => match name.strip_prefix("regex}") {
                Some(pattern) => Self::Regex(
                    Pattern::compile(pattern)
                        .map_err(|why| format!("the pattern of {text:?} is broken: {why}"))?,
                ),
                None => return Err(format!("unknown placeholder {text:?}; known: {PLACEHOLDERS}")),
            },
        })
    }
}

/// What a comparison leaves out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) ignore_array_order: bool,
    pub(super) ignore_extra: bool,
}

impl Item {
    fn compile(expected: &Value, rules: Rules) -> Result<Self, String> {
        let tree = Tree::compile(expected, rules)?;
        let scalar = matches!(tree, Tree::Scalar(_));
        let whole = scalar || !rules.ignore_extra && tree.is_literal();
        let canonical =
            (rules.ignore_array_order && whole).then(|| canonical(expected, true).into());
        Ok(Self { tree, canonical })
    }
}

impl Tree {
    /// Whether no placeholder stands in it.
    fn is_literal(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::List(items) => items.iter().all(|item| item.tree.is_literal()),
            Self::Object(fields) => fields.iter().all(|(_, tree)| tree.is_literal()),
            _ => false,
        }
    }
}

/// What follows `json-unit.` in a placeholder; `JsonUnit` takes `#` as well as `$`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${json-unit.").or_else(|| text.strip_prefix("#{json-unit."))
}
