//! Why no stub answered: the nearest ones, part by part, for the 404 that the client reads.

mod clean;
mod search;

use std::fmt;

#[cfg(test)]
use serde_json::{Value, json};
use uuid::Uuid;

use super::parts::Part;

pub(crate) use search::MissSearch;

/// How much of a value is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// The nearest stubs for a request that none answered. Displays as the text of the 404 answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MissReport {
    method: String,
    target: String,
    /// How many stubs there are.
    stubs: usize,
    nearest: Vec<NearMiss>,
}

/// One of the nearest stubs.
#[derive(Debug, Clone, PartialEq)]
struct NearMiss {
    id: Uuid,
    name: Option<String>,
    title: String,
    source: String,
    /// From 0 (nothing differs) to 1 (everything does).
    distance: f64,
    parts: Vec<Part>,
    diff: Option<String>,
}

impl MissReport {
    /// The report as JSON: for the admin API and other programs.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn to_json(&self) -> Value {
        let nearest: Vec<Value> = self.nearest.iter().map(NearMiss::to_json).collect();
        json!({
            "request": {"method": self.method, "url": self.target},
            "stubs": self.stubs,
            "nearest": nearest,
        })
    }
}

impl NearMiss {
    #[cfg(test)]
    fn to_json(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(|part| {
            json!({"part": part.name, "matched": part.matched, "expected": part.expected, "actual": part.actual})
        }).collect();
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "source": self.source,
            "distance": self.distance,
            "parts": parts,
            "diff": self.diff,
        })
    }
}

impl fmt::Display for MissReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "No stub answers {} {}", self.method, shown(&self.target))?;
        if self.stubs == 0 {
            return f.write_str(": there are no stubs.\n");
        }
        let (many, plural) = (self.stubs, if self.stubs == 1 { "" } else { "s" });
        writeln!(f, " ({many} stub{plural} loaded). The nearest, and what differs:")?;
        for (at, near) in self.nearest.iter().enumerate() {
            write!(f, "\n{}. {} in {}\n{near}", at + 1, near.title, near.source)?;
        }
        Ok(())
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
        for part in &self.parts {
            let actual = shown(part.actual.as_deref().unwrap_or("(absent)"));
            if part.matched {
                writeln!(f, "   ok    {:width$}  {actual}", part.name)?;
                continue;
            }
            writeln!(f, "   FAIL  {:width$}  expected: {}", part.name, shown(&part.expected))?;
            writeln!(f, "         {:width$}  actual:   {actual}", "")?;
            if let Some(hint) = part.hint {
                writeln!(f, "         {:width$}  hint:     {hint}", "")?;
            }
        }
        for line in self.diff.iter().flat_map(|diff| diff.lines()) {
            writeln!(f, "         {line}")?;
        }
        Ok(())
    }
}

/// A value on one line: shortened, and without characters that would move a terminal's cursor.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == SHOWN_CHARS {
            out.push_str("...");
            break;
        }
        if c.is_control() {
            out.extend(c.escape_debug());
        } else {
            out.push(c);
        }
    }
    out
}
