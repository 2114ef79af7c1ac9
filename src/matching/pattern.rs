//! Regular expressions of stubs: Java syntax, anchored, compiled when first used.
//!
//! `WireMock` compiles every pattern with `DOTALL` and matches the whole value
//! (`AbstractRegexPattern`). Most patterns parse with [`regex`], which runs in linear time; look-around,
//! back-references and possessive quantifiers go to [`fancy_regex`] under a backtrack limit.
//! Perl classes (`\d`, `\w`, `\s`) are Unicode-aware here and ASCII in Java.

use std::sync::OnceLock;

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};

/// How often a backtracking pattern may try another way on a short value before it counts as not
/// matching.
const BACKTRACK_LIMIT: usize = 100_000;

/// How many characters a backtracking pattern may read of one value. Each way that it tries may read
/// the whole value, so a longer value has fewer ways.
const MAX_READ: usize = 50_000_000;

/// Patterns that weigh more than this are compiled at load: only these can grow past the compiler's
/// size limit, and that must be a load error. Counted in character ranges, see [`weight`].
const LAZY_WEIGHT: u64 = 20_000;

/// An anchored pattern.
pub(crate) struct Pattern {
    /// As written.
    text: Box<str>,
    /// What every value that matches begins with; empty where that differs or is not known.
    prefix: Box<str>,
    engine: Engine,
}

enum Engine {
    Linear(OnceLock<Option<regex::Regex>>),
    Backtracking(Box<Backtracking>),
}

/// A pattern that no linear engine runs.
struct Backtracking {
    /// For values of up to [`TIERS`] bytes, each under its own limit.
    tiers: [OnceLock<Option<fancy_regex::Regex>>; TIERS.len()],
    /// Longer values are not tried: each step of a repetition may read the rest of the value, for each
    /// look-around, group reference or atomic group nested in it.
    max_bytes: usize,
}

/// The lengths of values, in bytes, that share one limit of ways.
const TIERS: [usize; 6] = [2 << 10, 16 << 10, 128 << 10, 1 << 20, 8 << 20, usize::MAX];

impl Backtracking {
    /// The error is none for people: the linear engine's is better.
    fn compile(java: &str) -> Result<Self, ()> {
        let tree = fancy_regex::Expr::parse_tree(java).map_err(drop)?;
        let power = 1 + depth(&tree.expr);
        let max_bytes = if power == 1 { usize::MAX } else { root(MAX_READ, power) };
        let this = Self { tiers: Default::default(), max_bytes };
        this.tier(java, 0).map(|_| ()).ok_or(())?;
        Ok(this)
    }

    fn tier(&self, java: &str, at: usize) -> Option<&fancy_regex::Regex> {
        let limit = (MAX_READ / TIERS[at]).clamp(20, BACKTRACK_LIMIT);
        let build = || {
            // A limit that ends the search is an error of the engine, never a wrong answer.
            fancy_regex::RegexBuilder::new(&anchored(java)).backtrack_limit(limit).build().ok()
        };
        self.tiers[at].get_or_init(build).as_ref()
    }

    /// Whether the whole value matches; nothing when it cannot be said within the limits.
    fn matches(&self, text: &str, value: &str) -> Option<bool> {
        if value.len() > self.max_bytes {
            return None;
        }
        let at = TIERS.iter().position(|most| value.len() <= *most)?;
        self.tier(&unquoted(text), at)?.is_match(value).ok()
    }
}

/// How many repetitions lie around the innermost construct that no linear engine runs.
fn depth(expr: &fancy_regex::Expr) -> u32 {
    use fancy_regex::Expr;
    /// Fewer rounds than this multiply the work, but do not raise its power.
    const FEW: usize = 16;
    let inner = expr.children_iter().map(depth).max().unwrap_or(0);
    match expr {
        Expr::Repeat { hi, .. } if *hi > FEW && expr.children_iter().any(is_hard) => inner + 1,
        _ => inner,
    }
}

fn is_hard(expr: &fancy_regex::Expr) -> bool {
    use fancy_regex::Expr;
    !matches!(
        expr,
        Expr::Empty
            | Expr::Any { .. }
            | Expr::Assertion(_)
            | Expr::GeneralNewline { .. }
            | Expr::Literal { .. }
            | Expr::LiteralBytes { .. }
            | Expr::Concat(_)
            | Expr::Alt(_)
            | Expr::Group(_)
            | Expr::Repeat { .. }
            | Expr::Delegate { .. }
    ) || expr.children_iter().any(is_hard)
}

/// The largest whole number whose `power` is not above `value`.
fn root(value: usize, power: u32) -> usize {
    let fits = |base: usize| base.checked_pow(power).is_some_and(|found| found <= value);
    (0..usize::BITS / power).rev().fold(0, |base, bit| {
        let next = base | 1 << bit;
        if fits(next) { next } else { base }
    })
}

