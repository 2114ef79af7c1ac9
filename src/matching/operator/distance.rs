//! The distance of a value from the expected one: 0 is a match, 1 has nothing in common
//! (`MatchResult.getDistance` of `WireMock`).
//!
//! The distance decides more than the order of near misses. Of several values of a name, `WireMock`
//! judges the nearest alone, the first of equally near ones (`C/matching/MultiValuePattern.java`,
//! `getBestMatch`). A value that is equal but for its case can be as distant as an unequal one, and
//! a date that is early enough can be more distant than one that is not.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::{StringPattern, Subject};

/// How much of a text counts, in characters: the edit distance is quadratic.
const COMPARED_CHARS: usize = 256;

impl StringPattern {
    /// Returns whether the nearest of several values matches; the others do not count.
    pub(in crate::matching) fn matches_nearest<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        now: Option<Timestamp>,
    ) -> bool {
        let mut texts = texts.map(|text| Subject::new(Some(text)).at(now));
        if !self.matches_far_values() {
            return texts.any(|subject| self.matches(&subject));
        }
        let Some(mut nearest) = texts.next() else { return false };
        let Some(second) = texts.next() else { return self.matches(&nearest) };
        let mut least = self.distance(&nearest);
        for subject in std::iter::once(second).chain(texts) {
            let distance = self.distance(&subject);
            if distance < least {
                (nearest, least) = (subject, distance);
            }
        }
        self.matches(&nearest)
    }

    /// Returns whether a matching value can have a distance above 0.
    fn matches_far_values(&self) -> bool {
        match self {
            Self::EqualTo { text, ignore_case } => *ignore_case || text.is_empty(),
            Self::Date(_) => true,
            Self::MatchesJsonPath(_, Some(below)) | Self::MatchesXPath(_, Some(below)) => {
                below.matches_far_values()
            }
            Self::And(all) | Self::Or(all) => all.iter().any(Self::matches_far_values),
            _ => false,
        }
    }

    /// Returns the distance of one value; infinite where Java has no number for it.
    pub(in crate::matching) fn distance(&self, subject: &Subject<'_>) -> f64 {
        match self {
            Self::EqualTo { text: wanted, .. } => subject.text().map_or(1.0, |text| {
                // Java does not divide by a length of zero.
                let both_empty = text.is_empty() && wanted.is_empty();
                if both_empty { f64::INFINITY } else { text_distance(wanted, text) }
            }),
            Self::Date(pattern) => pattern.distance(subject.text(), subject.now()),
            Self::And(all) => mean(all.iter().map(|pattern| pattern.distance(subject))),
            Self::Or(any) => least(any.iter().map(|pattern| pattern.distance(subject))),
            _ if self.matches(subject) => self.distance_of_match(subject),
            Self::EqualToJson(pattern) => subject.json().map_or(1.0, |json| {
                let (apart, total) = differing(&pattern.aligned(json), json);
                share(apart, total)
            }),
            _ => 1.0,
        }
    }

    /// Returns the distance of a matching value: that of the result of a path, if a pattern is
    /// applied to it.
    fn distance_of_match(&self, subject: &Subject<'_>) -> f64 {
        let now = subject.given_time();
        match self {
            Self::MatchesJsonPath(path, Some(below)) if below.matches_far_values() => {
                let texts = path.texts(subject, below.as_json().is_some()).unwrap_or_default();
                let first = texts.iter().find(|text| below.matches_text(text, now));
                first.map_or(0.0, |text| below.distance(&Subject::new(Some(text)).at(now)))
            }
            Self::MatchesXPath(path, Some(below)) if below.matches_far_values() => {
                let texts = path.texts(subject.text());
                least(texts.iter().map(|text| below.distance(&Subject::new(Some(text)).at(now))))
            }
            _ => 0.0,
        }
    }
}

