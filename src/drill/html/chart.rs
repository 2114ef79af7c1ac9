//! Lanes → SVG: bars, marks, retries, the times that clients were asked to wait, and an axis.
//!
//! Places are percentages and sizes are pixels, so that a drawing is as wide as its page without its text being scaled.

use std::time::Duration;

use super::super::mark::Mark;
use super::escape::{Escaped, cut};
use super::lanes::{Dot, Lane, Lanes};
use super::{add, count, grouped};

/// The height of a row, and the space around rows, in pixels.
const ROW: usize = 18;
const SPACE: usize = 4;
/// The height of a bar.
const BAR: usize = 8;
/// The most of a path that is shown, in characters.
const PATH: usize = 200;
/// The length, in characters, from which a common prefix of paths is shown only once.
const SHARED: usize = 12;
/// The narrowest bar, in percent.
const NARROWEST: f64 = 0.2;
/// The most ends of waits, and the most retries, that are drawn in a lane: more would hide the
/// requests.
const LINES: usize = 40;
/// The most ticks of an axis.
const TICKS: f64 = 5.0;

/// The patterns and marks that all drawings refer to.
pub(super) const DEFINITIONS: &str = r#"<svg class="defs" aria-hidden="true" focusable="false"><defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="p-back" width="7" height="7"/><line class="p-line" y2="7"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="p-back" width="6" height="6"/><circle class="p-dot" cx="3" cy="3" r="1.6"/></pattern>
<pattern id="bars" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="p-fail" width="5" height="5"/><line class="p-bar" y2="5"/></pattern>
<g id="m-answered"><circle class="m m-answered" r="4.5"/></g>
<g id="m-shaped"><path class="m m-shaped" d="M0-5.5 5.5 0 0 5.5-5.5 0z"/></g>
<g id="m-client"><path class="m m-client" d="M0-5.5 5.5 4.5-5.5 4.5z"/></g>
<g id="m-server"><path class="m m-server" d="M-4.5-4.5h9v9h-9z"/></g>
<g id="m-lost"><path class="m-lost" d="M-4-4 4 4M4-4-4 4"/></g>
</defs></svg>
"#;

/// Returns the id of a mark's shape.
fn shape(mark: Mark) -> &'static str {
    match mark {
        Mark::Answered => "m-answered",
        Mark::Shaped => "m-shaped",
        Mark::ClientError => "m-client",
        Mark::ServerError => "m-server",
        Mark::Lost => "m-lost",
    }
}

/// Draws lanes, each with its call.
pub(super) fn write(page: &mut String, lanes: &Lanes) {
    let ticks = Ticks::of(lanes.span);
    let paths: Vec<&str> =
        lanes.lanes.iter().filter_map(|lane| Some(&*lane.call.as_ref()?.1)).collect();
    let shared = shared_start(&paths);
    if !shared.is_empty() {
        let shared = cut(shared, PATH);
        add(
            page,
            format_args!(
                "<p class=\"note\"><code>…</code> is <code>{}</code></p>\n",
                Escaped(&shared)
            ),
        );
    }
    page.push_str("<div class=\"lanes\">\n");
    for lane in &lanes.lanes {
        page.push_str("<p class=\"call\">");
        let name = if let Some((method, path)) = &lane.call {
            let rest = path.strip_prefix(shared).filter(|_| !shared.is_empty());
            let short = rest.map_or_else(|| path.clone(), |rest| format!("…{rest}"));
            let (method, short) = (cut(method, 40), cut(&short, PATH));
            let call = (Escaped(&method), Escaped(&short));
            add(page, format_args!("<code><b>{}</b> {}</code>", call.0, call.1));
            format!("{method} {}", cut(path, PATH))
        } else {
            let calls = count(lane.calls, "more call");
            page.push_str(&calls);
            calls
        };
        let mut times = count(lane.requests, "request");
        if lane.errors > 0 {
            times.push_str(&format!(", {}", count(lane.errors, "error")));
        }
        add(page, format_args!("<br><span class=\"times\">{times}</span></p>\n"));
        track(page, lane, &format!("{name}: {times}"), &ticks);
    }
    let [axis, edge] = [ROW, ROW - 13];
    add(page, format_args!("<svg class=\"track axis\" height=\"{axis}\" aria-hidden=\"true\">"));
    add(page, format_args!("<line class=\"base\" x2=\"100%\" y1=\"{edge}.5\" y2=\"{edge}.5\"/>"));
    for (place, text) in &ticks.0 {
        let anchor = match *place {
            place if place < 3.0 => "start",
            place if place > 94.0 => "end",
            _ => "middle",
        };
        add(
            page,
            format_args!(
                "<text x=\"{place:.2}%\" y=\"{axis}\" text-anchor=\"{anchor}\">{text}</text>"
            ),
        );
    }
    page.push_str("</svg>\n</div>\n");
}

