//! Patterns of a multipart body's parts (`C/matching/MultipartValuePattern.java`).

use jiff::Timestamp;

use crate::document::Node;
use crate::message::Asked;
use crate::message::decoded;
use crate::message::multipart::Part;

use super::multi::MultiPattern;
use super::operator::{StringPattern, Subject};

/// A pattern for one or every part. A part's name filters nothing, and its file name only together
/// with `headers` or `bodyPatterns`.
#[derive(Debug)]
pub(crate) struct MultipartPattern {
    /// Whether every part must match, rather than one of them.
    all: bool,
    file_name: Option<Box<str>>,
    headers: Box<[(Box<str>, MultiPattern)]>,
    body: Box<[StringPattern]>,
}

impl MultipartPattern {
    /// Returns whether the parts of a request match. A request without parts never matches.
    pub(super) fn matches(&self, asked: &Asked<'_>) -> bool {
        let Some((parts, body)) = asked.parts().filter(|(parts, _)| !parts.is_empty()) else {
            return false;
        };
        let mut parts = parts.iter();
        if self.all {
            parts.all(|part| self.part_matches(part, body, asked.now()))
        } else {
            parts.any(|part| self.part_matches(part, body, asked.now()))
        }
    }

    /// Returns whether one part matches.
    pub(super) fn part_matches(&self, part: &Part, body: &[u8], now: Option<Timestamp>) -> bool {
        let headers = self
            .headers
            .iter()
            .all(|(name, pattern)| pattern.matches(&part.header(name).collect::<Vec<_>>(), now));
        let named =
            self.file_name.is_none() || self.file_name.as_deref() == part.file_name.as_deref();
        headers
            && named
            && (self.body.is_empty() || {
                let content = &body[part.content.clone()];
                // WireMock ignores the charset of a part.
                let text = decoded::text(None, content);
                let subject = Subject::content(content, &text).at(now);
                self.body.iter().all(|pattern| pattern.matches(&subject))
            })
    }

    /// Decodes one of `multipartPatterns`; problems are reported.
    pub(super) fn compile(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let all = keys
            .get("matchingType")
            .map_or(Some(false), |node| node.word(&[("ALL", true), ("ANY", false)]));
        let headers = keys.get("headers").map_or_else(Box::default, |node| {
            let compile = |(name, node): &(&str, Node<'_>)| {
                Some(((*name).into(), MultiPattern::compile(node)?))
            };
            let entries = node.entries();
            let entries = entries.iter().filter(|(_, node)| !node.value().is_null());
            entries.filter_map(compile).collect()
        });
        let body: Box<[StringPattern]> =
            keys.get("bodyPatterns").map_or_else(Box::default, |node| {
                let items = node.items();
                let items = items.iter().filter(|node| !node.value().is_null());
                items.filter_map(StringPattern::compile_content).collect()
            });
        if let Some(node) = keys.get("name").filter(|node| node.loose_text().is_some()) {
            node.warn(
                "\"name\" selects no part, in WireMock neither",
                "match Content-Disposition in \"headers\"",
            );
        }
        let mut file_name = None;
        if let Some((node, name)) =
            keys.get("fileName").and_then(|node| Some((node.clone(), node.loose_text()?)))
        {
            if keys.get("headers").is_none() && keys.get("bodyPatterns").is_none() {
                node.warn(
                    "\"fileName\" selects no part without \"headers\" or \"bodyPatterns\", in WireMock neither",
                    "match Content-Disposition in \"headers\"",
                );
            } else {
                file_name = Some(Box::<str>::from(name)).filter(|name| !name.is_empty());
            }
        }
        keys.finish();
        Some(Self { all: all?, file_name, headers, body })
    }
}
