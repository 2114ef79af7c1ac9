//! Texts and globs → regular expressions as stubs have them: Java's syntax, for the whole text.

/// Returns a literal text.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.[]{}()*+?^$|&-#".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Returns a glob with `*` for any characters and, if `one`, `?` for one.
pub(super) fn glob(text: &str, one: bool) -> String {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| c == '*' || one && c == '?') {
        pattern.push_str(&literal(&rest[..at]));
        pattern.push_str(if rest[at..].starts_with('*') { ".*" } else { "." });
        rest = &rest[at + 1..];
    }
    pattern.push_str(&literal(rest));
    pattern
}

/// Returns an expression that has to be found anywhere in a text.
pub(super) fn anywhere(pattern: &str) -> String {
    let starts = pattern.strip_prefix('^');
    let ends = starts.unwrap_or(pattern).strip_suffix('$').filter(|rest| !rest.ends_with('\\'));
    let middle = ends.or(starts).unwrap_or(pattern);
    // An alternative at the top would take the anchors apart.
    let middle = if middle.contains('|') { format!("(?:{middle})") } else { middle.to_owned() };
    let before = if starts.is_some() { "" } else { ".*" };
    let after = if ends.is_some() { "" } else { ".*" };
    if pattern.contains('|') && (starts.is_some() || ends.is_some()) {
        return format!(".*(?:{pattern}).*");
    }
    format!("{before}{middle}{after}")
}

/// Returns whether a text has characters that mean something in an expression.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(['\\', '[', ']', '{', '}', '(', ')', '*', '+', '?', '^', '$', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_texts_are_escaped() {
        assert_eq!(glob("/a.b/*?", false), r"/a\.b/.*\?");
        assert_eq!(glob("/a?*", true), "/a..*");
        assert_eq!(literal("a+b"), r"a\+b");
    }

    #[test]
    fn anchors_are_kept() {
        for (pattern, whole) in [
            ("abc", ".*abc.*"),
            ("^abc", "abc.*"),
            ("abc$", ".*abc"),
            ("^abc$", "abc"),
            (r"^a\$", r"a\$.*"),
            ("a|b", ".*(?:a|b).*"),
            ("^a|b$", ".*(?:^a|b$).*"),
        ] {
            assert_eq!(anywhere(pattern), whole, "{pattern}");
        }
    }
}
