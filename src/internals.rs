//! What this project's own program, integration tests and fuzz targets use besides the interface. Anything here
//! may change or go in any version.

#[cfg(feature = "cli")]
pub use crate::cli::run;
pub use crate::document::{Format, Source, Step};
pub use crate::fixtures::load as load_fixtures;
pub use crate::scenario::{expand as expand_scenarios, shipped as shipped_scenarios};

/// Drills, run in this process.
#[cfg(feature = "cli")]
pub mod drill {
    pub use crate::drill::{
        DrillError, DrillOptions, DrillResult, Outcome, drill, json, junit, table, timeline,
    };
}
