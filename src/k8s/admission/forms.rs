//! The forms of a request's objects, which the verbs know and plugins do not.

use serde_json::Value;

use super::attributes::Versioned;

/// What plugins do with the objects of a request without knowing their type.
pub(crate) trait Forms {
    /// A changed object of the request as its type decodes it: without unknown fields, with its defaults.
    ///
    /// # Errors
    /// Go's message for what cannot be decoded.
    fn decoded(&self, value: Value) -> Result<Value, String>;

    /// An object of the request in another version of its type.
    ///
    /// # Errors
    /// Why there is no such form.
    fn in_version(&self, value: &Value, resource: Versioned<'_>) -> Result<Value, String>;

    /// An object in another version of its type as one of the request.
    ///
    /// # Errors
    /// Why there is no such form.
    fn of_version(&self, value: Value, resource: Versioned<'_>) -> Result<Value, String>;
}
