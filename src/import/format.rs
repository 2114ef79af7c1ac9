//! The formats that can be imported, and how a file shows which one it has.

use serde_json::Value;

use super::{audit, vcr};

/// The format of a file to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub(crate) enum ImportFormat {
    /// An `OpenAPI` 3.0 or 3.1 document.
    Openapi,
    /// A Postman collection 2.0 or 2.1.
    Postman,
    /// A Hoverfly simulation, schema v5 (v3 and v4 have the same pairs).
    Hoverfly,
    /// mountebank imposters.
    Mountebank,
    /// `MockServer` expectations.
    Mockserver,
    /// An HTTP archive (HAR 1.2).
    Har,
    /// A cassette of vcrpy, or of Ruby's VCR.
    Vcr,
    /// An audit log of Kubernetes.
    Audit,
    /// `WireMock` stub mappings: a file, or a root directory.
    Wiremock,
}

impl ImportFormat {
    const ALL: [Self; 9] = [
        Self::Openapi,
        Self::Postman,
        Self::Hoverfly,
        Self::Mountebank,
        Self::Mockserver,
        Self::Har,
        Self::Vcr,
        Self::Audit,
        Self::Wiremock,
    ];

    /// Returns the format by the keys that only it has.
    pub(super) fn of(document: &Value) -> Option<Self> {
        let first = document.get(0).unwrap_or(document);
        let has = |key: &str| first.get(key).is_some();
        if has("openapi") || has("swagger") {
            return Some(Self::Openapi);
        }
        if has("item") && has("info") {
            return Some(Self::Postman);
        }
        if document.pointer("/data/pairs").is_some() {
            return Some(Self::Hoverfly);
        }
        if has("imposters") || has("protocol") && (has("stubs") || has("port")) {
            return Some(Self::Mountebank);
        }
        if document.pointer("/log/entries").is_some() {
            return Some(Self::Har);
        }
        if vcr::is_cassette(document) {
            return Some(Self::Vcr);
        }
        if audit::is_of_audit(document) {
            return Some(Self::Audit);
        }
        if has("mappings") || has("request") && has("response") {
            return Some(Self::Wiremock);
        }
        let expectation = first
            .as_object()
            .is_some_and(|keys| keys.keys().any(|key| key.starts_with("http") && key != "http"));
        expectation.then_some(Self::Mockserver)
    }

    /// Returns its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Openapi => "openapi",
            Self::Postman => "postman",
            Self::Hoverfly => "hoverfly",
            Self::Mountebank => "mountebank",
            Self::Mockserver => "mockserver",
            Self::Har => "har",
            Self::Vcr => "vcr",
            Self::Audit => "audit",
            Self::Wiremock => "wiremock",
        }
    }

    /// Returns all names.
    pub(super) fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|format| format.name()).collect()
    }
}
