//! What authorization webhooks have said of users and their actions, and what they still have to be asked
//! (`k8s.io/apiserver/plugin/pkg/authorizer/webhook`).
//!
//! An authorizer cannot wait. Where it has to know what a webhook says, it notes the question and refuses; the server
//! asks, and decides again.

#![cfg_attr(
    not(any(feature = "record", test)),
    expect(dead_code, reason = "a build without a client asks no webhooks")
)]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use serde_json::Value;

/// How many answers are remembered (`NewLRUExpireCache(8192)`).
const MOST: NonZeroUsize = NonZeroUsize::new(8192).expect("more than none");

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opinion {
    Allowed(String),
    Denied(String),
    /// Others decide. The reason may be empty.
    None(String),
    /// It has not answered, or said two things at once.
    Failed(String),
}

impl Opinion {
    /// What the status of a `SubjectAccessReview` says.
    pub(super) fn of(status: &Value) -> Self {
        let reason = status["reason"].as_str().unwrap_or_default().to_owned();
        match (status["allowed"] == true, status["denied"] == true) {
            (true, true) => Self::Failed(
                "webhook subject access review returned both allow and deny response".to_owned(),
            ),
            (false, true) => Self::Denied(reason),
            (true, false) => Self::Allowed(reason),
            (false, false) => Self::None(reason),
        }
    }
}

/// A question for a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    /// Which of the webhooks is asked.
    pub(crate) webhook: usize,
    /// The `SubjectAccessReview` to send.
    pub(crate) review: Arc<str>,
}

/// An answer, and how long it holds.
#[derive(Debug, Clone)]
struct Known {
    opinion: Opinion,
    until: Timestamp,
    /// When it was given, among the answers: a request is not asked about again.
    turn: u64,
}

/// The answers that all requests of a world share.
#[derive(Debug)]
struct Shared {
    known: Mutex<LruCache<Question, Known>>,
    turns: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self { known: Mutex::new(LruCache::new(MOST)), turns: AtomicU64::new(0) }
    }
}

/// The answers of webhooks, as a request sees them.
#[derive(Debug, Default)]
pub(super) struct Opinions {
    shared: Arc<Shared>,
    /// The time of the request.
    now: Timestamp,
    /// The last answer before the request.
    began: u64,
    unasked: Mutex<Vec<Question>>,
}

impl Opinions {
    /// The answers as a request at some time sees them.
    pub(super) fn at(&self, now: Timestamp) -> Self {
        let began = self.shared.turns.load(Ordering::Relaxed);
        Self { shared: Arc::clone(&self.shared), now, began, unasked: Mutex::default() }
    }

    /// What a webhook has said; nothing where it has to be asked first.
    pub(super) fn get(&self, question: Question) -> Option<Opinion> {
        let mut known = self.shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&question);
        let found = found.filter(|known| self.now < known.until || known.turn > self.began);
        if let Some(found) = found {
            return Some(found.opinion.clone());
        }
        drop(known);
        let mut unasked = self.unasked.lock().unwrap_or_else(PoisonError::into_inner);
        if !unasked.contains(&question) {
            unasked.push(question);
        }
        None
    }

    /// Keeps what a webhook says for some time; of no time, for the requests that are under way.
    pub(super) fn learn(&self, question: Question, opinion: Opinion, lifetime: SignedDuration) {
        let turn = self.shared.turns.fetch_add(1, Ordering::Relaxed) + 1;
        let until = self.now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let mut known = self.shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(question, Known { opinion, until, turn });
    }

    /// The questions that had no answer since they were last taken.
    pub(super) fn take_unasked(&self) -> Vec<Question> {
        std::mem::take(&mut self.unasked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(text: &str) -> Question {
        Question { webhook: 0, review: text.into() }
    }

    #[test]
    fn answers_hold_for_their_time_and_for_the_request_that_asked() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let all = Opinions::default();
        let request = all.at(at(0));
        assert_eq!(request.get(question("a")), None);
        assert_eq!(request.get(question("a")), None);
        assert_eq!(request.take_unasked(), [question("a")]);
        assert!(request.take_unasked().is_empty());
        let allowed = Opinion::Allowed("because".to_owned());
        request.learn(question("a"), allowed.clone(), SignedDuration::from_secs(5));
        assert_eq!(request.get(question("a")), Some(allowed.clone()));
        assert_eq!(all.at(at(4)).get(question("a")), Some(allowed.clone()));
        assert_eq!(all.at(at(5)).get(question("a")), None);
        request.learn(question("b"), allowed.clone(), SignedDuration::ZERO);
        assert_eq!(request.get(question("b")), Some(allowed));
        assert_eq!(all.at(at(0)).get(question("b")), None);
    }

    #[test]
    fn a_status_says_yes_no_or_nothing() {
        let no = Opinion::Denied("r".to_owned());
        assert_eq!(Opinion::of(&json!({"denied": true, "reason": "r"})), no);
        assert_eq!(Opinion::of(&json!({"allowed": true})), Opinion::Allowed(String::new()));
        assert_eq!(Opinion::of(&json!({})), Opinion::None(String::new()));
        assert!(matches!(
            Opinion::of(&json!({"allowed": true, "denied": true})),
            Opinion::Failed(_)
        ));
    }
}
