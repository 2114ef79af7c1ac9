//! The answering stub, as its response needs it.

use uuid::Uuid;

use super::super::request::RequestPattern;

/// The stub that answers.
#[derive(Debug, Clone, Copy)]
pub(in crate::matching) struct AnsweringStub<'s> {
    pub(in crate::matching) id: Uuid,
    pub(in crate::matching) name: Option<&'s str>,
    pub(in crate::matching) pattern: &'s RequestPattern,
}
