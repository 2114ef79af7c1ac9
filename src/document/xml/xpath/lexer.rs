//! The text of an expression → tokens (XPath 1.0, section 3.7).

/// One token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'t> {
    /// A name, or an operator that looks like one: the parser decides by position. With its prefix,
    /// `p:*` too.
    Name(&'t str),
    Text(&'t str),
    Number(f64),
    /// One of the signs.
    Sign(&'static str),
}

/// Every sign; those that begin with another come first.
const SIGNS: [&str; 22] = [
    "::", "..", "//", "!=", "<=", ">=", "(", ")", "[", "]", "@", ",", "/", "|", "+", "-", "=", "<",
    ">", "*", "$", ".",
];

/// Reads all tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let second_is_digit = rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        if matches!(first, '"' | '\'') {
            let inside = &rest[1..];
            let end =
                inside.find(first).ok_or_else(|| format!("the {first} of a text is not closed"))?;
            tokens.push(Token::Text(&inside[..end]));
            rest = &inside[end + 1..];
        } else if first.is_ascii_digit() || (first == '.' && second_is_digit) {
            let digits =
                |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let mut end = digits(rest);
            if rest[end..].starts_with('.') {
                end += 1 + digits(&rest[end + 1..]);
            }
            let number =
                rest[..end].parse().map_err(|_| format!("{:?} is not a number", &rest[..end]))?;
            tokens.push(Token::Number(number));
            rest = &rest[end..];
        } else if is_start(first) {
            let end = name_end(rest);
            tokens.push(Token::Name(&rest[..end]));
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(format!("{first:?} means nothing here"));
        }
    }
}

fn is_start(c: char) -> bool {
    c != ':' && super::super::characters::begins_name(c)
}

fn is_inside(c: char) -> bool {
    c != ':' && super::super::characters::continues_name(c)
}

/// Returns where a name ends, with its prefix.
fn name_end(text: &str) -> usize {
    let end = |from: usize| {
        text[from..].find(|c| !is_inside(c)).map_or(text.len(), |length| from + length)
    };
    let prefix = end(0);
    let Some(behind) = text[prefix..].strip_prefix(':') else {
        return prefix;
    };
    match behind.chars().next() {
        Some('*') => prefix + 2,
        Some(c) if is_start(c) => end(prefix + 1),
        _ => prefix,
    }
}
