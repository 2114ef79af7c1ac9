//! Results of drills → a table for people, JSON for programs.

use serde_json::{Value, json};

use crate::grade::Finding;
use crate::scenario::Grade;

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
                if drill.passed() { "ok".to_owned() } else { "FAILED".to_owned() },
                drill.outcome.to_string(),
                drill.requests.to_string(),
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
        for finding in &drill.findings {
            let mark = if finding.grade == Grade::Fail { "✗" } else { "·" };
            text.push_str(&format!("    {mark} {}", finding.message));
            if let Some(rule) = &finding.rule {
                text.push_str(&format!(" ({rule})"));
            }
            text.push('\n');
        }
        if !drill.passed() {
            for line in last_lines(&drill.output, 5) {
                text.push_str(&format!("    | {line}\n"));
            }
        }
    }
    let passed = drills.iter().filter(|drill| drill.passed()).count();
    text.push_str(&format!("{passed} of {} passed\n", drills.len()));
    text
}

/// The last lines of a text that are not empty, cut to 160 characters.
fn last_lines(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(count)
        .map(|line| {
            // Control characters must not reach the terminal.
            line.chars().filter(|letter| !letter.is_control()).take(160).collect()
        })
        .collect();
    lines.reverse();
    lines
}

/// Renders everything, for programs.
#[must_use]
pub fn json(drills: &[DrillResult]) -> Value {
    let list: Vec<Value> = drills
        .iter()
        .map(|drill| {
            json!({
                "scenario": drill.scenario,
                "description": drill.description,
                "passed": drill.passed(),
                "ended": drill.outcome.to_string(),
                "requests": drill.requests,
                "tookSeconds": drill.took.as_secs_f64(),
                "findings": drill.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
                "output": drill.output,
            })
        })
        .collect();
    let passed = drills.iter().filter(|drill| drill.passed()).count();
    json!({"drills": list, "passed": passed, "failed": drills.len() - passed})
}
