//! `CronJob`: a job at each time of its schedule (`pkg/controller/cronjob`).

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::meta;
use super::conditions;
use super::cron::Schedule;
use super::jobs::is_finished;
use super::objects::{CRON_JOBS, JOBS, Work, number, reference};

/// How many times that were missed are looked at; the latest of them counts.
const MAX_MISSED: usize = 10_000;

pub(super) fn run(work: &mut Work, key: &str) -> Option<Duration> {
    let cron = work.get(CRON_JOBS, key)?;
    if meta::is_terminating(&cron) {
        return None;
    }
    let jobs = work.owned(JOBS, &cron);
    let running: Vec<&Value> = jobs.iter().filter(|job| !is_finished(job)).collect();
    clean_up(work, &cron, &jobs);
    let mut status = status(&cron, &jobs, &running);
    let schedule = Schedule::parse(cron["spec"]["schedule"].as_str()?)?;
    let zone = zone(&cron);
    let since = status["lastScheduleTime"].as_str();
    let since = since.or_else(|| cron["metadata"]["creationTimestamp"].as_str())?;
    let mut next = schedule.next(since.parse().ok()?, &zone)?;
    let mut due = None;
    for _ in 0..MAX_MISSED {
        if next > work.now {
            break;
        }
        due = Some(next);
        next = schedule.next(next, &zone)?;
    }
    if let Some(due) =
        due.filter(|due| cron["spec"]["suspend"] != true && in_time(work, &cron, *due))
    {
        start(work, &cron, &running, due, &mut status);
    }
    work.set_status(CRON_JOBS, &cron, status);
    Duration::try_from(next.duration_since(work.now)).ok()
}

fn zone(cron: &Value) -> TimeZone {
    let name = cron["spec"]["timeZone"].as_str();
    // A name that is not known is refused when the cron job is written.
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// Whether a missed time may still be started.
fn in_time(work: &Work, cron: &Value, due: Timestamp) -> bool {
    let limit = cron["spec"]["startingDeadlineSeconds"].as_i64();
    limit.is_none_or(|limit| work.now.duration_since(due).as_secs() <= limit)
}

fn start(work: &mut Work, cron: &Value, running: &[&Value], due: Timestamp, status: &mut Value) {
    match cron["spec"]["concurrencyPolicy"].as_str() {
        Some("Forbid") if !running.is_empty() => return,
        Some("Replace") => {
            for job in running {
                work.delete(JOBS, job);
            }
            status["active"] = json!([]);
        }
        _ => {}
    }
    let template = &cron["spec"]["jobTemplate"];
    let name = format!("{}-{}", meta::text(cron, "name"), due.as_second() / 60);
    let namespace = meta::text(cron, "namespace");
    let mut metadata = json!({
        "name": name, "namespace": namespace, "ownerReferences": reference(CRON_JOBS, cron),
        "annotations": template["metadata"]["annotations"],
    });
    metadata["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] =
        meta::time_text(due).into();
    if !template["metadata"]["labels"].is_null() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    if !work.create(JOBS, json!({"metadata": metadata, "spec": template["spec"]})) {
        return;
    }
    status["lastScheduleTime"] = meta::time_text(due).into();
    if let Some(job) = work.get(JOBS, &format!("{namespace}/{name}")) {
        let mut active = status["active"].as_array().cloned().unwrap_or_default();
        active.push(active_reference(&job));
        status["active"] = active.into();
    }
}

fn active_reference(job: &Value) -> Value {
    json!({
        "kind": "Job", "apiVersion": "batch/v1", "namespace": meta::text(job, "namespace"),
        "name": meta::text(job, "name"), "uid": meta::text(job, "uid"),
        "resourceVersion": meta::text(job, "resourceVersion"),
    })
}

fn status(cron: &Value, jobs: &[Value], running: &[&Value]) -> Value {
    let mut status = cron["status"].as_object().cloned().map_or_else(|| json!({}), Value::from);
    // A reference keeps the revision that the job had when it was started.
    let known = cron["status"]["active"].as_array().cloned().unwrap_or_default();
    let active: Vec<Value> = running
        .iter()
        .map(|job| {
            let same = known.iter().find(|one| one["uid"] == job["metadata"]["uid"]);
            same.cloned().unwrap_or_else(|| active_reference(job))
        })
        .collect();
    if let Some(map) = status.as_object_mut() {
        map.remove("active");
    }
    if !active.is_empty() {
        status["active"] = active.into();
    }
    let complete = jobs.iter().filter(|job| conditions::holds(job, "Complete"));
    let last = complete.filter_map(|job| job["status"]["completionTime"].as_str()).max();
    if let Some(last) = last {
        status["lastSuccessfulTime"] = last.into();
    }
    status
}

/// Deletes finished jobs beyond the limits of the history, the oldest first.
fn clean_up(work: &mut Work, cron: &Value, jobs: &[Value]) {
    for (condition, field, usual) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let limit = usize::try_from(number(&cron["spec"][field], usual)).unwrap_or_default();
        let mut ended: Vec<&Value> =
            jobs.iter().filter(|job| conditions::holds(job, condition)).collect();
        ended.sort_by_key(|job| job["status"]["startTime"].as_str().unwrap_or_default());
        for job in &ended[..ended.len().saturating_sub(limit)] {
            work.delete(JOBS, job);
        }
    }
}
