//! Query parameters of the verbs, parsed and validated as upstream does
//! (`k8s.io/apimachinery/pkg/apis/meta/{v1,internalversion}/validation`).

use serde_json::Value;

use crate::message::{Query, is_true};

use super::golang::{self, quote};
use super::resource::Served;
use super::select::{FieldSelector, LabelSelector, Selector};
use super::status::{ApiError, FieldError};

/// `ListOptions`: the parameters of list, watch and delete-collection.
#[derive(Debug, Clone, Default)]
pub(super) struct ListOptions {
    /// `labelSelector` and `fieldSelector`.
    pub selector: Selector,
    /// `watch`.
    pub watch: bool,
    /// `allowWatchBookmarks`.
    pub bookmarks: bool,
    /// `resourceVersion`, as sent.
    pub resource_version: String,
    /// `resourceVersionMatch`, as sent.
    pub version_match: String,
    /// `timeoutSeconds`.
    pub timeout_seconds: Option<i64>,
    /// `limit`; `None` when absent, zero or negative.
    pub limit: Option<usize>,
    /// `continue`.
    pub continue_token: String,
    /// `sendInitialEvents`.
    pub send_initial_events: Option<bool>,
}

impl ListOptions {
    /// Parses and validates the parameters in upstream's order: numbers, selectors, combinations, fields of
    /// the resource type.
    ///
    /// # Errors
    /// 400 for invalid values, 422 for invalid combinations.
    pub(super) fn parse(query: &Query<'_>, of: &Served, watch: bool) -> Result<Self, ApiError> {
        let text = |name: &str| query.first(name).unwrap_or_default();
        let integer = |name: &str| match query.first(name) {
            None | Some("") => Ok(None),
            Some(value) => golang::parse_int(value).map(Some).map_err(ApiError::bad_request),
        };
        let timeout_seconds = integer("timeoutSeconds")?;
        let limit = integer("limit")?;
        let labels = LabelSelector::parse(text("labelSelector")).map_err(ApiError::bad_request)?;
        let fields = FieldSelector::parse(text("fieldSelector")).map_err(ApiError::bad_request)?;
        let options = Self {
            selector: Selector { labels, fields: FieldSelector::default() },
            watch,
            bookmarks: query.first("allowWatchBookmarks").is_some_and(is_true),
            resource_version: text("resourceVersion").to_owned(),
            version_match: text("resourceVersionMatch").to_owned(),
            timeout_seconds,
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0),
            continue_token: text("continue").to_owned(),
            send_initial_events: query.first("sendInitialEvents").map(is_true),
        };
        let errors = if options.watch { options.watch_errors() } else { options.list_errors() };
        if !errors.is_empty() {
            return Err(ApiError::invalid_options("ListOptions", &errors));
        }
        let fields = fields.resolve(of).map_err(ApiError::bad_request)?;
        Ok(Self { selector: Selector { fields, ..options.selector }, ..options })
    }

    fn list_errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let field = "resourceVersionMatch";
        if self.send_initial_events.is_some() {
            errors.push(FieldError::forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
        if self.version_match.is_empty() {
            return errors;
        }
        if self.resource_version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        if !self.continue_token.is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        match self.version_match.as_str() {
            "NotOlderThan" => {}
            "Exact" if self.resource_version == "0" => {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                errors.push(FieldError::forbidden(field, why));
            }
            "Exact" => {}
            other => {
                let known = ["Exact", "NotOlderThan", ""].map(str::to_owned);
                errors.push(FieldError::not_supported(field, quote(other), &known));
            }
        }
        errors
    }

    fn watch_errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let field = "resourceVersionMatch";
        match (self.send_initial_events, self.version_match.as_str()) {
            (None, "") | (Some(_), "NotOlderThan") => {}
            (None, _) => {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                errors.push(FieldError::forbidden(field, why));
            }
            (Some(_), found) => {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                errors.push(FieldError::forbidden(field, why));
                if !found.is_empty() {
                    let known = ["NotOlderThan".to_owned()];
                    errors.push(FieldError::not_supported(field, quote(found), &known));
                }
            }
        }
        if self.send_initial_events.is_some() && !self.continue_token.is_empty() {
            let why = "sendInitialEvents is forbidden when continue is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        errors
    }
}

/// `DeleteOptions`: of one object or of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DeleteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `propagationPolicy`, or the equivalent of `orphanDependents`.
    pub propagation: Option<Propagation>,
    /// Whether `orphanDependents=false` was sent: then an object with finalizers is answered with 202.
    pub orphan_dependents_false: bool,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub resource_version: Option<String>,
}

/// What happens to dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Propagation {
    /// They are deleted first; the object waits for them.
    Foreground,
    /// They are deleted afterwards.
    Background,
    /// They stay.
    Orphan,
}

