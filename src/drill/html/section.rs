//! The section of one drill: its verdict, the expectations with their results, its timeline, its
//! requests as a table, and the output of its command.

use std::time::Duration;

use crate::grade::{CheckResult, Finding, SeenRequest};
use crate::scenario::Grade;

use super::super::result::{DrillResult, Outcome};
use super::escape::{Escaped, cut};
use super::lanes::Lanes;
use super::{add, chart, count, grouped, label, overview, sign, span};

/// The most of a message that is shown, in characters.
const MESSAGE: usize = 2000;
/// The most findings that are shown.
const FINDINGS: usize = 50;

/// Writes a drill; `shown` is how many requests are shown one by one.
pub(super) fn write(page: &mut String, drill: &DrillResult, number: usize, shown: usize) {
    let assessment = &drill.assessment;
    let scenario = cut(&drill.scenario, MESSAGE);
    add(
        page,
        format_args!(
            "<section class=\"card\" aria-labelledby=\"drill-{number}\">\n<div class=\"head\"><h2 id=\"drill-{number}\"><span class=\"text\">{}</span></h2>{}</div>\n",
            Escaped(&scenario),
            label(drill.verdict())
        ),
    );
    let requests = usize::try_from(assessment.requests).unwrap_or(usize::MAX);
    let mut facts = vec![count(requests, "request"), span(drill.took)];
    if drill.outcome != Outcome::Elsewhere {
        facts.push(format!("command: {}", drill.outcome));
    }
    let facts = cut(&facts.join(", "), MESSAGE);
    add(page, format_args!("<p class=\"facts\">{}</p>\n", Escaped(&facts)));
    if !drill.description.is_empty() {
        let description = cut(&drill.description, MESSAGE);
        add(page, format_args!("<p class=\"about\">{}</p>\n", Escaped(&description)));
    }
    expectations(page, drill);
    findings(page, drill);
    let timeline = &assessment.timeline[..assessment.timeline.len().min(shown)];
    if !timeline.is_empty() {
        page.push_str("<h3>Timeline</h3>\n");
        if timeline.len() < requests {
            overview::write(page, &assessment.overview);
            let first = count(timeline.len(), "request");
            add(page, format_args!("<h3>The first {first}</h3>\n"));
        }
        chart::write(page, &Lanes::of(timeline));
        table(page, timeline, requests);
    }
    output(page, drill);
    page.push_str("</section>\n");
}

/// Writes the expectations of the rules, and that the command must succeed.
fn expectations(page: &mut String, drill: &DrillResult) {
    let ran = !matches!(drill.outcome, Outcome::Elsewhere);
    let checks = &drill.assessment.expectations;
    if checks.is_empty() && !ran {
        return;
    }
    page.push_str("<h3>Expectations</h3>\n<ul class=\"checks\">\n");
    if ran {
        let succeeded = drill.outcome == Outcome::Exit(0);
        let result = if succeeded { CheckResult::Passed } else { CheckResult::Failed };
        let reason = if succeeded { String::new() } else { drill.outcome.to_string() };
        item(page, &Item::of_result(result, "exit code: 0", "", &reason));
    }
    for check in checks.iter().take(FINDINGS) {
        let reasons = check.reasons.join("\n");
        item(page, &Item::of_result(check.result, &check.text, &check.rule, &reasons));
    }
    page.push_str("</ul>\n");
}

/// Writes findings that are not among the reasons of an expectation.
fn findings(page: &mut String, drill: &DrillResult) {
    let reasons = || drill.assessment.expectations.iter().flat_map(|check| &check.reasons);
    let is_other = |finding: &&Finding| !reasons().any(|reason| *reason == finding.message);
    let others: Vec<&Finding> = drill.assessment.findings.iter().filter(is_other).collect();
    if others.is_empty() {
        return;
    }
    page.push_str("<h3>Other findings</h3>\n<ul class=\"checks\">\n");
    for finding in others.iter().take(FINDINGS) {
        let fails = finding.grade == Grade::Fail;
        let class = match finding.code {
            "not-met" => "not_reached",
            _ if fails => "failed",
            _ => "note",
        };
        let rule = finding.rule.as_deref().unwrap_or_default();
        let word = if fails { "Fails the drill" } else { "Note" };
        item(page, &Item { class, word, code: finding.code, rule, reason: &finding.message });
    }
    page.push_str("</ul>\n");
    if others.len() > FINDINGS {
        let more = count(others.len() - FINDINGS, "more finding");
        add(page, format_args!("<p class=\"note\">{more}.</p>\n"));
    }
}

