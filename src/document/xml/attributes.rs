//! Parses the attributes of a start tag and normalizes their values (XML 1.0, section 3.3.3).

use super::XmlError;
use super::characters::{is_space, split_name};
use super::entities::{Entities, Replacement};

/// The most attributes of one element, as in Java's parser.
const MAX_ATTRIBUTES: usize = 10_000;

/// Reads pairs of names and quoted values, unprocessed.
pub(super) fn pairs(text: &str) -> Result<Vec<(&str, &str)>, XmlError> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(pairs);
        }
        if trimmed.len() == rest.len() {
            return Err(XmlError::new("white space is missing before an attribute"));
        }
        let (name, after) = split_name(trimmed)
            .ok_or_else(|| XmlError::new("the text after the name of a tag is not an attribute"))?;
        let value = after.trim_start_matches(is_space).strip_prefix('=');
        let value = value.map(|value| value.trim_start_matches(is_space));
        let quoted = value.and_then(|value| {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            value[1..].split_once(quote)
        });
        let Some((value, after)) = quoted else {
            return Err(XmlError::new(format!("the attribute {name:?} has no quoted value")));
        };
        if pairs.len() == MAX_ATTRIBUTES {
            return Err(XmlError::new(format!("more than {MAX_ATTRIBUTES} attributes")));
        }
        pairs.push((name, value));
        rest = after;
    }
}

/// Returns the value of an attribute: references are resolved, and white space becomes blanks.
pub(super) fn value(raw: &str, entities: &mut Entities) -> Result<Box<str>, XmlError> {
    let mut out = String::with_capacity(raw.len());
    append(raw, entities, &mut out)?;
    Ok(out.into())
}

fn append(raw: &str, entities: &mut Entities, out: &mut String) -> Result<(), XmlError> {
    let mut rest = raw;
    while let Some(at) = rest.find(|c| is_space(c) || matches!(c, '<' | '&')) {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        if special.starts_with('<') {
            return Err(XmlError::new("the value of an attribute contains <"));
        }
        let Some(reference) = special.strip_prefix('&') else {
            out.push(' ');
            rest = &special[1..];
            continue;
        };
        let (name, after) = reference
            .split_once(';')
            .ok_or_else(|| XmlError::new("a reference has no ; at its end"))?;
        match entities.resolve(name)? {
            Replacement::Character(c) => out.push(c),
            Replacement::Text(text) => {
                append(&text, entities, out)?;
                entities.leave();
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(())
}
