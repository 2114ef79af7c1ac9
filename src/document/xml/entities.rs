//! Entities of a document type declaration and their replacement texts: bounded, and never loaded
//! from elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use super::XmlError;
use super::characters::{is_space, of_reference, predefined, split_name};

/// How many references are replaced in one document, and how many bytes they may expand to in
/// total.
const MAX_REPLACED: usize = 64_000;
const MAX_BYTES: usize = 4 << 20;

/// How deep references may be nested in replacement texts.
const MAX_DEPTH: usize = 20;

/// The declared entities.
#[derive(Debug, Default)]
pub(super) struct Entities {
    declared: HashMap<Box<str>, Arc<str>>,
    /// Whether there may be declarations that are not read: a name that is not known is not an error then.
    partly_known: bool,
    /// The names that are being replaced.
    open: Vec<Box<str>>,
    replaced: usize,
    bytes: usize,
}

/// The replacement of a reference.
pub(super) enum Replacement {
    Character(char),
    /// A text that may contain markup and further references. Call [`Entities::leave`] after it.
    Text(Arc<str>),
}

impl Entities {
    /// Returns the replacement of a reference, given without its `&` and `;`.
    pub(super) fn resolve(&mut self, reference: &str) -> Result<Replacement, XmlError> {
        if reference.starts_with('#') {
            return of_reference(reference)
                .map(Replacement::Character)
                .ok_or_else(|| XmlError::new(format!("&{reference}; is not a character")));
        }
        if let Some(character) = predefined(reference) {
            return Ok(Replacement::Character(character));
        }
        let text = match self.declared.get(reference) {
            Some(text) => Arc::clone(text),
            None if self.partly_known && split_name(reference).is_some() => Arc::from(""),
            None => {
                return Err(XmlError::new(format!("the entity {reference:?} is not declared")));
            }
        };
        self.replaced += 1;
        self.bytes += text.len();
        if self.open.iter().any(|open| **open == *reference) {
            return Err(XmlError::new(format!("the entity {reference:?} contains itself")));
        }
        if self.replaced > MAX_REPLACED || self.bytes > MAX_BYTES || self.open.len() == MAX_DEPTH {
            return Err(XmlError::new(format!("the entity {reference:?} exceeds a limit")));
        }
        self.open.push(reference.into());
        Ok(Replacement::Text(text))
    }

    /// Ends the replacement of the last reference.
    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// Reads the text of a document type declaration, between `<!DOCTYPE` and its `>`.
    pub(super) fn declare(&mut self, text: &str) -> Result<(), XmlError> {
        let broken = || XmlError::new("the document type declaration is not well-formed");
        let (_, mut rest) = split_name(text.trim_start_matches(is_space)).ok_or_else(broken)?;
        rest = rest.trim_start_matches(is_space);
        if rest.starts_with("SYSTEM") || rest.starts_with("PUBLIC") {
            self.partly_known = true;
            while !rest.is_empty() && !rest.starts_with('[') {
                rest = skip_word(rest).ok_or_else(broken)?.trim_start_matches(is_space);
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        let mut rest = rest.strip_prefix('[').ok_or_else(broken)?;
        loop {
            rest = rest.trim_start_matches(is_space);
            if let Some(behind) = rest.strip_prefix(']') {
                let is_end = behind.trim_matches(is_space).is_empty();
                return is_end.then_some(()).ok_or_else(broken);
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").ok_or_else(broken)?.1;
            } else if let Some(instruction) = rest.strip_prefix("<?") {
                rest = instruction.split_once("?>").ok_or_else(broken)?.1;
            } else if let Some(reference) = rest.strip_prefix('%') {
                self.partly_known = true;
                rest = reference.split_once(';').ok_or_else(broken)?.1;
            } else {
                let declaration = rest.strip_prefix("<!").ok_or_else(broken)?;
                let mut end = declaration;
                while !end.starts_with('>') {
                    end = skip_word(end).ok_or_else(broken)?;
                }
                let inside = &declaration[..declaration.len() - end.len()];
                let known = ["ENTITY", "ELEMENT", "ATTLIST", "NOTATION"];
                if !known.iter().any(|known| inside.starts_with(known)) {
                    return Err(broken());
                }
                if let Some(entity) = inside.strip_prefix("ENTITY") {
                    self.entity(entity).ok_or_else(broken)??;
                }
                rest = &end[1..];
            }
        }
    }

    /// Reads one declaration of an entity; the first of a name counts. `None` where it is not well-formed.
    fn entity(&mut self, text: &str) -> Option<Result<(), XmlError>> {
        let text = text.strip_prefix(is_space)?.trim_start_matches(is_space);
        if text.starts_with('%') {
            return Some(Ok(()));
        }
        let (name, rest) = split_name(text)?;
        let value = rest.strip_prefix(is_space)?.trim_matches(is_space);
        let replacement: Arc<str> = match value.chars().next()? {
            quote @ ('"' | '\'') => {
                let inside = value[1..].strip_suffix(quote).filter(|text| !text.contains(quote))?;
                match literal(inside) {
                    Ok(text) => text.into(),
                    Err(why) => return Some(Err(why)),
                }
            }
            // External entities count as empty.
            _ if value.starts_with("SYSTEM") || value.starts_with("PUBLIC") => "".into(),
            _ => return None,
        };
        self.declared.entry(name.into()).or_insert(replacement);
        Some(Ok(()))
    }
}

/// Returns the text of an entity's value: character references are replaced when it is declared,
/// others when it is used.
fn literal(raw: &str) -> Result<String, XmlError> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, reference)) = rest.split_once("&#") {
        let (digits, after) = reference
            .split_once(';')
            .ok_or_else(|| XmlError::new("a reference has no ; at its end"))?;
        let character = of_reference(&format!("#{digits}"))
            .ok_or_else(|| XmlError::new(format!("&#{digits}; is not a character")))?;
        out.push_str(before);
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the rest after a quoted text, or after one character.
fn skip_word(text: &str) -> Option<&str> {
    match text.chars().next()? {
        quote @ ('"' | '\'') => Some(text[1..].split_once(quote)?.1),
        other => Some(&text[other.len_utf8()..]),
    }
}
