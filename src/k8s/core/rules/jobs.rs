//! Rules of jobs (`pkg/apis/batch/validation/validation.go`, `pkg/registry/batch`).

use serde_json::{Map, Value, json};

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{
    self, Errors, child, immutable, is_readable, item, label_selector, list, non_negative, selects,
    supported_text, text,
};
use super::formats::domain_prefixed_path;
use super::job_policies;
use super::pods::template;

/// The maximum length of the name of what manages a job.
const MAX_MANAGER: u64 = 63;

/// The labels that a job has in its template: those with a prefix, and the older ones.
const UIDS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAMES: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// `jobStrategy.PrepareForCreate`: the labels of the template and the selector.
pub(super) fn new_job(object: &mut Value) {
    object["status"] = json!({});
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let (name, uid) = (identity(object, "name"), identity(object, "uid"));
    let whole = Map::new;
    let labels = &mut object["spec"]["template"]["metadata"]["labels"];
    let mut map = labels.as_object().cloned().unwrap_or_else(whole);
    for label in NAMES {
        map.entry(label).or_insert_with(|| name.clone());
    }
    for label in UIDS {
        map.entry(label).or_insert_with(|| uid.clone());
    }
    *labels = map.into();
    let chosen = &mut object["spec"]["selector"]["matchLabels"];
    let mut map = chosen.as_object().cloned().unwrap_or_else(whole);
    map.entry(UIDS[1]).or_insert(uid);
    *chosen = map.into();
}

/// `ValidateJob`.
pub(super) fn job(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    job_spec(errors, spec, "spec");
    if spec["selector"].is_null() {
        errors.push(FieldError::required("spec.selector", ""));
    } else {
        label_selector(errors, &spec["selector"], "spec.selector");
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if is_readable(&spec["selector"]) && !selects(&spec["selector"], labels) {
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid("spec.template.metadata.labels", json_text(labels), why));
    }
}

/// The name or the uid of a job, which are empty texts where they are not set.
fn identity(job: &Value, field: &str) -> Value {
    match &job["metadata"][field] {
        Value::Null => "".into(),
        found => found.clone(),
    }
}

/// What the labels and the selector of a new job must be (`validateGeneratedSelector`).
fn generated_selector(errors: &mut Errors, object: &Value) {
    let (name, uid) = (&identity(object, "name"), &identity(object, "uid"));
    let labels = &object["spec"]["template"]["metadata"]["labels"];
    for (label, wanted) in [(UIDS[0], uid), (NAMES[0], name), (UIDS[1], uid), (NAMES[1], name)] {
        let path = "spec.template.metadata.labels";
        match labels.get(label) {
            None => {
                let why = format!("must be '{}'", wanted.as_str().unwrap_or_default());
                errors.push(FieldError::required(item(path, label), &why));
            }
            Some(found) if found != wanted => {
                let why = format!("must be '{}'", wanted.as_str().unwrap_or_default());
                errors.push(FieldError::invalid(item(path, label), json_text(labels), &why));
            }
            Some(_) => {}
        }
    }
    let expected = json!({UIDS[0]: uid, UIDS[1]: uid, NAMES[0]: name, NAMES[1]: name});
    let selector = &object["spec"]["selector"];
    if is_readable(selector) && !selects(selector, &expected) {
        let why = "`selector` not auto-generated";
        errors.push(FieldError::invalid("spec.selector", check::shown(selector), why));
    }
}

/// `validateJobSpec`.
fn job_spec(errors: &mut Errors, spec: &Value, path: &str) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        non_negative(errors, spec, field, path);
    }
    let is_null = |field: &str| spec[field].is_null();
    if !is_null("maxFailedIndexes") && is_null("backoffLimitPerIndex") {
        let why = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(child(path, "backoffLimitPerIndex"), why));
    }
    if let Some(manager) = spec["managedBy"].as_str() {
        domain_prefixed_path(errors, manager, &child(path, "managedBy"));
        if manager.len() as u64 > MAX_MANAGER {
            errors.push(FieldError::too_long(child(path, "managedBy"), MAX_MANAGER));
        }
    }
    let mode = text(spec, "completionMode");
    if !is_null("completionMode") {
        let at = child(path, "completionMode");
        supported_text(errors, mode, &at, &["NonIndexed", "Indexed"]);
    }
    if mode == "Indexed" {
        indexed(errors, spec, path);
    }
    if mode.is_empty() || mode == "NonIndexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if !is_null(field) {
                let why = "requires indexed completion mode";
                errors.push(FieldError::invalid(child(path, field), &spec[field], why));
            }
        }
    }
    if !is_null("podFailurePolicy") {
        job_policies::failure(errors, spec, &child(path, "podFailurePolicy"));
    }
    if !is_null("successPolicy") {
        job_policies::success(errors, spec, &child(path, "successPolicy"));
    }
    if !is_null("podReplacementPolicy") {
        let known: &[&str] = if is_null("podFailurePolicy") {
            &["Failed", "TerminatingOrFailed"]
        } else {
            &["Failed"]
        };
        let found = text(spec, "podReplacementPolicy");
        supported_text(errors, found, &child(path, "podReplacementPolicy"), known);
    }
    template(errors, &spec["template"], &child(path, "template"));
    let at = child(path, "template.spec.restartPolicy");
    match text(&spec["template"]["spec"], "restartPolicy") {
        "" | "Always" => {
            let why = "valid values: \"OnFailure\", \"Never\"";
            errors.push(FieldError::required(at, why));
        }
        "Never" => {}
        "OnFailure" if is_null("podFailurePolicy") => {}
        found @ "OnFailure" => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            errors.push(FieldError::invalid(at, quote(found), why));
        }
        found => supported_text(errors, found, &at, &["OnFailure", "Never"]),
    }
}

