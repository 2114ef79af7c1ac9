//! The tokens of one world: issued, spent, revoked, forgotten.

use std::time::Duration;

use super::entry::{EntryKey, Issued};
use super::state::Memory;
use crate::scenario::rule::decision::GateSeen;
use crate::scenario::rule::draw;
use crate::scenario::rule::token::Token;

/// The most live tokens that are stored; the oldest is evicted first.
const MAX_TOKENS: usize = 10_000;

impl Memory {
    /// Issues a token.
    pub(in crate::scenario) fn issue(
        &mut self,
        token: &Token,
        seed: u64,
        world: &str,
        now: Duration,
    ) -> String {
        let text = draw::token(seed, &token.name, world, self.issued);
        self.note(|| EntryKey::Issued);
        self.note(|| EntryKey::Token(text.clone()));
        let number = self.issued;
        self.issued += 1;
        let expires = token.ttl.map(|ttl| now + ttl);
        let issued = Issued { kind: token.name.clone(), number, expires, uses: token.uses };
        self.put_token(&text, issued);
        while self.tokens.len() > MAX_TOKENS {
            let Some(oldest) = self.order.pop_front() else { break };
            self.note(|| EntryKey::Token(oldest.clone()));
            self.tokens.remove(&oldest);
        }
        text
    }

    pub(super) fn put_token(&mut self, text: &str, issued: Issued) {
        if self.tokens.insert(text.to_owned(), issued).is_none() {
            self.order.push_back(text.to_owned());
        }
    }

    pub(super) fn remove_token(&mut self, text: &str) {
        if self.tokens.remove(text).is_some() {
            // The newest is taken back, the oldest makes room.
            if self.order.back().is_some_and(|last| last == text) {
                self.order.pop_back();
            } else {
                self.order.retain(|known| known != text);
            }
        }
    }

    pub(super) fn make_token_oldest(&mut self, text: &str) {
        if self.order.back().is_some_and(|last| last == text)
            && let Some(text) = self.order.pop_back()
        {
            self.order.push_front(text);
        }
    }

    /// Whether a token can be used: it has uses left, and is neither expired nor revoked.
    fn is_live(&self, issued: &Issued, now: Duration) -> bool {
        let revoked = self.revoked.get(&issued.kind).copied().unwrap_or_default();
        issued.number >= revoked
            && issued.expires.is_none_or(|expires| now < expires)
            && issued.uses != Some(0)
    }

    /// The token of a kind that has this text, unless it is forgotten.
    fn known_token(&self, kind: &str, text: &str) -> Option<&Issued> {
        let issued = self.tokens.get(text)?;
        (issued.kind == kind && issued.number >= self.forgotten).then_some(issued)
    }

    /// Returns whether a token of a kind is valid.
    pub(in crate::scenario) fn has_live(&self, token: &Token, now: Duration) -> bool {
        self.tokens.values().any(|issued| {
            issued.kind == token.name
                && issued.number >= self.forgotten
                && self.is_live(issued, now)
        })
    }

    /// Invalidates all tokens of a kind.
    pub(in crate::scenario) fn revoke(&mut self, token: &Token) {
        self.note(|| EntryKey::Revoked(token.name.clone()));
        self.revoked.insert(token.name.clone(), self.issued);
    }

    /// Returns whether one of the carried tokens is valid; the one that is loses a use.
    pub(in crate::scenario) fn spend(
        &mut self,
        token: &Token,
        carried: &[&str],
        now: Duration,
    ) -> GateSeen {
        self.rely(|| EntryKey::Revoked(token.name.clone()));
        self.rely(|| EntryKey::Forgotten);
        let mut spent = if carried.is_empty() { GateSeen::Missing } else { GateSeen::Unknown };
        for text in carried {
            self.rely(|| EntryKey::Token((*text).to_owned()));
            let Some(issued) = self.known_token(&token.name, text) else { continue };
            if !self.is_live(issued, now) {
                spent = GateSeen::Spent;
                continue;
            }
            if issued.uses.is_some() {
                self.note(|| EntryKey::Token((*text).to_owned()));
            }
            if let Some(uses) = self.tokens.get_mut(*text).and_then(|issued| issued.uses.as_mut()) {
                *uses -= 1;
            }
            return GateSeen::Valid;
        }
        spent
    }
}
