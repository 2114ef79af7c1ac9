//! Patterns of secrets in texts: compiled when they are first used, or before by a recorder.

use regex::Regex;

/// Compiles a pattern of the program's own.
pub(super) fn regex(pattern: &str) -> Regex {
    // They are part of the program: `every_pattern_compiles` tries each.
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{pattern}: {error}"))
}

/// Declares patterns, a function that compiles all of them, and a test of each.
macro_rules! patterns {
    ($($name:ident = $pattern:expr;)*) => {
        $(static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| $crate::redact::pattern::regex($pattern));)*

        /// Compiles the patterns, for those that cannot wait for it later.
        #[cfg(feature = "record")]
        pub(super) fn compile() {
            $(std::sync::LazyLock::force(&$name);)*
        }

        #[cfg(test)]
        #[test]
        fn every_pattern_compiles() {
            for pattern in [$(&$name),*] {
                assert!(!pattern.as_str().is_empty());
                assert!(!pattern.is_match("a word"), "{}", pattern.as_str());
            }
        }
    };
}

pub(super) use patterns;