impl Pattern {
    /// Checks a pattern. The error is the sentence for people.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let java = unquoted(text);
        let parsed = regex_syntax::parse(&java);
        let prefix = parsed.as_ref().map_or_else(|_| Box::default(), common_prefix);
        let engine = match parsed {
            Ok(hir) if weight(&hir) <= LAZY_WEIGHT => Engine::Linear(OnceLock::new()),
            Ok(_) => {
                let compiled = regex::Regex::new(&anchored(&java))
                    .map_err(|error| last_line(&error.to_string()))?;
                Engine::Linear(OnceLock::from(Some(compiled)))
            }
            Err(linear) => {
                // The pattern alone must parse: `a)(b` would only by the group put around it.
                let parsed = Backtracking::compile(&java);
                Engine::Backtracking(Box::new(parsed.map_err(|()| last_line(&linear.to_string()))?))
            }
        };
        Ok(Self { text: text.into(), prefix, engine })
    }

    /// Whether the whole value matches.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match &self.engine {
            Engine::Linear(_) => self.linear().is_some_and(|regex| regex.is_match(value)),
            Engine::Backtracking(regex) => regex.matches(&self.text, value).unwrap_or(false),
        }
    }

    /// Whether the search ends at a limit: the value counts as not matching then.
    pub(crate) fn gives_up_on(&self, value: &str) -> bool {
        match &self.engine {
            Engine::Linear(_) => self.linear().is_none(),
            Engine::Backtracking(regex) => regex.matches(&self.text, value).is_none(),
        }
    }

    /// The values of the groups, where the whole value matches. Linear patterns only.
    pub(crate) fn groups<'v>(&self, value: &'v str) -> Option<Vec<Option<&'v str>>> {
        let found = self.linear()?.captures(value)?;
        Some(found.iter().skip(1).map(|group| group.map(|group| group.as_str())).collect())
    }

    /// The anchored text, when the pattern can stand in a [`regex::RegexSet`].
    pub(crate) fn for_set(&self) -> Option<String> {
        matches!(self.engine, Engine::Linear(_)).then(|| anchored(&unquoted(&self.text)))
    }

    /// What every value that matches begins with, as far as it is known.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn linear(&self) -> Option<&regex::Regex> {
        let Engine::Linear(cell) = &self.engine else {
            return None;
        };
        cell.get_or_init(|| regex::Regex::new(&anchored(&unquoted(&self.text))).ok()).as_ref()
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

fn common_prefix(hir: &Hir) -> Box<str> {
    let literals = Extractor::new().extract(hir);
    let common = literals.longest_common_prefix().unwrap_or_default();
    let whole = match std::str::from_utf8(common) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&common[..error.valid_up_to()]).unwrap_or_default(),
    };
    whole.into()
}

fn anchored(pattern: &str) -> String {
    format!(r"\A(?s:{pattern})\z")
}

/// How large a pattern compiles, roughly: its character ranges, times their repetitions.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            weight(&repetition.sub).saturating_mul(times.into())
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(weight).fold(0, u64::saturating_add)
        }
    }
}

/// Java's `\Q...\E` quoting, which neither engine knows, written out.
fn unquoted(pattern: &str) -> std::borrow::Cow<'_, str> {
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

/// The sentence of a regex error, without the drawing of the place above it.
fn last_line(error: &str) -> String {
    let line = error.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(error);
    line.trim_start_matches("error: ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_value_in_java_syntax() {
        let table = [
            ("a+", "aaa", true),
            ("a+", "baaa", false),
            ("a|b", "b", true),
            ("a|b", "bc", false),
            ("a.c", "a\nc", true),
            ("(?=.*x).*y", "axy", true),
            ("(?=.*x).*y", "aby", false),
            (r"(a)\1", "aa", true),
            ("a++b", "aab", true),
            (r"\Qa.c\E+", "a.cc", true),
            (r"\Qa.c\E+", "abc", false),
            (r"\\Q.", r"\Qx", true),
            ("[0-9]{3}", "123", true),
            ("[0-9]{3}", "1234", false),
        ];
        for (pattern, value, expected) in table {
            let compiled = Pattern::compile(pattern).unwrap();
            assert_eq!(compiled.matches(value), expected, "{pattern:?} on {value:?}");
        }
    }

    #[test]
    fn the_prefix_is_what_every_match_begins_with() {
        let table = [
            ("/a/b[0-9]+", "/a/b"),
            ("/ab?c", "/a"),
            ("/a|/b", "/"),
            ("(?i)/a", "/"),
            (".*", ""),
            ("a{0}b", "b"),
            (r"/a\.b/.*", "/a.b/"),
            ("(?=x)y", ""),
        ];
        for (pattern, prefix) in table {
            assert_eq!(Pattern::compile(pattern).unwrap().prefix(), prefix, "{pattern}");
        }
    }

    #[test]
    fn broken_and_boundless_patterns_are_told_at_load() {
        assert_eq!(Pattern::compile("a(").unwrap_err(), "unclosed group");
        assert_eq!(Pattern::compile("a)(b").unwrap_err(), "unopened group");
        assert!(Pattern::compile(r"(\w{1000}){1000}").unwrap_err().contains("size limit"));
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_gives_up() {
        for (pattern, length) in [
            (r"(?=a)(a|a)*\1b(?!c)", 200),
            (r"(?:(?=a*b)a|a)*c", 100_000),
            (r"(?:(?=(?:a*)*b)a)*", 3_000_000),
            (r"(?!.*secret)(?:.|\n)*(?=z)", 3_000_000),
            (r"(?>a*)*(?<=a)b", 3_000_000),
        ] {
            let pattern = Pattern::compile(pattern).unwrap();
            let value = "a".repeat(length);
            assert!(!pattern.matches(&value), "{pattern:?}");
            assert!(pattern.gives_up_on(&value), "{pattern:?}");
        }
        let pattern = Pattern::compile(r"(?!.*secret)a*").unwrap();
        assert!(pattern.matches(&"a".repeat(500_000)));
        let pattern = Pattern::compile(r"(?:(?=.*z)a)*z").unwrap();
        assert!(pattern.matches(&("a".repeat(5_000) + "z")));
        assert!(!pattern.gives_up_on(&"a".repeat(5_000)));
    }

    #[test]
    fn roots_are_rounded_down() {
        assert_eq!(root(50_000_000, 2), 7_071);
        assert_eq!(root(1_000, 3), 10);
        assert_eq!(root(999, 3), 9);
    }
}
