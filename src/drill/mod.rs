//! Drills: a client's command, run under each of several scenarios and graded.
//!
//! ```text
//! names → scenario::expand → [run]: several at once → [one]: a server (or a world), the command ([command])
//!       → grade::Assessment → [result] → table, JSON ([report]), JUnit ([junit]), a page ([html]), timeline ([timeline])
//! ```

mod command;
mod html;
mod junit;
mod mark;
mod one;
mod options;
mod report;
mod result;
mod run;
mod timeline;

pub use html::html;
pub use junit::junit;
pub use options::DrillOptions;
pub(crate) use report::summary;
pub use report::{json, table};
pub use result::{DrillResult, Outcome};
pub(crate) use run::Progress;
pub use run::{DrillError, drill};
pub use timeline::timeline;
