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

/// The search for secrets in bodies: benchmarks time it.
pub mod redact {
    use http::HeaderMap;

    use crate::redact::{Key, Media, Redacted, Redactor};

    /// Replaces the secrets of bodies, under a key of its own.
    #[derive(Debug)]
    pub struct BodyRedactor(Redactor);

    impl BodyRedactor {
        /// A redactor with a fixed key.
        #[must_use]
        pub fn new() -> Self {
            Self(Redactor::new(Key::of(b"benchmark")))
        }

        /// The body without its secrets; nothing where it has none, or cannot be read.
        #[must_use]
        pub fn redacted(&self, body: &[u8]) -> Option<Vec<u8>> {
            match self.0.pass("/").body(&Media::of(&HeaderMap::new()), body) {
                Redacted::Changed(new) => Some(new),
                Redacted::Same | Redacted::Opaque(_) => None,
            }
        }
    }

    impl Default for BodyRedactor {
        fn default() -> Self {
            Self::new()
        }
    }
}
