//! The text of a label selector → tokens (`selector.go`, `Lexer`).

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

fn keyword(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        ">" => Token::Greater,
        "in" => Token::In,
        "<" => Token::Less,
        "!=" => Token::NotEquals,
        "notin" => Token::NotIn,
        "(" => Token::Open,
        _ => return None,
    })
}

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The tokens of a selector, each with its text; an error token with its message.
pub(super) fn lex(text: &str) -> Vec<(Token, String)> {
    let mut tokens = Vec::new();
    // A NUL ends the text, as in upstream's lexer.
    let mut rest = text.split('\0').next().unwrap_or_default();
    loop {
        rest = rest.trim_start_matches(is_space);
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::End, String::new()));
            return tokens;
        };
        let len = if is_special(first) {
            let run = rest.find(|c| !is_special(c)).unwrap_or(rest.len());
            let Some(len) = longest_operator(&rest[..run]) else {
                let message = format!("error expected: keyword found '{}'", &rest[..run]);
                tokens.push((Token::Error, message));
                rest = &rest[run..];
                continue;
            };
            len
        } else {
            rest.find(|c| is_special(c) || is_space(c)).unwrap_or(rest.len())
        };
        let literal = &rest[..len];
        tokens.push((keyword(literal).unwrap_or(Token::Identifier), literal.to_owned()));
        rest = &rest[len..];
    }
}

/// The length of the first operator in a run of special characters: the longest prefix that is one.
fn longest_operator(run: &str) -> Option<usize> {
    let mut found = None;
    for len in 1..=run.len() {
        match (keyword(&run[..len]), found) {
            (Some(_), _) => found = Some(len),
            (None, Some(_)) => break,
            (None, None) => {}
        }
    }
    found
}