/// What a job with indexes has, and what many indexes allow.
fn indexed(errors: &mut Errors, spec: &Value, path: &str) {
    const MOST: i64 = 100_000;
    const MOST_OF_MANY: i64 = 10_000;
    let number = |field: &str| spec[field].as_i64();
    let [completions, parallelism, failed] =
        ["completions", "parallelism", "maxFailedIndexes"].map(number);
    if completions.is_none() {
        let why = "when completion mode is Indexed";
        errors.push(FieldError::required(child(path, "completions"), why));
    }
    let mut above = |field: &str, found: Option<i64>, most: i64, why: &str| {
        if let Some(found) = found.filter(|found| *found > most) {
            errors.push(FieldError::invalid(child(path, field), found, why));
        }
    };
    let why = format!("must be less than or equal to {MOST} when completion mode is Indexed");
    above("parallelism", parallelism, MOST, &why);
    let least = completions.unwrap_or(i64::MAX);
    above("maxFailedIndexes", failed, least, "must be less than or equal to completions");
    let why = format!("must be less than or equal to {MOST}");
    above("maxFailedIndexes", failed, MOST, &why);
    if completions.is_some_and(|count| count > MOST) && !spec["backoffLimitPerIndex"].is_null() {
        let why = format!(
            "must be less than or equal to {MOST_OF_MANY} when completions are above {MOST} and used with backoff \
             limit per index"
        );
        above("parallelism", parallelism, MOST_OF_MANY, &why);
        above("maxFailedIndexes", failed, MOST_OF_MANY, &why);
        if failed.is_none() {
            let why = format!("must be specified when completions is above {MOST}");
            errors.push(FieldError::required(child(path, "maxFailedIndexes"), &why));
        }
    }
}

/// The pods of a new job with indexes have names that are host names.
pub(super) fn new_job_rules(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    if spec["manualSelector"] != true && !spec["selector"].is_null() {
        // They come before the others.
        let mut own = Vec::new();
        generated_selector(&mut own, object);
        errors.splice(0..0, own);
    }
    let completions = spec["completions"].as_i64().filter(|count| *count > 0);
    let Some(last) = completions.filter(|_| spec["completionMode"] == "Indexed") else { return };
    let name = text(&object["metadata"], "name");
    let host = format!("{name}-{}", last - 1);
    if !names::label(&host).is_empty() {
        let why = format!("will not able to create pod with invalid DNS label: {host}");
        errors.push(FieldError::invalid("metadata.name", quote(name), &why));
    }
}

/// `ValidateJobSpecUpdate`: what stays as it is.
pub(super) fn job_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&new["spec"], &old["spec"]);
    if new["completionMode"] == "Indexed" {
        if new["completions"] != old["completions"]
            && !new["completions"].is_null()
            && new["completions"] != new["parallelism"]
        {
            let why = "can only be modified in tandem with spec.parallelism";
            let shown = json_text(&new["completions"]);
            errors.push(FieldError::invalid("spec.completions", shown, why));
        }
    } else {
        immutable(errors, &new["completions"], &old["completions"], "spec.completions");
    }
    immutable(errors, &new["selector"], &old["selector"], "spec.selector");
    template_change(errors, new, old);
    for field in
        ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"]
    {
        let of = match field {
            "podFailurePolicy" => "batch.PodFailurePolicy",
            "successPolicy" => "batch.SuccessPolicy",
            _ => {
                immutable(errors, &new[field], &old[field], &child("spec", field));
                continue;
            }
        };
        if new[field] != old[field] {
            let shown = match &new[field] {
                Value::Null => "null".to_owned(),
                policy => diff::internal_text(of, policy),
            };
            errors.push(FieldError::invalid(child("spec", field), shown, "field is immutable"));
        }
    }
}

