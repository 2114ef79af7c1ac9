//! The first error that libyaml's parser finds in a text in brackets, where it is not at the end
//! (`yaml_parser_parse_flow_mapping_key`, `yaml_parser_parse_flow_sequence_entry`).

/// A token of a text in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open(char),
    Close(char),
    Comma,
    Colon,
    Scalar,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A key or an item, or the end.
    Item,
    /// The colon behind a key, or what [`Next::Comma`] allows.
    Colon,
    /// A value, or what [`Next::Comma`] allows.
    Value,
    /// A comma, or the end.
    Comma,
}

/// The line of the error, from 0, and its text.
pub(super) fn problem(text: &str) -> Option<(usize, &'static str)> {
    let mut open: Vec<char> = Vec::new();
    let mut next = Next::Item;
    let mut rest = text.trim_start();
    let mut at = text.len() - rest.len();
    while let Some((token, length)) = token(rest) {
        let line = || text[..at].matches('\n').count();
        let own = open.last().copied();
        let ends =
            matches!((own, token), (Some('{'), Token::Close('}')) | (Some('['), Token::Close(']')));
        let separates = ends || token == Token::Comma;
        let is_mapping = own == Some('{');
        next = match (next, token) {
            (_, _) if own.is_none() && !matches!(token, Token::Open(_)) => return None,
            (Next::Comma | Next::Value | Next::Colon, _) if separates => {
                if ends {
                    Next::Comma
                } else {
                    Next::Item
                }
            }
            (Next::Item, _) if ends => Next::Comma,
            (Next::Colon, Token::Colon) => Next::Value,
            (Next::Comma | Next::Colon, _) => {
                let what = if is_mapping {
                    "did not find expected ',' or '}'"
                } else {
                    "did not find expected ',' or ']'"
                };
                return Some((line(), what));
            }
            // A value may be left out, and a key as well.
            (Next::Item, Token::Colon) => Next::Value,
            (Next::Item | Next::Value, Token::Close(_) | Token::Comma | Token::Colon) => {
                return Some((line(), "did not find expected node content"));
            }
            (Next::Item, Token::Scalar) => Next::Colon,
            (Next::Value, Token::Scalar) => Next::Comma,
            (Next::Item | Next::Value, Token::Open(_)) => Next::Item,
        };
        if let Token::Open(bracket) = token {
            open.push(bracket);
        } else if ends {
            open.pop();
            if open.is_empty() {
                return None;
            }
        }
        let behind = &rest[length..];
        rest = behind.trim_start();
        at = text.len() - rest.len();
    }
    None
}

/// The first token of a text, and its length in bytes; nothing for a text without one.
fn token(text: &str) -> Option<(Token, usize)> {
    let first = text.chars().next()?;
    Some(match first {
        '{' | '[' => (Token::Open(first), 1),
        '}' | ']' => (Token::Close(first), 1),
        ',' => (Token::Comma, 1),
        ':' => (Token::Colon, 1),
        '"' => {
            let mut escaped = false;
            let end = text[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            (Token::Scalar, end + 2)
        }
        '\'' => (Token::Scalar, text[1..].find('\'')? + 2),
        _ => {
            let ends = |(at, c): (usize, char)| {
                let behind = text[at + c.len_utf8()..].chars().next();
                let blank =
                    behind.is_none_or(|next| next.is_whitespace() || ",[]{}".contains(next));
                ",[]{}\n".contains(c) || c == ':' && blank
            };
            let end =
                text.char_indices().find(|place| ends(*place)).map_or(text.len(), |place| place.0);
            (Token::Scalar, end.max(first.len_utf8()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn the_first_problem_is_found() {
        let (node, pair, item) = (
            "did not find expected node content",
            "did not find expected ',' or '}'",
            "did not find expected ',' or ']'",
        );
        for (text, found) in [
            ("{,}", Some((0, node))),
            ("{\"a\":1,,\"b\":2}", Some((0, node))),
            ("{\"a\" 1}", Some((0, pair))),
            ("{a: 1]\n", Some((0, pair))),
            ("[a}\n", Some((0, item))),
            ("{a: [1,\n,2]}", Some((1, node))),
            ("{a: {b: [c, d,], e}, 'f': \"}\", }", None),
            ("a: b", None),
            ("{a: 1", None),
        ] {
            assert_eq!(problem(text), found, "{text:?}");
        }
    }
}
