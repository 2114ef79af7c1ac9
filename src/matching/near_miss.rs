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
use crate::redact::{Pass, Redactor};

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
    redactor: &Redactor,
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
    let clean = Clean::of(facts, redactor);
    let nearest = compared.into_iter().take(SHOWN).map(|(distance, stub, parts)| NearMiss {
        id: Arc::clone(&stub.id),
        name: stub.name.clone(),
        title: clean.url(stub.title()),
        source: stub.source.display().to_string(),
        distance,
        // The values of the stub are looked through before its body is.
        parts: parts.into_iter().map(|part| clean.part(part)).collect(),
        diff: diff::of_body(&stub.request, facts).map(|diff| clean.text(diff)),
    });
    MissReport {
        method: facts.request.method.to_string(),
        target: clean.url(facts.target.to_owned()),
        stubs: all.len(),
        nearest: nearest.collect(),
    }
}

/// How much of a long body is looked through, in bytes: more of it is not shown anyway.
const LOOKED_THROUGH: usize = 256 << 10;

/// Takes the secrets of the client, and those that the stubs expect, out of a report.
struct Clean<'r> {
    redactor: &'r Redactor,
    pass: Pass<'r>,
}

impl<'r> Clean<'r> {
    fn of(facts: &Facts<'_>, redactor: &'r Redactor) -> Self {
        let pass = redactor.pass(facts.target);
        pass.target(facts.target);
        for (name, value) in &facts.request.headers {
            if let Ok(value) = value.to_str() {
                pass.header(name, value);
            }
        }
        Self { redactor, pass }
    }

    fn part(&self, mut part: Part) -> Part {
        let (kind, name) = part.name.split_once(' ').unwrap_or((&part.name, ""));
        let header = match kind {
            "header" => http::HeaderName::from_bytes(name.as_bytes()).ok(),
            "cookie" => Some(http::header::COOKIE),
            _ => None,
        };
        let clean = |value: String| match (&header, kind) {
            _ if self.redactor.is_off() => value,
            // A cookie's value stands alone here.
            (Some(_), "cookie") => self.value(&value, |value| self.pass.hide(value)),
            (Some(header), _) => self.value(&value, |value| self.pass.header(header, value)),
            (None, "query" | "path") => {
                let name = name.trim_start_matches("parameter ");
                self.value(&value, |value| self.pass.parameter(name, value))
            }
            (None, "body") => self.text(value),
            (None, _) => self.url(value),
        };
        (part.expected, part.actual) = (clean(part.expected), part.actual.map(clean));
        part
    }

    /// A value, or an operator and what it is given: a pattern is no secret by its name alone.
    fn value(&self, value: &str, hide: impl Fn(&str) -> String) -> String {
        match value.split_once("] ").filter(|_| value.starts_with('[')) {
            None => hide(value),
            Some((operator, text))
                if operator.starts_with("[equalTo") || operator == "[contains" =>
            {
                format!("{operator}] {}", hide(text))
            }
            Some(_) => self.text(value.to_owned()),
        }
    }

    fn url(&self, url: String) -> String {
        if self.redactor.is_off() {
            return url;
        }
        let new = self.pass.target(&url);
        self.redactor.without(&self.pass.known(), new)
    }

    fn text(&self, text: String) -> String {
        if self.redactor.is_off() {
            return text;
        }
        let mut end = text.len().min(LOOKED_THROUGH);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let seen = &text[..end];
        let new = self.pass.changed(seen).unwrap_or_else(|| seen.to_owned());
        self.redactor.without(&self.pass.known(), new)
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
