//! One part of a comparison, for those who lay it out themselves: the console.

/// A part of a stub's request pattern beside the request's.
#[derive(Debug)]
pub(crate) struct ComparedPart {
    /// What it is, as messages name it; empty for what is no part of a request.
    pub(crate) part: &'static str,
    /// What the stub asks for.
    pub(crate) expected: String,
    /// What the request has.
    pub(crate) actual: String,
    /// Why it does not match; nothing where it does.
    pub(crate) difference: Option<String>,
}
