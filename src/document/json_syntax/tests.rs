//! Tests of syntax errors and their places.

use super::*;

#[test]
fn each_mistake_is_named_where_it_stands() {
    let table = [
        ("", 0, "the text is empty"),
        ("{\"a\": 1", 7, "the { of line 1 is not closed"),
        ("{\n\"a\": [1,\n2}", 12, "the [ of line 2 is closed by }"),
        ("{\"a\": ,}", 6, "a value is expected here, not ,"),
        ("[1, 2,]", 5, "a comma follows the last value"),
        ("[1 2]", 3, "a comma is missing before this"),
        ("{a: 1}", 1, "the key a has no double quotes"),
        ("{'a': 1}", 1, "the key 'a' has no double quotes"),
        ("{\"a\" 1}", 5, "a colon is missing after the key \"a\""),
        ("{\"a\": 'b'}", 6, "a text is in single quotes"),
        ("{\"a\": yes}", 6, "yes is not a JSON value"),
        ("{\"a\": 01}", 6, "01 is not a JSON number"),
        ("[.5]", 1, ".5 is not a JSON number"),
        ("// no\n{}", 0, "JSON has no comments"),
        ("{} {}", 3, "there is text after the JSON value"),
        ("[\"a\nb\"]", 3, "there is a line break within quotes"),
        ("[\"a", 3, "the quotes of line 1 are not closed"),
        ("[\"\\d\"]", 2, "\\d is not a JSON escape"),
        ("[\"\\ud800\"]", 2, "this \\u escape is not complete"),
        ("{1: 2}", 1, "the key 1 has no double quotes"),
        ("{,}", 1, "a key in double quotes is expected here, not ,"),
    ];
    for (text, offset, message) in table {
        let problem = first_problem(text, Dialect::Strict).expect(text);
        assert_eq!((problem.offset, &*problem.message), (offset, message), "{text}");
        assert!(!problem.hint.is_empty());
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
    }
    let deep = "[".repeat(200);
    let problem = first_problem(&deep, Dialect::Strict).unwrap();
    assert_eq!(problem.offset, MAX_DEPTH);
}

#[test]
fn what_is_json_has_no_problem() {
    for text in ["{}", " [1, -0.5e+3, \"\\ud83d\\ude00\\n\", null, {\"a\": [true]}]\n", "\"x\""] {
        assert!(first_problem(text, Dialect::Strict).is_none(), "{text}");
    }
    for text in ["{'a': /* b */ 1} more", "// a\n[]"] {
        assert!(first_problem(text, Dialect::Lenient).is_none(), "{text}");
    }
    let problem = first_problem("// a\n{'a': nope}", Dialect::Lenient).unwrap();
    assert_eq!(problem.message, "nope is not a JSON value");
}

proptest::proptest! {
    #[test]
    fn it_agrees_with_the_parser(text in "[\\[\\]{}:,\"'a-c0-2.+\\-\\\\u \n]{0,24}") {
        let parsed = serde_json::from_str::<serde_json::Value>(&text);
        let problem = first_problem(&text, Dialect::Strict);
        proptest::prop_assert_eq!(problem.is_none(), parsed.is_ok(), "{:?}", problem);
    }
}