impl DeleteOptions {
    /// Parses the options: from the body if there is one, otherwise from the query.
    ///
    /// # Errors
    /// 400 for a body that is not JSON, 422 for values upstream refuses.
    pub(super) fn parse(query: &Query<'_>, body: Option<&Value>) -> Result<Self, ApiError> {
        let mut dry_run: Vec<String> = Vec::new();
        let mut options = Self::default();
        let mut propagation = String::new();
        let orphan;
        if let Some(body) = body {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            dry_run.extend(body["dryRun"].as_array().into_iter().flatten().filter_map(text));
            propagation = text(&body["propagationPolicy"]).unwrap_or_default();
            orphan = body["orphanDependents"].as_bool();
            options.uid = text(&body["preconditions"]["uid"]);
            options.resource_version = text(&body["preconditions"]["resourceVersion"]);
        } else {
            dry_run.extend(query.all("dryRun").map(str::to_owned));
            query.first("propagationPolicy").unwrap_or_default().clone_into(&mut propagation);
            // In a query the fields of `preconditions` are parameters with their own names.
            let precondition =
                |name: &str| query.first(name).filter(|text| !text.is_empty()).map(str::to_owned);
            options.uid = precondition("uid");
            options.resource_version = precondition("resourceVersion");
            orphan = query.first("orphanDependents").map(is_true);
        }
        let mut errors = Vec::new();
        options.propagation = match (propagation.as_str(), orphan) {
            ("", None) => None,
            ("", Some(true)) => Some(Propagation::Orphan),
            ("", Some(false)) => Some(Propagation::Background),
            (_, Some(_)) => {
                let value = quote(&propagation);
                let why = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(FieldError::invalid("propagationPolicy", value, why));
                None
            }
            ("Foreground", None) => Some(Propagation::Foreground),
            ("Background", None) => Some(Propagation::Background),
            ("Orphan", None) => Some(Propagation::Orphan),
            (other, None) => {
                let known = ["Foreground", "Background", "Orphan", "nil"].map(str::to_owned);
                errors.push(FieldError::not_supported("propagationPolicy", quote(other), &known));
                None
            }
        };
        options.orphan_dependents_false = orphan == Some(false);
        options.dry_run = check_dry_run(&dry_run, &mut errors);
        if errors.is_empty() {
            return Ok(options);
        }
        Err(ApiError::invalid_options("DeleteOptions", &errors))
    }
}

/// `CreateOptions`, `UpdateOptions` and `PatchOptions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WriteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `fieldValidation`.
    pub validation: FieldValidation,
    /// `fieldManager`, as sent.
    pub manager: String,
    /// `force`, for apply patches.
    pub force: bool,
}

/// How unknown and duplicate fields are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FieldValidation {
    /// They are ignored.
    Ignore,
    /// With a `Warning` header: the default.
    #[default]
    Warn,
    /// With 400.
    Strict,
}

impl WriteOptions {
    /// Parses and validates the parameters; `kind` is the Kind of the options, for messages.
    ///
    /// # Errors
    /// 422 for values upstream refuses.
    pub(super) fn parse(query: &Query<'_>, kind: &str, apply: bool) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let dry_run: Vec<String> = query.all("dryRun").map(str::to_owned).collect();
        let manager = query.first("fieldManager").unwrap_or_default().to_owned();
        let force = query.first("force");
        if kind == "PatchOptions" {
            if apply && manager.is_empty() {
                errors.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            if !apply && force.is_some() {
                errors.push(FieldError::forbidden(
                    "force",
                    "may not be specified for non-apply patch",
                ));
            }
        }
        if manager.len() > 128 {
            errors.push(FieldError::too_long("fieldManager", 128));
        }
        let dry_run = check_dry_run(&dry_run, &mut errors);
        let validation = match query.first("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let known = ["Ignore", "Strict", "Warn"].map(str::to_owned);
                errors.push(FieldError::not_supported("fieldValidation", quote(other), &known));
                FieldValidation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid_options(kind, &errors));
        }
        Ok(Self { dry_run, validation, manager, force: force.is_some_and(is_true) })
    }
}

fn check_dry_run(values: &[String], errors: &mut Vec<FieldError>) -> bool {
    if values.iter().any(|value| value != "All") {
        let list: Vec<String> = values.iter().map(|value| quote(value)).collect();
        let shown = format!("[]string{{{}}}", list.join(", "));
        errors.push(FieldError::not_supported("dryRun", shown, &["All".to_owned()]));
    }
    !values.is_empty()
}

/// Validates `?timeout=`: the deadline of the request, a Go duration.
///
/// # Errors
/// 400 with upstream's message.
pub(super) fn check_timeout(query: &Query<'_>) -> Result<(), ApiError> {
    let Some(text) = query.first("timeout").filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let failed = |why: String| {
        ApiError::bad_request(format!("invalid timeout specified in the request URL - {why}"))
    };
    golang::parse_duration(text).map_err(failed)?;
    Ok(())
}
