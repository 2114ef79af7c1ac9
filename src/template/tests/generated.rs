//! Tests with generated templates: compiling and rendering never panics and stays within the
//! bounds.

use proptest::prelude::*;

use super::super::limits::MAX_OUTPUT_BYTES;
use super::super::{Model, Parameters, Template};
use super::{Asked, render_for};

/// The pieces that templates are put together from, whole and broken.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{#",
    "{{/",
    "{{^}}",
    "{{else}}",
    "{{~",
    "~}}",
    "\\{{",
    "{{!",
    "{{!--",
    "--}}",
    "{{{{",
    "}}}}",
    "(",
    ")",
    "|",
    "=",
    "as",
    "'",
    "\"",
    "[",
    "]",
    ".",
    "../",
    "@index",
    "this",
    "request",
    "request.query.a",
    "request.body",
    "request.path.[0]",
    "parameters.list",
    "if",
    "each",
    "with",
    "eq",
    "gt",
    "array",
    "range",
    "now",
    "date",
    "parseDate",
    "truncateDate",
    "jsonPath",
    "parseJson",
    "toJson",
    "math",
    "numberFormat",
    "stringFormat",
    "join",
    "substring",
    "replace",
    "regexExtract",
    "assign",
    "val",
    "size",
    "arrayAdd",
    "pickRandom",
    "randomValue",
    "format=",
    "offset=",
    "size=",
    "'$..*'",
    "'%5.2f'",
    "'#,##0.00'",
    "'yyyy-MM'",
    "'(a+)+$'",
    "'3 days'",
    "'{\"a\":[1]}'",
    "-1",
    "0",
    "3",
    "2.5",
    "99999999999",
    "é",
    "\n",
    " ",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES);
    prop::collection::vec((piece, any::<bool>()), 0..24).prop_map(|pieces| {
        pieces
            .iter()
            .map(|(piece, space)| if *space { format!("{piece} ") } else { (*piece).to_owned() })
            .collect()
    })
}

/// Returns an argument of any kind.
fn argument() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(
            &[
                "''",
                "'abc def'",
                "'é😀'",
                "0",
                "-3",
                "7",
                "2.5",
                "true",
                "false",
                "nothing",
                "this",
                "request",
                "request.method",
                "request.query",
                "request.query.a",
                "request.headers",
                "request.path",
                "request.body",
                "parameters",
                "parameters.list",
                "parameters.big",
                "'$.a'",
                "'$..*'",
                "'[1,2]'",
                "'{\"a\":{\"b\":1.50}}'",
                "'yyyy-MM-dd HH:mm'",
                "'2021-03-04T05:06:07Z'",
                "'1 months'",
                "'%d %s'",
                "'#,##0.0#;(#)'",
                "'first day of month'",
                "','",
                "'+'",
                "'x*'",
                "2147483647",
            ][..]
        )
        .prop_map(str::to_owned),
        "'[ -&(-~]{0,12}'",
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (helper(), prop::collection::vec(inner, 0..3))
            .prop_map(|(helper, arguments)| format!("({helper} {})", arguments.join(" ")))
    })
}

fn helper() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "array",
            "arrayAdd",
            "arrayRemove",
            "arrayJoin",
            "range",
            "size",
            "math",
            "eq",
            "neq",
            "gt",
            "lte",
            "and",
            "or",
            "not",
            "contains",
            "matches",
            "jsonPath",
            "parseJson",
            "toJson",
            "formatJson",
            "jsonMerge",
            "jsonRemove",
            "jsonArrayAdd",
            "base64",
            "urlEncode",
            "formData",
            "regexExtract",
            "now",
            "date",
            "parseDate",
            "truncateDate",
            "dateFormat",
            "numberFormat",
            "stringFormat",
            "join",
            "cut",
            "substring",
            "replace",
            "upper",
            "capitalize",
            "slugify",
            "stripTags",
            "abbreviate",
            "wordWrap",
            "ljust",
            "center",
            "yesno",
            "lookup",
            "val",
            "trim",
            "pickRandom",
            "randomValue",
            "randomInt",
            "randomDecimal",
            "isEven",
            "stripes",
            "defaultIfEmpty",
            "systemValue",
            "hostname",
        ][..],
    )
}

fn named() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &[
            "format",
            "offset",
            "timezone",
            "size",
            "pad",
            "default",
            "position",
            "count",
            "length",
            "type",
            "lower",
            "upper",
            "yes",
            "no",
            "decode",
            "maxItems",
            "jsonPath",
            "flatten",
            "roundingMode",
            "maximumFractionDigits",
        ][..],
    );
    (name, argument()).prop_map(|(name, argument)| format!("{name}={argument}"))
}

fn tag() -> impl Strategy<Value = String> {
    let call =
        (helper(), prop::collection::vec(argument(), 0..4), prop::collection::vec(named(), 0..2));
    (call, any::<bool>()).prop_map(|((helper, arguments, named), block)| {
        let call = format!("{helper} {} {}", arguments.join(" "), named.join(" "));
        if block {
            format!("{{{{#{call}}}}}a{{{{this}}}}{{{{/{helper}}}}}")
        } else {
            format!("{{{{{call}}}}}")
        }
    })
}

fn model() -> Model {
    let asked = Asked {
        path: Some("/a/b%20c?a=1&a=x&b=".to_owned()),
        body: "{\"a\":[1,{\"b\":null}]}".to_owned(),
        ..Asked::default()
    };
    let parameters = serde_json::json!({"list": [1, "b", {"c": []}], "big": "x".repeat(500)});
    Model::new(asked.into_source(), &Parameters::from_text(&parameters.to_string()).unwrap())
}

/// Compiles and renders: errors are allowed, panics and unbounded results are not.
fn ends(text: &str, model: &Model) {
    if let Ok(template) = Template::compile(text) {
        if template.as_plain().is_some() {
            return;
        }
        if let Ok(made) = render_for(text, model) {
            assert!(made.len() <= MAX_OUTPUT_BYTES + text.len());
        }
    }
}

proptest! {
    #[test]
    fn any_text_compiles_or_is_refused(text in "\\PC{0,60}") {
        ends(&format!("{{{{{text}}}}}"), &model());
    }

    #[test]
    fn any_pieces_end(text in pieces()) {
        ends(&text, &model());
    }

    #[test]
    fn any_call_ends(tags in prop::collection::vec(tag(), 1..4)) {
        ends(&tags.concat(), &model());
    }

    #[test]
    fn a_text_without_tags_is_itself(text in "[^{]{0,40}") {
        let template = Template::compile(&text).unwrap();
        prop_assert_eq!(template.as_plain(), Some(text.as_str()));
    }
}
