//! One fault of the backend → what a rule of a scenario does.

use std::error::Error;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::record::http2_code::http2_code;
use crate::record::pause::rounded;

/// What the backend did in place of an answer that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) struct BackendFault {
    broken: Broken,
    /// How many bytes of the body arrived; nothing where no head did.
    after: Option<u64>,
    /// How long nothing had arrived before.
    paused: Duration,
}

/// How a connection broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Closed,
    Reset,
    /// The stream of HTTP/2 was reset with this code.
    Stream(u32),
    /// What arrived is not HTTP.
    Garbage,
    /// The size of a chunk is not a number.
    Chunk,
    /// It stays open, and nothing arrives.
    Stalled,
    /// Nothing arrived for a time, then the rest did.
    Paused,
}

/// A client that gives up sooner has not met a stall, and a shorter pause within a body is no fault.
const SHORTEST_STALL: Duration = Duration::from_secs(1);

/// A shorter pause before the connection breaks is not recorded.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

impl BackendFault {
    /// The fault that ended a body behind its first `after` bytes, when nothing had arrived for the time `paused`.
    pub(in crate::record) fn in_body(
        error: &(dyn Error + 'static),
        after: u64,
        paused: Duration,
    ) -> Self {
        Self { broken: Broken::of(error), after: Some(after), paused }
    }

    /// The pause of a backend that went on with a body afterwards; nothing where it was short.
    pub(in crate::record) fn pause(after: u64, paused: Duration) -> Option<Self> {
        let broken = Broken::Paused;
        (paused >= SHORTEST_STALL).then_some(Self { broken, after: Some(after), paused })
    }

    /// The fault of a backend that had sent nothing more of a body for this time when the client gave up; nothing where
    /// the client did not wait for long.
    pub(in crate::record) fn stalled(after: u64, waited: Duration) -> Option<Self> {
        let fault = Self { after: Some(after), ..Self::silence() };
        (waited >= SHORTEST_STALL).then_some(fault)
    }

    /// The fault of an answer that did not begin in time.
    pub(in crate::record) fn silence() -> Self {
        Self { broken: Broken::Stalled, after: None, paused: Duration::ZERO }
    }

    /// The fault in place of an answer, by what the client of the backend says, or by the error code of HTTP/2, after
    /// this time; nothing where the backend could not be asked at all.
    pub(in crate::record) fn in_place_of_answer(
        why: &str,
        code: Option<u32>,
        paused: Duration,
    ) -> Option<Self> {
        if let Some(code) = code {
            return Some(Self { broken: Broken::Stream(code), after: None, paused });
        }
        let lower = why.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let broken = if has(&[
            "certificate",
            "tls",
            "dns",
            "proxy",
            "refused",
            "unreachable",
            "timed out",
        ]) {
            return None;
        } else if has(&["reset", "broken pipe", "stream error"]) {
            Broken::Reset
        } else if has(&["before message completed", "incomplete", "closed", "end of file"]) {
            Broken::Closed
        } else if has(&["invalid", "parse", "parsing", "malformed"]) {
            Broken::Garbage
        } else {
            return None;
        };
        Some(Self { broken, after: None, paused })
    }

    /// The fault of a backend that had not begun to answer when the client gave up after this time; nothing where the
    /// client did not wait for long.
    pub(in crate::record) fn without_answer(waited: Duration) -> Option<Self> {
        (waited >= SHORTEST_STALL).then(Self::silence)
    }

    /// What a rule of a scenario does.
    pub(super) fn outcome(self) -> Value {
        let mut then = match (self.broken, self.after) {
            (Broken::Stalled, None) => json!({"stall": "forever"}),
            (Broken::Stalled, Some(bytes)) => json!({"stall": {"bytes": bytes, "for": "forever"}}),
            (Broken::Paused, _) => json!({}),
            (Broken::Garbage, None) => json!({"garbage": "before_headers"}),
            (Broken::Stream(code), None) => json!({"rst_stream": code}),
            (Broken::Stream(code), Some(bytes)) => {
                json!({"rst_stream": {"code": code, "at": place(bytes)}})
            }
            (Broken::Reset, None) => json!({"reset": "before_headers"}),
            (Broken::Reset, Some(bytes)) => json!({"reset": place(bytes)}),
            (Broken::Chunk, Some(bytes)) => json!({"malformed_chunk": place(bytes)}),
            (_, None) => json!({"close": "before_headers"}),
            (_, Some(bytes)) => json!({"close": place(bytes)}),
        };
        if self.paused >= SHORTEST_PAUSE && self.broken != Broken::Stalled {
            let time = format!("{}ms", rounded(self.paused).as_millis());
            then["stall"] = match self.after {
                None => time.into(),
                Some(bytes) => json!({"bytes": bytes, "for": time}),
            };
        }
        then
    }
}

/// Where in an answer that is, as a scenario says it.
fn place(bytes: u64) -> Value {
    match bytes {
        0 => "after_headers".into(),
        bytes => json!({"bytes": bytes}),
    }
}

impl std::fmt::Display for BackendFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paused = self.paused.as_secs_f32();
        match self.broken {
            Broken::Closed => f.write_str("it closed the connection"),
            Broken::Reset => f.write_str("it reset the connection"),
            Broken::Stream(code) => write!(f, "it ended the HTTP/2 stream with the error {code}"),
            Broken::Garbage => f.write_str("it sent what is not HTTP"),
            Broken::Chunk => f.write_str("it sent an invalid chunk"),
            Broken::Stalled => f.write_str("it sent nothing for as long as the client waited"),
            Broken::Paused => write!(f, "it sent nothing for {paused:.1} s"),
        }?;
        match self.after {
            Some(bytes) => write!(f, " after {bytes} bytes of the body"),
            None => f.write_str(" before its answer"),
        }
    }
}

