//! Expressions and values whose verdicts were recorded from Java 17.

use super::*;

fn matches(pattern: &str, value: &str) -> Option<bool> {
    Regex::new(pattern, Flags::DOT_ALL)
        .unwrap_or_else(|why| panic!("{pattern}: {why}"))
        .matches(value)
}

#[test]
fn values_match_as_in_java() {
    let table = [
        ("a++b", "aab", true),
        ("a++ab", "aab", false),
        ("(?>a|ab)c", "abc", false),
        (r"(a)|b\1", "b", false),
        (r"(?<n>a)\k<n>", "aa", true),
        (r"(a)(b)\11", "aba1", true),
        (r"a\Rb", "a\r\nb", true),
        (r"a\R\nb", "a\r\nb", true),
        ("abc$", "abc\n", false),
        ("abc$\n", "abc\n", true),
        (r"abc\Z\n", "abc\n", true),
        ("^abc$", "abc\n", false),
        ("(?m)^a$\\n^b$", "a\nb", true),
        ("(?m)^", "", false),
        ("(?s-m)a.b", "a\nb", true),
        ("(?-s)a.b", "a\u{85}b", false),
        ("(?-s)(?d)a.b", "a\rb", true),
        ("(?x) a b # c", "ab", true),
        ("(?x)[a b]+", "ab", true),
        ("(?x)[a b]+", "a b", false),
        ("(?i)é", "É", false),
        ("(?iu)é", "É", true),
        ("(?i)[a-c]+", "aBC", true),
        (r"[a-z&&[^aeiou]]+", "xyz", true),
        (r"[a-z&&[^aeiou]]+", "xay", false),
        ("[a-c[x-z]]+", "axz", true),
        ("[^a[b]]", "b", false),
        ("[]a]+", "]a", true),
        (r"[\w&&[^\d]]", "1", false),
        (r"\p{Alpha}", "é", false),
        (r"\p{IsAlphabetic}", "é", true),
        (r"\p{javaLowerCase}", "é", true),
        (r"\p{IsLatin}+\p{InGreek}", "aéα", true),
        (r"\pL\PL", "a1", true),
        (r"\d", "٣", false),
        (r"(?U)\d", "٣", true),
        (r".*\bcat\b.*", "a cat sat", true),
        (r".*\bcat\b.*", "écat", false),
        (r"\Qa.b*c\E+", "a.b*cc", true),
        (r"\0101\x42\u0043\cA", "ABC\u{1}", true),
        (r"\x{1F600}", "😀", true),
        (r"\uD83D\uDE00", "😀", true),
        (r".*(?<=\$)[0-9]+", "cost $15", true),
        (r".*(?<!\$|€)\b[0-9]+", "cost €15", false),
        (r"(?:(a)|b)*\1", "aba", true),
        ("(?:a?){3}b", "b", true),
        ("(|a)+", "aa", true),
        ("a{2}{3}", "aa", true),
        ("x*?y+?z??", "xxyy", true),
        (r"\X\X", "e\u{301}a", true),
        (r"a\hb", "a\u{a0}b", true),
        (r"[\v-a]", "\u{b}", true),
        ("a]}", "a]}", true),
        (r"a\b{1,2}", "a", true),
    ];
    for (pattern, value, verdict) in table {
        assert_eq!(matches(pattern, value), Some(verdict), "{pattern:?} on {value:?}");
    }
}

#[test]
fn broken_expressions_are_refused_in_javas_words() {
    let table = [
        ("a(", "Unclosed group"),
        ("a)(b", "Unmatched closing ')'"),
        ("[a", "Unclosed character class"),
        ("a**", "Dangling meta character '*'"),
        ("{id}", "Illegal repetition"),
        ("a{2,1}", "Illegal repetition range"),
        ("a{2", "Unclosed counted closure"),
        (r"\y", "Illegal/unsupported escape sequence"),
        (r"\p{Nope}", "Unknown character property name {Nope}"),
        ("(?<=a*)b", "Look-behind group does not have an obvious maximum length"),
        (r"\k<x>", "named capturing group <x> does not exist"),
        ("(?y)", "Unknown inline modifier"),
        ("[b-a]", "Illegal character range"),
        (r"\u00g0", "Illegal Unicode escape sequence"),
    ];
    for (pattern, description) in table {
        let error = Regex::new(pattern, Flags::DOT_ALL).unwrap_err();
        assert_eq!(error.description, description, "{pattern}");
    }
}

#[test]
fn a_search_without_end_gives_up() {
    let long = "a".repeat(3_000);
    assert_eq!(matches(r"(?=a)(a|a)*\1b(?!c)", &"a".repeat(200)), None);
    assert_eq!(matches("(?:(?=(?:a*)*b)a)*", &long.repeat(100)), None);
    assert_eq!(matches("(?!.*secret)a*", &long.repeat(100)), Some(true));
    assert_eq!(matches("(?:(?=.*z)a)*z", &(long.clone() + "z")), Some(true));
    assert_eq!(matches(r"(\w{1000}){1000}", &long), Some(false));
    assert!(Regex::new(&"(".repeat(10_000), Flags::DOT_ALL).is_err());
}

#[test]
fn groups_are_found_by_both_engines() {
    let find = |pattern: &str, value: &'static str| {
        Regex::new(pattern, Flags::DOT_ALL).unwrap().groups(value).unwrap()
    };
    assert_eq!(find("(a+)(b)?", "aa"), [Some("aa"), None]);
    assert_eq!(find("(a+)(b)?(?!c)", "aab"), [Some("aa"), Some("b")]);
}
