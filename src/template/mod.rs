//! Response templates: `WireMock`'s dialect of handlebars, as a pure engine.
//!
//! ```text
//! text of a stub → Template::compile → Node tree (shared, immutable)
//! request        → Model::new        ┐
//! time, chance   → RenderContext     ┴→ Template::render → text
//! ```
//!
//! The rules are those of `WireMock` 3.13: its helpers, jknack's handlebars with HTML escaping off.
//! An error of a helper becomes a text in the result (`[ERROR: ...]`) where `WireMock` does the
//! same, and a [`RenderError`] where `WireMock` answers 500. Templates read no files: there are no
//! partials.
//!
//! Rendering ends within the bounds of [`limits`], whatever the template.

mod ast;
pub(crate) mod date;
mod date_format;
pub(crate) mod date_parse;
mod decimal;
mod error;
mod eval;
mod helpers;
mod java;
mod json;
mod lexer;
mod limits;
mod model;
mod output;
mod parser;
mod path;
mod property;
mod scope;
mod show;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use error::{RenderError, TemplateError};
pub(crate) use model::{Model, Parameters, PartData, RequestSource};

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Template {
    start: Box<str>,
    nodes: Box<[ast::Node]>,
    end: Box<str>,
}

impl Template {
    /// Compiles a text. A text without `{{` and `}}` is a template of itself.
    ///
    /// # Errors
    /// A block is not closed, a helper is unknown, or a tag cannot be read.
    pub(crate) fn compile(text: &str) -> Result<Self, TemplateError> {
        // Only the text between the first {{ and the last }} is a template: white space control does not
        // reach further, and what is not closed is text.
        let bounds = text.find("{{").zip(text.rfind("}}").map(|at| at + 2));
        let Some((from, to)) = bounds.filter(|(from, to)| from + 2 <= *to) else {
            return Ok(Self { start: text.into(), nodes: Box::default(), end: Box::default() });
        };
        let nodes = parser::parse(&text[from..to])?;
        if nodes.is_empty() {
            // Comments alone leave the text around them.
            let start = format!("{}{}", &text[..from], &text[to..]).into();
            return Ok(Self { start, nodes, end: Box::default() });
        }
        Ok(Self { start: text[..from].into(), nodes, end: text[to..].into() })
    }

    /// Returns the text itself, if nothing in it depends on a request.
    pub(crate) fn as_plain(&self) -> Option<&str> {
        self.nodes.is_empty().then_some(&*self.start)
    }

    /// Renders the template for a request.
    ///
    /// # Errors
    /// A helper cannot work with its arguments, or a limit is reached.
    pub(crate) fn render(
        &self,
        model: &Model,
        context: &mut RenderContext<'_>,
    ) -> Result<String, RenderError> {
        if let Some(text) = self.as_plain() {
            return Ok(text.to_owned());
        }
        let mut out = String::with_capacity(self.start.len() + self.end.len() + 64);
        out.push_str(&self.start);
        let scope = scope::Scope::root(model.root().clone());
        eval::Renderer::new(context, &helpers::HELPERS).nodes(&self.nodes, &scope, &mut out)?;
        out.push_str(&self.end);
        Ok(out)
    }
}

/// The external inputs of a rendering.
pub(crate) struct RenderContext<'c> {
    /// The time, in milliseconds since 1970.
    pub(crate) now: i64,
    /// Draws uniformly distributed 64-bit numbers.
    pub(crate) random: &'c mut dyn FnMut() -> u64,
    /// The machine.
    pub(crate) host: &'c dyn Host,
}

impl fmt::Debug for RenderContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderContext").field("now", &self.now).finish_non_exhaustive()
    }
}

/// The host information that templates may access.
pub(crate) trait Host {
    /// Returns what `hostname` answers.
    fn name(&self) -> &str;

    /// Returns what `systemValue` answers. Unless the user permits a key, it is refused.
    fn system_value(&self, source: SystemSource, key: &str) -> SystemValue;
}

/// Where a system value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemSource {
    /// The environment.
    Environment,
    /// Java's system properties.
    Property,
}

/// A system value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SystemValue {
    /// The key is not permitted.
    Denied,
    /// The key is permitted and has no value.
    Absent,
    /// The value.
    Text(String),
}
