//! Lists: which revision, which objects, how many at a time.

pub(crate) mod cache;
pub(crate) mod page;
pub(crate) mod token;

pub use cache::PageCache;
pub(super) use page::{Keep, Page, select_page};
pub(super) use token::ContinueToken;
