//! Draws all requests of a drill over time as columns, if there are more than are shown
//! individually.

use crate::grade::{Kind, Overview};

use super::{add, grouped, span};

/// The height of the drawing, in pixels.
const HEIGHT: f64 = 72.0;

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Answered => "o-answered",
        Kind::ClientError => "o-client",
        Kind::ServerError => "o-server",
        Kind::Lost => "o-lost",
    }
}

fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Answered => "answered",
        Kind::ClientError => "with status 4xx",
        Kind::ServerError => "with status 5xx",
        Kind::Lost => "with no answer or an incomplete one",
    }
}

/// Draws an overview with a text alternative.
pub(super) fn write(page: &mut String, overview: &Overview) {
    let most = overview.counts.iter().map(|counts| counts.iter().sum::<u64>()).max();
    let most = most.unwrap_or_default().max(1);
    let parts = u32::try_from(overview.counts.len()).unwrap_or(u32::MAX).max(1);
    let totals = overview.totals();
    let words = format!(
        "{} requests in {}, at most {} within {}",
        grouped(totals.iter().sum()),
        span(overview.part * parts),
        grouped(most),
        span(overview.part)
    );
    let width = 100.0 / f64::from(parts);
    add(
        page,
        format_args!(
            "<svg class=\"track\" role=\"img\" height=\"{HEIGHT}\" aria-label=\"{words}\">\n\
             <line class=\"base\" x2=\"100%\" y1=\"{HEIGHT}\" y2=\"{HEIGHT}\"/>"
        ),
    );
    for (index, counts) in (0_u32..).zip(&overview.counts) {
        let x = f64::from(index) * width;
        let mut below = 0;
        for (kind, count) in Kind::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
            let [bottom, top] = [below, below + count].map(|count| height(count, most));
            below += count;
            add(
                page,
                format_args!(
                    "<rect class=\"{}\" x=\"{x:.2}%\" width=\"{:.2}%\" y=\"{:.1}\" height=\"{:.1}\"/>",
                    class(kind),
                    width * 0.86,
                    HEIGHT - top,
                    top - bottom
                ),
            );
        }
    }
    add(page, format_args!("</svg>\n<p class=\"note\">{words}:</p>\n<ul class=\"key\">\n"));
    for (kind, total) in Kind::ALL.into_iter().zip(totals).filter(|(_, total)| *total > 0) {
        add(
            page,
            format_args!(
                "<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\"><rect class=\"{}\" width=\"14\" height=\"14\"/></svg>{} {}</li>\n",
                class(kind),
                grouped(total),
                meaning(kind)
            ),
        );
    }
    page.push_str("</ul>\n");
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests, drawn")]
fn height(count: u64, most: u64) -> f64 {
    count as f64 / most as f64 * HEIGHT
}
