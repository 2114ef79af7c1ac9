//! The diff lines of bodies and of the parts of multipart bodies.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;

use crate::document::read_body;
use crate::java::json::{Json, Map};
use crate::message::decoded;
use crate::message::multipart::Part;

use super::super::multipart::MultipartPattern;
use super::super::operator::{StringPattern, Subject};
use super::super::raw::{Raw, reprinted};
use super::lines::{Diff, Line};
use super::operand::{Operator, xml};

impl Diff<'_, '_, '_> {
    pub(super) fn bodies(&mut self) {
        let patterns = self.pattern.get("bodyPatterns").map(Raw::items).unwrap_or_default();
        let bytes = self.asked.body().unwrap_or_default().to_vec();
        let asked = self.asked;
        for pattern in patterns {
            self.body(pattern, asked.text(), &bytes);
        }
    }

    /// Adds the line of one pattern. An empty body is none; empty content of a part is there.
    fn body(&mut self, pattern: Raw<'_>, value: Option<&str>, bytes: &[u8]) {
        let body = value.unwrap_or_default();
        let Some(operator) = Operator::of(pattern) else { return };
        let shown = match operator.name {
            "equalToJson" => reprinted(body).unwrap_or_else(|| body.to_owned()),
            "equalToXml" => xml(body).unwrap_or_else(|| body.to_owned()),
            "binaryEqualTo" => STANDARD.encode(bytes),
            _ => body.to_owned(),
        };
        let shown = self.clean.text(shown);
        let expected = self.clean.text(operator.expected.clone());
        match (operator.name, &operator.below_path) {
            ("matchesJsonPath" | "matchesXPath", None) => {
                self.push_value("Body", expected, shown, (pattern, value));
            }
            ("matchesJsonPath" | "matchesXPath", Some(below)) => {
                let text = self.clean.text(below.expected.clone());
                let left = format!("{expected} [{}] {text}", below.name);
                // The result of the path is more informative than the whole body.
                let found = found(pattern, value).map(|found| self.clean.text(found));
                let right = found.unwrap_or(shown);
                self.push_value("Body", left, right, (pattern, value));
            }
            ("binaryEqualTo", _) => {
                let matched = operator.value == STANDARD.encode(bytes);
                self.push("Body", expected, shown, matched);
            }
            // The text of the body begins on its own line and is compared in this form.
            (name, _) => {
                let compared = format!("\n{body}");
                let (left, right) = (format!("[{name}]\n{expected}"), format!("\n{shown}"));
                self.push_value("Body", left, right, (pattern, Some(&compared)));
            }
        }
    }

    pub(super) fn multipart(&mut self) {
        let patterns = self.pattern.get("multipartPatterns").map(Raw::items).unwrap_or_default();
        for pattern in patterns {
            let Some((parts, body)) = self.asked.parts().filter(|(parts, _)| !parts.is_empty())
            else {
                self.lines.push(Line::missing("[Multipart request body]"));
                continue;
            };
            let compiled = read_body(pattern.as_str().as_bytes(), MultipartPattern::compile).ok();
            if compiled.as_ref().is_some_and(|pattern| pattern.matches(self.asked)) {
                continue;
            }
            for part in parts {
                let matched = compiled
                    .as_ref()
                    .is_some_and(|of| of.part_matches(part, body, self.asked.now()));
                self.part(pattern, part, &body[part.content.clone()], matched);
            }
        }
    }

    fn part(&mut self, pattern: Raw<'_>, part: &Part, content: &[u8], matched: bool) {
        let name = part.name.as_deref().unwrap_or_default();
        let wanted = pattern.get("name").map(|name| format!(": {}", name.text()));
        let title = format!("[Multipart{}]", wanted.unwrap_or_default());
        self.lines.extend([Line::blank(), Line::words(title, format!("[{name}]")), Line::blank()]);
        if !matched {
            let before = self.lines.len();
            for (name, pattern) in pattern.get("headers").map(Raw::entries).unwrap_or_default() {
                let Ok(header) = HeaderName::from_str(&name) else { continue };
                let values: Vec<&str> = part.header(&name).collect();
                self.header(&name, &header, pattern, &values);
            }
            self.close(before);
            let text = decoded::text(None, content);
            for pattern in pattern.get("bodyPatterns").map(Raw::items).unwrap_or_default() {
                self.body(pattern, Some(&*text), content);
            }
            self.lines.push(Line::blank());
        }
        self.lines.push(Line::words("[/Multipart]".to_owned(), format!("[/{name}]")));
        self.lines.push(Line::blank());
    }
}

/// Returns what the path of a pattern finds in a body.
fn found(pattern: Raw<'_>, body: Option<&str>) -> Option<String> {
    let pattern = read_body(pattern.as_str().as_bytes(), StringPattern::compile).ok()?;
    match &pattern {
        StringPattern::MatchesJsonPath(path, below) => {
            let whole = matches!(below.as_deref(), Some(StringPattern::EqualToJson(_)));
            path.shown(&Subject::new(body), whole).map(printed)
        }
        // Of several only the first is shown.
        StringPattern::MatchesXPath(path, _) => path.texts(body).into_iter().next(),
        _ => None,
    }
}

/// Returns a text as it is, and a list or an object as Jackson prints it, without members that are null.
fn printed(json: Json) -> String {
    match json {
        Json::Text(text) => text,
        json => {
            let text = without_nulls(json).to_string();
            reprinted(&text).unwrap_or(text)
        }
    }
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::List(items) => Json::List(items.into_iter().map(without_nulls).collect()),
        Json::Map(members) => {
            let mut kept = Map::default();
            for (name, value) in members.iter().filter(|(_, value)| !matches!(value, Json::Null)) {
                kept.insert(name.to_owned(), without_nulls(value.clone()));
            }
            Json::Map(kept)
        }
        scalar => scalar,
    }
}
