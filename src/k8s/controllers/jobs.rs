//! `Job`: pods until enough of them have succeeded, or too many have failed (`pkg/controller/job`).

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::meta;
use super::conditions::{self, Condition, is_active, is_ready};
use super::objects::{JOBS, PODS, Work, number, suffix};
use super::replicas::{pod, surplus};

/// The annotation and label with the index of a pod.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const TIMES: [&str; 2] = ["lastProbeTime", "lastTransitionTime"];

/// Whether a job has come to its end.
pub(super) fn is_finished(job: &Value) -> bool {
    conditions::holds(job, "Complete") || conditions::holds(job, "Failed")
}

/// Removes a job some time after its end (`ttlSecondsAfterFinished`).
pub(super) fn expire(work: &mut Work, key: &str) -> Option<Duration> {
    let job = work.get(JOBS, key)?;
    let seconds = u64::try_from(job["spec"]["ttlSecondsAfterFinished"].as_i64()?).ok()?;
    if !is_finished(&job) || meta::is_terminating(&job) {
        return None;
    }
    let end = conditions::find(&job, "Complete").or_else(|| conditions::find(&job, "Failed"))?;
    let left = work.until(&end["lastTransitionTime"], Duration::from_secs(seconds));
    if left.is_none() {
        // Its pods follow: the garbage collector finds them without an owner.
        work.delete(JOBS, &job);
    }
    left
}

/// What the pods of a job have come to.
struct Progress {
    active: Vec<Value>,
    succeeded: i64,
    failed: i64,
    /// The indexes that are done, for an indexed job.
    done: BTreeSet<i64>,
}

pub(super) fn run(work: &mut Work, key: &str) -> Option<Duration> {
    let job = work.get(JOBS, key)?;
    if meta::is_terminating(&job) || is_finished(&job) {
        return None;
    }
    let now = work.time();
    let spec = &job["spec"];
    let mut status = job["status"].clone();
    let pods = work.owned(PODS, &job);
    let progress = progress(&job, &pods);
    if spec["suspend"] == true {
        for pod in &progress.active {
            work.delete(PODS, pod);
        }
        if let Some(map) = status.as_object_mut() {
            map.remove("startTime");
        }
        set(&mut status, "Suspended", true, "JobSuspended", "Job suspended", &now);
        finish_status(work, &job, status, &progress, 0);
        return None;
    }
    if conditions::holds(&job, "Suspended") {
        set(&mut status, "Suspended", false, "JobResumed", "Job resumed", &now);
    }
    if status["startTime"].is_null() {
        status["startTime"] = now.clone();
    }
    let completions = spec["completions"].as_i64();
    let deadline = spec["activeDeadlineSeconds"].as_i64().and_then(|one| u64::try_from(one).ok());
    let left = deadline.map(|one| work.until(&status["startTime"], Duration::from_secs(one)));
    let failure = if progress.failed > number(&spec["backoffLimit"], 6) {
        Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    } else if matches!(left, Some(None)) {
        Some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    } else {
        None
    };
    if let Some((reason, message)) = failure {
        for pod in &progress.active {
            work.delete(PODS, pod);
        }
        for kind in ["FailureTarget", "Failed"] {
            set(&mut status, kind, true, reason, message, &now);
        }
        finish_status(work, &job, status, &progress, 0);
        return None;
    }
    let active = i64::try_from(progress.active.len()).unwrap_or(i64::MAX);
    let complete = match completions {
        Some(wanted) => progress.succeeded >= wanted,
        None => progress.succeeded > 0 && active == 0,
    };
    if complete {
        let (reason, message) = ("CompletionsReached", "Reached expected number of succeeded pods");
        for pod in &progress.active {
            work.delete(PODS, pod);
        }
        for kind in ["SuccessCriteriaMet", "Complete"] {
            set(&mut status, kind, true, reason, message, &now);
        }
        status["completionTime"] = now;
        finish_status(work, &job, status, &progress, 0);
        return None;
    }
    let parallelism = number(&spec["parallelism"], 1);
    let wanted = match completions {
        Some(completions) => parallelism.min(completions - progress.succeeded),
        None if progress.succeeded > 0 => active.min(parallelism),
        None => parallelism,
    };
    adjust(work, &job, key, &progress, wanted);
    finish_status(work, &job, status, &progress, wanted);
    left.flatten()
}

