//! JSON text → values and back, in the forms that templates show.

mod read;
mod smart;
mod write;

pub(crate) use read::{Reader, read};
pub(crate) use smart::read_smart;
pub(crate) use write::{write_compact, write_formatted, write_plain, write_pretty, write_smart};