/// Returns the common leading segments of several paths, if they are long enough to be shown once.
fn shared_start<'a>(paths: &[&'a str]) -> &'a str {
    let [first, others @ ..] = paths else { return "" };
    let mut length = first.rfind('/').unwrap_or_default();
    for other in others {
        let same = first.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
        // Up to a slash that both have, or that follows in both.
        while length > same || (length > 0 && other.as_bytes().get(length) != Some(&b'/')) {
            length = first[..length].rfind('/').unwrap_or_default();
        }
    }
    if others.is_empty() || length < SHARED { "" } else { &first[..length] }
}

fn track(page: &mut String, lane: &Lane, name: &str, ticks: &Ticks) {
    let height = lane.rows * ROW + SPACE;
    add(
        page,
        format_args!(
            "<svg class=\"track\" role=\"img\" height=\"{height}\" aria-label=\"{}\">",
            Escaped(name)
        ),
    );
    for (place, _) in &ticks.0 {
        add(
            page,
            format_args!(
                "<line class=\"g\" x1=\"{place:.2}%\" x2=\"{place:.2}%\" y2=\"{height}\"/>"
            ),
        );
    }
    for (from, to) in &lane.waits {
        rect(page, "wait", (*from, to - from), (1, height - 2));
    }
    // Waits that overlap differ in their ends.
    for (_, to) in lane.waits.iter().filter(|_| lane.waits.len() <= LINES) {
        let end = height - 1;
        add(
            page,
            format_args!(
                "<line class=\"edge\" x1=\"{to:.2}%\" x2=\"{to:.2}%\" y1=\"1\" y2=\"{end}\"/>"
            ),
        );
    }
    for retry in lane.retries.iter().filter(|_| lane.retries.len() <= LINES) {
        let ((x1, row1), (x2, row2)) = (retry.from, retry.to);
        let (y1, y2) = (middle(row1), middle(row2));
        add(
            page,
            format_args!(
                "<line class=\"retry\" x1=\"{x1:.2}%\" x2=\"{x2:.2}%\" y1=\"{y1}\" y2=\"{y2}\"/>"
            ),
        );
    }
    for bar in &lane.bars {
        let vertical = (middle(bar.row) - BAR / 2, BAR);
        if bar.answered > bar.from {
            rect(page, "pending", (bar.from, bar.answered - bar.from), vertical);
        }
        if bar.to > bar.answered || bar.to <= bar.from {
            let width = (bar.to - bar.answered).max(NARROWEST);
            rect(page, "body", (bar.answered.min(100.0 - width), width), vertical);
        }
    }
    for dot in &lane.marks {
        let (id, y) = (shape(dot.mark), middle(dot.row));
        let title = title(dot);
        let title = Escaped(&title);
        add(
            page,
            format_args!(
                "<use href=\"#{id}\" x=\"{:.2}%\" y=\"{y}\"><title>{title}</title></use>",
                dot.at
            ),
        );
    }
    page.push_str("</svg>\n");
}

/// Returns the tooltip of a mark.
fn title(dot: &Dot) -> String {
    match dot.requests {
        1 => dot.text.clone(),
        requests => {
            let worst = dot.mark.meaning();
            format!("{} requests, the worst: {worst}", grouped(requests as u64))
        }
    }
}

