//! Rules of events of both groups (`pkg/apis/core/validation/events.go`). Errors name the fields of the internal type,
//! which are those of the core group.

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, problems, text};

/// The names that fields have in one of the groups.
struct Names {
    involved: &'static str,
    reporter: &'static str,
    message: &'static str,
}

const CORE: Names =
    Names { involved: "involvedObject", reporter: "reportingComponent", message: "message" };
const EVENTS: Names =
    Names { involved: "regarding", reporter: "reportingController", message: "note" };

/// `legacyValidateEvent`, for the core group.
pub(super) fn core(object: &Value, errors: &mut Errors) {
    legacy(object, &CORE, errors);
}

/// `legacyValidateEvent`, for `events.k8s.io/v1`.
pub(super) fn events(object: &Value, errors: &mut Errors) {
    legacy(object, &EVENTS, errors);
}

fn legacy(object: &Value, of: &Names, errors: &mut Errors) {
    let namespace = text(&object["metadata"], "namespace");
    let involved = text(&object[of.involved], "namespace");
    let is_old = object["eventTime"].is_null();
    let fits = match (involved.is_empty(), is_old) {
        (true, true) => namespace == "default",
        (true, false) => matches!(namespace, "default" | "kube-system"),
        (false, true) => involved == namespace,
        (false, false) => true,
    };
    if !fits {
        let why = "does not match event.namespace";
        errors.push(FieldError::invalid("involvedObject.namespace", quote(involved), why));
    }
    if is_old {
        return;
    }
    let reporter = text(object, of.reporter);
    if reporter.is_empty() {
        errors.push(FieldError::required(of.reporter, ""));
    }
    problems(errors, of.reporter, reporter, names::qualified_name(reporter));
    for field in ["reportingInstance", "action", "reason"] {
        let found = text(object, field);
        if found.is_empty() {
            errors.push(FieldError::required(field, ""));
        }
        at_most(errors, found, 128, field);
    }
    at_most(errors, text(object, of.message), 1024, "message");
}

fn at_most(errors: &mut Errors, found: &str, most: usize, path: &str) {
    if found.len() > most {
        let why = format!("can have at most {most} characters");
        errors.push(FieldError::invalid(path, quote(""), &why));
    }
}

/// `ValidateEventCreate` for `events.k8s.io/v1`, behind the older rules.
pub(super) fn new(object: &Value, errors: &mut Errors) {
    series(object, errors);
    if object["eventTime"].is_null() {
        errors.push(FieldError::required("eventTime", ""));
    }
    let kind = text(object, "type");
    if !matches!(kind, "Normal" | "Warning") {
        let why = format!("has invalid value: {kind}");
        errors.push(FieldError::invalid("type", quote(""), &why));
    }
    let source = &object["deprecatedSource"];
    let has_source = ["component", "host"].iter().any(|field| !text(source, field).is_empty());
    let set = |field: &str| !object[field].is_null() && object[field] != 0;
    for (is_set, name) in [
        (set("deprecatedFirstTimestamp"), "firstTimestamp"),
        (set("deprecatedLastTimestamp"), "lastTimestamp"),
        (set("deprecatedCount"), "count"),
        (has_source, "source"),
    ] {
        if is_set {
            errors.push(FieldError::invalid(name, quote(""), "needs to be unset"));
        }
    }
}

/// `validateV1EventSeries`.
fn series(object: &Value, errors: &mut Errors) {
    let series = &object["series"];
    if series.is_null() {
        return;
    }
    if series["count"].as_i64().unwrap_or_default() < 2 {
        errors.push(FieldError::invalid("series.count", quote(""), "should be at least 2"));
    }
    if series["lastObservedTime"].is_null() {
        errors.push(FieldError::required("series.lastObservedTime", ""));
    }
}

/// The fields of an event that stay, with their names in the internal type, in upstream's order.
const FIXED: [(&str, &str); 14] = [
    ("regarding", "involvedObject"),
    ("reason", "reason"),
    ("note", "message"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
    ("reason", "reason"),
    ("type", "type"),
    ("eventTime", "eventTime"),
    ("action", "action"),
    ("related", "related"),
    ("reportingController", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// `ValidateEventUpdate` for `events.k8s.io/v1`.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    if new["series"] != old["series"] {
        series(new, errors);
    }
    for (field, name) in FIXED {
        let found = &new[field];
        if *found == old[field] {
            continue;
        }
        let shown = match name {
            "involvedObject" => diff::internal_text("core.ObjectReference", found),
            "related" if !found.is_null() => diff::internal_text("core.ObjectReference", found),
            "source" => format!(
                "{{\"Component\":{},\"Host\":{}}}",
                quote(text(found, "component")),
                quote(text(found, "host"))
            ),
            "firstTimestamp" | "lastTimestamp" | "count" | "eventTime" | "related" => {
                json_text(found)
            }
            _ => quote(found.as_str().unwrap_or_default()),
        };
        errors.push(FieldError::invalid(name, shown, "field is immutable"));
    }
}
