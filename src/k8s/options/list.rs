//! `ListOptions`: the parameters of list, watch and delete-collection
//! (`k8s.io/apimachinery/pkg/apis/meta/internalversion/validation`).

use crate::message::{Query, is_true};

use super::super::golang::quote;
use super::super::resource::Served;
use super::super::select::{FieldSelector, LabelSelector, Selector};
use super::super::status::{ApiError, FieldError};
use super::parameters::integer;

/// `ListOptions`: the parameters of list, watch and delete-collection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct ListOptions {
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
    /// the resource type. `watch_list` says whether the gate of that name is on.
    ///
    /// # Errors
    /// 400 for invalid values, 422 for invalid combinations.
    pub(in super::super) fn parse(
        query: &Query<'_>,
        of: &Served,
        watch: bool,
        watch_list: bool,
    ) -> Result<Self, ApiError> {
        let text = |name: &str| query.first(name).unwrap_or_default();
        // At the path of a watch the parameters are those of a list, unless one of them is `watch`.
        let watch = watch && query.first("watch").is_some_and(is_true);
        let timeout_seconds = integer(query, "timeoutSeconds")?;
        let limit = integer(query, "limit")?;
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
        let options = if watch_list { options.with_defaults() } else { options };
        let errors =
            if options.watch { options.watch_errors(watch_list) } else { options.list_errors() };
        if !errors.is_empty() {
            return Err(ApiError::invalid_options("ListOptions", &errors));
        }
        let fields = fields.resolve(of).map_err(ApiError::bad_request)?;
        Ok(Self { selector: Selector { fields, ..options.selector }, ..options })
    }

    /// What a watch from the beginning implies (`SetListOptionsDefaults`).
    fn with_defaults(mut self) -> Self {
        let legacy = matches!(self.resource_version.as_str(), "" | "0");
        if self.watch
            && legacy
            && self.send_initial_events.is_none()
            && self.version_match.is_empty()
        {
            self.send_initial_events = Some(true);
            "NotOlderThan".clone_into(&mut self.version_match);
        }
        self
    }

    /// `ValidateListOptions`.
    fn list_errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let field = "resourceVersionMatch";
        if !self.version_match.is_empty() {
            if self.resource_version.is_empty() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                errors.push(FieldError::forbidden(field, why));
            }
            if !self.continue_token.is_empty() {
                let why = "resourceVersionMatch is forbidden when continue is provided";
                errors.push(FieldError::forbidden(field, why));
            }
            match self.version_match.as_str() {
                "Exact" if self.resource_version == "0" => {
                    let why =
                        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                    errors.push(FieldError::forbidden(field, why));
                }
                "Exact" | "NotOlderThan" => {}
                other => {
                    let known = ["Exact", "NotOlderThan", ""].map(str::to_owned);
                    errors.push(FieldError::not_supported(field, quote(other), &known));
                }
            }
        }
        if self.send_initial_events.is_some() {
            errors.push(FieldError::forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
        errors
    }

    /// `validateWatchOptions`.
    fn watch_errors(&self, watch_list: bool) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let field = "resourceVersionMatch";
        let found = self.version_match.as_str();
        if self.send_initial_events.is_some() && found != "NotOlderThan" {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(field, why));
        }
        if self.send_initial_events.is_some() && !watch_list {
            let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            errors.push(FieldError::forbidden("sendInitialEvents", why));
        }
        if found.is_empty() {
            return errors;
        }
        if self.send_initial_events.is_none() {
            let why =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        if found != "NotOlderThan" {
            let known = ["NotOlderThan".to_owned()];
            errors.push(FieldError::not_supported(field, quote(found), &known));
        }
        if !self.continue_token.is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        errors
    }
}
