//! Why no stub answered: the nearest ones, part by part, for the 404 that the client reads.
//!
//! A slow path of bounded work: every stub is looked at once and cheaply, a hundred or two are
//! compared part by part, three are shown, and bodies are diffed under a limit of size and time.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::diff;
use super::parts::{self, Part};
use super::request::Facts;
use super::stub::Stub;

/// How many stubs are shown.
const SHOWN: usize = 3;

/// How many stubs for the same URL, and how many for others, are compared part by part.
const COMPARED: usize = 100;

/// How much of a value is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// The nearest stubs for a request that none answered. Displays as the text of the 404 answer.
#[derive(Debug, Clone, PartialEq)]
pub struct MissReport {
    method: String,
    target: String,
    /// How many stubs there are.
    stubs: usize,
    nearest: Vec<NearMiss>,
}

/// One stub that came near.
#[derive(Debug, Clone, PartialEq)]
struct NearMiss {
    id: Arc<str>,
    name: Option<Arc<str>>,
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
    pub fn to_json(&self) -> Value {
        let nearest: Vec<Value> = self.nearest.iter().map(NearMiss::to_json).collect();
        json!({
            "request": {"method": self.method, "url": self.target},
            "stubs": self.stubs,
            "nearest": nearest,
        })
    }
}

/// Finds the nearest stubs: those for the same URL first, then those whose URL is most alike.
pub(super) fn report<'a>(
    facts: &Facts<'_>,
    same_url: impl Iterator<Item = &'a Arc<Stub>>,
    all: &'a [Arc<Stub>],
) -> MissReport {
    let mut pool: Vec<&Arc<Stub>> = same_url.take(COMPARED).collect();
    let mut others: Vec<(usize, usize)> = all
        .iter()
        .enumerate()
        .filter(|(_, stub)| !pool.iter().any(|known| Arc::ptr_eq(known, stub)))
        .map(|(rank, stub)| (usize::MAX - parts::url_likeness(&stub.request.url, facts), rank))
        .collect();
    if others.len() > COMPARED {
        others.select_nth_unstable(COMPARED);
        others.truncate(COMPARED);
    }
    others.sort_unstable();
    pool.extend(others.iter().map(|(_, rank)| &all[*rank]));

    let mut compared: Vec<(f64, &Arc<Stub>, Vec<Part>)> = pool
        .into_iter()
        .map(|stub| {
            let parts = parts::compare(&stub.request, facts);
            (parts::distance(&parts), stub, parts)
        })
        .collect();
    // Stable, so that of equally near ones the one with precedence is shown first.
    compared.sort_by(|a, b| a.0.total_cmp(&b.0));
    let nearest = compared.into_iter().take(SHOWN).map(|(distance, stub, parts)| NearMiss {
        id: Arc::clone(&stub.id),
        name: stub.name.clone(),
        title: stub.title(),
        source: stub.source.display().to_string(),
        distance,
        diff: diff::of_body(&stub.request, facts),
        parts,
    });
    MissReport {
        method: facts.request.method.to_string(),
        target: facts.target.to_owned(),
        stubs: all.len(),
        nearest: nearest.collect(),
    }
}

impl NearMiss {
    fn to_json(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(|part| {
            json!({"part": part.name, "matched": part.matched, "expected": part.expected, "actual": part.actual})
        }).collect();
        json!({
            "id": &*self.id,
            "name": self.name.as_deref(),
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
