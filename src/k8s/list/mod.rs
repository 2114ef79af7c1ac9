//! Lists: the revision to read, the selected objects, the pages.

pub(crate) mod cache;
pub(crate) mod page;
pub(crate) mod token;

pub(crate) use cache::PageCache;
pub(super) use cache::{Items, PageForm};
pub(crate) use page::revision_of_list;
pub(super) use page::{Keep, Page, Seen, select_page};
pub(super) use token::ContinueToken;
