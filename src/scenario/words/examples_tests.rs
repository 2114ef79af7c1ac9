//! Every row of the table: its example loads, and the parser reads its value.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::shape::{Form, Looks, Must, Shape, Word};
use super::{reference, table};
use crate::document::{Diagnostic, Format, Source};
use crate::scenario::language::file;

/// Returns the documents that examples make, for other tests.
pub(super) fn examples() -> Vec<Value> {
    let all = words().into_iter();
    all.map(|(shape, word)| in_place(shape, word).0).collect()
}

fn words() -> Vec<(&'static Shape, &'static Word)> {
    let (shapes, _) = table::all();
    shapes.into_iter().flat_map(|shape| shape.words.iter().map(move |word| (shape, word))).collect()
}

/// Returns the problems of a scenario.
pub(super) fn load(document: &Value) -> Vec<Diagnostic> {
    let text = document.to_string();
    let source = Source { path: "s.json".into(), format: Format::Json, text };
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("body.json"), "{}").unwrap();
    file::read(&source, "s", Some(directory.path()), file::Offsets::default()).1
}

fn yaml(text: &str) -> Value {
    let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.to_owned() };
    source.parse().unwrap_or_else(|why| panic!("{text}: {why}")).remove(0)
}

/// Returns the example of a word in the frame of its shape, and the pointer to the object that it
/// is in.
fn in_place(shape: &Shape, word: &Word) -> (Value, String) {
    let mut document = yaml(shape.frame);
    let Value::Object(example) = yaml(&format!("{{{}}}", word.example)) else { panic!() };
    let pointer = slot(&document).unwrap_or_else(|| panic!("{}: no slot", shape.name));
    let object = document.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
    object.remove("…");
    object.extend(example);
    assert!(object.contains_key(word.key), "{}.{} is not in its example", shape.name, word.key);
    (document, pointer)
}

/// Returns the pointer to the object in which `…` stands.
fn slot(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) if map.contains_key("…") => Some(String::new()),
        Value::Object(map) => {
            map.iter().find_map(|(key, value)| Some(format!("/{key}{}", slot(value)?)))
        }
        Value::Array(list) => {
            let mut items = list.iter().enumerate();
            items.find_map(|(index, value)| Some(format!("/{index}{}", slot(value)?)))
        }
        _ => None,
    }
}

/// Returns a pointer as diagnostics write it.
fn dotted(pointer: &str) -> String {
    let mut text = String::new();
    for step in pointer.split('/').skip(1) {
        if step.parse::<usize>().is_ok() {
            text.push_str(&format!("[{step}]"));
        } else {
            text.push_str(if text.is_empty() { "" } else { "." });
            text.push_str(step);
        }
    }
    text
}

#[test]
fn every_example_loads() {
    let words = words();
    assert!(words.len() > 100, "{}", words.len());
    // A build without gzip refuses its word.
    let is_built = |word: &Word| cfg!(feature = "gzip") || word.key != "gzip";
    for (shape, word) in words.into_iter().filter(|(_, word)| is_built(word)) {
        let (document, _) = in_place(shape, word);
        let problems: Vec<String> = load(&document).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{}.{}: {problems:?}\n{document}", shape.name, word.key);
    }
}

/// The compiler warns about an unused field; this test shows that each field holds its own word's
/// value.
#[test]
fn the_parser_reads_every_word() {
    for (shape, word) in words() {
        if matches!((word.form)(), Form::Type(of) if of.name == "JSON") {
            // Any value is valid; the tests of replies cover its use.
            continue;
        }
        let (mut document, object) = in_place(shape, word);
        // A value that no type accepts.
        document.pointer_mut(&object).unwrap()[word.key] = json!([[[true]]]);
        let path = dotted(&format!("{object}/{}", word.key));
        let problems = load(&document);
        assert!(
            problems.iter().any(|problem| problem.key.starts_with(&path)),
            "{path} is not read: {problems:?}"
        );
    }
}

#[test]
fn no_word_is_known_that_is_not_in_the_table() {
    for (shape, word) in words() {
        let (mut document, object) = in_place(shape, word);
        document.pointer_mut(&object).unwrap()["no-such-word"] = json!(1);
        let problems = load(&document);
        let unknown = problems.iter().find(|problem| problem.code == "unknown-key");
        let expected = dotted(&format!("{object}/no-such-word"));
        assert_eq!(unknown.map(|problem| &problem.key), Some(&expected), "{problems:?}");
    }
}

#[test]
fn names_are_unique_and_constraints_are_about_words_of_their_shape() {
    let (shapes, types) = table::all();
    let mut names: Vec<String> =
        shapes.iter().map(|shape| super::schema::slug(shape.name)).collect();
    names.extend(types.iter().map(|of| super::schema::slug(of.name)));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    for shape in &shapes {
        assert!(shape.meaning.ends_with('.'), "{}", shape.name);
        for word in shape.words {
            assert!(word.meaning.ends_with('.'), "{}.{}: {}", shape.name, word.key, word.meaning);
            let twice = shape.all_words().filter(|other| other.key == word.key).count();
            assert_eq!(twice, 1, "{}.{}", shape.name, word.key);
        }
        for constraint in shape.all_constraints() {
            let about: Vec<&str> = match constraint.must {
                Must::NotBeEmpty => Vec::new(),
                Must::AtLeastOne(words)
                | Must::HaveSome(words)
                | Must::AtMostOne(words)
                | Must::ExactlyOne(words) => words.to_vec(),
                Must::Accompany(words, _) => words.to_vec(),
                Must::AccompanyWhen(word, _, others) => [&[word], others].concat(),
                Must::Restrict { word, .. } => vec![word],
                Must::OrForever(word) => vec![word, "forever"],
            };
            // A part may require a word of the objects that contain it.
            for word in about {
                let known = shape.all_words().any(|known| known.key == word);
                assert!(known, "{}: {word}", shape.name);
            }
        }
    }
    for of in types {
        if let Looks::Schema(text) = of.looks {
            serde_json::from_str::<Value>(text).unwrap_or_else(|why| panic!("{}: {why}", of.name));
        }
    }
}

#[test]
fn a_word_in_the_wrong_place_is_sent_to_the_right_one() {
    for (text, expected) in [
        ("rules: [{status: 500}]", "it belongs in then, reply, event; known here: at, client"),
        ("rules: [{then: {steps: []}}]", "it belongs in rule; known here: as, bookmarks"),
        ("rules: [{thne: pass}]", "did you mean \"then\"?"),
        ("rules: [{then: pass, colour: red}]", "unknown key \"colour\"; known here: at, client"),
    ] {
        let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.to_owned() };
        let (_, problems) = file::read(&source, "s", None, file::Offsets::default());
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.join("\n").contains(expected), "{text}: {lines:?}");
    }
}

/// The committed reference equals the generated one; `STANDIN_UPDATE_DOCS=1` writes it.
#[test]
fn the_reference_is_up_to_date() {
    const BEGIN: &str = "<!-- begin: standin schema scenario --reference -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (committed, after) = rest.split_once(END).unwrap();
    let made = format!("\n{}\n", reference());
    if std::env::var_os("STANDIN_UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert!(
        committed == made,
        "docs/scenarios.md differs from the generated reference; STANDIN_UPDATE_DOCS=1 cargo test --lib reference writes it"
    );
}
