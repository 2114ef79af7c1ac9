//! Name lookup in a template, by the rules of jknack's `Context`.
//!
//! A name is looked up in the model, then in the data of the block's iteration, then among assigned
//! variables, then likewise in the parent.

use std::collections::HashMap;
use std::sync::Arc;

use super::path::{Part, Path};
use super::property;
use super::value::{MapStyle, Value};

/// Variables that helpers assigned. They are valid for the rest of the rendering.
pub(crate) type Variables = HashMap<Arc<str>, Value>;

/// How a scope looks names up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// The names of `as |a b|`; their values are `extra`.
    Names,
    /// A scope within one of named values: the parent comes first.
    ParentFirst,
}

/// A scope, with those around it.
#[derive(Debug)]
pub(crate) struct Scope<'p> {
    model: Value,
    extra: Vec<(Arc<str>, Value)>,
    kind: Kind,
    parent: Option<&'p Scope<'p>>,
}

impl<'p> Scope<'p> {
    /// Returns the outermost scope.
    pub(crate) fn root(model: Value) -> Self {
        Self { model, extra: Vec::new(), kind: Kind::Plain, parent: None }
    }

    /// Returns a scope for another model. `extra` holds `@index` and its like.
    pub(crate) fn child(&'p self, model: Value, extra: Vec<(Arc<str>, Value)>) -> Self {
        let kind = if self.kind == Kind::Plain { Kind::Plain } else { Kind::ParentFirst };
        Self { model, extra, kind, parent: Some(self) }
    }

    /// Returns a scope in which some values have names.
    pub(crate) fn named(&'p self, names: Vec<(Arc<str>, Value)>) -> Self {
        Self { model: Value::Null, extra: names, kind: Kind::Names, parent: Some(self) }
    }

    /// Returns the model.
    pub(crate) fn model(&self) -> &Value {
        match (self.kind, self.parent) {
            (Kind::Names, Some(parent)) => parent.model(),
            _ => &self.model,
        }
    }

    /// Resolves a path, or returns `None` if it has no value.
    pub(crate) fn get(&self, path: &[Part], variables: &Variables) -> Option<Value> {
        match (self.kind, self.parent) {
            (Kind::Names, Some(parent)) => {
                let head = Path::head(path);
                if path.len() == 1 && head == "this" {
                    return Some(parent.model().clone());
                }
                if path.len() == 1 && head == "." {
                    // The names themselves are the model of this scope.
                    return Value::map(self.extra.clone(), MapStyle::Java).ok();
                }
                if head.starts_with('.') && path.len() > 1 {
                    return parent.get(&path[1..], variables);
                }
                self.search(path, variables)
            }
            (Kind::ParentFirst, Some(parent)) => {
                parent.get(path, variables).or_else(|| self.search(path, variables))
            }
            _ => self.search(path, variables),
        }
    }

    fn search(&self, path: &[Part], variables: &Variables) -> Option<Value> {
        let head = path.first()?;
        if self.model.is_null()
            && self.kind != Kind::Names
            && !matches!(head, Part::Property(_) | Part::Index(..) | Part::Data(_))
        {
            // Null has no properties, and does not fall back to outer scopes.
            return None;
        }
        match head {
            Part::Local(_) => return self.walk(path, &self.model, variables),
            Part::This(_) | Part::Parent | Part::ParentModel => {
                return self.walk(path, &self.model, variables);
            }
            Part::Property(_) | Part::Index(..) | Part::Data(_) => {}
        }
        let mut scope = Some(self);
        while let Some(it) = scope {
            let found = it
                .model_first(path)
                .or_else(|| {
                    named(head, |name| {
                        it.extra.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
                    })
                })
                .or_else(|| named(head, |name| variables.get(name)))
                .or_else(|| it.root_model(head));
            if let Some(first) = found {
                return it.walk(&path[1..], &first, variables);
            }
            scope = it.parent;
        }
        None
    }

    fn model_first(&self, path: &[Part]) -> Option<Value> {
        if self.kind == Kind::Names {
            return None;
        }
        property::part(&self.model, path.first()?)
    }

    /// `@root` is the outermost model.
    fn root_model(&self, head: &Part) -> Option<Value> {
        let (Part::Data(name) | Part::Property(name)) = head else { return None };
        if !matches!(&**name, "@root" | "root") {
            return None;
        }
        let mut scope = self;
        while let Some(parent) = scope.parent {
            scope = parent;
        }
        Some(scope.model.clone())
    }

    /// Follows the parts of a path from a value.
    fn walk(&self, path: &[Part], from: &Value, variables: &Variables) -> Option<Value> {
        let mut value = from.clone();
        for (at, part) in path.iter().enumerate() {
            value = match part {
                Part::This(_) | Part::Local(_) => value,
                Part::ParentModel => self.parent?.model().clone(),
                Part::Parent => return self.parent?.get(&path[at + 1..], variables),
                part => property::part(&value, part)?,
            };
        }
        (!value.is_null()).then_some(value)
    }
}

/// Looks a first part up by its name: `@index` also as `index`.
fn named<'v>(part: &Part, find: impl Fn(&str) -> Option<&'v Value>) -> Option<Value> {
    let found = match part {
        Part::Property(name) | Part::Index(_, name) => find(name),
        Part::Data(name) => find(name).or_else(|| find(&name[1..])),
        _ => None,
    };
    found.filter(|value| !value.is_null()).cloned()
}
