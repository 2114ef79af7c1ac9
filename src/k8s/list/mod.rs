//! Lists: which revision, which objects, how many at a time.

pub(crate) mod page;
pub(crate) mod token;

pub(super) use page::{Page, select_page};
pub(super) use token::ContinueToken;
