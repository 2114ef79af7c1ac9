//! The near-miss report: the request pattern of the nearest stub next to the request, line by line,
//! in the layout of `WireMock` (`C/verification/diff/`).
//!
//! ```text
//! stub mapping, as text → [raw] → [operand]: operators as they are printed ─┐
//! compiled parts: do they match? ───────────────────────────────────────────┼→ [lines] → [layout] → the 404's body
//! request ──────────────────────────────────────────────────────────────────┘  [head_lines], [body_lines]
//! ```
//!
//! The lines come from the mapping as it was written, in its order: a compiled pattern does not know either.

mod body_lines;
mod clean;
mod events;
mod head_lines;
mod java_order;
mod layout;
mod lines;
mod operand;
mod part;
#[cfg(test)]
mod tests;

use crate::message::Asked;
use crate::redact::Redactor;

use super::stub::Stub;
use clean::Clean;

pub(crate) use events::sub_events;
pub(crate) use part::ComparedPart;

/// The header by which a client says how wide its console is, in characters.
const WIDTH_HEADER: &str = "x-wiremock-console-width";

/// The text where there are no stubs at all.
pub(crate) const NO_STUBS: &str =
    "No response could be served as there are no stub mappings in this WireMock instance.";

/// Returns the text for a request that no stub answers, with the nearest one. `state` is the state
/// of the stub's scenario.
pub(crate) fn report(
    nearest: Option<&Stub>,
    asked: &Asked<'_>,
    state: Option<&str>,
    redactor: &Redactor,
) -> String {
    let Some(stub) = nearest else { return NO_STUBS.to_owned() };
    let clean = Clean::of(asked, redactor);
    let width = asked.request().header(WIDTH_HEADER).and_then(|width| width.trim().parse().ok());
    let lines = lines::of(stub, asked, state, &clean);
    layout::render(stub.name(), &lines, width)
}

/// Returns how a request differs from a stub's pattern, as one short message per part.
pub(crate) fn differences(stub: &Stub, asked: &Asked<'_>, redactor: &Redactor) -> Vec<String> {
    let lines = lines::of(stub, asked, None, &Clean::of(asked, redactor));
    lines.iter().filter_map(lines::Line::difference).collect()
}

/// A stub's request pattern beside a request, part by part. `state` is the state of the stub's scenario.
pub(crate) fn parts(
    stub: &Stub,
    asked: &Asked<'_>,
    state: Option<&str>,
    redactor: &Redactor,
) -> Vec<ComparedPart> {
    let lines = lines::of(stub, asked, state, &Clean::of(asked, redactor));
    lines.into_iter().filter_map(lines::Line::into_part).collect()
}
