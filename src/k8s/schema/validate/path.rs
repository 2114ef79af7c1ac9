//! The way to a value in an object, as messages name it.

use std::fmt;

/// The way to a value.
pub(super) enum Path<'p> {
    Root(&'p str),
    Field(&'p Self, &'p str),
    /// A field of a map of values: upstream writes the dot at the root too.
    Entry(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(text) => f.write_str(text),
            Self::Field(Self::Root(""), name) => f.write_str(name),
            Self::Field(before, name) | Self::Entry(before, name) => write!(f, "{before}.{name}"),
            Self::Item(before, index) => write!(f, "{before}[{index}]"),
        }
    }
}
