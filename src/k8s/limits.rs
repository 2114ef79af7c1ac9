//! Bounds of one request and of one object, as upstream has them unless noted.

/// The largest request body that is read, in bytes (upstream's `MaxRequestBodyBytes`).
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// The largest object that a request may store, in bytes of JSON (etcd's `--max-request-bytes`).
pub(super) const MAX_OBJECT_BYTES: usize = 1536 * 1024;

/// How deep an object may be nested, apart from its managed fields. Upstream's decoder stops at 10,000
/// levels; values are walked by recursion here, and this depth is safe on any thread.
pub(super) const MAX_DEPTH: usize = 127;

/// How deep a text may be nested: an object with its managed fields, which nest it some levels more.
pub(super) const MAX_TEXT_DEPTH: usize = MAX_DEPTH + 16;

/// How deep a YAML text may be nested: its reader takes far more stack for a level.
pub(super) const MAX_YAML_DEPTH: usize = 64;

/// The operations of one JSON Patch (`maxJSONPatchOperations`).
pub(super) const MAX_PATCH_OPERATIONS: usize = 10_000;

/// The bytes that the copies of one JSON Patch may add (`JSONPatchMaxCopyBytes`).
pub(super) const MAX_COPY_BYTES: usize = 3 * 1024 * 1024;

/// The media types that the texts of 406 and 415 name.
pub(super) const ACCEPTED: &str =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";
