//! The core functions (XPath 1.0, section 4).

use super::super::characters::is_space;
use super::super::{Kind, NodeId};
use super::evaluate::{Context, Evaluation};
use super::expression::{Expression, Function};
use super::{Value, XPathError, number};

impl Evaluation<'_> {
    pub(super) fn call(
        &mut self,
        function: Function,
        arguments: &[Expression],
        at: Context,
    ) -> Result<Value, XPathError> {
        Ok(match function {
            Function::True => Value::Boolean(true),
            Function::False => Value::Boolean(false),
            Function::Position => Value::Number(length(at.position)),
            Function::Last => Value::Number(length(at.size)),
            // A document declares no identifiers here.
            Function::Id => {
                self.evaluate(&arguments[0], at)?;
                Value::Nodes(Vec::new())
            }
            Function::Count => Value::Number(length(self.nodes(&arguments[0], at)?.len())),
            Function::Sum => {
                let nodes = self.nodes(&arguments[0], at)?;
                let texts = nodes.iter().map(|node| self.document.logical_text(*node));
                Value::Number(texts.fold(0.0, |sum, text| sum + number::of_text(&text)))
            }
            Function::LocalName | Function::Name | Function::NamespaceUri => {
                let node = match arguments.first() {
                    Some(argument) => self.nodes(argument, at)?.first().copied(),
                    None => Some(at.node),
                };
                Value::Text(node.map(|node| self.name(function, node)).unwrap_or_default())
            }
            Function::Boolean => Value::Boolean(self.evaluate(&arguments[0], at)?.as_boolean()),
            Function::Not => Value::Boolean(!self.evaluate(&arguments[0], at)?.as_boolean()),
            Function::Lang => {
                let wanted = self.text(&arguments[0], at)?;
                Value::Boolean(self.is_language(&wanted, at.node))
            }
            Function::Number => match arguments.first() {
                Some(argument) => Value::Number(self.number(argument, at)?),
                None => Value::Number(number::of_text(&self.document.logical_text(at.node))),
            },
            Function::Floor => Value::Number(self.number(&arguments[0], at)?.floor()),
            Function::Ceiling => Value::Number(self.number(&arguments[0], at)?.ceil()),
            Function::Round => Value::Number(number::rounded(self.number(&arguments[0], at)?)),
            Function::String => Value::Text(self.own_or(arguments, at)?),
            Function::StringLength => {
                Value::Number(length(self.own_or(arguments, at)?.encode_utf16().count()))
            }
            Function::NormalizeSpace => {
                let text = self.own_or(arguments, at)?;
                let words: Vec<&str> =
                    text.split(is_space).filter(|word| !word.is_empty()).collect();
                Value::Text(words.join(" "))
            }
            Function::Concat => {
                let mut text = String::new();
                for argument in arguments {
                    text.push_str(&self.text(argument, at)?);
                }
                self.count(text.len() / 64)?;
                Value::Text(text)
            }
            Function::Contains => {
                self.of_two(arguments, at, |a, b| Value::Boolean(a.contains(b)))?
            }
            Function::StartsWith => {
                self.of_two(arguments, at, |a, b| Value::Boolean(a.starts_with(b)))?
            }
            Function::SubstringBefore => self.of_two(arguments, at, |a, b| {
                Value::Text(a.split_once(b).map_or("", |(before, _)| before).to_owned())
            })?,
            Function::SubstringAfter => self.of_two(arguments, at, |a, b| {
                Value::Text(a.split_once(b).map_or("", |(_, after)| after).to_owned())
            })?,
            Function::Substring => {
                let text = self.text(&arguments[0], at)?;
                let start = self.number(&arguments[1], at)?;
                let length = match arguments.get(2) {
                    Some(argument) => Some(self.number(argument, at)?),
                    None => None,
                };
                Value::Text(substring(&text, start, length)?)
            }
            Function::Translate => {
                let text = self.text(&arguments[0], at)?;
                let from: Vec<char> = self.text(&arguments[1], at)?.chars().collect();
                let to: Vec<char> = self.text(&arguments[2], at)?.chars().collect();
                self.count(text.len() * from.len() / 64)?;
                let translated =
                    text.chars().filter_map(|c| match from.iter().position(|f| *f == c) {
                        Some(index) => to.get(index).copied(),
                        None => Some(c),
                    });
                Value::Text(translated.collect())
            }
        })
    }

    /// Returns the text of the argument, or of the context node if there is none.
    fn own_or(&mut self, arguments: &[Expression], at: Context) -> Result<String, XPathError> {
        match arguments.first() {
            Some(argument) => self.text(argument, at),
            None => Ok(self.document.logical_text(at.node)),
        }
    }

    fn of_two(
        &mut self,
        arguments: &[Expression],
        at: Context,
        make: impl FnOnce(&str, &str) -> Value,
    ) -> Result<Value, XPathError> {
        let first = self.text(&arguments[0], at)?;
        let second = self.text(&arguments[1], at)?;
        Ok(make(&first, &second))
    }

    fn name(&self, function: Function, node: NodeId) -> String {
        if let Kind::Instruction { target, .. } = self.document.kind(node) {
            return if function == Function::NamespaceUri {
                String::new()
            } else {
                target.to_string()
            };
        }
        let Some(name) = self.document.name(node) else {
            return String::new();
        };
        match function {
            Function::LocalName => name.after_prefix().to_owned(),
            Function::Name => name.qualified.to_string(),
            _ => name.namespace.as_deref().unwrap_or_default().to_owned(),
        }
    }

    /// Returns whether the nearest `xml:lang` is a language, or a part of it. Without namespaces
    /// there is none.
    fn is_language(&self, wanted: &str, node: NodeId) -> bool {
        let above = std::iter::successors(Some(node), |id| self.document.parent(*id));
        let mut values = above.flat_map(|id| self.document.attributes(id)).filter_map(|id| {
            let named = self
                .document
                .name(id)
                .is_some_and(|name| name.namespace.is_some() && &*name.qualified == "xml:lang");
            named.then(|| self.document.text_of(id))
        });
        values.next().is_some_and(|value| {
            let begins =
                value.get(..wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted));
            begins && (value.len() == wanted.len() || value.as_bytes()[wanted.len()] == b'-')
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn length(count: usize) -> f64 {
    count as f64
}

/// The part of a text from a position on, counted in UTF-16 units, as the JDK's `FuncSubstring` has it: a start that
/// is not a number is one far before the text, and an end before the start is an error.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and what is negative is none"
)]
fn substring(text: &str, start: f64, length: Option<f64>) -> Result<String, XPathError> {
    let units: Vec<u16> = text.encode_utf16().collect();
    if units.is_empty() {
        return Ok(String::new());
    }
    let within = |index: f64| (index as usize).min(units.len());
    let start = if start.is_nan() { -1_000_000.0 } else { number::rounded(start) };
    let begin = within(start - 1.0);
    let end = match length {
        None => units.len(),
        Some(length) if length.is_nan() => within(start - 1.0),
        Some(length) => within(number::rounded(length) + start - 1.0),
    };
    let part =
        units.get(begin..end).ok_or(XPathError::Type("a substring that ends after its start"))?;
    Ok(String::from_utf16_lossy(part))
}
