//! Known secrets: found once, they are replaced wherever they occur, also where they are encoded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::edit::MARK;
use super::encodings::{self, Spelling};
use super::key::Key;
use super::random::is_word;

/// How many secrets of earlier exchanges are searched for in later ones.
pub(super) const MOST: usize = 4096;

/// How many bytes they may have together.
const MOST_BYTES: usize = 512 << 10;

/// A longer secret is replaced where it is found; other occurrences are not searched for.
const LONGEST: usize = 4 << 10;

/// A longer text is searched for secrets as they are, not for encoded ones, in bytes.
const LONGEST_TEXT: usize = 4 << 20;

/// A set of secrets to be searched for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Vec<Arc<Search>>);

#[derive(Debug)]
struct Search {
    automaton: AhoCorasick,
    /// The secret of each pattern, and how the pattern spells it.
    patterns: Vec<(String, Spelling)>,
    /// Whether some of them have several parts.
    has_parts: bool,
}

/// Whether a secret consists of parts with other marks between them, each of which may look like a secret.
fn has_parts(secret: &str) -> bool {
    const SHORTEST: usize = 12;
    secret.len() >= SHORTEST && secret.bytes().any(|byte| !byte.is_ascii_alphanumeric())
}

impl Known {
    pub(super) fn of(secrets: &BTreeSet<String>) -> Self {
        let mut bytes = 0;
        let mut patterns = Vec::new();
        let mut texts = Vec::new();
        for secret in secrets {
            if secret.is_empty() || secret.len() > LONGEST || bytes + secret.len() > MOST_BYTES {
                continue;
            }
            bytes += secret.len();
            for (spelling, text) in Spelling::all(secret) {
                patterns.push((secret.clone(), spelling));
                texts.push(text);
            }
        }
        if patterns.is_empty() {
            return Self::default();
        }
        // One may be a part of another: the longest counts.
        // Quicker to make than a DFA, and it is made for each exchange with new secrets.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let automaton =
            AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostLongest).build(texts);
        let has_parts = patterns.iter().any(|(secret, _)| has_parts(secret));
        let search =
            automaton.ok().map(|automaton| Arc::new(Search { automaton, patterns, has_parts }));
        Self(search.into_iter().collect())
    }

    /// The secrets of both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// A text with marks in place of the secrets of several parts, and what stands for each of them; nothing where it
    /// has none, or marks of its own. A part of such a secret may look like one by itself, and would get another
    /// pseudonym.
    #[cfg(feature = "record")]
    pub(super) fn set_aside(&self, text: &str, key: Option<&Key>) -> Option<(String, Vec<String>)> {
        let mut found: Vec<(Range<usize>, &(String, Spelling))> = Vec::new();
        for search in self.0.iter().filter(|search| search.has_parts) {
            let hits = search.automaton.find_iter(text);
            let hits = hits.map(|hit| (hit.range(), &search.patterns[hit.pattern().as_usize()]));
            // What is inside of a longer word is a part of something else.
            found.extend(hits.filter(|(range, (secret, _))| {
                has_parts(secret) && stands_alone(text, range.clone())
            }));
        }
        if found.is_empty() || text.contains(MARK) {
            return None;
        }
        found.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
        let (mut out, mut stand_ins, mut done) = (String::with_capacity(text.len()), Vec::new(), 0);
        for (range, (secret, spelling)) in found {
            if range.start < done {
                continue;
            }
            out.push_str(&text[done..range.start]);
            out.push(MARK);
            stand_ins.extend(key.map(|key| spelling.write(&key.pseudonym(secret))));
            done = range.end;
        }
        out.push_str(&text[done..]);
        Some((out, stand_ins))
    }

    /// Whether a text has a secret of several parts.
    #[cfg(feature = "record")]
    pub(crate) fn has_parts_in(&self, text: &str) -> bool {
        self.0.iter().filter(|search| search.has_parts).any(|search| {
            let mut hits = search.automaton.find_iter(text);
            hits.any(|hit| {
                has_parts(&search.patterns[hit.pattern().as_usize()].0)
                    && stands_alone(text, hit.range())
            })
        })
    }

    /// Whether a text is one of the secrets.
    pub(super) fn is_one(&self, text: &str) -> bool {
        self.0.iter().any(|search| {
            let mut hits = search.automaton.find_iter(text);
            hits.next().is_some_and(|hit| hit.range() == (0..text.len()))
        })
    }

    /// A text in which the secrets are replaced by pseudonyms, or by marks where there is no key.
    pub(super) fn replace(&self, text: String, key: Option<&Key>) -> String {
        if self.0.is_empty() {
            return text;
        }
        let text = self.replaced(&text, key).unwrap_or(text);
        if text.len() > LONGEST_TEXT {
            return text;
        }
        // What is encoded is looked into.
        let new = encodings::decoded(&text, &|decoded| {
            let new = self.replaced(decoded, key)?;
            Some(if key.is_some() { new } else { MARK.to_string() })
        });
        new.unwrap_or(text)
    }

    /// A text without the secrets as they are; nothing where it has none.
    fn replaced(&self, text: &str, key: Option<&Key>) -> Option<String> {
        let mut new: Option<String> = None;
        for search in &self.0 {
            new = search.replaced(new.as_deref().unwrap_or(text), key).or(new);
        }
        new
    }
}

