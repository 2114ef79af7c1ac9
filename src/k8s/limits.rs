//! Bounds of one request and of one object: those of upstream unless noted.

/// The maximum size of a request body, in bytes (upstream's `MaxRequestBodyBytes`).
pub(crate) const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// The maximum size of a stored object, in bytes of JSON (etcd's `--max-request-bytes`).
pub(super) const MAX_OBJECT_BYTES: usize = 1536 * 1024;

/// The maximum nesting of an object, in levels, without its managed fields. Upstream's decoder stops at
/// 10,000 levels; values are walked by recursion here, and this depth is safe on every thread.
pub(super) const MAX_DEPTH: usize = 127;

/// The maximum nesting of a JSON text, in levels: managed fields are nested deeper than their object.
pub(super) const MAX_TEXT_DEPTH: usize = MAX_DEPTH + 16;

/// The maximum nesting of a YAML text, in levels.
pub(super) const MAX_YAML_DEPTH: usize = MAX_DEPTH;

/// The maximum number of values that the aliases of a YAML text add.
pub(super) const MAX_REPEATED_VALUES: usize = 100_000;

/// The maximum number of operations of a JSON Patch (`maxJSONPatchOperations`).
pub(super) const MAX_PATCH_OPERATIONS: usize = 10_000;

/// The maximum number of bytes that the copies of a JSON Patch add (`JSONPatchMaxCopyBytes`).
pub(super) const MAX_COPY_BYTES: usize = 3 * 1024 * 1024;

/// The media types that the messages of 406 and 415 list.
pub(super) const ACCEPTED: &str =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";
