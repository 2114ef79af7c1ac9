//! Rules of when jobs fail and succeed (`pkg/apis/batch/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, item, list, non_negative, problems, supported_text, text};

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];
const MAX_RULES: usize = 20;
const MAX_PATTERNS: usize = 20;
const MAX_CODES: usize = 255;
const MAX_INDEXES_TEXT: u64 = 64 * 1024;

/// The values that a required text can have, as Go prints a list of texts.
fn valid_values(values: &[&str]) -> String {
    let all: Vec<String> = values.iter().map(|value| quote(value)).collect();
    format!("valid values: [{}]", all.join(" "))
}

/// `validatePodFailurePolicy`.
pub(super) fn failure(errors: &mut Errors, spec: &Value, path: &str) {
    let path = child(path, "rules");
    let rules = list(&spec["podFailurePolicy"], "rules");
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&path, rules.len(), MAX_RULES as u64));
    }
    for (index, rule) in rules.iter().enumerate() {
        failure_rule(errors, spec, rule, &item(&path, index));
    }
}

fn failure_rule(errors: &mut Errors, spec: &Value, rule: &Value, path: &str) {
    let (action, at) = (text(rule, "action"), child(path, "action"));
    if action.is_empty() {
        errors.push(FieldError::required(at, &valid_values(&ACTIONS)));
    } else if action == "FailIndex" && spec["backoffLimitPerIndex"].is_null() {
        let why = "requires the backoffLimitPerIndex to be set";
        errors.push(FieldError::invalid(at, quote(action), why));
    } else {
        supported_text(errors, action, &at, &ACTIONS);
    }
    let (codes, conditions) = (&rule["onExitCodes"], list(rule, "onPodConditions"));
    if !codes.is_null() {
        exit_codes(errors, &spec["template"]["spec"], codes, &child(path, "onExitCodes"));
    }
    let at = child(path, "onPodConditions");
    if conditions.len() > MAX_PATTERNS {
        errors.push(FieldError::too_many(&at, conditions.len(), MAX_PATTERNS as u64));
    }
    for (index, pattern) in conditions.iter().enumerate() {
        let path = item(&at, index);
        let (kind, status) = (text(pattern, "type"), text(pattern, "status"));
        problems(errors, &child(&path, "type"), kind, names::qualified_name(kind));
        if status.is_empty() {
            errors.push(FieldError::required(child(&path, "status"), &valid_values(&STATUSES)));
        } else {
            supported_text(errors, status, &child(&path, "status"), &STATUSES);
        }
    }
    let why = match (codes.is_null(), conditions.is_empty()) {
        (false, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (true, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    errors.push(FieldError::invalid(path, "", "").without_value(why));
}

/// `validatePodFailurePolicyRuleOnExitCodes`.
fn exit_codes(errors: &mut Errors, pods: &Value, codes: &Value, path: &str) {
    let (operator, at) = (text(codes, "operator"), child(path, "operator"));
    if operator.is_empty() {
        errors.push(FieldError::required(at, &valid_values(&OPERATORS)));
    } else {
        supported_text(errors, operator, &at, &OPERATORS);
    }
    if let Some(name) = codes["containerName"].as_str() {
        let containers = ["containers", "initContainers"];
        let mut all = containers.iter().flat_map(|field| list(pods, field));
        if !all.any(|container| container["name"] == name) {
            let why = "must be one of the container or initContainer names in the pod template";
            errors.push(FieldError::invalid(child(path, "containerName"), quote(name), why));
        }
    }
    let path = child(path, "values");
    let values: Vec<i64> = list(codes, "values").iter().filter_map(Value::as_i64).collect();
    let shown = || json_text(&codes["values"]);
    if values.is_empty() {
        errors.push(FieldError::invalid(&path, shown(), "at least one value is required"));
    } else if values.len() > MAX_CODES {
        errors.push(FieldError::too_many(&path, values.len(), MAX_CODES as u64));
    }
    for (index, value) in values.iter().enumerate() {
        let path = item(&path, index);
        if operator == "In" && *value == 0 {
            let why = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(&path, value, why));
        }
        if values[..index].contains(value) {
            errors.push(FieldError::duplicate(path, value));
        }
    }
    if !values.is_sorted() {
        errors.push(FieldError::invalid(path, shown(), "must be ordered"));
    }
}

/// `validateSuccessPolicy`, of a job with or without indexes.
pub(super) fn success(errors: &mut Errors, spec: &Value, path: &str) {
    let policy = &spec["successPolicy"];
    if text(spec, "completionMode") != "Indexed" {
        let shown = diff::internal_text("batch.SuccessPolicy", policy);
        errors.push(FieldError::invalid(path, shown, "requires indexed completion mode"));
        return;
    }
    let path = child(path, "rules");
    let rules = list(policy, "rules");
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(&path, why));
    }
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&path, rules.len(), MAX_RULES as u64));
    }
    let completions = spec["completions"].as_i64().unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        success_rule(errors, rule, completions, &item(&path, index));
    }
}

