//! Paths of the template language: `request.query.k.[0]`, `../name`, `@index`, `this`.
//!
//! The rules are those of jknack's `PathCompiler`: parts are separated by `.` or `/`, a part in
//! brackets is taken literally, and a part that is a number is an index into a list.

use std::sync::Arc;

/// A compiled path. It has at least one part unless the text had none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// As written.
    pub(crate) text: Arc<str>,
    /// The parts, from the left.
    pub(crate) parts: Box<[Part]>,
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// `this` or `.` alone: the model itself. Holds the text.
    This(Arc<str>),
    /// `..` alone: the parent's model.
    ParentModel,
    /// `../`: the rest is looked up from the parent.
    Parent,
    /// `this.` or `./` before other parts: the rest is looked up in the model alone. Holds the text.
    Local(Arc<str>),
    /// A property.
    Property(Arc<str>),
    /// An index into a list, or the property of that name.
    Index(usize, Arc<str>),
    /// `@name`: data of a block's iteration. Holds the text with the `@`.
    Data(Arc<str>),
}

impl Path {
    /// Splits a path.
    pub(crate) fn compile(text: &str) -> Self {
        let mut parts = Vec::new();
        compile_into(text, &mut parts);
        Self { text: text.into(), parts: parts.into() }
    }

    /// Returns the text of the first part, as jknack names it.
    pub(crate) fn head(parts: &[Part]) -> &str {
        match parts.first() {
            Some(
                Part::This(text) | Part::Local(text) | Part::Property(text) | Part::Data(text),
            ) => text,
            Some(Part::Index(_, name)) => name,
            Some(Part::Parent) => "../",
            Some(Part::ParentModel) => "..",
            None => "",
        }
    }
}

fn compile_into(text: &str, parts: &mut Vec<Part>) {
    let mut text = text;
    loop {
        if matches!(text, "this" | "./" | ".") {
            parts.push(Part::This(text.into()));
            return;
        }
        if text == ".." {
            parts.push(Part::ParentModel);
            return;
        }
        if let Some(rest) = text.strip_prefix("../") {
            parts.push(Part::Parent);
            text = rest;
        } else if let Some(rest) = text.strip_prefix("./") {
            parts.push(Part::Local("./".into()));
            text = rest;
        } else {
            break;
        }
    }
    let mut data = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let bracket = (first == '[').then(|| bracketed(rest)).flatten();
        let (key, plain) = if let Some(length) = bracket {
            (&rest[..length], &rest[1..length - 1])
        } else if rest.starts_with("../") {
            parts.push(Part::Parent);
            rest = &rest[3..];
            continue;
        } else if matches!(first, '.' | '/') {
            rest = &rest[1..];
            continue;
        } else {
            let length = rest.find(['.', '/']).unwrap_or(rest.len());
            (&rest[..length], &rest[..length])
        };
        rest = &rest[key.len()..];
        if key == "this" {
            parts.push(Part::Local(key.into()));
        } else if key == "@" {
            data = true;
        } else if key.starts_with('@') {
            parts.push(Part::Data(key.into()));
        } else if let Some(index) = index(plain) {
            parts.push(Part::Index(index, plain.into()));
        } else if data {
            parts.push(Part::Data(format!("@{plain}").into()));
        } else {
            parts.push(Part::Property(plain.into()));
        }
    }
}

/// Returns the length of `[...]` at the start of the text, with something and no bracket in it.
fn bracketed(text: &str) -> Option<usize> {
    let end = text[1..].find(['[', ']'])? + 1;
    (text.as_bytes()[end] == b']' && end > 1).then_some(end + 1)
}

/// Returns the part as a list index. Negative ones are past any list, as for Java.
fn index(text: &str) -> Option<usize> {
    match text.parse::<i32>() {
        Ok(number) => Some(usize::try_from(number).unwrap_or(usize::MAX)),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split() {
        let property = |text: &str| Part::Property(text.into());
        let local = |text: &str| Part::Local(text.into());
        for (text, expected) in [
            ("a.b", vec![property("a"), property("b")]),
            ("a/b", vec![property("a"), property("b")]),
            (
                "a.[0].1",
                vec![property("a"), Part::Index(0, "0".into()), Part::Index(1, "1".into())],
            ),
            ("a.[x.y-z]", vec![property("a"), property("x.y-z")]),
            ("this", vec![Part::This("this".into())]),
            ("this.a", vec![local("this"), property("a")]),
            ("./a", vec![local("./"), property("a")]),
            ("..", vec![Part::ParentModel]),
            ("../../a", vec![Part::Parent, Part::Parent, property("a")]),
            ("../.", vec![Part::Parent, Part::This(".".into())]),
            ("@index", vec![Part::Data("@index".into())]),
            ("@root.a", vec![Part::Data("@root".into()), property("a")]),
            ("@../index", vec![Part::Parent, Part::Data("@index".into())]),
        ] {
            assert_eq!(*Path::compile(text).parts, *expected, "{text}");
        }
    }
}
