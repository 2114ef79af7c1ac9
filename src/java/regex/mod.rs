//! Regular expressions as `java.util.regex.Pattern` of Java 17 reads and runs them.
//!
//! ```text
//! text → [parser] → [Node] ─┬→ [hir] → the linear engine of the `regex` crate, where no construct needs more
//!                           └→ [program] → [machine]: backtracking under a limit of steps
//! ```
//!
//! A linear engine cannot run look-around, back-references, atomic groups and possessive quantifiers, and has
//! other word boundaries and line ends than Java. Everything else means the same in both.

mod char_set;
mod class;
mod cursor;
mod escape;
mod flags;
mod hir;
mod machine;
mod node;
mod parser;
mod program;
mod property;
mod syntax_error;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub(crate) use flags::Flags;
pub(crate) use node::Node;
pub(crate) use syntax_error::SyntaxError;

use program::Program;

/// A compiled expression. The engine is built when a value is first matched.
#[derive(Debug)]
pub(crate) struct Regex {
    node: Node,
    groups: usize,
    /// The same expression for the linear engine.
    hir: Option<regex_syntax::hir::Hir>,
    linear: OnceLock<Option<regex::Regex>>,
    program: OnceLock<Program>,
}

impl Regex {
    /// Reads an expression.
    ///
    /// # Errors
    /// The expression is not one in Java's syntax.
    pub(crate) fn new(text: &str, flags: Flags) -> Result<Self, SyntaxError> {
        let (node, groups) = parser::parse(text, flags)?;
        let hir = hir::of(&node);
        Ok(Self { node, groups, hir, linear: OnceLock::new(), program: OnceLock::new() })
    }

    /// Returns whether the whole value matches, or `None` if the search ends at a limit.
    pub(crate) fn matches(&self, value: &str) -> Option<bool> {
        match self.linear() {
            Some(regex) => Some(regex.is_match(value)),
            None => machine::run(self.program(), value).ok().map(|found| found.is_some()),
        }
    }

    /// Returns the values of the groups where the whole value matches.
    pub(crate) fn groups<'v>(&self, value: &'v str) -> Option<Vec<Option<&'v str>>> {
        if let Some(regex) = self.linear() {
            let found = regex.captures(value)?;
            return Some(found.iter().skip(1).map(|group| group.map(|m| m.as_str())).collect());
        }
        let ends = machine::run(self.program(), value).ok()??;
        let group = |pair: &[usize]| value.get(pair[0]..pair[1]);
        Some(ends[..2 * self.groups].chunks(2).map(group).collect())
    }

    /// Returns the expression as a tree.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Returns the expression for the linear engine, where it can run there.
    pub(crate) fn hir(&self) -> Option<&regex_syntax::hir::Hir> {
        self.hir.as_ref()
    }

    /// Returns the linear engine. An engine that would be too large is not built: then the
    /// expression backtracks.
    fn linear(&self) -> Option<&regex::Regex> {
        let hir = self.hir.as_ref()?;
        let build = || {
            let mut text = String::new();
            regex_syntax::hir::print::Printer::new().print(hir, &mut text).ok()?;
            regex::Regex::new(&format!(r"\A(?:{text})\z")).ok()
        };
        self.linear.get_or_init(build).as_ref()
    }

    fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::of(&self.node, self.groups))
    }
}
