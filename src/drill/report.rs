//! Results of drills → a table or JSON.

use serde_json::{Value, json};

use crate::grade::{Verdict, printable};

use super::result::DrillResult;

/// Renders a table: a line for each drill and for each mistake of the client.
#[must_use]
pub fn table(drills: &[DrillResult]) -> String {
    let heads = ["scenario", "verdict", "exit", "requests", "time"];
    let rows: Vec<[String; 5]> = drills
        .iter()
        .map(|drill| {
            [
                drill.scenario.clone(),
                drill.verdict().to_string(),
                drill.outcome.to_string(),
                drill.assessment.requests.to_string(),
                format!("{:.2} s", drill.took.as_secs_f64()),
            ]
        })
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].len()]).max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |cells: [&str; 5]| {
        let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // Numbers are aligned to the right.
            if column >= 3 { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = line(heads);
    text.push('\n');
    for (drill, row) in drills.iter().zip(&rows) {
        text.push_str(&line([&row[0], &row[1], &row[2], &row[3], &row[4]]));
        text.push('\n');
        for finding in &drill.assessment.findings {
            text.push_str(&finding.to_lines());
        }
        if !matches!(drill.verdict(), Verdict::Passed | Verdict::NotMet) {
            for line in last_lines(&drill.output, 5) {
                text.push_str(&format!("    | {line}\n"));
            }
        }
    }
    text.push_str(&summary(drills));
    text.push('\n');
    text
}

/// How many drills have which verdict, on one line.
#[must_use]
pub(crate) fn summary(drills: &[DrillResult]) -> String {
    let mut text = format!("{} of {} passed", count(drills, Verdict::Passed), drills.len());
    for verdict in [Verdict::Failed, Verdict::NotMet, Verdict::Broken] {
        let count = count(drills, verdict);
        if count > 0 {
            text.push_str(&format!(", {count} {verdict}"));
        }
    }
    text
}

fn count(drills: &[DrillResult], verdict: Verdict) -> usize {
    drills.iter().filter(|drill| drill.verdict() == verdict).count()
}

/// The last lines of a text that are not empty, cut to 160 characters.
fn last_lines(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(count)
        .map(|line| printable(line).chars().take(160).collect())
        .collect();
    lines.reverse();
    lines
}

/// Renders all results as JSON.
#[must_use]
pub fn json(drills: &[DrillResult]) -> Value {
    let list: Vec<Value> = drills.iter().map(one).collect();
    let count = |verdict| count(drills, verdict);
    json!({
        "drills": list,
        "passed": count(Verdict::Passed),
        "failed": count(Verdict::Failed),
        "notMet": count(Verdict::NotMet),
        "broken": count(Verdict::Broken),
    })
}

fn one(drill: &DrillResult) -> Value {
    let mut json = drill.assessment.to_json();
    json["verdict"] = drill.verdict().as_str().into();
    json["passed"] = drill.passed().into();
    json["scenario"] = drill.scenario.as_str().into();
    json["description"] = drill.description.as_str().into();
    json["ended"] = drill.outcome.to_string().into();
    json["tookSeconds"] = drill.took.as_secs_f64().into();
    json["output"] = drill.output.as_str().into();
    json
}
