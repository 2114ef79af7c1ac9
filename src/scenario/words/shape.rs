//! What the table holds, as data: words, the types of their values, the objects they are in, and what
//! holds between them.

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
    /// What its value looks like.
    pub(super) form: fn() -> Form,
    pub(super) required: bool,
    /// Whether a value of zero has no effect.
    pub(super) positive: bool,
    /// What holds without it, or empty.
    pub(super) default: &'static str,
    /// What it is for, in one sentence.
    pub(super) meaning: &'static str,
    /// The words of an object that shows it, in YAML; what the frame of the object has is added.
    pub(super) example: &'static str,
}

/// What holds between the words of an object.
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
    /// Any word is in the object.
    NotBeEmpty,
    /// At least one of these words.
    AtLeastOne(&'static [&'static str]),
    /// At least one of these words; an empty list does not count.
    HaveSome(&'static [&'static str]),
    /// At most one of these words.
    AtMostOne(&'static [&'static str]),
    /// One of these words, and no more.
    ExactlyOne(&'static [&'static str]),
    /// A word of the first list is beside one of the second.
    Accompany(&'static [&'static str], &'static [&'static str]),
    /// A word with this value is beside one of the list.
    AccompanyWhen(&'static str, &'static str, &'static [&'static str]),
    /// Where `word` stands (with the value `is`, if there is one), `other` has no value but `only`.
    Restrict { word: &'static str, is: Option<&'static str>, other: &'static str, only: Literal },
    /// This word, or `forever: true`, and not both.
    OrForever(&'static str),
}

/// A value that a constraint asks for.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) enum Literal {
    Text(&'static str),
    Number(u64),
}

/// What a value looks like.
#[derive(Debug)]
pub(in crate::scenario) enum Form {
    /// A value of a named type.
    Type(&'static Type),
    /// A whole number from `low` to `high`; without a bound above where `high` is `i64::MAX`.
    Integer { low: i64, high: i64 },
    /// One of these words, each with its meaning, which may be empty.
    Words(Vec<(&'static str, &'static str)>),
    /// An object with the words of a shape.
    Object(&'static Shape),
    /// A list of at least so many items.
    List { item: Box<Self>, least: usize },
    /// A value, or a list of at least so many of them.
    OneOrMany { item: Box<Self>, least: usize },
    /// An object of at least so many entries, whose keys are data.
    Map { keys: &'static Type, values: Box<Self>, least: usize },
    /// Any of these.
    AnyOf(Vec<Self>),
    /// It depends on whether another word is beside it.
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

/// What the values of a type look like.
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

    /// Returns where it stands.
    pub(super) const fn frame(mut self, frame: &'static str) -> Self {
        self.frame = frame;
        self
    }

    /// Returns what holds between its words.
    pub(super) const fn constraints(mut self, constraints: &'static [Constraint]) -> Self {
        self.constraints = constraints;
        self
    }

    /// Returns all its words, those of its parts too.
    pub(super) fn all_words(&self) -> impl Iterator<Item = &'static Word> {
        self.words.iter().chain(self.parts.iter().flat_map(|part| part.words))
    }

    /// Returns what holds between its words, those of its parts too.
    pub(super) fn all_constraints(&self) -> impl Iterator<Item = &'static Constraint> {
        self.constraints.iter().chain(self.parts.iter().flat_map(|part| part.constraints))
    }
}

/// Returns a row of the table, less the type of its value.
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
    /// The object is not complete without it.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A value of zero has no effect, and is warned about.
    pub(super) const fn positive(mut self) -> Self {
        self.positive = true;
        self
    }

    /// Returns what holds without it.
    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// Returns how it is written.
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
    /// Gives the diagnostic a code of its own.
    pub(super) const fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}
