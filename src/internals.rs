//! What this project's own program, integration tests and fuzz targets use besides the interface. Anything here
//! may change or go in any version.

#[cfg(feature = "cli")]
pub use crate::cli::run;
pub use crate::document::{Format, Source, Step};
pub use crate::fixtures::load as load_fixtures;
pub use crate::scenario::{expand as expand_scenarios, shipped as shipped_scenarios};

/// Sets of stubs, changed and asked without a server: benchmarks time them.
pub mod stubs {
    pub use crate::document::Decoder;
    pub use crate::matching::{BodyFiles, HeaderPool, Stub, StubCompiler, StubFile, StubSet};
    pub use crate::message::{Asked, Request};
}

/// Drills, run in this process.
#[cfg(feature = "cli")]
pub mod drill {
    pub use crate::drill::{
        DrillError, DrillOptions, DrillResult, Outcome, drill, html, json, junit, table, timeline,
    };
}