/// One line of a list of results.
struct Item<'a> {
    class: &'static str,
    word: &'static str,
    code: &'a str,
    rule: &'a str,
    reason: &'a str,
}

impl<'a> Item<'a> {
    fn of_result(result: CheckResult, text: &'a str, rule: &'a str, reason: &'a str) -> Self {
        let word = match result {
            CheckResult::Passed => "Passed",
            CheckResult::Failed => "Failed",
            CheckResult::NotReached => "Not reached",
        };
        Self { class: result.as_str(), word, code: text, rule, reason }
    }
}

fn item(page: &mut String, item: &Item<'_>) {
    let Item { class, word, code, rule, reason } = *item;
    let path = sign(class);
    add(
        page,
        format_args!(
            "<li><svg class=\"mark c-{class}\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"{path}\"/></svg><div><span class=\"word c-{class}\">{word}</span> <code>{}</code>",
            Escaped(&cut(code, MESSAGE))
        ),
    );
    if !rule.is_empty() {
        let rule = cut(rule, MESSAGE);
        add(page, format_args!(" <span class=\"rule\">rule {}</span>", Escaped(&rule)));
    }
    if !reason.is_empty() {
        let reason = cut(reason, MESSAGE);
        add(page, format_args!("<p class=\"reason\">{}</p>", Escaped(&reason)));
    }
    page.push_str("</div></li>\n");
}

/// Writes the requests as a table, the text alternative of the drawing.
fn table(page: &mut String, timeline: &[SeenRequest], requests: usize) {
    let summary = match timeline.len() {
        shown if shown < requests => {
            format!("The first {} of {} requests", grouped(shown as u64), grouped(requests as u64))
        }
        shown => count(shown, "request"),
    };
    add(page, format_args!("<details>\n<summary>{summary} as a table</summary>\n"));
    page.push_str("<table class=\"log\">\n<thead><tr><th scope=\"col\" class=\"n\">Start</th><th scope=\"col\" class=\"n\">Took</th><th scope=\"col\">Request</th><th scope=\"col\">Result</th></tr></thead>\n<tbody>\n");
    let from = timeline.iter().map(|request| request.began).min().unwrap_or_default();
    for request in timeline {
        let took = request.ended.map(|ended| span(ended.saturating_sub(request.began)));
        let path = cut(&request.path, MESSAGE);
        add(
            page,
            format_args!(
                "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td><code>{} {}</code>",
                offset(request.began.saturating_sub(from)),
                took.as_deref().unwrap_or("open"),
                Escaped(&cut(&request.method, 40)),
                Escaped(&path)
            ),
        );
        if request.attempt > 1 {
            add(page, format_args!(", attempt {}", request.attempt));
        }
        let result = cut(&request.result, MESSAGE);
        add(page, format_args!("</td><td>{}", Escaped(&result)));
        if let Some(wait) = request.retry_after {
            add(page, format_args!(", Retry-After {} s", wait.as_secs()));
        }
        if let Some(rule) = &request.rule {
            let rule = cut(rule, MESSAGE);
            add(page, format_args!(" <span class=\"why\">rule {}</span>", Escaped(&rule)));
        }
        page.push_str("</td></tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</details>\n");
}

/// Returns a time since the first request.
fn offset(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// Writes the end of the command's output.
fn output(page: &mut String, drill: &DrillResult) {
    let text = drill.output.trim_end();
    if text.is_empty() {
        return;
    }
    let lines = count(text.lines().count(), "line");
    add(
        page,
        format_args!(
            "<details>\n<summary>Output of the command ({lines})</summary>\n<pre>{}</pre>\n</details>\n",
            Escaped(text)
        ),
    );
}
