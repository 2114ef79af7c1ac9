//! Whether a value looks as if it was drawn: a token rather than a word.

/// Whether a value may be a token: of letters and digits in no order of words.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() < 10
        || !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_.-~".contains(byte))
    {
        return false;
    }
    let has = |of: fn(&u8) -> bool| bytes.iter().any(of);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let is_one_word = || bytes.iter().all(u8::is_ascii_alphanumeric);
    has(u8::is_ascii_digit)
        && (lower && upper || (lower || upper) && bytes.len() >= 16 && is_one_word())
}

/// Whether a word has letters and digits, or letters and other marks inside, as passwords have.
pub(super) fn has_mixed(value: &str) -> bool {
    let letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= 6
        && letter
        && value.bytes().any(|byte| byte.is_ascii_digit() || b"!@#$%^&*".contains(&byte))
}

/// Whether a text has a run of letters and digits that is as long as one of a token.
pub(super) fn has_long_run(text: &str) -> bool {
    const SHORTEST: usize = 14;
    let runs = text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
    runs.filter(|run| run.len() >= SHORTEST).any(|run| run.iter().any(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_from_words() {
        for token in ["SECRET007zq", "aB3dE5fG7h", "0123456789abcdef0123", "eW91ciBzZWNyZXQ9MTIz"] {
            assert!(looks_random(token), "{token}");
        }
        for word in [
            "required",
            "not-found-1",
            "my.host.example.com",
            "not-found-in-region-1",
            "1234567890",
            "two words 1A",
            "",
            "Secret",
        ] {
            assert!(!looks_random(word), "{word}");
        }
        assert!(
            has_long_run("x 0123456789abcdef y") && !has_long_run("xxxxxxxxxxxxxxxxxxxx 0123-4567")
        );
    }
}