fn progress(job: &Value, pods: &[Value]) -> Progress {
    let count = |phase: &str| {
        let found = pods.iter().filter(|pod| pod["status"]["phase"] == phase).count();
        i64::try_from(found).unwrap_or(i64::MAX)
    };
    let before = |field: &str| number(&job["status"][field], 0);
    let mut done = BTreeSet::new();
    let mut succeeded = count("Succeeded").max(before("succeeded"));
    if is_indexed(job) {
        let earlier = job["status"]["completedIndexes"].as_str().unwrap_or_default();
        done.extend(earlier.split(',').filter(|part| !part.is_empty()).flat_map(indexes));
        let ended = pods.iter().filter(|pod| pod["status"]["phase"] == "Succeeded");
        done.extend(ended.filter_map(index));
        succeeded = i64::try_from(done.len()).unwrap_or(i64::MAX);
    }
    let active = pods.iter().filter(|pod| is_active(pod)).cloned().collect();
    Progress { active, succeeded, failed: count("Failed").max(before("failed")), done }
}

fn is_indexed(job: &Value) -> bool {
    job["spec"]["completionMode"] == "Indexed"
}

fn index(pod: &Value) -> Option<i64> {
    pod["metadata"]["annotations"][INDEX].as_str()?.parse().ok()
}

/// The indexes of a part of a list such as `1,3-5`.
fn indexes(part: &str) -> std::ops::RangeInclusive<i64> {
    let (from, to) = part.split_once('-').unwrap_or((part, part));
    from.parse().unwrap_or(0)..=to.parse().unwrap_or(-1)
}

/// Indexes as a list such as `1,3-5`.
fn written(done: &BTreeSet<i64>) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &index in done {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == index => *to = index,
            _ => parts.push((index, index)),
        }
    }
    let shown = parts
        .iter()
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
    shown.collect::<Vec<_>>().join(",")
}

/// Creates or deletes pods.
fn adjust(work: &mut Work, job: &Value, key: &str, progress: &Progress, wanted: i64) {
    let wanted = usize::try_from(wanted).unwrap_or_default();
    if progress.active.len() > wanted {
        for pod in surplus(&progress.active, progress.active.len() - wanted) {
            work.delete(PODS, pod);
        }
        return;
    }
    let missing = wanted - progress.active.len();
    let taken: BTreeSet<i64> = progress.active.iter().filter_map(index).collect();
    let completions = number(&job["spec"]["completions"], 0);
    let mut free =
        (0..completions).filter(|index| !progress.done.contains(index) && !taken.contains(index));
    for count in 0..missing {
        let seed = format!("{key}/{}/{count}", work.change.next_revision());
        let (name, end) = (meta::text(job, "name").to_owned(), suffix(&seed, 5));
        if !is_indexed(job) {
            let new = pod(JOBS, job, &job["spec"]["template"], &format!("{name}-{end}"));
            work.create(PODS, new);
            continue;
        }
        let Some(index) = free.next() else { return };
        let own = format!("{name}-{index}");
        let mut new = pod(JOBS, job, &job["spec"]["template"], &format!("{own}-{end}"));
        let text = Value::from(index.to_string());
        new["metadata"]["annotations"][INDEX] = text.clone();
        new["metadata"]["labels"][INDEX] = text;
        new["spec"]["hostname"] = own.into();
        let field = format!("metadata.labels['{INDEX}']");
        let variable = json!({
            "name": "JOB_COMPLETION_INDEX",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": field}},
        });
        for container in new["spec"]["containers"].as_array_mut().into_iter().flatten() {
            let mut all = container["env"].as_array().cloned().unwrap_or_default();
            all.push(variable.clone());
            container["env"] = all.into();
        }
        work.create(PODS, new);
    }
}

fn set(status: &mut Value, kind: &str, holds: bool, reason: &str, message: &str, now: &Value) {
    conditions::set(status, Condition { kind, holds, reason, message }, now, &TIMES);
}

/// Writes the status with the counts of pods.
fn finish_status(
    work: &mut Work,
    job: &Value,
    mut status: Value,
    progress: &Progress,
    active: i64,
) {
    let ready =
        if active == 0 { 0 } else { progress.active.iter().filter(|pod| is_ready(pod)).count() };
    for (field, count) in
        [("active", active), ("succeeded", progress.succeeded), ("failed", progress.failed)]
    {
        if let Some(map) = status.as_object_mut() {
            map.remove(field);
        }
        if count > 0 {
            status[field] = count.into();
        }
    }
    status["ready"] = ready.into();
    status["terminating"] = 0.into();
    status["uncountedTerminatedPods"] = json!({});
    if is_indexed(job) && !progress.done.is_empty() {
        status["completedIndexes"] = written(&progress.done).into();
    }
    work.set_status(JOBS, job, status);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_written_as_ranges() {
        let done: BTreeSet<i64> = "0,2-4,7".split(',').flat_map(indexes).collect();
        assert_eq!(done, BTreeSet::from([0, 2, 3, 4, 7]));
        assert_eq!(written(&done), "0,2-4,7");
    }
}
