//! Placeholders in expected documents: `${xmlunit.ignore}` and others
//! (`PlaceholderDifferenceEvaluator`).

use crate::java::regex::{Flags, Regex};

use super::nodes::trimmed;

/// The format of a number that `isNumber` accepts.
const NUMBER: &str = r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?";

/// The arguments of a placeholder after its keyword.
const ARGUMENTS: &str = r"((.*)\s*\((.+)\s*\)\s*)";

/// How placeholders are written.
#[derive(Debug)]
pub(super) struct Placeholders {
    /// Finds one in a text: the first group is all of it, the second what is inside.
    written: Regex,
    arguments: Regex,
    number: Regex,
}

impl Placeholders {
    /// Creates placeholders with regular expressions for the delimiters; by default `${` and `}`.
    ///
    /// # Errors
    /// The delimiters are not expressions: Java's words for it.
    pub(super) fn compile(opening: Option<&str>, closing: Option<&str>) -> Result<Self, String> {
        let (opening, closing) = (opening.unwrap_or(r"\Q${\E"), closing.unwrap_or(r"\Q}\E"));
        let written = format!(r"(\s*{opening}\s*\Qxmlunit.\E(.+)\s*{closing}\s*)");
        let compile = |text: &str| Regex::new(text, Flags::default()).map_err(|e| e.to_string());
        compile(&written)?;
        Ok(Self {
            written: compile(&anywhere(&written))?,
            arguments: compile(&anywhere(ARGUMENTS))?,
            number: compile(NUMBER)?,
        })
    }

    /// Returns whether the placeholder in the expected text accepts a value, or `None` if the text
    /// is not a placeholder.
    pub(super) fn accept(&self, expected: &str, actual: Option<&str>) -> Option<bool> {
        let found = self.written.groups(expected)?;
        let (whole, inside) = (found.first().copied().flatten()?, found.get(1).copied().flatten()?);
        let inside = trimmed(inside);
        let (keyword, arguments) = match self.arguments.groups(inside) {
            Some(groups) => (groups.get(1).copied().flatten()?, groups.get(2).copied().flatten()?),
            None => (inside, ""),
        };
        let argument = arguments.split(',').next().unwrap_or_default();
        let judge: &dyn Fn() -> bool = match trimmed(keyword) {
            "ignore" => &|| true,
            "isNumber" => {
                &|| actual.is_some_and(|text| self.number.matches(trimmed(text)) == Some(true))
            }
            "matchesRegex" => &|| {
                let regex = Regex::new(&anywhere(trimmed(argument)), Flags::default());
                let is_found = |regex: Regex| regex.matches(trimmed(actual?));
                !argument.is_empty() && regex.ok().and_then(is_found).unwrap_or(false)
            },
            "isDateTime" if arguments.is_empty() => &|| actual.is_some_and(is_date),
            "isDateTime" => &|| actual.is_some_and(|text| has_format(text, argument)),
            _ => return None,
        };
        // A placeholder with other text around it is an error in Java.
        Some(trimmed(whole) == trimmed(expected) && judge())
    }
}

/// Returns an expression for a whole text in which another one is found.
fn anywhere(regex: &str) -> String {
    format!("(?s:.*?)(?:{regex})(?s:.*)")
}

/// Returns whether a text begins with a date: Java's parser ignores the rest.
fn is_date(text: &str) -> bool {
    ["yyyy-MM-dd", "M/d/yy"].iter().any(|format| has_format(text, format))
}

/// Returns whether a text begins as a format of `SimpleDateFormat` says: numbers may have any
/// length.
fn has_format(text: &str, format: &str) -> bool {
    let mut rest = text;
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            for quoted in letters.by_ref().take_while(|c| *c != '\'') {
                match rest.strip_prefix(quoted) {
                    Some(behind) => rest = behind,
                    None => return false,
                }
            }
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            match rest.strip_prefix(letter) {
                Some(behind) => rest = behind,
                None => return false,
            }
            continue;
        }
        let mut width = 1;
        while letters.next_if_eq(&letter).is_some() {
            width += 1;
        }
        rest = rest.trim_start_matches([' ', '\t']);
        let is_word = matches!(letter, 'E' | 'a' | 'G' | 'z') || (letter == 'M' && width > 2);
        let is_part = |c: char| match letter {
            'Z' | 'X' => c.is_ascii_digit() || matches!(c, '+' | '-' | ':' | 'Z'),
            _ if is_word => c.is_alphabetic(),
            _ => c.is_ascii_digit(),
        };
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        // A field that is directly followed by another one has a fixed width.
        let is_followed = letters.peek().is_some_and(char::is_ascii_alphabetic);
        let end = if is_followed && !is_word { end.min(width) } else { end };
        if end == 0 {
            return false;
        }
        rest = &rest[end..];
    }
    true
}
