//! `token: refreshed_once`: a rejected token is fetched again by one of the client's threads, not
//! by each, and the rejected one is not used again.

use crate::scenario::GateSeen;

use super::{Finding, Record};

/// Returns token storms, reuse of rejected tokens, and rejections without a new fetch.
pub(super) fn refreshed(all: &[&Record]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let needless: Vec<&&Record> = all
        .iter()
        .filter(|record| record.gate == Some(GateSeen::Issued { needless: true }))
        .collect();
    if let Some(first) = needless.first() {
        let message = format!(
            "fetched a token {} while a live one was there",
            match needless.len() {
                1 => "once".to_owned(),
                count => format!("{count} times"),
            }
        );
        findings.push(Finding::new("token-storm", first.began, message));
    }
    findings.extend(dead(all));
    if let Some(last) = all.iter().rev().find(|record| record.is_refused()) {
        let fetched = all.iter().any(|record| {
            matches!(record.gate, Some(GateSeen::Issued { .. })) && record.began >= last.began
        });
        let passed = all
            .iter()
            .any(|record| record.gate == Some(GateSeen::Valid) && record.began >= last.began);
        if !fetched && !passed {
            let message = "never fetched a token after 401";
            findings.push(Finding::new("token-not-refreshed", last.began, message));
        }
    }
    findings
}

/// Returns spent tokens that were used again after a rejection.
pub(super) fn dead(all: &[&Record]) -> Option<Finding> {
    let mut refused = None;
    let mut again: Vec<&Record> = Vec::new();
    for record in all {
        match record.gate {
            Some(GateSeen::Issued { .. } | GateSeen::Valid) => refused = None,
            Some(GateSeen::Spent) => match refused {
                None => refused = Some(record.answered),
                Some(at) if record.began >= at => again.push(record),
                Some(_) => {}
            },
            _ => {}
        }
    }
    let first = again.first()?;
    let message = format!("used a dead token {} more times", again.len());
    Some(Finding::new("stale-token", first.began, message))
}
