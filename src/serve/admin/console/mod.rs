//! The console: a page for browsers, and what it alone asks for. Everything else on it comes from the other endpoints.
//!
//! ```text
//! GET /__admin/ui      → [page]: HTML, CSS and JavaScript in one file, made when the program is built
//! GET /__admin/events  → [events]: the journal as it grows, in server-sent events
//! GET /__admin/objects → [objects]: what the Kubernetes side has, past scenarios, journal and grading
//! ```

mod events;
mod objects;
mod page;

pub(super) use events::events;
pub(super) use objects::objects;
pub(super) use page::page;
