//! `limit`: how many requests pass in a time, and the header fields that announce it.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::document::Node;
use crate::scenario::words::Entry;
use crate::scenario::words::table::{Algorithm, Announce, LimitWords, RetryAfterAs};

use super::context::Context;
use super::key::Key;
use super::status::StatusAnswer;
use super::then::{Terminal, Then};

/// The placeholders of header values.
const PLACEHOLDERS: [&str; 5] = ["limit", "remaining", "window", "reset", "reset_at"];

/// A compiled `limit`.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Its name in `RateLimit` and `RateLimit-Policy`: the rule's own id.
    pub(super) name: String,
    /// How many requests pass in a window.
    pub(crate) requests: u64,
    pub(crate) window: Duration,
    /// How many requests a full bucket holds.
    pub(in crate::scenario) burst: u64,
    pub(in crate::scenario) algorithm: Algorithm,
    pub(in crate::scenario) per: Option<Key>,
    pub(super) announce: Announce,
    /// Further header fields, with placeholders.
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(in crate::scenario) retry_after: RetryAfterAs,
    /// What happens to requests past the limit.
    pub(in crate::scenario) otherwise: Then,
}

/// The state of a limit after a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitState {
    /// Whether the request passes.
    pub(crate) passes: bool,
    /// How many further requests pass now.
    pub(crate) remaining: u64,
    /// How long until the whole limit is available again.
    pub(crate) reset: Duration,
    /// How long until the next request passes; zero if one passes now.
    pub(crate) retry_after: Duration,
}

impl Limit {
    /// Checks and compiles a `limit` of the rule with this id.
    pub(in crate::scenario) fn compile(
        words: LimitWords<'_>,
        id: &str,
        context: &Context<'_>,
    ) -> Option<Self> {
        let (requests, window) = words.requests.zip(words.window)?;
        if window.is_zero() {
            words.node.error("a window cannot be zero", "like window: 1s");
            return None;
        }
        let per = match &words.per {
            Some(words) => Some(Key::compile(words, context)?),
            None => None,
        };
        let otherwise = match words.otherwise {
            Some(words) => Then::compile(words, context)?,
            None => Then::status(StatusCode::TOO_MANY_REQUESTS),
        };
        Some(Self {
            name: id.to_owned(),
            requests,
            window,
            burst: words.burst.unwrap_or(requests),
            algorithm: words.algorithm.unwrap_or_default(),
            per,
            announce: words.announce.unwrap_or_default(),
            headers: words.headers.as_deref().map(templates).unwrap_or_default(),
            retry_after: words.retry_after.unwrap_or_default(),
            otherwise,
        })
    }

    /// Returns a description as text.
    pub(in crate::scenario) fn describe(&self) -> String {
        let mut text = format!("{} requests in {:?} pass", self.requests, self.window);
        match self.algorithm {
            Algorithm::FixedWindow => {}
            Algorithm::SlidingWindow => text.push_str(", counted in a sliding window"),
            Algorithm::TokenBucket => {
                text.push_str(&format!(", from a bucket of {}", self.burst));
            }
        }
        if let Some(per) = &self.per {
            text.push_str(&format!(", for each {}", per.text));
        }
        text.push_str(&format!("; past them: {}", self.otherwise.text));
        text
    }

    /// Returns what happens to a request that is refused, with the time of its `Retry-After`.
    pub(in crate::scenario) fn refusal(&self, state: &LimitState) -> Then {
        let mut then = self.otherwise.clone();
        if let Some(Terminal::Status(status)) = &mut then.terminal
            && self.retry_after == RetryAfterAs::Seconds
        {
            let own = StatusAnswer::clone(status);
            let retry_after = own.retry_after.or(Some(state.retry_after));
            **status = StatusAnswer { retry_after, ..own };
        }
        then
    }
}

/// Header values with placeholders, each checked.
fn templates(entries: &[Entry<'_, Vec<(String, Node<'_>)>>]) -> Vec<(HeaderName, String)> {
    let mut all = Vec::new();
    for Entry { key, value, node } in entries {
        let Ok(name) = HeaderName::try_from(*key) else {
            node.error_at_key(format!("{key:?} is not a header name"), "");
            continue;
        };
        for (text, node) in value {
            if let Some(unknown) = unknown_placeholder(text) {
                let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
                node.error(
                    format!("{{{unknown}}} is not a placeholder"),
                    format!("known here: {known}"),
                );
            } else if HeaderValue::try_from(text).is_err() {
                node.error("this cannot be sent as a header value", "use visible ASCII characters");
            } else {
                all.push((name.clone(), text.clone()));
            }
        }
    }
    all
}