fn success_rule(errors: &mut Errors, rule: &Value, completions: i64, path: &str) {
    let (count, indexes) = (rule["succeededCount"].as_i64(), rule["succeededIndexes"].as_str());
    if count.is_none() && indexes.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, why));
    }
    let mut total = 0;
    if let Some(indexes) = indexes {
        let at = child(path, "succeededIndexes");
        if indexes.len() as u64 > MAX_INDEXES_TEXT {
            errors.push(FieldError::too_long(&at, MAX_INDEXES_TEXT));
        }
        match count_indexes(indexes, completions) {
            Ok(found) => total = found,
            Err(why) => {
                let why = format!("error parsing succeededIndexes: {why}");
                errors.push(FieldError::invalid(at, quote(indexes), &why));
            }
        }
    }
    let Some(count) = count else { return };
    let at = child(path, "succeededCount");
    non_negative(errors, rule, "succeededCount", path);
    if count > completions {
        let why = format!(
            "must be less than or equal to {completions} (the number of specified completions)"
        );
        errors.push(FieldError::invalid(&at, count, &why));
    }
    if indexes.is_some() && count > total {
        let why = format!(
            "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        );
        errors.push(FieldError::invalid(at, count, &why));
    }
}

/// The first and last index of a part of such a text (`parseIndexInterval`).
pub(super) fn index_interval(interval: &str, completions: i64) -> Result<(i64, i64), String> {
    let number = |part: &str| match part.parse::<i64>() {
        Err(_) => Err(format!("cannot convert string to integer for index: {}", quote(part))),
        Ok(found) if found >= completions => Err(format!("too large index: {}", quote(part))),
        Ok(found) => Ok(found),
    };
    let parts: Vec<&str> = interval.split('-').collect();
    let (start, end) = match parts.as_slice() {
        [one] => {
            let start = number(one)?;
            return Ok((start, start));
        }
        [start, end] => (number(start)?, number(end)?),
        _ => {
            return Err(format!(
                "the fragment {} violates the requirement that an index interval can have at most two parts \
                 separated by '-'",
                quote(interval)
            ));
        }
    };
    if start >= end {
        return Err(disordered(start, end));
    }
    Ok((start, end))
}

fn disordered(last: i64, now: i64) -> String {
    format!("non-increasing order, previous: {last}, current: {now}")
}

/// The number of indexes of a text such as `0,2-4` (`validateIndexesFormat`).
pub(super) fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut total, mut last) = (0, None);
    for interval in text.split(',') {
        let (start, end) = index_interval(interval, completions)?;
        if let Some(last) = last.filter(|last| *last >= start) {
            return Err(disordered(last, start));
        }
        total += end - start + 1;
        last = Some(end);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted() {
        assert_eq!(count_indexes("0,2-4", 5), Ok(4));
        assert_eq!(count_indexes("", 5), Ok(0));
        assert_eq!(count_indexes("5", 5).unwrap_err(), "too large index: \"5\"");
        assert_eq!(
            count_indexes("3,2", 5).unwrap_err(),
            "non-increasing order, previous: 3, current: 2"
        );
        assert_eq!(
            count_indexes("x", 5).unwrap_err(),
            "cannot convert string to integer for index: \"x\""
        );
    }
}
