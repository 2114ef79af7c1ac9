//! Errors of the YAML parser → diagnostics that explain the problem in terms of the file and show
//! the correct form.
//!
//! The parser names the production of its grammar that failed. Its kinds of errors are grouped here
//! by the author's mistake.

mod near;

use serde_saphyr::Error;
use serde_saphyr::granit_parser::{ErrorKind, Parser};

use super::{Diagnostic, Place, Source};
use near::{line_of, opened, tab_in};

/// An explanation of an error with the correct form.
struct Explained {
    message: String,
    hint: String,
    /// A more precise place than the parser's.
    place: Option<Place>,
}

impl Explained {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), place: None }
    }

    fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }
}

/// Returns the diagnostic of a text that the parser refuses.
pub(super) fn diagnostic(source: &Source, error: &Error) -> Diagnostic {
    let inner = innermost(error);
    let place = error.location().or_else(|| inner.location()).map(|at| Place {
        line: usize::try_from(at.line()).unwrap_or(1).max(1),
        column: usize::try_from(at.column()).unwrap_or(1).max(1),
    });
    let explained = explain(&source.text, inner, place);
    let diagnostic = Diagnostic::error(&source.path, explained.message).hint(explained.hint);
    match explained.place.or(place) {
        Some(place) => diagnostic.at(place).quoting(&source.text),
        None => diagnostic,
    }
}

/// Returns the error without those around it.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => innermost(error),
        error => error,
    }
}

fn explain(text: &str, error: &Error, place: Option<Place>) -> Explained {
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            let message = match key {
                "" => "a key occurs twice in one object".to_owned(),
                key => format!("the key {key:?} occurs twice in one object"),
            };
            Explained::new(
                message,
                "keep one of them; several values of one key are a list, like [a, b]",
            )
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } | Error::MergeKeyNotAllowed { .. } => {
            Explained::new(
                "<< takes an object",
                "name one with an anchor, like <<: *defaults, and define it before, like defaults: &defaults {verb: list}",
            )
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => Explained::new(
            "aliases make the text far larger than it is written, or it is nested too deeply",
            "write out what the aliases stand for",
        ),
        Error::NonFiniteFloat { value, .. } => Explained::new(
            format!("{value} is a number that cannot be represented"),
            "write a number like 10 or 0.5, or a text in quotes",
        ),
        Error::UnsupportedTag { .. }
        | Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. }
        | Error::BytesNotSupportedMissingBinaryTag { .. } => tag(),
        Error::FoldedBlockScalarMustIndentContent { .. } => block_text(),
        Error::InvalidUtf8Input | Error::IOError { .. } => {
            Explained::new("the file is not UTF-8 text", "save it as UTF-8")
        }
        _ => match scan_error(text) {
            Some((kind, at)) => syntax(text, &kind, at),
            None => beyond_syntax(text, place),
        },
    }
}

/// Returns the first error of the grammar, and where it is.
fn scan_error(text: &str) -> Option<(ErrorKind, Place)> {
    let mut parser = Parser::new_from_str(text);
    loop {
        if let Err(error) = parser.next_event()? {
            let at = Place { line: error.marker().line().max(1), column: error.marker().col() + 1 };
            return Some((error.kind().clone(), at));
        }
    }
}

/// Returns what the reader refuses although the grammar allows it.
fn beyond_syntax(text: &str, place: Option<Place>) -> Explained {
    let line = place.and_then(|place| line_of(text, place)).unwrap_or_default();
    if line.contains("!!") {
        return tag();
    }
    Explained::new(
        "this cannot be a key or a value here",
        "a key is a text, like verb: list; put a text with special characters in quotes, like \"[a]\"",
    )
}

fn unclear() -> Explained {
    Explained::new(
        "this is not YAML",
        "write KEY: VALUE on each line, like verb: list; put a text with special characters in quotes",
    )
}

fn tag() -> Explained {
    Explained::new(
        "a value that begins with ! is a tag of YAML, and not one that is known",
        "leave it out; put a text in quotes, like \"!important\"",
    )
}

fn directive() -> Explained {
    Explained::new(
        "a line that begins with % is a YAML directive, and this is not a known one",
        "leave it out; put a text in quotes, like \"%d\"",
    )
}

fn block_text() -> Explained {
    Explained::new(
        "the text after | or > is not indented, or not evenly",
        "write body: | and nothing else on the line, and the text on the next lines, two spaces deeper",
    )
}

const INDENT: &str = "keys of one object begin in the same column: match: on one line, and below it, two spaces deeper, verb: list";

