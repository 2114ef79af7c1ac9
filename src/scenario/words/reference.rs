//! The table → the lists of words in `docs/scenarios.md`, as Markdown.

use super::schema::{choices, slug};
use super::shape::{Form, Looks, Must, Shape, Type, Word};
use super::table;

/// Returns the generated part of `docs/scenarios.md`: every word of the language with its type,
/// default, meaning and an example.
#[must_use]
pub(crate) fn reference() -> String {
    let (shapes, types) = table::all();
    let mut text = String::new();
    for shape in shapes {
        section(shape, &mut text);
    }
    text.push_str("## Types\n\n| type | how it is written |\n|---|---|\n");
    for of in types {
        text.push_str(&format!("| {} | {} |\n", of.name, explained(of)));
    }
    text
}

fn explained(of: &Type) -> String {
    match of.looks {
        Looks::Schema(_) => of.meaning.to_owned(),
        Looks::Form(form) => {
            let form = form();
            let choices = choices(&form).into_iter();
            let choices: Vec<String> =
                choices.map(|(choice, meaning)| format!(" `{choice}`: {meaning}.")).collect();
            format!("{} {}.{}", of.meaning, value(&form), choices.concat())
        }
    }
}

fn section(shape: &Shape, text: &mut String) {
    text.push_str(&format!("## {}\n\n{} In context:\n\n", shape.name, shape.meaning));
    text.push_str(&format!("```text\n{}\n```\n\n", shape.frame));
    text.push_str("| word | value | default | meaning | example |\n|---|---|---|---|---|\n");
    for word in shape.words {
        row(word, text);
    }
    text.push('\n');
    let parts: Vec<String> = shape.parts.iter().map(|part| link(part.name)).collect();
    if !parts.is_empty() {
        text.push_str(&format!("It also has the words of {}.\n\n", parts.join(", ")));
    }
    for constraint in shape.constraints.iter().filter(|of| !follows(&of.must, shape)) {
        text.push_str(&format!("- {}\n", rule(&constraint.must)));
    }
    if !shape.constraints.is_empty() {
        text.push('\n');
    }
}

/// Returns whether another constraint implies this one, so that only its message is its own.
fn follows(must: &Must, shape: &Shape) -> bool {
    let Must::AtMostOne(words) = must else { return false };
    shape.constraints.iter().any(|other| match other.must {
        Must::AtMostOne(others) => {
            others.len() > words.len() && words.iter().all(|word| others.contains(word))
        }
        _ => false,
    })
}

fn row(word: &Word, text: &mut String) {
    let form = (word.form)();
    let without = if word.required { "required" } else { word.default };
    let mut meaning = word.meaning.to_owned();
    let choices: Vec<String> =
        choices(&form).iter().map(|(choice, meaning)| format!("`{choice}`: {meaning}")).collect();
    if !choices.is_empty() {
        meaning.push_str(&format!(" {}.", choices.join("; ")));
    }
    let cells = [
        format!("`{}`", word.key),
        value(&form),
        without.to_owned(),
        meaning,
        format!("`{}`", word.example),
    ];
    text.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", slug(name))
}

fn value(form: &Form) -> String {
    match form {
        Form::Type(of) => format!("[{}](#types)", of.name),
        Form::Integer { low, high: i64::MAX } => format!("number from {low}"),
        Form::Integer { low, high } => format!("number from {low} to {high}"),
        Form::Words(words) => list(words.iter().map(|(word, _)| *word)),
        Form::Object(shape) => link(shape.name),
        Form::List { item, .. } => format!("list of {}", value(item)),
        Form::OneOrMany { item, .. } => format!("{}, or a list of them", value(item)),
        Form::Map { keys, values, .. } => {
            format!("for each [{}](#types): {}", keys.name, value(values))
        }
        Form::AnyOf(forms) => forms.iter().map(value).collect::<Vec<_>>().join(", or "),
        Form::Beside { word, then, otherwise } => {
            format!("with `{word}` {}; else {}", value(then), value(otherwise))
        }
    }
}

fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns a constraint as a sentence.
fn rule(must: &Must) -> String {
    match *must {
        Must::NotBeEmpty => "It has at least one word.".to_owned(),
        Must::AtLeastOne(words) => format!("At least one of {}.", list(words.iter().copied())),
        Must::HaveSome(words) => {
            format!("At least one of {}, and not an empty list.", list(words.iter().copied()))
        }
        Must::AtMostOne(words) => format!("At most one of {}.", list(words.iter().copied())),
        Must::ExactlyOne(words) => format!("Exactly one of {}.", list(words.iter().copied())),
        Must::Accompany(words, others) => {
            format!("{} only with {}.", list(words.iter().copied()), list(others.iter().copied()))
        }
        Must::AccompanyWhen(word, is, others) => {
            format!("`{word}: {is}` only with one of {}.", list(others.iter().copied()))
        }
        Must::Restrict { word, is, other, only } => {
            let word = is.map_or_else(|| word.to_owned(), |is| format!("{word}: {is}"));
            format!("`{word}` only with `{other}: {only}`.")
        }
        Must::OrForever(word) => format!("Either `{word}` or `forever: true`."),
    }
}
