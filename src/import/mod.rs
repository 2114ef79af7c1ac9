//! Files of other tools → stub mappings, for `standin import`.
//!
//! ```text
//! file → [Source] → Value → format? → [openapi] | [postman] | [hoverfly] | [mountebank] | [mockserver]
//!                                        └ [stub] (mappings), [Node] warnings (what is not converted)
//! ```
//!
//! A converter never fails as a whole for one part: what it cannot express becomes a warning at its place
//! in the file, with the reason. The first stub that fits answers in these formats where they say so; each
//! mapping has a priority then, since the newest stub answers in `WireMock`'s.

mod format;
mod hoverfly;
mod mockserver;
mod mountebank;
mod openapi;
mod postman;
mod regex;
mod scalar;
mod stub;
#[cfg(test)]
mod tests;

use crate::document::{Decoder, Diagnostic, Diagnostics, Node, Severity, Source};

pub(crate) use format::ImportFormat;
pub(crate) use stub::ImportedStub;

/// The most stubs that one file becomes: alternatives and repetitions multiply.
const MAX_STUBS: usize = 100_000;

/// What a file became.
#[derive(Debug)]
pub(crate) struct Imported {
    /// What kind of file it is.
    pub(crate) format: ImportFormat,
    /// The stubs, in the order of the file.
    pub(crate) stubs: Vec<ImportedStub>,
    /// What was not converted, or not in all its parts: warnings with their places.
    pub(crate) left_out: Diagnostics,
}

/// Converts a file, of the given format or of the one that it looks like.
///
/// # Errors
/// The text is not well-formed, or the format is not known.
pub(crate) fn import(
    source: &Source,
    format: Option<ImportFormat>,
) -> Result<Imported, Diagnostics> {
    let documents = source.parse().map_err(|problem| Diagnostics(vec![problem]))?;
    let Some(document) = documents.first() else {
        let problem = Diagnostic::error(&source.path, "the file is empty");
        return Err(Diagnostics(vec![problem]));
    };
    let Some(format) = format.or_else(|| ImportFormat::of(document)) else {
        let problem = Diagnostic::error(&source.path, "the format is not recognised")
            .hint(format!("name it with --format: {}", ImportFormat::names().join(", ")));
        return Err(Diagnostics(vec![problem]));
    };
    let decoder = Decoder::new(source, 0);
    let mut stubs = convert(format, &decoder.root(document));
    if stubs.len() > MAX_STUBS {
        stubs.truncate(MAX_STUBS);
        decoder.root(document).warn(format!("only the first {MAX_STUBS} stubs are kept"), "");
    }
    let problems = decoder.finish();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Diagnostics(problems).sorted());
    }
    Ok(Imported { format, stubs, left_out: Diagnostics(problems).sorted() })
}

fn convert(format: ImportFormat, root: &Node<'_>) -> Vec<ImportedStub> {
    match format {
        ImportFormat::Openapi => openapi::convert(root),
        ImportFormat::Postman => postman::convert(root),
        ImportFormat::Hoverfly => hoverfly::convert(root),
        ImportFormat::Mountebank => mountebank::convert(root),
        ImportFormat::Mockserver => mockserver::convert(root),
    }
}
