//! Expected JSON trees, with placeholders for values that vary.

use crate::java::json::Json;
use crate::java::regex::{Flags, Regex};

use super::equal::canonical;

#[derive(Debug)]
pub(super) enum Tree {
    /// Anything; whether it may also be missing.
    Ignore {
        missing_too: bool,
    },
    AnyString,
    AnyNumber,
    AnyBoolean,
    Regex(Box<Regex>),
    /// A placeholder that no value matches.
    Never,
    Scalar(Json),
    List(Vec<Item>),
    Object(Vec<(Box<str>, Tree)>),
}

/// An expected item of a list.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) tree: Tree,
    /// The canonical text of the values that it equals, if that is a single text: then it is looked
    /// up instead of compared with each actual item.
    pub(super) canonical: Option<Box<str>>,
}

impl Tree {
    pub(super) fn compile(expected: &Json, rules: Rules) -> Self {
        match expected {
            Json::Text(text) => Self::of_text(text),
            Json::List(list) => {
                Self::List(list.iter().map(|item| Item::compile(item, rules)).collect())
            }
            Json::Map(map) => {
                let fields = map.iter();
                Self::Object(
                    fields.map(|(key, value)| (key.into(), Self::compile(value, rules))).collect(),
                )
            }
            scalar => Self::Scalar(scalar.clone()),
        }
    }

    /// Creates a placeholder, or the text as it is.
    fn of_text(text: &str) -> Self {
        let literal = || Self::Scalar(Json::Text(text.to_owned()));
        if text == "${json-unit.ignore-element}" {
            return Self::Ignore { missing_too: true };
        }
        match placeholder(text) {
            Some("ignore}") => Self::Ignore { missing_too: false },
            Some("any-string}") => Self::AnyString,
            Some("any-number}") => Self::AnyNumber,
            Some("any-boolean}") => Self::AnyBoolean,
            Some(name) => match name.strip_prefix("regex}") {
                // JsonUnit reports an invalid pattern when it compares, and a line break ends the pattern.
                Some(pattern) if !pattern.contains('\n') => {
                    match Regex::new(pattern, Flags::default()) {
                        Ok(regex) => Self::Regex(Box::new(regex)),
                        Err(_) => Self::Never,
                    }
                }
                _ if name.starts_with("matches:") => Self::Never,
                _ => literal(),
            },
            None => literal(),
        }
    }
}

/// What a comparison ignores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) ignore_array_order: bool,
    pub(super) ignore_extra: bool,
}

impl Item {
    fn compile(expected: &Json, rules: Rules) -> Self {
        let tree = Tree::compile(expected, rules);
        let scalar = matches!(tree, Tree::Scalar(_));
        let whole = scalar || !rules.ignore_extra && tree.is_literal();
        let canonical =
            (rules.ignore_array_order && whole).then(|| canonical(expected, true).into());
        Self { tree, canonical }
    }
}

impl Tree {
    /// Returns whether it contains no placeholder.
    fn is_literal(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::List(items) => items.iter().all(|item| item.tree.is_literal()),
            Self::Object(fields) => fields.iter().all(|(_, tree)| tree.is_literal()),
            _ => false,
        }
    }
}

/// Returns what follows `json-unit.` in a placeholder; `JsonUnit` takes `#` as well as `$`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${json-unit.").or_else(|| text.strip_prefix("#{json-unit."))
}
