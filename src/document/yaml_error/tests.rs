//! Tests of common mistakes and their diagnostics.

use super::super::{Format, Source};

#[track_caller]
fn assert_reported(text: &str, place: (usize, usize), message: &str, hint: &str) {
    let source = Source { path: "x.yaml".into(), format: Format::Yaml, text: text.into() };
    let problem = source.parse().expect_err(text);
    let at = problem.place.map(|place| (place.line, place.column));
    assert_eq!(at, Some(place), "{text:?}: {problem}");
    assert!(problem.message.contains(message), "{text:?}: {problem}");
    assert!(problem.hint.contains(hint), "{text:?}: {problem}");
    // The line itself follows.
    let shown = format!("{problem:#}");
    assert!(shown.contains(&format!("\n  {} | ", place.0)) && shown.ends_with('^'), "{shown}");
}

#[test]
fn tabs_and_columns_are_named() {
    assert_reported(
        "rules:\n\t- id: a\n",
        (2, 1),
        "a tab is where YAML has spaces",
        "two for each level",
    );
    assert_reported("rules:\n- id: a\n\tmatch: {verb: list}\n", (2, 7), "a tab", "spaces");
    assert_reported(
        "a:\n- b: 1\n   c: {d: 1}\n  e: 1\n",
        (3, 5),
        "the column of the keys",
        "match:",
    );
    assert_reported("a:\n- b: 1\n - b: 2\n", (3, 2), "column of its list", "\"- id: a\"");
}

#[test]
fn keys_without_a_colon_or_a_space_are_named() {
    assert_reported(
        "a:\n- id a\n  then: pass\n",
        (2, 3),
        "this line has no colon: id a",
        "KEY: VALUE",
    );
    assert_reported(
        "a:\n- id:a\n  then: pass\n",
        (2, 3),
        "a space is missing after the colon",
        "write id: a",
    );
    assert_reported("a: b\nmissing\n", (2, 1), "this line has no colon: missing", "KEY: VALUE");
    assert_reported(
        "message: try again: later\n",
        (1, 19),
        "must be in quotes",
        "\"try again: later\"",
    );
    assert_reported("a: 1\na: 2\n", (2, 1), "the key \"a\" occurs twice", "a list, like [a, b]");
}

#[test]
fn quotes_and_brackets_that_are_not_closed_are_named_where_they_open() {
    assert_reported(
        "a:\n- id: \"x\n  b: c\n",
        (2, 7),
        "the quotes of line 2 are not closed",
        "like message:",
    );
    assert_reported("a: 'it's'\n", (1, 8), "there is text after a text in quotes", "'it''s'");
    assert_reported("a: \"\\d\"\n", (1, 4), "this is not one", "'\\d+'");
    assert_reported("a: [{b: 1}\n", (1, 4), "the [ of line 1 is not closed", "write ]");
    assert_reported(
        "a:\n- {b: {c: 1}\n- {d: 1}\n",
        (2, 3),
        "the { of line 2 is not closed",
        "write }",
    );
    assert_reported("a: {b: 1}}\n", (1, 10), "closes no open one", "[ by ]");
    assert_reported(
        "a: {b: {c: 1} d: 1}\n",
        (1, 15),
        "a comma or the closing bracket is missing",
        "{verb: list,",
    );
    assert_reported("a: [- b, - c]\n", (1, 5), "an item with \"- \" is within brackets", "[a, b]");
}

#[test]
fn values_that_need_quotes_are_named() {
    assert_reported("path: *\n", (1, 7), "cannot begin with * or &", "\"**\"");
    assert_reported("path: *all\n", (1, 7), "names an anchor", "path: \"*\"");
    assert_reported("a: @x\n", (1, 4), "cannot begin with @", "\"@..\"");
    assert_reported("a: %x\n", (1, 4), "cannot begin with %", "quotes");
    assert_reported("a: !x!y z\n", (1, 4), "a tag of YAML", "\"!important\"");
    assert_reported("%FOO\na: 1\n", (2, 1), "a YAML directive", "leave it out");
    assert_reported("a: {b: c}#d\n", (1, 10), "begins a comment after a space", "id: slow # why");
    assert_reported("a: |x\n  y\n", (1, 4), "the text after | or >", "body: |");
    assert_reported("a: b\u{1}c\n", (1, 4), "the control character U+0001", "escape");
}

#[test]
fn what_cannot_be_kept_is_named() {
    assert_reported(
        "a: .inf\n",
        (1, 4),
        ".inf is a number that cannot be represented",
        "10 or 0.5",
    );
    assert_reported("a: 1e999\n", (1, 4), "1e999 is a number that cannot", "in quotes");
    assert_reported("a:\n  <<: x\n", (2, 7), "<< takes an object", "<<: *defaults");
    assert_reported("? [a, b]\n: c\n", (1, 3), "cannot be a key or a value", "like verb: list");
    let deep = format!("a: {}", "[".repeat(3000));
    let source = Source { path: "x.yaml".into(), format: Format::Yaml, text: deep };
    assert!(source.parse().unwrap_err().message.contains("nested too deeply"));
}

#[test]
fn no_message_speaks_of_the_parser() {
    let pieces = [
        "a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "\"", "'", "*", "&", "!", "|", ">",
        "#", "\t", "%", "@", "?", "---", "<<", "\\",
    ];
    // A thousand texts, drawn by a linear congruence.
    let mut state = 7_u32;
    let mut refused = 0;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..9 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
        }
        let source = Source { path: "x.yaml".into(), format: Format::Yaml, text: text.clone() };
        let Err(problem) = source.parse() else { continue };
        refused += 1;
        let words = format!("{} {}", problem.message, problem.hint);
        for jargon in [
            "flow",
            "mapping",
            "scalar",
            "simple key",
            "token",
            "while parsing",
            "policy",
            "Options",
        ] {
            assert!(!words.contains(jargon), "{text:?}: {problem}");
        }
        assert!(problem.place.is_some() && !problem.hint.is_empty(), "{text:?}: {problem}");
    }
    assert!(refused > 500, "{refused}");
}
