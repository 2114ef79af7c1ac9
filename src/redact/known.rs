//! Known secrets: found once, they are replaced wherever they occur.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use regex::Regex;

use super::edit::MARK;
use super::key::Key;

/// How many secrets of earlier exchanges are searched for in later ones.
pub(super) const MOST: usize = 512;

/// How many bytes they may have together: the regex engine that searches for all of them has a size limit.
const MOST_BYTES: usize = 64 << 10;

/// A longer secret is replaced where it is found; other occurrences are not searched for.
const LONGEST: usize = 4 << 10;

/// A set of secrets as one search pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Option<Arc<Regex>>);

impl Known {
    pub(super) fn of(secrets: &BTreeSet<String>) -> Self {
        if secrets.is_empty() {
            return Self(None);
        }
        // The longest first: one may be a part of another.
        let mut bytes = 0;
        let mut all: Vec<&String> = secrets
            .iter()
            .filter(|secret| {
                let fits = secret.len() <= LONGEST && bytes + secret.len() <= MOST_BYTES;
                bytes += if fits { secret.len() } else { 0 };
                fits
            })
            .collect();
        all.sort_by_key(|secret| usize::MAX - secret.len());
        let quoted: Vec<String> = all.iter().map(|secret| regex::escape(secret)).collect();
        Self(Regex::new(&quoted.join("|")).ok().map(Arc::new))
    }

    /// A text in which the secrets are replaced by pseudonyms, or by marks where there is no key.
    pub(super) fn replace(&self, text: String, key: Option<&Key>) -> String {
        let Some(regex) = self.0.as_ref().filter(|regex| regex.is_match(&text)) else {
            return text;
        };
        let instead = |found: &regex::Captures<'_>| {
            key.map_or_else(|| MARK.to_string(), |key| key.pseudonym(&found[0]))
        };
        regex.replace_all(&text, instead).into_owned()
    }
}

/// The secrets of earlier exchanges: a token that was issued stands in later requests.
#[derive(Debug, Default)]
pub(super) struct Memory {
    secrets: BTreeSet<String>,
    /// In the order of their first occurrence.
    order: VecDeque<String>,
    bytes: usize,
    /// How many different ones were learned, by kind.
    kinds: BTreeMap<&'static str, u64>,
    /// The search pattern; built again after a secret was added.
    known: Option<Known>,
}

impl Memory {
    pub(super) fn learn(&mut self, found: BTreeSet<String>) {
        for secret in found {
            if secret.len() <= LONGEST && self.secrets.insert(secret.clone()) {
                self.bytes += secret.len();
                *self.kinds.entry(kind(&secret)).or_default() += 1;
                self.order.push_back(secret);
                self.known = None;
            }
            while self.order.len() > MOST || self.bytes > MOST_BYTES {
                let Some(oldest) = self.order.pop_front() else { break };
                self.bytes -= oldest.len();
                self.secrets.remove(&oldest);
            }
        }
    }

    /// How many different secrets were learned, by kind.
    pub(super) fn kinds(&self) -> BTreeMap<&'static str, u64> {
        self.kinds.clone()
    }

    pub(super) fn known(&mut self) -> Known {
        self.known.get_or_insert_with(|| Known::of(&self.secrets)).clone()
    }
}

/// The kind of a secret by its shape, for summaries.
fn kind(secret: &str) -> &'static str {
    const VENDORS: [&str; 10] =
        ["AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk-", "xox"];
    if secret.starts_with("eyJ") && secret.matches('.').count() == 2 {
        "JSON Web Tokens"
    } else if secret.contains("PRIVATE KEY") {
        "private keys"
    } else if VENDORS.iter().any(|vendor| secret.starts_with(vendor)) {
        "tokens of vendors"
    } else {
        "by name or place"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_counted_once_by_kind() {
        let mut memory = Memory::default();
        let found =
            ["eyJhbGciOiJ9.eyJzdWIiOiJ9.c2lnbmF0dXJl", "ghp_0123456789abcdef", "hunter2-hunter2"];
        for _ in 0..2 {
            memory.learn(found.iter().map(|secret| (*secret).to_owned()).collect());
        }
        let kinds: Vec<_> = memory.kinds().into_iter().collect();
        assert_eq!(
            kinds,
            [("JSON Web Tokens", 1), ("by name or place", 1), ("tokens of vendors", 1)]
        );
    }

    #[test]
    fn long_and_many_secrets_are_looked_for_within_bounds() {
        let mut memory = Memory::default();
        for n in 0..3 * MOST {
            memory.learn(BTreeSet::from([format!("{n:06}{}", "x.y".repeat(n % 400))]));
        }
        assert!(memory.bytes <= MOST_BYTES && memory.order.len() <= MOST);
        let known = memory.known();
        let last = memory.order.back().unwrap().clone();
        assert!(known.0.is_some());
        assert_eq!(known.replace(format!("<{last}>"), None), format!("<{MARK}>"));
        let huge = BTreeSet::from(["x".repeat(LONGEST + 1), "y".repeat(LONGEST)]);
        let found = Known::of(&huge);
        assert_eq!(found.replace("y".repeat(LONGEST), None), MARK.to_string());
    }
}
