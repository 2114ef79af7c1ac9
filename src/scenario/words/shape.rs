//! The data model of the table: words, the types of their values, the objects that contain them,
//! and the constraints between them.

use std::fmt;

/// A kind of object in a scenario file, with its words.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Shape {
    /// Its name in the schema and in the reference.
    pub(super) name: &'static str,
    /// What it is for, in one sentence.
    pub(super) meaning: &'static str,
    /// A scenario with the object in its place, in YAML; `…` stands for the words of an example.
    pub(super) frame: &'static str,
    pub(super) words: &'static [Word],
    /// Further words, which several kinds of objects share or which belong together.
    pub(super) parts: &'static [&'static Self],
    pub(super) constraints: &'static [Constraint],
}

/// A key of an object.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Word {
    pub(super) key: &'static str,
    /// The form of its value.
    pub(super) form: fn() -> Form,
    pub(super) required: bool,
    /// Whether a value of zero has no effect.
    pub(super) positive: bool,
    /// Its default, or empty.
    pub(super) default: &'static str,
    /// What it is for, in one sentence.
    pub(super) meaning: &'static str,
    /// The words of an example object, in YAML; those of the object's frame are added.
    pub(super) example: &'static str,
}

/// A constraint between the words of an object.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Constraint {
    pub(super) must: Must,
    /// The code of the diagnostic.
    pub(super) code: &'static str,
    /// What is wrong; `{given}` stands for the words that break the constraint.
    pub(super) message: &'static str,
    /// What to do; `{words}` stands for the words of the constraint.
    pub(super) hint: &'static str,
}

/// What must hold. Words are keys of the object, or of its parts.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) enum Must {
    /// The object has at least one word.
    NotBeEmpty,
    /// At least one of these words.
    AtLeastOne(&'static [&'static str]),
    /// At least one of these words; an empty list does not count.
    HaveSome(&'static [&'static str]),
    /// At most one of these words.
    AtMostOne(&'static [&'static str]),
    /// Exactly one of these words.
    ExactlyOne(&'static [&'static str]),
    /// A word of the first list requires one of the second.
    Accompany(&'static [&'static str], &'static [&'static str]),
    /// A word with this value requires one of the list.
    AccompanyWhen(&'static str, &'static str, &'static [&'static str]),
    /// Where `word` is present (with the value `is`, if given), `other` may only have the value
    /// `only`.
    Restrict { word: &'static str, is: Option<&'static str>, other: &'static str, only: Literal },
    /// This word, or `forever: true`, and not both.
    OrForever(&'static str),
}

/// A value that a constraint requires.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) enum Literal {
    Text(&'static str),
    Number(u64),
}

/// The form of a value.
#[derive(Debug)]
pub(in crate::scenario) enum Form {
    /// A value of a named type.
    Type(&'static Type),
    /// A whole number from `low` to `high`; without an upper bound if `high` is `i64::MAX`.
    Integer { low: i64, high: i64 },
    /// One of these words, each with its meaning, which may be empty.
    Words(Vec<(&'static str, &'static str)>),
    /// An object with the words of a shape.
    Object(&'static Shape),
    /// A list of at least this many items.
    List { item: Box<Self>, least: usize },
    /// A value, or a list of at least this many of them.
    OneOrMany { item: Box<Self>, least: usize },
    /// An object of at least this many entries, whose keys are data.
    Map { keys: &'static Type, values: Box<Self>, least: usize },
    /// Any of these.
    AnyOf(Vec<Self>),
    /// It depends on whether another word is in the same object.
    Beside { word: &'static str, then: Box<Self>, otherwise: Box<Self> },
}

/// A type of values that has a name.
#[derive(Debug)]
pub(in crate::scenario) struct Type {
    /// Its name in the schema and in the reference.
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) meaning: &'static str,
    pub(super) looks: Looks,
}

/// The form of a type's values.
#[derive(Debug)]
pub(in crate::scenario) enum Looks {
    /// As this JSON Schema says.
    Schema(&'static str),
    /// As this form.
    Form(fn() -> Form),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Shape {
    /// Creates a kind of object without words.
    pub(super) const fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, frame: "", words: &[], parts: &[], constraints: &[] }
    }

    /// Sets the frame in which it is shown.
    pub(super) const fn frame(mut self, frame: &'static str) -> Self {
        self.frame = frame;
        self
    }

    /// Sets the constraints between its words.
    pub(super) const fn constraints(mut self, constraints: &'static [Constraint]) -> Self {
        self.constraints = constraints;
        self
    }

    /// Returns all its words, including those of its parts.
    pub(super) fn all_words(&self) -> impl Iterator<Item = &'static Word> {
        self.words.iter().chain(self.parts.iter().flat_map(|part| part.words))
    }

    /// Returns the constraints between its words, including those of its parts.
    pub(super) fn all_constraints(&self) -> impl Iterator<Item = &'static Constraint> {
        self.constraints.iter().chain(self.parts.iter().flat_map(|part| part.constraints))
    }
}

/// Creates a row of the table, without the type of its value.
pub(super) const fn word(key: &'static str, meaning: &'static str) -> Word {
    Word {
        key,
        form: || Form::AnyOf(Vec::new()),
        required: false,
        positive: false,
        default: "",
        meaning,
        example: "",
    }
}

impl Word {
    /// Makes the word required.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Makes a value of zero a warning: it has no effect.
    pub(super) const fn positive(mut self) -> Self {
        self.positive = true;
        self
    }

    /// Sets the default.
    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// Sets the example.
    pub(super) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

/// Returns a constraint, with the message for an object that breaks it.
pub(super) const fn constraint(
    must: Must,
    message: &'static str,
    hint: &'static str,
) -> Constraint {
    Constraint { must, code: crate::document::INVALID, message, hint }
}

impl Constraint {
    /// Sets the code of the diagnostic.
    pub(super) const fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}
