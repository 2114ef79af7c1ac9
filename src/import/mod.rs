//! Files of other tools → stub mappings, or exchanges that are recorded, for `standin import`.
//!
//! ```text
//! file → [Source] → Value → format? → [openapi] | [postman] | [hoverfly] | [mountebank] | [mockserver]
//!                     │                  └ [stub] (mappings), without [secrets]
//!                     └─────────────→ [har] | [vcr] | [audit] → [exchange]
//! ```
//!
//! A converter never fails completely because of one part: unsupported parts become warnings at
//! their places in the file, with the reason. In some of these formats the first matching stub
//! answers; each mapping has a priority then, since the newest stub answers in `WireMock`'s.

mod audit;
mod exchange;
mod format;
mod har;
mod hoverfly;
mod mockserver;
mod mountebank;
mod openapi;
mod postman;
mod regex;
mod scalar;
mod secrets;
mod stub;
#[cfg(test)]
mod tests;
mod vcr;

use std::path::Path;

use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Diagnostics, Format, Node, Severity, Source};

pub(crate) use exchange::ImportedExchange;
pub(crate) use format::ImportFormat;
pub(crate) use secrets::StubSecrets;
pub(crate) use stub::ImportedStub;

/// The most stubs that one file becomes: alternatives and repetitions multiply.
const MAX_STUBS: usize = 100_000;

/// The result of converting a file.
#[derive(Debug)]
pub(crate) struct Imported {
    /// The format of the file.
    pub(crate) format: ImportFormat,
    /// What is in it, in the order of the file.
    pub(crate) content: ImportedContent,
    /// Parts that were not or only partially converted: warnings with their places.
    pub(crate) left_out: Diagnostics,
}

/// The content of a file.
#[derive(Debug)]
pub(crate) enum ImportedContent {
    /// Requests that may come, with their responses.
    Stubs(Vec<ImportedStub>),
    /// Requests that were made, with their answers.
    Exchanges(Vec<ImportedExchange>),
}

/// Converts a file, of the given format or of the one that it looks like.
///
/// # Errors
/// The text is not well-formed, or the format is not known.
pub(crate) fn import(
    source: &Source,
    format: Option<ImportFormat>,
) -> Result<Imported, Diagnostics> {
    if format.is_none_or(|format| format == ImportFormat::Audit)
        && (format.is_some() || audit::is_audit_log(&source.text))
    {
        let (exchanges, problems) = audit::convert(&source.path, &source.text);
        let content = ImportedContent::Exchanges(exchanges);
        return Ok(Imported {
            format: ImportFormat::Audit,
            content,
            left_out: Diagnostics(problems),
        });
    }
    let documents = match tagged_cassette(source, format) {
        Some(document) => vec![document],
        None => source.parse().map_err(|problem| Diagnostics(vec![problem]))?,
    };
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
    let mut content = convert(format, source, &decoder.root(document));
    if let ImportedContent::Stubs(stubs) = &mut content
        && stubs.len() > MAX_STUBS
    {
        stubs.truncate(MAX_STUBS);
        decoder.root(document).warn(format!("only the first {MAX_STUBS} stubs are kept"), "");
    }
    let problems = decoder.finish();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Diagnostics(problems).sorted());
    }
    Ok(Imported { format, content, left_out: Diagnostics(problems).sorted() })
}

/// Returns the document of a cassette whose values need the tags of its YAML; nothing for any other
/// file.
fn tagged_cassette(source: &Source, format: Option<ImportFormat>) -> Option<Value> {
    if source.format != Format::Yaml || !vcr::has_tags(&source.text) {
        return None;
    }
    // Where it cannot be read, the usual way reports it.
    let document = source.parse_tagged().ok()?;
    let format = format.or_else(|| ImportFormat::of(&document))?;
    (format == ImportFormat::Vcr).then_some(document)
}

fn convert(format: ImportFormat, source: &Source, root: &Node<'_>) -> ImportedContent {
    let folder = source.path.parent().unwrap_or(Path::new(""));
    ImportedContent::Stubs(match format {
        ImportFormat::Openapi => openapi::convert(root),
        ImportFormat::Postman => postman::convert(root),
        ImportFormat::Hoverfly => hoverfly::convert(root, folder),
        ImportFormat::Mountebank => mountebank::convert(root),
        ImportFormat::Mockserver => mockserver::convert(root),
        ImportFormat::Har => return ImportedContent::Exchanges(har::convert(root, folder)),
        ImportFormat::Vcr => return ImportedContent::Exchanges(vcr::convert(root)),
        // Both are read before: an audit log is not a document, stub mappings have files beside them.
        ImportFormat::Audit | ImportFormat::Wiremock => Vec::new(),
    })
}
