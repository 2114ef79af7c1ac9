//! Whether a text may contain a secret: one search in place of many, since most values contain none.

use std::sync::LazyLock;

use regex::Regex;

/// What one of the patterns of [`text`](super::text) begins with, or has in it.
const ANYTHING: &str = r"(?x)[:=@<{\[] | eyJ | BEGIN | (?i:bearer|basic|apikey|splunk|sso-key|genie-key|token)\s | AKIA | ASIA | AROA | AIDA
        | AIza | gh[pousr]_ | github_pat_ | gl[a-z]+- | glsa_ | xox | xapp- | ya29 | 1//0 | sk[_-] | [rp]k_ | whsec_ | npm_ | pypi-
        | hv[sbr]\. | sha256~ | dop_v1 | SG\. | sq0 | dckr_ | shp | AGE- | lin_api | hf_ | tskey | k8s-aws | NRAK | EAAC
        | -- | (?i:password|identified)\s | /services/ | /(?:activ|confirm|share|join|accept|token) | [,;\t][^\n]*\n | /(?:hook|webhook|incoming|invit|reset|password|magic|verify|unsub|bot)";

static TRIGGER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ANYTHING).ok());

/// Whether a text may contain a secret.
pub(super) fn may_hold_secrets(text: &str) -> bool {
    // A pattern that is broken would be noticed by the test below.
    TRIGGER.as_ref().is_none_or(|trigger| trigger.is_match(text))
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
        for text in
            ["a=b", "ghp_0123", "eyJhbGciOi", "/hooks/x", "see Bearer abc", "<a>", "AKIA0000"]
        {
            assert!(may_hold_secrets(text), "{text}");
        }
    }
}