/// Returns an error of the grammar.
fn syntax(text: &str, kind: &ErrorKind, at: Place) -> Explained {
    let line = line_of(text, at).unwrap_or_default();
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => Explained::new(
            "a tab is where YAML has spaces",
            "replace tabs by spaces, two for each level: rules: on one line, and below it \"  - id: slow\"",
        )
        .at(tab_in(text, at)),
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => {
            let (place, line) = opened(text, at, &['"', '\'']);
            Explained::new(
                format!("the quotes of line {line} are not closed"),
                "close them in the same line, like message: \"try again\"; within '..' write a quote twice, like 'it''s'",
            )
            .at(place)
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            Explained::new(
                "there is text after a text in quotes",
                "put all of the text into the quotes, like message: \"say 'no'\"; within '..' write a quote twice, like 'it''s'",
            )
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => Explained::new(
            "a backslash in double quotes begins an escape, and this is not one",
            "write the text in single quotes, like '\\d+', or the backslash twice, like \"\\\\d+\"",
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::InvalidFlowScalarIndent => unclosed(text, at),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            let (_, line) = opened(text, at, &['[', '{']);
            Explained::new(
                format!("within the brackets of line {line} a comma or the closing bracket is missing before this"),
                "write it like {verb: list, path: /apis/**} or [a, b]; a value with , : [ ] { } must be in quotes",
            )
        }
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => Explained::new(
            "this bracket closes no open one",
            "close [ by ] and { by }, like steps: [{times: 2, then: pass}]; a value with brackets must be in quotes",
        ),
        ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            if opened(text, at, &['[', '{']).1 < at.line {
                return unclosed(text, at);
            }
            Explained::new(
                "an item with \"- \" is within brackets",
                "write [a, b] on one line, or the items with \"- \" on lines of their own without brackets",
            )
        }
        ErrorKind::UnknownAnchor => Explained::new(
            "a value that begins with * names an anchor, and there is none of this name before it",
            "put a text into quotes, like path: \"*\"; or write the anchor first, like &defaults {verb: list}",
        ),
        ErrorKind::MissingAnchorOrAliasName => Explained::new(
            "a value cannot begin with * or & without quotes",
            "put it into quotes, like path: \"**\"",
        ),
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => Explained::new(
            format!("the control character U+{:04X} is not allowed in YAML", u32::from(*character)),
            "remove it, or write it as an escape in double quotes, like \"\\x07\"",
        ),
        ErrorKind::UnexpectedCharacter { character } => Explained::new(
            format!("a value cannot begin with {character} without quotes"),
            format!("put it into quotes, like \"{character}..\""),
        ),
        ErrorKind::CommentNotSeparated | ErrorKind::CommentInterceptedScalar => Explained::new(
            "a # begins a comment after a space; elsewhere it must be in quotes",
            "write it like id: slow # why, or id: \"a#b\"",
        ),
        ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::FlowMappingValueAdjacentCollection => {
            Explained::new("a space is missing after the colon", "write it like verb: list")
        }
        ErrorKind::InvalidBlockEntryWhitespace => {
            Explained::new("a space is missing after the -", "write it like \"- id: slow\"")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed
            if line.chars().take(at.column - 1).collect::<String>().contains(": ") =>
        {
            Explained::new(
                "a value that contains \": \" must be in quotes",
                "write it like message: \"try again: later\"",
            )
        }
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::UnexpectedEndOfPlainScalar
        | ErrorKind::MappingValueNotAllowed
        | ErrorKind::MappingKeyNotAllowed => {
            without_colon(text, at).unwrap_or_else(|| indentation(text, at))
        }
        ErrorKind::ExpectedDocumentStart if text.lines().take(at.line).any(|line| line.starts_with('%')) => {
            directive()
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::ExpectedNodeContent
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidDocumentEnd => indentation(text, at),
        ErrorKind::ZeroBlockScalarIndent
        | ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::InvalidBlockScalarIndent => block_text(),
        ErrorKind::BomInsideDocument => Explained::new(
            "there is a byte order mark in the middle of the text",
            "remove it; it comes from joining files",
        ),
        ErrorKind::RecursionLimitExceeded => {
            Explained::new("lists and objects are nested too deeply", "make the text flatter")
        }
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::ExpectedTagBang
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => tag(),
        ErrorKind::DuplicateVersionDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::ExpectedTagDirectiveBang
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::DirectiveDisallowed
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::DirectiveByteLimitExceeded { .. }
        | ErrorKind::TooManyReservedDirectiveParams { .. }
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::MissingYamlVersion
        | ErrorKind::InvalidTagDirectiveTerminator => directive(),
        _ => unclear(),
    }
}

/// Returns the error of a list, an object, or its surroundings in the wrong column.
fn indentation(text: &str, at: Place) -> Explained {
    let line = line_of(text, at).unwrap_or_default();
    if line.trim_start().starts_with("- ") || line.trim() == "-" {
        return Explained::new(
            "this item is not in the column of its list",
            "items of one list begin in the same column: rules: on one line, and below it \"- id: a\" and \"- id: b\"",
        );
    }
    let before: String = line.chars().take(at.column - 1).collect();
    if before.contains(['[', '{', ']', '}']) {
        return Explained::new(
            "there is text after a complete value",
            "one key has one value; put a text with brackets in quotes, like \"[a]\"",
        );
    }
    Explained::new("this is not in the column of the keys around it", INDENT)
}

fn unclosed(text: &str, at: Place) -> Explained {
    let (place, line) = opened(text, at, &['[', '{']);
    let open = place.and_then(|place| line_of(text, place)?.chars().nth(place.column - 1));
    let (open, close) = if open == Some('{') { ("{", "}") } else { ("[", "]") };
    Explained::new(
        format!("the {open} of line {line} is not closed"),
        format!("write {close} after its last value, like steps: [{{times: 2, then: pass}}]"),
    )
    .at(place)
}

/// Returns a line that should have a key and has none: the one named, or one before it.
fn without_colon(text: &str, at: Place) -> Option<Explained> {
    [at.line, at.line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let found = line_of(text, Place { line, column: 1 })?;
        let inner = found.trim_start_matches([' ', '-']).trim_end();
        let is_key =
            inner.contains(": ") || inner.ends_with(':') || inner.contains(['[', '{', '"', '\'']);
        if inner.is_empty() || inner.starts_with('#') || is_key {
            return None;
        }
        let column =
            found.chars().count() - found.trim_start_matches([' ', '-']).chars().count() + 1;
        let short: String = inner.chars().take(40).collect();
        let explained = match inner.split_once(':') {
            Some((key, value)) => Explained::new(
                format!("a space is missing after the colon: {short}"),
                format!("write {key}: {value}"),
            ),
            None => Explained::new(
                format!("this line has no colon: {short}"),
                "write KEY: VALUE, like id: slow, with a space after the colon",
            ),
        };
        Some(explained.at(Some(Place { line, column })))
    })
}

#[cfg(test)]
mod tests;
