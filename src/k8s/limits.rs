//! What a request may bring: how much, and in which forms.

/// The largest request body that is read, in bytes (upstream's `MaxRequestBodyBytes`).
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// The media types that the texts of 406 and 415 name.
pub(super) const ACCEPTED: &str =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";
