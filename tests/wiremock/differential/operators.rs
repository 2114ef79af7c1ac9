//! Generated operators, over values that are close to each other.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Values of headers, parameters and cookies.
pub(super) const VALUES: &[&str] = &[
    "1",
    "01",
    "abc",
    "ABC",
    "a b",
    "ab",
    "2024-02-29",
    "2024-02-29T10:00:00Z",
    "é",
    "a.c",
    "true",
];

const PATTERNS: &[&str] = &[
    "abc",
    "a.*",
    "[a-c]+",
    ".*b.*",
    "(?i)abc",
    "a\\.c",
    "\\d+",
    "\\w*",
    "[^a]*",
    "(ab|1)c?",
    "a{2,3}",
    "^abc$",
    "(?=a).*",
    "(?!a).*",
    "(a)\\1",
    "a++b",
    "\\p{Alpha}+",
    "[a-z&&[^b]]+",
    "\\Qa.c\\E",
    "\\h*",
    ".",
    "",
    "a|",
];

const BAD_PATTERNS: &[&str] = &["(", "[a", "a{2,1}", "*", "\\"];

const JSON_PATHS: &[&str] = &[
    "$.a",
    "$.b",
    "$.a.b",
    "$.a[0]",
    "$.a[-1]",
    "$.a[*]",
    "$..a",
    "$.a.length()",
    "$[?(@.a == 1)]",
    "$.a[?(@ > 1)]",
    "$.a[?(@.b == 'x')]",
    "$.a[0:2]",
    "$['a']",
    "$['a','b']",
    "$.*",
    "$",
    "$.a[?(@.b)]",
    "$..[?(@.a =~ /x.*/i)]",
    "$.a[(@.length-1)]",
    "$[?(@.a in ['x', 1])]",
    "$[?(!@.a)]",
    "$.a.min()",
];

/// Small JSON documents.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let leaf = select(vec![
        json!(null),
        json!(true),
        json!(1),
        json!(1.0),
        json!(2),
        json!("1"),
        json!("x"),
        json!(""),
        json!([]),
        json!({}),
        json!("xy"),
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(select(vec!["a", "b", "c"]), inner, 0..3).prop_map(|map| {
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    select(VALUES).prop_map(str::to_owned)
}

/// An operator on one value.
pub(super) fn operator() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(|text| json!({"equalTo": text})),
        2 => text().prop_map(|text| json!({"equalTo": text, "caseInsensitive": true})),
        2 => text().prop_map(|text| json!({"contains": text})),
        2 => text().prop_map(|text| json!({"doesNotContain": text})),
        4 => select(PATTERNS).prop_map(|pattern| json!({"matches": pattern})),
        2 => select(PATTERNS).prop_map(|pattern| json!({"doesNotMatch": pattern})),
        1 => select(BAD_PATTERNS).prop_map(|pattern| json!({"matches": pattern})),
        1 => Just(json!({"absent": true})),
        1 => Just(json!({"anything": "x"})),
        1 => select(VALUES).prop_map(|text| json!({"before": text})),
        1 => select(VALUES).prop_map(|text| json!({"after": text})),
        1 => select(VALUES).prop_map(|text| json!({"equalToDateTime": text})),
        1 => (document(), any::<bool>(), any::<bool>()).prop_map(json_equality),
    ];
    nested(leaf.boxed())
}

/// An operator on a body.
pub(super) fn body_operator() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => operator(),
        4 => (document(), any::<bool>(), any::<bool>()).prop_map(json_equality),
        4 => select(JSON_PATHS).prop_map(|path| json!({"matchesJsonPath": path})),
        3 => (select(JSON_PATHS), operator()).prop_map(|(path, mut operator)| {
            operator["expression"] = json!(path);
            json!({"matchesJsonPath": operator})
        }),
        1 => document().prop_map(|schema| json!({"matchesJsonSchema": schema})),
        1 => schema().prop_map(|schema| json!({"matchesJsonSchema": schema})),
        1 => select(vec!["<a/>", "<a>1</a>", "<a b='1'/>", "<a><b/><c/></a>", "<a> <c/> <b/> </a>"])
            .prop_map(|xml| json!({"equalToXml": xml})),
        1 => select(vec!["/a", "//b", "/a/text()", "/a[@b='1']", "count(//b)", "/a/b | /a/c"])
            .prop_map(|path| json!({"matchesXPath": path})),
    ]
}

fn json_equality((document, order, extra): (Value, bool, bool)) -> Value {
    json!({"equalToJson": document, "ignoreArrayOrder": order, "ignoreExtraElements": extra})
}

fn schema() -> impl Strategy<Value = Value> {
    let kind = select(vec!["string", "integer", "number", "object", "array", "boolean", "null"]);
    (kind.clone(), kind, any::<bool>()).prop_map(|(outer, inner, required)| {
        let mut schema =
            json!({"type": outer, "properties": {"a": {"type": inner}}, "items": {"type": inner}});
        if required {
            schema["required"] = json!(["a"]);
        }
        schema
    })
}

fn nested(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => leaf.clone(),
        1 => leaf.clone().prop_map(|inner| json!({"not": inner})),
        1 => (leaf.clone(), leaf.clone()).prop_map(|(a, b)| json!({"and": [a, b]})),
        1 => (leaf.clone(), leaf).prop_map(|(a, b)| json!({"or": [a, b]})),
    ]
}

/// An operator on all values of a header or parameter.
pub(super) fn multi_operator() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => operator(),
        1 => prop::collection::vec(operator(), 1..3).prop_map(|list| json!({"hasExactly": list})),
        1 => prop::collection::vec(operator(), 1..3).prop_map(|list| json!({"includes": list})),
    ]
}
