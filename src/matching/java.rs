//! What Java's regular expressions have and the engines here have not.

/// The expression for a match of the whole value, where `.` is every character.
pub(super) fn anchored(pattern: &str) -> String {
    format!(r"\A(?s:{pattern})\z")
}

/// Java's `\Q...\E` quoting, which neither engine knows, written out.
pub(super) fn unquoted(pattern: &str) -> std::borrow::Cow<'_, str> {
    if !pattern.contains(r"\Q") {
        return pattern.into();
    }
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let after = &rest[at + 1..];
        if let Some(quoted) = after.strip_prefix('Q') {
            out.push_str(&rest[..at]);
            let end = quoted.find(r"\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(&quoted[..end]));
            rest = quoted.get(end + 2..).unwrap_or("");
        } else {
            // An escaped character, so that `\\Q` stays a backslash and a Q.
            let len = after.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..=at + len]);
            rest = &after[len..];
        }
    }
    out.push_str(rest);
    out.into()
}
