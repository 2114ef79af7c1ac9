//! The types of Kubernetes' libraries, each with its syntax and its operations.

mod address;
pub(super) mod network;
pub(super) mod quantity;
pub(super) mod semver;
pub(super) mod url;
