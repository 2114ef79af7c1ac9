//! Whether a value looks as if it was drawn: a token rather than a word.

/// Whether a value may be a token: of letters and digits in no order of words.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() < 10
        || !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_.-~".contains(byte))
    {
        return false;
    }
    // The letters of a pattern: `[a-zA-Z0-9_]+`.
    if value.contains("a-zA-Z") || value.contains("A-Za-z") {
        return false;
    }
    let has = |of: fn(&u8) -> bool| bytes.iter().any(of);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let has_long_word = || {
        let mut words = bytes.split(|byte| !byte.is_ascii_alphanumeric());
        words.any(|word| word.len() >= 16 && word.iter().any(u8::is_ascii_digit))
    };
    has(u8::is_ascii_digit) && (lower && upper || (lower || upper) && has_long_word())
}

/// Whether a secret is of letters alone, and not longer than words are.
pub(super) fn is_word(secret: &str) -> bool {
    const LONGEST: usize = 9;
    secret.len() <= LONGEST && secret.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether a secret is one word of a few letters, as many texts have it.
pub(super) fn is_plain_word(secret: &str) -> bool {
    const LONGEST: usize = 8;
    secret.len() <= LONGEST
        && secret.bytes().all(|byte| byte.is_ascii_alphabetic())
        && secret.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
}

/// Whether a value refers to something by its name, as programs and grammars do: `clientSecret` behind `ClientSecret`,
/// `1*tchar` and `*octet` of ABNF (RFC 5234, section 3.6).
pub(super) fn is_reference(name: &str, value: &str) -> bool {
    let repeats = value.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('*');
    let is_rule = repeats.is_some_and(|rule| {
        let rule = rule.trim_start_matches(['(', '<', ' ']);
        rule.starts_with(|c: char| c.is_ascii_alphabetic())
            && rule.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-<>() /".contains(&byte))
    });
    let is_letters = value.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_camel = is_letters
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_uppercase());
    let letters = name.bytes().filter(u8::is_ascii_alphabetic);
    // `options.identityToken`
    let of_object = || {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        };
        let last = value.rsplit_once('.').map_or("", |(_, last)| last).to_ascii_lowercase();
        last.ends_with(&name.to_ascii_lowercase()) && value.split('.').all(is_name)
    };
    is_rule
        || of_object()
        || is_camel
            && letters.map(|byte| byte.to_ascii_lowercase()).eq(value.to_ascii_lowercase().bytes())
}

/// Whether a value says where something is done, not what opens it: `"token": "https://example.com/oauth/token"` in the
/// description of a server.
pub(super) fn is_endpoint(name: &str, value: &str) -> bool {
    const OF_SERVERS: &[&str] =
        &["auth", "authorization", "authentication", "token", "tokens", "session", "sessions"];
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let is_of_url = |byte: u8| byte.is_ascii_alphanumeric() || b"/.:-_~[]?&=".contains(&byte);
        !rest.is_empty() && rest.bytes().all(is_of_url) && !has_long_run(rest)
    }) && OF_SERVERS.iter().any(|of| name.to_ascii_lowercase().ends_with(of))
}

/// Whether a value has the form of a license: `AB12C-3DE4F-56GHI`, groups of capital letters and digits of one length.
pub(super) fn is_license(value: &str) -> bool {
    let length = value.split('-').next().map_or(0, str::len);
    let is_group = |group: &str| {
        group.len() == length
            && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    (4..=8).contains(&length)
        && value.len() > 3 * length
        && value.split('-').all(is_group)
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a value may be a key, where its name says that it is likely: one word with several digits.
pub(super) fn looks_like_key(value: &str) -> bool {
    let is_of_keys = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_.-~".contains(&byte);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic();
    value.bytes().all(is_of_keys)
        && value.bytes().any(is_letter)
        && value.bytes().filter(u8::is_ascii_digit).count() >= 3
}

/// Whether a word has letters and digits, or letters and other marks inside, as passwords have.
pub(super) fn has_mixed(value: &str) -> bool {
    let letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= 6
        && letter
        && value.bytes().any(|byte| byte.is_ascii_digit() || b"!@#$%^&*".contains(&byte))
}

/// Whether a text has a run of letters and digits that is as long as one of a token; or a longer one in groups, with
/// capital letters, which names have not.
pub(super) fn has_long_run(text: &str) -> bool {
    const SHORTEST: usize = 14;
    const SHORTEST_GROUPS: usize = 20;
    const LONGEST_WORD: usize = 28;
    let has_digit = |run: &[u8]| run.iter().any(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let mut runs = bytes.split(|byte| !byte.is_ascii_alphanumeric());
    if runs.any(|run| run.len() >= SHORTEST && has_digit(run) || run.len() >= LONGEST_WORD) {
        return true;
    }
    bytes.len() >= SHORTEST_GROUPS && {
        let is_group = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let mut groups = bytes.split(|byte| !is_group(byte));
        groups.any(|run| {
            run.len() >= SHORTEST_GROUPS && has_digit(run) && run.iter().any(u8::is_ascii_uppercase)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_references_are_no_secrets_to_search_for() {
        for word in ["usage", "payload", "Header", "admin", "x"] {
            assert!(is_plain_word(word), "{word}");
        }
        for secret in ["hunter2", "swordfish", "PASSWORD", "p-w", "aBcDef"] {
            assert!(!is_plain_word(secret), "{secret}");
        }
        for (name, value) in [
            ("ClientSecret", "clientSecret"),
            ("client_secret", "clientSecret"),
            ("token", "1*tchar"),
            ("cookie-value", "*cookie-octet"),
            ("token", "1*<any CHAR>"),
            ("token", "options.identityToken"),
        ] {
            assert!(is_reference(name, value), "{name} {value}");
        }
        assert!(is_endpoint("auth", "https://login.example.com/oauth2/authorize?v=2"));
        assert!(is_endpoint("X-Token", "http://127.0.0.1:8080/v1/token"));
        for (name, value) in [
            ("password", "https://login.example.com/"),
            ("token", "https://user:pw@example.com/"),
            ("token", "https://example.com/login/a8Xk2mP0qR7tZ3w"),
            ("token", "https://"),
        ] {
            assert!(!is_endpoint(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("password", "password"),
            ("password", "Password"),
            ("password", "1*a2b3"),
            ("secret", "clientSecret"),
            ("token", "12*"),
            ("password", "*"),
            ("password", "x1.password"),
            ("token", "options.identity"),
        ] {
            assert!(!is_reference(name, value), "{name} {value}");
        }
    }

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
            "a-zA-Z0-9/_+=.",
            "",
            "Secret",
        ] {
            assert!(!looks_random(word), "{word}");
        }
        assert!(
            has_long_run("x 0123456789abcdef y")
                && has_long_run("A3-09JFB9-2A585DUU7WJ")
                && !has_long_run("web-5d4f8c7b9-abcde-1f00ee2cc520")
                && !has_long_run("xxxxxxxxxxxxxxxxxxxx 0123-4567")
        );
    }
}
