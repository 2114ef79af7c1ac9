//! The table → a JSON Schema of scenario files, from which editors complete and explain every word.

use serde_json::{Map, Value, json};

use super::shape::{Form, Literal, Looks, Must, Shape, Word};
use super::table::{self, ScenarioWords};

/// Returns the JSON Schema of scenario files (draft 2020-12), for editors.
#[must_use]
pub(crate) fn schema() -> String {
    let (shapes, types) = table::all();
    let mut definitions = Map::new();
    for of in types {
        let mut value = match of.looks {
            // The table is constant: a test reads all of it.
            Looks::Schema(text) => serde_json::from_str(text).unwrap_or(Value::Bool(true)),
            Looks::Form(of) => form(&of()),
        };
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), plain(of.meaning).into());
        }
        definitions.insert(slug(of.name), value);
    }
    for shape in shapes {
        definitions.insert(slug(shape.name), object(shape));
    }
    let root = definitions.remove(&slug(ScenarioWords::SHAPE.name)).unwrap_or_default();
    let Value::Object(mut root) = root else { return String::new() };
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("title".to_owned(), "Scenario".into());
    root.insert("$defs".to_owned(), definitions.into());
    format!("{:#}\n", Value::Object(root))
}

/// Returns the slug of a name, equal to the anchor of its heading.
pub(super) fn slug(name: &str) -> String {
    name.to_lowercase().replace(": ", "-").replace(' ', "-")
}

/// Removes backticks, which editors show literally.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

fn object(shape: &Shape) -> Value {
    let mut properties = Map::new();
    let mut constraints: Vec<Value> =
        shape.all_constraints().map(|constraint| must(&constraint.must)).collect();
    for word in shape.all_words() {
        let of = (word.form)();
        if let Form::Beside { word: beside, then, otherwise } = &of {
            let with = |form_of| json!({"properties": {word.key: form(form_of)}});
            constraints.push(json!({
                "if": {"required": [beside]}, "then": with(then), "else": with(otherwise),
            }));
        }
        properties.insert(word.key.to_owned(), property(word, &of));
    }
    let required: Vec<&str> =
        shape.all_words().filter(|word| word.required).map(|word| word.key).collect();
    let mut value = json!({
        "description": plain(shape.meaning),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        value["required"] = required.into();
    }
    if !constraints.is_empty() {
        value["allOf"] = constraints.into();
    }
    value
}

fn property(word: &Word, of: &Form) -> Value {
    let mut description = plain(word.meaning);
    for (choice, meaning) in choices(of) {
        description.push_str(&format!(" {choice}: {meaning}."));
    }
    if !word.default.is_empty() {
        description.push_str(&format!(" Default: {}.", plain(word.default)));
    }
    let mut value = form(of);
    if let Value::Object(value) = &mut value {
        value.insert("description".to_owned(), description.into());
    }
    value
}

/// Returns the words of a form that have a documented meaning.
pub(super) fn choices(form: &Form) -> Vec<(&'static str, &'static str)> {
    match form {
        Form::Words(words) => {
            words.iter().copied().filter(|(_, meaning)| !meaning.is_empty()).collect()
        }
        Form::AnyOf(forms) => forms.iter().flat_map(choices).collect(),
        _ => Vec::new(),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{}", slug(name))})
}

fn form(of: &Form) -> Value {
    match of {
        Form::Type(of) => reference(of.name),
        Form::Integer { low, high: i64::MAX } => json!({"type": "integer", "minimum": low}),
        Form::Integer { low, high } => json!({"type": "integer", "minimum": low, "maximum": high}),
        Form::Words(words) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            json!({"enum": words})
        }
        Form::Object(shape) => reference(shape.name),
        Form::List { item, least } => {
            at_least("minItems", *least, json!({"type": "array", "items": form(item)}))
        }
        Form::OneOrMany { item, least } => {
            let list = json!({"type": "array", "items": form(item)});
            json!({"anyOf": [form(item), at_least("minItems", *least, list)]})
        }
        Form::Map { keys, values, least } => {
            let map = json!({
                "type": "object",
                "propertyNames": reference(keys.name),
                "additionalProperties": form(values),
            });
            at_least("minProperties", *least, map)
        }
        Form::AnyOf(forms) => json!({"anyOf": forms.iter().map(form).collect::<Vec<_>>()}),
        // The constraint next to it restricts it.
        Form::Beside { .. } => json!({}),
    }
}

/// Adds a lower bound, unless it is 0.
fn at_least(key: &str, least: usize, mut schema: Value) -> Value {
    if least > 0 {
        schema[key] = least.into();
    }
    schema
}

fn must(must: &Must) -> Value {
    let each = |words: &[&str]| -> Vec<Value> {
        words.iter().map(|word| json!({"required": [word]})).collect()
    };
    let value = |word: &str, value: Value| json!({"properties": {word: value}});
    let is =
        |word: &str, is: &str| json!({"required": [word], "properties": {word: {"const": is}}});
    match *must {
        Must::NotBeEmpty => json!({"minProperties": 1}),
        Must::AtLeastOne(words) => json!({"anyOf": each(words)}),
        Must::HaveSome(words) => {
            let filled =
                |word: &&str| json!({"required": [word], "properties": {*word: {"minItems": 1}}});
            json!({"anyOf": words.iter().map(filled).collect::<Vec<_>>()})
        }
        Must::AtMostOne(words) => {
            let mut one = each(words);
            one.push(json!({"not": {"anyOf": each(words)}}));
            json!({"oneOf": one})
        }
        Must::ExactlyOne(words) => json!({"oneOf": each(words)}),
        Must::Accompany(words, others) => {
            json!({"if": {"anyOf": each(words)}, "then": {"anyOf": each(others)}})
        }
        Must::AccompanyWhen(word, when, others) => {
            json!({"if": is(word, when), "then": {"anyOf": each(others)}})
        }
        Must::Restrict { word, is: when, other, only } => {
            let only = match only {
                Literal::Text(text) => json!({"const": text}),
                Literal::Number(number) => json!({"const": number}),
            };
            let asks = when.map_or_else(|| json!({"required": [word]}), |when| is(word, when));
            json!({"if": asks, "then": value(other, only)})
        }
        Must::OrForever(word) => json!({
            "if": {"required": [word]},
            "then": value("forever", json!({"const": false})),
            "else": {"required": ["forever"], "properties": {"forever": {"const": true}}},
        }),
    }
}