/// Returns the mean of some distances; of none it is 0.
pub(in crate::matching) fn mean(distances: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) =
        distances.fold((0.0, 0.0), |(sum, count), distance| (sum + distance, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn least(distances: impl Iterator<Item = f64>) -> f64 {
    distances.min_by(f64::total_cmp).unwrap_or(1.0)
}

/// Returns how many values differ in two trees, and how many there are.
fn differing(a: &Value, b: &Value) -> (usize, usize) {
    let sum = |left: (usize, usize), right: (usize, usize)| (left.0 + right.0, left.1 + right.1);
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let extra = b.keys().filter(|key| !a.contains_key(*key)).count();
            let shared = a
                .iter()
                .map(|(key, value)| b.get(key).map_or((1, 1), |other| differing(value, other)));
            shared.fold((extra, extra), sum)
        }
        (Value::Array(a), Value::Array(b)) => {
            let extra = a.len().abs_diff(b.len());
            a.iter().zip(b).map(|(a, b)| differing(a, b)).fold((extra, extra), sum)
        }
        _ => (usize::from(a != b), 1),
    }
}

#[expect(clippy::cast_precision_loss, reason = "precise enough for ranking near misses")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Returns the edit distance of two texts, as a fraction of the longer one's length.
pub(in crate::matching) fn text_distance(a: &str, b: &str) -> f64 {
    1.0 - strsim::normalized_levenshtein(&cut(a), &cut(b))
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(COMPARED_CHARS) {
        Some((end, _)) => Cow::Borrowed(&text[..end]),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::testing::with_node;

    /// The expected verdicts are those of the 3.13.2 jar.
    #[test]
    fn of_several_values_the_nearest_counts() {
        let any_case = json!({"equalTo": "abc", "caseInsensitive": true});
        let table: [(_, &[&str], bool); 20] = [
            (any_case.clone(), &["", "ABC"], false),
            (any_case.clone(), &["x", "ABC"], false),
            (any_case.clone(), &["ABC", "x"], true),
            (any_case.clone(), &["ABC", ""], true),
            (any_case.clone(), &["ABC", "ab"], false),
            (any_case.clone(), &["abc", "ab"], true),
            (any_case.clone(), &["xyzw", "ABC"], false),
            (json!({"equalTo": ""}), &["", "x"], false),
            (json!({"equalTo": ""}), &["", ""], true),
            (json!({"or": [any_case, {"contains": "q"}]}), &["ab", "q"], true),
            (json!({"or": [any_case, {"contains": "q"}]}), &["x", "ABC"], false),
            (json!({"and": [any_case, {"contains": "C"}]}), &["x", "ABC"], true),
            (json!({"and": [any_case, {"contains": "C"}]}), &["C", "ABC"], false),
            (json!({"and": [any_case, {"contains": "C"}]}), &["abc", "ABC"], false),
            (json!({"not": any_case}), &["ABC", "x"], true),
            (json!({"not": any_case}), &["ABC", "ABC"], false),
            (
                json!({"matchesJsonPath": {"expression": "$.a", "equalTo": "abc", "caseInsensitive": true}}),
                &["x", r#"{"a": "ABC"}"#],
                false,
            ),
            (
                json!({"matchesJsonPath": {"expression": "$.a", "equalTo": "abc", "caseInsensitive": true}}),
                &[r#"{"a": "ABC"}"#, "x"],
                true,
            ),
            (
                json!({"before": "2021-06-01T00:00:00Z"}),
                &["2000-01-01T00:00:00Z", "2021-07-01T00:00:00Z"],
                false,
            ),
            (
                json!({"before": "2021-06-01T00:00:00Z"}),
                &["2021-05-01T00:00:00Z", "2041-07-01T00:00:00Z"],
                true,
            ),
        ];
        for (pattern, values, verdict) in table {
            let (compiled, problems) = with_node(&pattern, StringPattern::compile);
            assert!(problems.is_empty(), "{problems:?}");
            let found = compiled.unwrap().matches_nearest(values.iter().copied(), None);
            assert_eq!(found, verdict, "{pattern} on {values:?}");
        }
    }
}
