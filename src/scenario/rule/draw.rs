//! Draws: outcome n of a rule is a pure function of (seed, rule, world, n).
//!
//! The function is SHA-256, which does not depend on the version of a library: the seed in a bug report gives
//! the same run in every version.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::message::{Asked, Delay};

/// What a draw of a rule depends on.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Draw<'a> {
    pub(in crate::scenario) seed: u64,
    pub(in crate::scenario) rule: &'a str,
    pub(in crate::scenario) world: &'a str,
    /// The request, where the rule draws by request.
    pub(in crate::scenario) request: Option<&'a [u8; 32]>,
}

impl Draw<'_> {
    /// Returns a number in [0, 1). `of` names the draw, where a rule makes several for one request.
    pub(in crate::scenario) fn fraction(&self, of: &str, n: u64) -> f64 {
        let bytes = match (of, self.request) {
            ("", None) => hash(self.seed, &[self.rule.as_bytes(), self.world.as_bytes()], n),
            (of, request) => {
                let rule = format!("{}#{of}", self.rule);
                let request = request.map_or(&[][..], |request| &request[..]);
                let parts = [rule.as_bytes(), self.world.as_bytes(), request];
                let parts = if request.is_empty() { &parts[..2] } else { &parts[..] };
                hash(self.seed, parts, n)
            }
        };
        let mut high = [0_u8; 8];
        high.copy_from_slice(&bytes[..8]);
        // A double holds 53 bits exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let fraction = (u64::from_be_bytes(high) >> 11) as f64 / (1_u64 << 53) as f64;
        fraction
    }

    /// Returns the time of a delay. It is drawn separately, so that it does not correlate with the
    /// rule's other draws.
    pub(in crate::scenario) fn delay(&self, delay: &Delay, n: u64) -> Duration {
        let mut drawn = 0;
        delay.draw(|| {
            drawn += 1;
            let of = if drawn == 1 { "delay".to_owned() } else { format!("delay-{drawn}") };
            self.fraction(&of, n)
        })
    }
}

/// Returns the identity of a request: a hash of method, path, query and body.
pub(in crate::scenario) fn request_id(asked: &Asked<'_>) -> [u8; 32] {
    let pairs: Vec<String> =
        asked.query().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (method, query) = (asked.method().as_str(), pairs.join("&"));
    let body = asked.sent_body().map_or(&[][..], |body| body);
    hash(0, &[method.as_bytes(), asked.path().as_bytes(), query.as_bytes(), body], 0)
}

/// Returns a short hash of a text.
pub(in crate::scenario) fn digest(text: &str) -> String {
    hash(0, &[text.as_bytes()], 0).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the n-th token of a world: a hash, so that the same seed gives the same tokens.
pub(in crate::scenario) fn token(seed: u64, name: &str, world: &str, n: u64) -> String {
    let bytes = hash(seed, &[name.as_bytes(), world.as_bytes()], n);
    let hex: String = bytes.iter().take(24).map(|byte| format!("{byte:02x}")).collect();
    format!("MII{hex}")
}

/// Returns a hash of parts that depends on their boundaries.
pub(in crate::scenario) fn hash(seed: u64, parts: &[&[u8]], n: u64) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    // Lengths first, so that different parts never give the same bytes.
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.update(n.to_be_bytes());
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::message::Request;

    #[test]
    fn draws_are_pure_and_even() {
        let draw = |rule, n| Draw { seed: 42, rule, world: "w", request: None }.fraction("", n);
        assert!((draw("r", 7) - draw("r", 7)).abs() < f64::EPSILON);
        assert!((draw("r", 7) - draw("r", 8)).abs() > f64::EPSILON);
        // 10,000 draws at 30%: five standard deviations are 229.
        let hits = (0..10_000).filter(|n| draw("throttle", *n) < 0.3).count();
        assert!(hits.abs_diff(3000) < 229, "{hits}");
    }

    #[test]
    fn a_requests_own_draws_are_even_too() {
        let hits = (0..10_000_u32).filter(|n| {
            let request = Request::new(Method::GET, &format!("/{n}"));
            let request = request_id(&Asked::new(&request));
            let draw = Draw { seed: 42, rule: "r", world: "w", request: Some(&request) };
            draw.fraction("", 0) < 0.3
        });
        let hits = hits.count();
        assert!(hits.abs_diff(3000) < 229, "{hits}");
    }
}
