//! Requests and faults over time, drawn for a terminal: a row for each call, time to the right.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::grade::SeenRequest;

use super::mark::Mark;
use super::result::DrillResult;

/// The width of the time axis, in columns.
const WIDTH: usize = 64;
/// The most rows.
const ROWS: usize = 12;

/// Draws the requests of a drill.
#[must_use]
pub fn timeline(drill: &DrillResult) -> String {
    let records = &drill.assessment.timeline;
    let Some(first) = records.iter().map(|record| record.began).min() else {
        return format!("{}: no requests\n", drill.scenario);
    };
    let last = records
        .iter()
        .map(|record| record.ended.unwrap_or(record.answered).max(record.answered))
        .max()
        .unwrap_or(first);
    let span = last.saturating_sub(first).max(Duration::from_millis(1));
    let mut calls: BTreeMap<(Duration, String), Vec<&SeenRequest>> = BTreeMap::new();
    let mut names: BTreeMap<String, Duration> = BTreeMap::new();
    for record in records {
        let name = format!("{} {}", record.method, record.path);
        let began = *names.entry(name.clone()).or_insert(record.began);
        calls.entry((began, name)).or_default().push(record);
    }
    let mut text =
        format!("{}: {} requests in {:.2} s\n", drill.scenario, records.len(), span.as_secs_f64());
    let hidden = calls.len().saturating_sub(ROWS);
    for ((_, name), records) in calls.into_iter().take(ROWS) {
        let mut row = vec![' '; WIDTH];
        for record in records {
            let (from, to) = (
                column(record.began.saturating_sub(first), span),
                column(until(record, last).saturating_sub(first), span),
            );
            // A long response is a line after its start.
            for cell in &mut row[from..=to] {
                if *cell == ' ' {
                    *cell = '─';
                }
            }
            let sign = sign(record);
            // Of several at one place the worst is shown.
            if rank(row[from]) <= rank(sign) {
                row[from] = sign;
            }
        }
        let row: String = row.into_iter().collect();
        text.push_str(&format!("  │{row}│ {}\n", shorten(&name)));
    }
    if hidden > 0 {
        text.push_str(&format!("  and {hidden} more calls\n"));
    }
    let axis = format!("0 s{:>width$}", format!("{:.2} s", span.as_secs_f64()), width = WIDTH - 1);
    text.push_str(&format!("   {axis}\n"));
    text.push_str(
        "   · answered  ~ delayed or modified  4 5 status 4xx, 5xx  × no answer, or an incomplete one\n",
    );
    text
}

fn until(record: &SeenRequest, last: Duration) -> Duration {
    record.ended.unwrap_or(last).clamp(record.began, last)
}

fn column(at: Duration, span: Duration) -> usize {
    let part = at.as_secs_f64() / span.as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a part of a small width"
    )]
    let column = (part * (WIDTH - 1) as f64) as usize;
    column.min(WIDTH - 1)
}

fn sign(record: &SeenRequest) -> char {
    match Mark::of(record) {
        Mark::Answered => '·',
        Mark::Shaped => '~',
        Mark::ClientError => '4',
        Mark::ServerError => '5',
        Mark::Lost => '×',
    }
}

fn rank(sign: char) -> u8 {
    match sign {
        '×' => 5,
        '5' => 4,
        '4' => 3,
        '~' => 2,
        '·' => 1,
        _ => 0,
    }
}

/// Cuts a long call at its start: its end is the most useful part.
fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= 60 {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(length - 57).collect();
    format!("…{tail}")
}
