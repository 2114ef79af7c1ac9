//! Tests of the whole module against results of the JDK, recorded from `WireMock`'s own classes.

use serde_json::Value as Json;

use super::{Document, Reading, XPath};

/// Java's results: `xpath` cases have a document, an expression, perhaps namespaces, and the texts
/// found; `pretty` cases a document and its indented text. Neither means that Java refused.
const RECORDED: &str = include_str!("recorded.json");

fn namespaces(case: &Json) -> Vec<(Box<str>, Box<str>)> {
    let declared = case["ns"].as_object().into_iter().flatten();
    declared.map(|(prefix, name)| ((&**prefix).into(), name.as_str().unwrap().into())).collect()
}

fn answer(case: &Json) -> Option<Json> {
    let text = case["doc"].as_str().unwrap();
    let Some(expression) = case["expr"].as_str() else {
        return Some(Document::parse(text, Reading::PLAIN).ok()?.pretty().ok()?.into());
    };
    let xpath = XPath::compile(expression, &namespaces(case)).ok()?;
    let document = Document::parse(text, xpath.reading()).ok()?;
    let value = xpath.evaluate(&document).ok()?;
    Some(value.texts(&document).ok()?.into())
}

#[test]
fn documents_and_expressions_answer_as_in_java() {
    let cases: Vec<Json> = serde_json::from_str(RECORDED).unwrap();
    assert!(cases.len() > 200);
    let mut wrong = Vec::new();
    for case in &cases {
        let found = answer(case);
        let wanted =
            case.get("items").or_else(|| case.get("text")).filter(|_| case.get("error").is_none());
        if found.as_ref() != wanted {
            wrong.push(format!("{case}\n   here: {}", found.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn documents_that_grow_beyond_a_limit_are_refused() {
    let deep = format!("{}{}", "<a>".repeat(600), "</a>".repeat(600));
    let mut laughs = "<!DOCTYPE a [<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let inside = format!("&l{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY l{level} \"{inside}\">"));
    }
    laughs.push_str("]><a>&l9;</a>");
    let endless = "<!DOCTYPE a [<!ENTITY e \"&f;\"><!ENTITY f \"&e;\">]><a>&e;</a>";
    for text in [&*deep, &*laughs, endless] {
        assert!(Document::parse(text, Reading::PLAIN).is_err(), "{text:.80}");
    }
    let file = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><a>x&e;y</a>";
    let document = Document::parse(file, Reading::PLAIN).unwrap();
    assert_eq!(document.text_of(Document::ROOT), "xy");
}

#[test]
fn expressions_end_at_a_limit() {
    let wide = format!("<a>{}</a>", "<b/>".repeat(3_000));
    let document = Document::parse(&wide, Reading::PLAIN).unwrap();
    let slow =
        XPath::compile("count(//b[count(preceding::b) > count(following::b)])", &[]).unwrap();
    assert!(slow.evaluate(&document).unwrap_err().to_string().contains("steps"));
    let nested = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    assert!(XPath::compile(&nested, &[]).is_err());
    assert!(XPath::compile(&"a/".repeat(20_000), &[]).is_err());
}