impl Broken {
    fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(code) = http2_code(error) {
            return Self::Stream(code);
        }
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                        return Self::Reset;
                    }
                    io::ErrorKind::UnexpectedEof => return Self::Closed,
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => return Self::Chunk,
                    _ => {}
                }
            }
            let text = error.to_string();
            if text.contains("chunk") {
                return Self::Chunk;
            }
            if text.contains("stream error") {
                return Self::Reset;
            }
            next = error.source();
        }
        Self::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_within_a_body_has_its_place_and_the_pause_before_it() {
        let closed = io::Error::from(io::ErrorKind::UnexpectedEof);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let chunk = io::Error::from(io::ErrorKind::InvalidData);
        let stream = h2::Error::from(h2::Reason::CANCEL);
        let (short, long) = (Duration::from_millis(90), Duration::from_millis(1_520));
        for (error, after, paused, expected) in [
            (&closed as &(dyn Error + 'static), 0, short, json!({"close": "after_headers"})),
            (
                &closed,
                7,
                long,
                json!({"close": {"bytes": 7}, "stall": {"bytes": 7, "for": "1500ms"}}),
            ),
            (
                &reset,
                0,
                long,
                json!({"reset": "after_headers", "stall": {"bytes": 0, "for": "1500ms"}}),
            ),
            (&chunk, 7, short, json!({"malformed_chunk": {"bytes": 7}})),
            // Of the own side: what the backend did is not known.
            (&stream, 7, short, json!({"close": {"bytes": 7}})),
        ] {
            assert_eq!(BackendFault::in_body(error, after, paused).outcome(), expected);
        }
        let stalled = json!({"stall": {"bytes": 7, "for": "forever"}});
        assert_eq!(BackendFault::stalled(7, long).unwrap().outcome(), stalled);
        let paused = json!({"stall": {"bytes": 7, "for": "1500ms"}});
        assert_eq!(BackendFault::pause(7, long).unwrap().outcome(), paused);
        assert!(
            BackendFault::stalled(7, short).is_none() && BackendFault::pause(7, short).is_none()
        );
        let refused = BackendFault::in_place_of_answer("stream error", Some(7), short);
        assert_eq!(refused.unwrap().outcome(), json!({"rst_stream": 7}));
    }

    #[test]
    fn what_says_that_the_backend_was_not_asked_is_no_fault() {
        for why in ["invalid peer certificate", "Connection refused (os error 111)", "dns error"] {
            let fault = BackendFault::in_place_of_answer(why, None, Duration::ZERO);
            assert_eq!(fault, None, "{why}");
        }
    }
}
