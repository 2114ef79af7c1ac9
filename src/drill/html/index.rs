//! The head of the page: how many drills have which verdict, and a table that leads to each of them.

use crate::grade::Verdict;
use crate::scenario::Grade;

use super::super::result::{DrillResult, Outcome};
use super::escape::{Escaped, cut};
use super::{add, chart, count, grouped, label, span, spoken};

/// The most of a reason that the table shows, in characters.
const REASON: usize = 200;

pub(super) fn write(page: &mut String, title: &str, drills: &[DrillResult]) {
    let requests: u64 = drills.iter().map(|drill| drill.assessment.requests).sum();
    add(page, format_args!("<header>\n<h1>Drill report</h1>\n<p class=\"headline\">{title}</p>\n"));
    verdicts(page, drills);
    page.push_str("</header>\n<main id=\"main\">\n");
    page.push_str("<section class=\"card\" aria-label=\"All drills\">\n<table>\n<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Scenario</th><th scope=\"col\" class=\"n\">Requests</th><th scope=\"col\" class=\"n\">Time</th></tr></thead>\n<tbody>\n");
    for (number, drill) in (1..).zip(drills) {
        add(
            page,
            format_args!(
                "<tr><td>{}</td><td><a class=\"text\" href=\"#drill-{number}\">{}</a>",
                label(drill.verdict()),
                Escaped(&cut(&drill.scenario, REASON))
            ),
        );
        if let Some(reason) = reason(drill) {
            let reason = cut(&reason, REASON);
            add(page, format_args!("<span class=\"why\">{}</span>", Escaped(&reason)));
        }
        add(
            page,
            format_args!(
                "</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                grouped(drill.assessment.requests),
                span(drill.took)
            ),
        );
    }
    add(
        page,
        format_args!(
            "</tbody>\n</table>\n<p class=\"note\">{} in {}.</p>\n</section>\n",
            count(usize::try_from(requests).unwrap_or(usize::MAX), "request"),
            count(drills.len(), "drill")
        ),
    );
    page.push_str("<section class=\"card\" aria-label=\"How to read the timelines\">\n<h2>How to read the timelines</h2>\n<p class=\"about\">A row has the requests of one method and path. Marks that would overlap are drawn as one, with the sign of the worst.</p>\n<br>\n");
    chart::write_key(page);
    page.push_str("</section>\n");
}

/// Writes how many drills have which verdict, as text and as a bar.
fn verdicts(page: &mut String, drills: &[DrillResult]) {
    let counts = Verdict::ALL
        .map(|verdict| (verdict, drills.iter().filter(|drill| drill.verdict() == verdict).count()));
    page.push_str("<ul class=\"counts\">");
    for (verdict, count) in counts.iter().filter(|(_, count)| *count > 0) {
        add(page, format_args!("<li><b>{count}</b> {}</li>", label(*verdict)));
    }
    page.push_str("</ul>\n<svg class=\"share\" aria-hidden=\"true\">");
    let mut from = 0.0;
    for (verdict, count) in counts {
        #[expect(clippy::cast_precision_loss, reason = "a share that is drawn")]
        let width = count as f64 * 100.0 / drills.len().max(1) as f64;
        add(
            page,
            format_args!(
                "<rect class=\"s-{}\" x=\"{from:.2}%\" width=\"{width:.2}%\" height=\"10\"><title>{}</title></rect>",
                verdict.as_str(),
                spoken(verdict)
            ),
        );
        from += width;
    }
    page.push_str("</svg>\n");
}

/// Returns the first reason of a verdict that is not `passed`.
fn reason(drill: &DrillResult) -> Option<String> {
    if drill.passed() {
        return None;
    }
    let mut failing =
        drill.assessment.findings.iter().filter(|finding| finding.grade == Grade::Fail);
    let first = failing.next().map(|finding| {
        let line = finding.message.lines().next().unwrap_or_default();
        match failing.count() {
            0 => line.to_owned(),
            more => format!("{line} (and {more} more)"),
        }
    });
    let ended = !matches!(drill.outcome, Outcome::Exit(0) | Outcome::Elsewhere);
    first.or_else(|| ended.then(|| format!("the command: {}", drill.outcome)))
}
