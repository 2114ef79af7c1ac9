//! `DeleteOptions`: in a body or in the query.

use serde_json::Value;

use crate::message::{Query, is_true};

use super::super::golang::{GoType, STRING, Struct, quote};
use super::super::status::{ApiError, FieldError};
use super::parameters::{check_dry_run, integer};

/// `v1.Preconditions`.
static PRECONDITIONS: Struct = Struct {
    package: "v1",
    name: "Preconditions",
    fields: &[("uid", GoType::Text("types.UID")), ("resourceVersion", STRING)],
};

/// `v1.DeleteOptions`.
static DELETE_OPTIONS: Struct = Struct {
    package: "v1",
    name: "DeleteOptions",
    fields: &[
        ("kind", STRING),
        ("apiVersion", STRING),
        ("gracePeriodSeconds", GoType::Int),
        ("preconditions", GoType::Struct(&PRECONDITIONS)),
        ("orphanDependents", GoType::Bool),
        ("propagationPolicy", GoType::Text("v1.DeletionPropagation")),
        ("dryRun", GoType::List(&STRING)),
        (UNSAFE, GoType::Bool),
    ],
};

const UNSAFE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

/// `DeleteOptions`: of one object or of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct DeleteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `propagationPolicy`, or the equivalent of `orphanDependents`.
    pub propagation: Option<Propagation>,
    /// Whether `orphanDependents=false` was sent: then an object with finalizers is answered with 202.
    pub orphan_dependents_false: bool,
    /// `gracePeriodSeconds`.
    pub grace_seconds: Option<i64>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub resource_version: Option<String>,
}

/// What happens to dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Propagation {
    /// They are deleted first; the object waits for them.
    Foreground,
    /// They are deleted afterwards.
    Background,
    /// They stay.
    Orphan,
}

impl DeleteOptions {
    /// The options of a body, already known to be `DeleteOptions`.
    ///
    /// # Errors
    /// 400 for a field of the wrong type, 422 for values upstream refuses.
    pub(in super::super) fn of_body(mut body: Value) -> Result<Self, ApiError> {
        super::super::golang::decode_written(&mut body, &DELETE_OPTIONS)
            .map_err(ApiError::bad_request)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let dry_run = body["dryRun"].as_array().into_iter().flatten();
        let dry_run: Vec<_> = dry_run.filter_map(Value::as_str).map(Into::into).collect();
        let options = Self {
            grace_seconds: body["gracePeriodSeconds"].as_i64(),
            uid: text(&body["preconditions"]["uid"]),
            resource_version: text(&body["preconditions"]["resourceVersion"]),
            ..Self::default()
        };
        let orphan = body["orphanDependents"].as_bool();
        options.validated(body["propagationPolicy"].as_str(), orphan, &dry_run)
    }

    /// The options of a query.
    ///
    /// # Errors
    /// 400 for values that cannot be decoded, 422 for values upstream refuses.
    pub(in super::super) fn of_query(query: &Query<'_>) -> Result<Self, ApiError> {
        let grace_seconds = integer(query, "gracePeriodSeconds")?;
        // In a query the fields of `preconditions` are parameters with their own names.
        let precondition =
            |name: &str| query.first(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let options = Self {
            grace_seconds,
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
            ..Self::default()
        };
        let dry_run: Vec<_> = query.all("dryRun").map(Into::into).collect();
        let orphan = query.first("orphanDependents").map(is_true);
        options.validated(query.first("propagationPolicy"), orphan, &dry_run)
    }

    /// `ValidateDeleteOptions`.
    fn validated(
        mut self,
        policy: Option<&str>,
        orphan: Option<bool>,
        dry_run: &[std::borrow::Cow<'_, str>],
    ) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        if let (Some(policy), Some(_)) = (policy, orphan) {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            errors.push(FieldError::invalid("propagationPolicy", quote(policy), why));
        }
        self.propagation = match policy {
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Background") => Some(Propagation::Background),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let known = ["Foreground", "Background", "Orphan", "nil"].map(str::to_owned);
                errors.push(FieldError::not_supported("propagationPolicy", quote(other), &known));
                None
            }
            None => orphan.map(
                |orphan| {
                    if orphan { Propagation::Orphan } else { Propagation::Background }
                },
            ),
        };
        self.orphan_dependents_false = orphan == Some(false);
        self.dry_run = check_dry_run(dry_run, &mut errors);
        if errors.is_empty() {
            return Ok(self);
        }
        Err(ApiError::invalid_options("DeleteOptions", &errors))
    }
}