/// `validatePodTemplateUpdate`: a job that is suspended and has not started may get other scheduling directives
/// and resources.
fn template_change(errors: &mut Errors, new: &Value, old: &Value) {
    let suspended = old["suspend"] == true;
    let mut before = old["template"].clone();
    let after = &new["template"];
    if suspended {
        for field in ["nodeSelector", "tolerations", "schedulingGates"] {
            copy(&mut before["spec"], &after["spec"], field);
        }
        for field in ["annotations", "labels"] {
            copy(&mut before["metadata"], &after["metadata"], field);
        }
        for field in ["containers", "initContainers"] {
            let others = list(&after["spec"], field);
            let own = before["spec"][field].as_array_mut().into_iter().flatten();
            for (own, other) in own.zip(others) {
                copy(own, other, "resources");
            }
            if before["spec"][field].is_null() {
                drop(before["spec"].as_object_mut().map(|spec| spec.remove(field)));
            }
        }
    }
    if suspended && after["spec"] != before["spec"] {
        let shown = diff::internal_text("core.PodSpec", &diff::pod_spec(&after["spec"]));
        errors.push(FieldError::invalid("spec.template.spec", shown, "field is immutable"));
    } else if !suspended && *after != before {
        let shown = diff::internal_text("core.PodTemplateSpec", after);
        errors.push(FieldError::invalid("spec.template", shown, "field is immutable"));
    }
}

fn copy(to: &mut Value, from: &Value, field: &str) {
    let Value::Object(to) = to else { return };
    match from.get(field) {
        Some(value) => to.insert(field.to_owned(), value.clone()),
        None => to.remove(field),
    };
}

/// `validateCronJobSpec`.
fn cron_job_spec(spec: &Value, old: Option<&Value>, errors: &mut Errors) {
    let schedule = text(spec, "schedule");
    if schedule.is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    } else {
        let mut wrong =
            |why: &str| errors.push(FieldError::invalid("spec.schedule", quote(schedule), why));
        if let Err(why) = super::schedule::parse(schedule) {
            wrong(&why);
        }
        let had_zone = old.is_some_and(|old| text(old, "schedule").contains("TZ"));
        if schedule.contains("TZ") && !had_zone {
            wrong("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        } else if schedule.contains("TZ") && !spec["timeZone"].is_null() {
            wrong("cannot use both timeZone field and TZ or CRON_TZ in schedule");
        }
    }
    non_negative(errors, spec, "startingDeadlineSeconds", "spec");
    if old.is_none_or(|old| old["timeZone"] != spec["timeZone"]) {
        time_zone(errors, &spec["timeZone"]);
    }
    let policies = ["Allow", "Forbid", "Replace"];
    super::check::one_of(errors, spec, "concurrencyPolicy", "spec", &policies);
    let job = &spec["jobTemplate"]["spec"];
    job_spec(errors, job, "spec.jobTemplate.spec");
    let path = "spec.jobTemplate.spec";
    if job["manualSelector"] == true {
        let known = ["nil".to_owned(), "false".to_owned()];
        let at = child(path, "manualSelector");
        errors.push(FieldError::not_supported(at, true, &known));
    } else if !job["selector"].is_null() {
        let shown = check::shown(&job["selector"]);
        let why = "`selector` will be auto-generated";
        errors.push(FieldError::invalid(child(path, "selector"), shown, why));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        non_negative(errors, spec, field, "spec");
    }
}

/// `validateTimeZone`.
fn time_zone(errors: &mut Errors, zone: &Value) {
    let Some(zone) = zone.as_str() else { return };
    let path = "spec.timeZone";
    let mut wrong = |why: &str| errors.push(FieldError::invalid(path, quote(zone), why));
    if zone.is_empty() {
        wrong("timeZone must be nil or non-empty string");
        return;
    }
    let is_part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte);
        let fits = (1..=14).contains(&part.len()) && part.bytes().all(inner);
        fits && !matches!(part, "." | "..") && !part.starts_with('-')
    };
    let unknown = format!("unknown time zone {zone}");
    if !zone.split('/').all(is_part) {
        wrong(&unknown);
        return;
    }
    if zone.eq_ignore_ascii_case("Local") {
        wrong(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        );
    }
    if zone != "Local" && jiff::tz::TimeZone::get(zone).is_err() {
        wrong(&unknown);
    }
}

/// `ValidateCronJobUpdate`.
pub(super) fn cron_job_change(new: &Value, old: &Value, errors: &mut Errors) {
    cron_job_spec(&new["spec"], Some(&old["spec"]), errors);
}

/// `ValidateCronJobCreate`: the name leaves room for what its jobs add to it.
pub(super) fn new_cron_job(object: &Value, errors: &mut Errors) {
    cron_job_spec(&object["spec"], None, errors);
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if name.len() > 52 {
        let why = "must be no more than 52 characters";
        errors.push(FieldError::invalid("metadata.name", quote(name), why));
    }
}