/// Returns the first name in braces that is not a placeholder.
fn unknown_placeholder(text: &str) -> Option<&str> {
    let mut parts = text.split('{').skip(1);
    parts.find_map(|part| {
        let (name, _) = part.split_once('}')?;
        (!PLACEHOLDERS.contains(&name)).then_some(name)
    })
}

/// When a refused client may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// After this many seconds.
    Seconds(u64),
    /// At the date after this time.
    Until(Duration),
}

/// The states of several limits for one request, as announced in the answer.
#[derive(Debug, Default)]
pub(crate) struct LimitReports(Vec<LimitReport>);

/// The state of one limit.
#[derive(Debug)]
pub(crate) struct LimitReport {
    pub(crate) limit: Arc<Limit>,
    pub(crate) state: LimitState,
}

impl LimitReports {
    /// Adds the state of a limit.
    pub(in crate::scenario) fn push(&mut self, limit: &Arc<Limit>, state: LimitState) {
        self.0.push(LimitReport { limit: Arc::clone(limit), state });
    }

    /// Returns whether no limit applies to the request.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns when a refused client may try again, as its answer says, or `None` if no limit
    /// refused the request.
    #[must_use]
    pub(crate) fn retry_after(&self) -> Option<RetryAfter> {
        let refused = self.0.iter().find(|report| !report.state.passes)?;
        let left = refused.state.retry_after;
        match refused.limit.retry_after {
            RetryAfterAs::Seconds => Some(RetryAfter::Seconds(whole_seconds(left))),
            RetryAfterAs::Date => Some(RetryAfter::Until(left)),
            RetryAfterAs::None => None,
        }
    }

    /// Adds the fields about the limits to an answer; `now` is the calendar time, in seconds since 1970.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, now: f64) {
        let ietf = || self.0.iter().filter(|of| of.limit.announces(Announce::Ietf));
        let list =
            |item: fn(&LimitReport) -> String| ietf().map(item).collect::<Vec<_>>().join(", ");
        set(headers, "ratelimit-policy", &list(LimitReport::policy));
        set(headers, "ratelimit", &list(LimitReport::limit));
        let tightest = self.0.iter().filter(|of| of.limit.announces(Announce::X));
        if let Some(report) = tightest.min_by_key(|of| (of.state.passes, of.state.remaining)) {
            for name in ["limit", "remaining", "reset"] {
                let number = if name == "reset" { "reset_at" } else { name };
                let value = report.fill(&format!("{{{number}}}"), now);
                set(headers, &format!("x-ratelimit-{name}"), &value);
            }
        }
        for report in &self.0 {
            for (name, _) in &report.limit.headers {
                headers.remove(name);
            }
            for (name, text) in &report.limit.headers {
                if let Ok(value) = HeaderValue::try_from(report.fill(text, now)) {
                    headers.append(name, value);
                }
            }
        }
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
    if let Some((name, value)) = pair.filter(|(_, value)| !value.is_empty()) {
        headers.insert(name, value);
    }
}

impl Limit {
    fn announces(&self, kind: Announce) -> bool {
        self.announce == Announce::All || self.announce == kind
    }

    /// Returns the name as a String of RFC 9651, section 3.3.3.
    fn quoted_name(&self) -> String {
        let printable = self.name.chars().filter(|c| matches!(c, ' '..='~'));
        let escaped: String = printable
            .flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        format!("\"{escaped}\"")
    }
}

impl LimitReport {
    /// Returns an item of `RateLimit-Policy`.
    fn policy(&self) -> String {
        let Limit { requests, window, .. } = &*self.limit;
        format!("{};q={requests};w={}", self.limit.quoted_name(), whole_seconds(*window))
    }

    /// Returns an item of `RateLimit`.
    fn limit(&self) -> String {
        let LimitState { remaining, reset, .. } = self.state;
        format!("{};r={remaining};t={}", self.limit.quoted_name(), whole_seconds(reset))
    }

    /// Returns a value with its numbers in place of the placeholders.
    fn fill(&self, text: &str, now: f64) -> String {
        let Limit { requests, window, .. } = &*self.limit;
        let LimitState { remaining, reset, .. } = self.state;
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        let reset_at = (now + reset.as_secs_f64()).ceil() as i64;
        text.replace("{limit}", &requests.to_string())
            .replace("{remaining}", &remaining.to_string())
            .replace("{window}", &whole_seconds(*window).to_string())
            .replace("{reset}", &whole_seconds(reset).to_string())
            .replace("{reset_at}", &reset_at.to_string())
    }
}

/// Whole seconds, rounded up.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
