//! Whether a text may contain a secret: one search in place of many, since most values contain none.

use std::sync::LazyLock;

use regex::Regex;

use super::random::has_long_run;

/// What one of the patterns of [`text`](super::text), [`phrases`](super::phrases) and [`vendors`](super::vendors)
/// has in it, besides a long run of letters and digits.
const ANYTHING: &str = r"(?x)[:=@<{\[$|] | eyJ | BEGIN | &lt; | %(?:25|3[ADad]|22|7[Bb])
        | (?i:bearer|basic|apikey|splunk|sso-key|genie-key|token|negotiate|ntlm|ssws|dpop|sharedkey|password|secret|identified|login|insert|net|pin|otp|code|key|passcode|passphrase|token|configure|config|requirepass|masterauth)\s
        | (?:AKIA|ASIA|AROA|AIDA|xox[a-z]-|xapp-|gl[a-z]+-|hv[sbr]\.|[srp]k_|sk-|HRKU-|(?:sdk|mob)-|tskey-|SG\.|glsa_|AGE-)
        | AUTH\s | Q~ | (?:api|access|pat)-[0-9a-z] | --|\s-[a-zA-Z] | \s(?:is|was)\s | rabbitmqctl | sqlplus | setItem | \b(?:community|pre-shared-key|log\sin|sign\sin)\s | /services/ | /(?:activ|confirm|share|join|accept|token|signed|api|access|auth|pass|secret|otp)
        | [,;\t][^\n]*\n | \n | /(?:hook|webhook|incoming|invit|reset|password|magic|verify|unsub|bot)";

static TRIGGER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ANYTHING).ok());

/// Whether a text may contain a secret.
pub(super) fn may_hold_secrets(text: &str) -> bool {
    // A pattern that is broken would be noticed by the test below.
    has_long_run(text) || TRIGGER.as_ref().is_none_or(|trigger| trigger.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_values_contain_no_secret() {
        assert!(TRIGGER.is_some());
        for text in ["xxxxxxxxxxxxxxxxxxxxx", "kube-system", "2026-01-02", "a sentence of words"] {
            assert!(!may_hold_secrets(text), "{text}");
        }
        for text in [
            "a=b",
            "ghp_0123456789abcdef",
            "eyJhbGciOi",
            "/hooks/x",
            "see Bearer abc",
            "<a>",
            "AKIA0000",
        ] {
            assert!(may_hold_secrets(text), "{text}");
        }
    }
}
