//! Path templates: `{variable}` is one or more characters except `/`, `**` is anything
//! (`C/common/url/PathTemplate.java`).

use crate::document::Node;

use super::pattern::Pattern;
use super::pieces::{Piece, Run};
use super::sequence::Sequence;

/// A path template.
#[derive(Debug)]
pub(crate) struct Template {
    text: Box<str>,
    sequence: Sequence,
    /// The expression, where a variable may end in more than one place.
    pattern: Option<Box<Pattern>>,
    names: Box<[Box<str>]>,
}

impl Template {
    /// Reads a template; problems are reported.
    pub(super) fn compile(node: &Node<'_>, text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let literal =
            |pieces: &mut Vec<Piece>, text: &str| pieces.push(Piece::Literal(text.into()));
        let (mut names, mut wildcards): (Vec<Box<str>>, usize) = (Vec::new(), 0);
        let mut rest = text;
        while let Some(at) = rest.find(['{', '*']) {
            let (before, special) = rest.split_at(at);
            literal(&mut pieces, before);
            if let Some(after) = special.strip_prefix("**") {
                pieces.push(Piece::Run(Run::ANYTHING));
                names.push(wildcards.to_string().into());
                wildcards += 1;
                rest = after;
            } else if let Some((name, after)) = special.strip_prefix('{').and_then(named) {
                let name = name.replace(['.', ';', '*'], "");
                pieces.push(Piece::Run(Run::SEGMENT));
                names.push(name.into());
                rest = after;
            } else {
                literal(&mut pieces, &special[..1]);
                rest = &special[1..];
            }
        }
        literal(&mut pieces, rest);
        let sequence = Sequence::new(pieces);
        let needs_expression = !sequence.decides();
        let pattern = if needs_expression { Some(expression(node, &sequence)?) } else { None };
        let pattern = pattern.map(Box::new);
        Some(Self { text: text.into(), sequence, pattern, names: names.into() })
    }

    /// Returns whether a path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.pattern {
            None => self.sequence.matches(path) == Some(true),
            Some(pattern) => pattern.matches(path),
        }
    }

    /// As written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the sequence by which the index finds the template.
    pub(super) fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// Returns the names of the variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Returns the number of a variable; of several with one name the last has the value.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().rposition(|known| **known == *name)
    }

    /// Returns the values of the variables in a path, still percent-encoded, in the order of
    /// [`Self::names`].
    pub(crate) fn values<'p>(&self, path: &'p str) -> Option<Vec<Option<&'p str>>> {
        match &self.pattern {
            None => Some(self.sequence.runs(path)?.into_iter().map(Some).collect()),
            Some(pattern) => pattern.groups(path),
        }
    }

    /// Returns whether a variable matches a whole segment of the path.
    pub(super) fn is_whole_segment(&self, variable: usize) -> bool {
        let pieces = self.sequence.pieces();
        let mut runs = pieces.iter().enumerate().filter_map(|(at, piece)| match piece {
            Piece::Run(run) => Some((at, run)),
            _ => None,
        });
        let Some((at, run)) = runs.nth(variable) else { return false };
        let literal = |at: Option<usize>| match at.and_then(|at| pieces.get(at)) {
            Some(Piece::Literal(text)) => Some(&**text),
            _ => None,
        };
        run.stays_in_segment()
            && literal(at.checked_sub(1)).is_some_and(|before| before.ends_with('/'))
            && (at + 1 == pieces.len()
                || literal(Some(at + 1)).is_some_and(|after| after.starts_with('/')))
    }
}

/// Returns a variable's name, of one or more characters, and the text after its brace.
fn named(text: &str) -> Option<(&str, &str)> {
    text.split_once('}').filter(|(name, _)| !name.is_empty())
}

/// Reads the regular expression of a template.
fn expression(node: &Node<'_>, sequence: &Sequence) -> Option<Pattern> {
    let parts = sequence.pieces().iter().map(|piece| match piece {
        Piece::Literal(text) => regex::escape(text),
        Piece::Run(run) if run.stays_in_segment() => "([^/]+)".to_owned(),
        Piece::Run(_) | Piece::Other => "(.*?)".to_owned(),
    });
    Pattern::compile(&parts.collect::<String>())
        .map_err(|why| node.error(format!("the template is too large: {why}"), "shorten it"))
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::matching::testing::with_node;

    fn template(text: &str) -> Template {
        let (template, problems) = with_node(&json!(text), |node| Template::compile(node, text));
        assert!(problems.is_empty(), "{problems:?}");
        template.unwrap()
    }

    #[test]
    fn templates_bind_their_variables() {
        let template = template("/{a}/{.b*}/**");
        assert_eq!(template.names().collect::<Vec<_>>(), ["a", "b", "0"]);
        assert_eq!(
            template.values("/x/y%20z/1/2").unwrap(),
            [Some("x"), Some("y%20z"), Some("1/2")]
        );
    }

    #[test]
    fn variables_that_are_whole_segments_are_known() {
        let found = template("/a/{b}/{c}.json/x{d}/{e}");
        let whole: Vec<bool> = (0..5).map(|at| found.is_whole_segment(at)).collect();
        assert_eq!(whole, [true, false, false, true, false]);
        assert!(!template("/a/**").is_whole_segment(0));
    }

    proptest! {
        #[test]
        fn a_template_judges_as_its_expression_does(
            parts in proptest::collection::vec(prop::sample::select(vec!["/", "a", "{x}", "**", "."]), 0..7),
            paths in proptest::collection::vec("[a/.é]{0,7}", 1..20),
        ) {
            let text = parts.concat();
            let template = template(&text);
            let (expression, _) =
                with_node(&json!(text), |node| super::expression(node, &template.sequence));
            let expression = expression.unwrap();
            for path in paths {
                prop_assert_eq!(template.matches(&path), expression.matches(&path), "{}", path);
                prop_assert_eq!(template.values(&path), expression.groups(&path), "{}", path);
            }
        }
    }
}