fn rect(page: &mut String, class: &str, (x, width): (f64, f64), (y, height): (usize, usize)) {
    add(
        page,
        format_args!(
            "<rect class=\"{class}\" x=\"{x:.2}%\" width=\"{width:.2}%\" y=\"{y}\" height=\"{height}\"/>"
        ),
    );
}

/// Returns the middle of a row.
fn middle(row: usize) -> usize {
    SPACE / 2 + row * ROW + ROW / 2
}

/// Writes the legend of the drawings.
pub(super) fn write_key(page: &mut String) {
    page.push_str("<ul class=\"key\">\n");
    let mut entry = |drawing: &str, text: &str| {
        add(
            page,
            format_args!(
                "<li><svg width=\"34\" height=\"14\" aria-hidden=\"true\">{drawing}</svg>{text}</li>\n"
            ),
        );
    };
    for mark in Mark::ALL {
        let drawing = format!("<use href=\"#{}\" x=\"17\" y=\"7\"/>", shape(mark));
        entry(&drawing, mark.meaning());
    }
    entry("<rect class=\"pending\" y=\"3\" width=\"34\" height=\"8\"/>", "until the answer begins");
    entry("<rect class=\"body\" y=\"3\" width=\"34\" height=\"8\"/>", "until the answer ends");
    entry("<rect class=\"wait\" width=\"34\" height=\"14\"/>", "wait that Retry-After asks for");
    entry("<line class=\"retry\" x2=\"34\" y1=\"7\" y2=\"7\"/>", "next attempt of a failed call");
    page.push_str("</ul>\n");
}

/// Places of an axis with their times.
#[derive(Debug)]
struct Ticks(Vec<(f64, String)>);

impl Ticks {
    fn of(span: Duration) -> Self {
        let (unit, name) = match span {
            span if span < Duration::from_secs(2) => (0.001, "ms"),
            span if span < Duration::from_secs(300) => (1.0, "s"),
            _ => (60.0, "min"),
        };
        let length = (span.as_secs_f64() / unit).max(f64::MIN_POSITIVE);
        let rough = length / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let mut ticks = Vec::new();
        let mut at = 0.0;
        // A little beyond the end: sums of fractions are not exact.
        while at <= length * 1.0001 {
            let text = format!("{at:.3}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            ticks.push((at / length * 100.0, format!("{text} {name}")));
            at += step;
        }
        Self(ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_begin_alike_are_shortened() {
        for (paths, expected) in [
            (
                &["/apis/a/v1/namespaces/n/jobs", "/apis/a/v1/namespaces/n/jobs/x"][..],
                "/apis/a/v1/namespaces/n",
            ),
            (
                &["/apis/a/v1/namespaces/n/jobs", "/apis/a/v1/namespaces/nn/jobs"],
                "/apis/a/v1/namespaces",
            ),
            (&["/apis/a/v1/namespaces/n/jobs", "/apis/a/v1/namespaces/n"], "/apis/a/v1/namespaces"),
            (&["/apis/a/v1/namespaces/n/jobs"], ""),
            (&["/a/b", "/a/c"], ""),
            (&["/apis/a/v1/jobs", "/other"], ""),
            (&["/ünï/cödé/pfadé/a", "/ünï/cödé/pfadè/a"], "/ünï/cödé"),
            (&[], ""),
        ] {
            assert_eq!(shared_start(paths), expected, "{paths:?}");
        }
    }

    #[test]
    fn axes_have_round_times() {
        for (ms, expected) in [
            (1, "0 ms 0.2 ms 0.4 ms 0.6 ms 0.8 ms 1 ms"),
            (780, "0 ms 200 ms 400 ms 600 ms"),
            (2500, "0 s 0.5 s 1 s 1.5 s 2 s 2.5 s"),
            (61_000, "0 s 20 s 40 s 60 s"),
            (3_600_000, "0 min 20 min 40 min 60 min"),
        ] {
            let ticks = Ticks::of(Duration::from_millis(ms));
            let texts: Vec<&str> = ticks.0.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts.join(" "), expected);
            assert!(ticks.0.iter().all(|(place, _)| (0.0..=100.1).contains(place)));
        }
    }
}