impl Search {
    /// A text without the secrets; nothing where it has none.
    fn replaced(&self, text: &str, key: Option<&Key>) -> Option<String> {
        let mut out = String::new();
        let mut done = 0;
        for found in self.automaton.find_iter(text) {
            let (secret, spelling) = &self.patterns[found.pattern().as_usize()];
            // A word is not a part of another one.
            if is_word(secret) && !stands_alone(text, found.range()) {
                continue;
            }
            out.push_str(&text[done..found.start()]);
            match key {
                Some(key) => out.push_str(&spelling.write(&key.pseudonym(secret))),
                None => out.push(MARK),
            }
            done = found.end();
        }
        if done == 0 {
            return None;
        }
        out.push_str(&text[done..]);
        Some(out)
    }
}

/// Whether no letters or digits are around a part of a text.
fn stands_alone(text: &str, part: Range<usize>) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric();
    !text[..part.start].ends_with(is_of_word) && !text[part.end..].starts_with(is_of_word)
}

/// The secrets of earlier exchanges: a token that was issued is in later requests.
#[derive(Debug, Default)]
pub(super) struct Memory {
    secrets: BTreeSet<String>,
    /// In the order of their first occurrence.
    order: VecDeque<String>,
    bytes: usize,
    /// How many different ones were learned, by kind.
    kinds: BTreeMap<&'static str, u64>,
    /// All of them by age, the newest first, each tier with a search of its own: one secret more makes the search of
    /// a small tier again, and that of a large one seldom.
    tiers: [Tier; TIERS.len()],
    /// All of them; made again after a secret was added.
    known: Option<Known>,
}

/// How many secrets a tier has before they go to the next one.
const TIERS: [usize; 4] = [8, 64, 512, usize::MAX];

/// Secrets that are searched for together.
#[derive(Debug, Default)]
struct Tier {
    secrets: BTreeSet<String>,
    search: Known,
    /// Whether the search is for other secrets.
    stale: bool,
}

impl Memory {
    pub(super) fn learn(&mut self, found: BTreeSet<String>) {
        for secret in found {
            if secret.len() > LONGEST || !self.secrets.insert(secret.clone()) {
                continue;
            }
            self.bytes += secret.len();
            *self.kinds.entry(kind(&secret)).or_default() += 1;
            self.tiers[0].secrets.insert(secret.clone());
            self.tiers[0].stale = true;
            self.order.push_back(secret);
            self.known = None;
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
        if let Some(known) = &self.known {
            return known.clone();
        }
        for (tier, most) in TIERS.iter().enumerate().take(TIERS.len() - 1) {
            if self.tiers[tier].secrets.len() > *most {
                let full = std::mem::take(&mut self.tiers[tier]);
                self.tiers[tier + 1].secrets.extend(full.secrets);
                self.tiers[tier + 1].stale = true;
            }
        }
        let mut known = Known::default();
        for tier in &mut self.tiers {
            if tier.stale {
                // Without those that were forgotten meanwhile.
                tier.secrets.retain(|secret| self.secrets.contains(secret));
                tier.search = Known::of(&tier.secrets);
                tier.stale = false;
            }
            known = known.and(&tier.search);
        }
        self.known.insert(known).clone()
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
        for n in 0..MOST + 100 {
            memory.learn(BTreeSet::from([format!("{n:06}{}", "x.y".repeat(n % 50))]));
        }
        assert!(memory.bytes <= MOST_BYTES && memory.order.len() <= MOST);
        let known = memory.known();
        let last = memory.order.back().unwrap().clone();
        assert_eq!(known.replace(format!("<{last}>"), None), format!("<{MARK}>"));
        memory.learn(BTreeSet::from(["one-more-secret".to_owned()]));
        let known = memory.known();
        let both = known.replace(format!("{last} one-more-secret"), None);
        assert_eq!(both, format!("{MARK} {MARK}"));
        let huge = BTreeSet::from(["x".repeat(LONGEST + 1), "y".repeat(LONGEST)]);
        let found = Known::of(&huge);
        assert_eq!(found.replace("y".repeat(LONGEST), None), MARK.to_string());
    }

    #[test]
    fn secrets_are_found_in_any_encoding() {
        let secret = "s\u{e9}cret/+ '\"&1";
        let known = Known::of(&BTreeSet::from([secret.to_owned()]));
        let key = Key::of(b"k");
        let pseudonym = key.pseudonym(secret);
        let unicode: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 = |text: &str| {
            use ::base64::Engine as _;
            ::base64::engine::general_purpose::STANDARD.encode(text)
        };
        for encoded in [
            secret.to_owned(),
            serde_json::Value::from(secret).to_string(),
            encodings::percent(secret),
            encodings::percent(&encodings::percent(secret)),
            encodings::percent(secret).replace("%20", "+"),
            secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
            base64(secret),
            base64(secret).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned(),
            base64(&format!("user:{secret}")),
            unicode,
            hex,
            secret.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#x27;"),
        ] {
            let text = format!("you sent {encoded} today");
            let new = known.replace(text.clone(), Some(&key));
            assert!(!new.contains(&encoded) && new.ends_with(" today"), "{encoded}: {new}");
            let marked = known.replace(text, None);
            assert!(marked.contains(MARK) && !marked.contains(&encoded), "{marked}");
        }
        assert_eq!(known.replace(format!("<{secret}>"), Some(&key)), format!("<{pseudonym}>"));
        let other = "bm90IHNlY3JldCBhdCBhbGw= %41%42 \\u0041\\u0042\\u0043\\u0044 0123456789abcdef";
        assert_eq!(known.replace(other.to_owned(), Some(&key)), other);
    }
}
