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

    /// A patched object in the version of a resource, as its type decodes it.
    ///
    /// # Errors
    /// Go's message for what cannot be decoded; for built-in types, fields that the type does not know are among it.
    fn decoded_strictly(&self, value: Value, resource: Versioned<'_>) -> Result<Value, String>;

    /// An object in the version of a resource, merged with a configuration that is applied.
    ///
    /// # Errors
    /// Upstream's message for a configuration that is not of the type.
    fn merged(
        &self,
        object: &Value,
        configuration: &Value,
        resource: Versioned<'_>,
    ) -> Result<Value, String>;

    /// A merged object in the version of a resource, as its type holds it.
    ///
    /// # Errors
    /// Go's message for what it does not hold.
    fn held(&self, value: Value, resource: Versioned<'_>) -> Result<Value, String>;

    /// Checks that a policy may change objects in the version of a resource: those of built-in types it changes in the
    /// version of the request alone.
    ///
    /// # Errors
    /// Upstream's message.
    fn check_version(&self, resource: Versioned<'_>) -> Result<(), String>;
}
