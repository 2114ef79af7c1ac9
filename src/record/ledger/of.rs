//! What a recording is made of, and what it does to an earlier one.

use std::sync::Arc;

use crate::links::Links;

/// What happens to the answers of an earlier recording in the same folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Those of a request that is recorded again are replaced. Others stay.
    #[default]
    Replace,
    /// They stay, and new answers come after them.
    Extend,
}

/// A recording that is made.
#[derive(Debug, Clone)]
pub(crate) struct RecordingOf {
    /// The URL of the backend.
    pub(crate) backend: String,
    /// The name of the profile of the server that records.
    pub(crate) profile: &'static str,
    /// What happens to the earlier recording in the folder.
    pub(crate) earlier: Earlier,
    /// Links to the backends, where they are rewritten.
    pub(crate) links: Option<Arc<Links>>,
    /// Whether faults of the backend are recorded as a scenario.
    pub(crate) keeps_faults: bool,
    /// The largest body of an answer that is recorded, in bytes.
    pub(crate) most_of_body: u64,
}

impl Default for RecordingOf {
    fn default() -> Self {
        Self {
            backend: String::new(),
            profile: "kubernetes",
            earlier: Earlier::default(),
            links: None,
            keeps_faults: false,
            most_of_body: 1 << 30,
        }
    }
}
