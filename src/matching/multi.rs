//! Patterns of repeated values: header fields and query parameters
//! (`C/matching/MultiValuePattern.java`).

use std::fmt;

use jiff::Timestamp;

use crate::document::Node;

use super::operator::{StringPattern, Subject, no_operation};

/// A pattern for all values of one name.
#[derive(Debug)]
pub(crate) enum MultiPattern {
    /// The nearest value matches; no value at all is absence.
    Any(StringPattern),
    /// As many values as patterns, and each pattern matches one of them.
    HasExactly(Vec<StringPattern>),
    /// Each pattern matches one of the values.
    Includes(Vec<StringPattern>),
}

impl MultiPattern {
    /// Returns whether the values match at a time; the system time if none is given.
    pub(crate) fn matches<T: AsRef<str>>(&self, values: &[T], now: Option<Timestamp>) -> bool {
        let found = |pattern: &StringPattern| {
            pattern.matches_nearest(values.iter().map(AsRef::as_ref), now)
        };
        match self {
            Self::Any(pattern) if values.is_empty() => pattern.matches(&Subject::new(None).at(now)),
            Self::Any(pattern) => found(pattern),
            // Without values none of these match.
            Self::HasExactly(_) | Self::Includes(_) if values.is_empty() => false,
            Self::HasExactly(patterns) => {
                values.len() == patterns.len() && patterns.iter().all(found)
            }
            Self::Includes(patterns) => patterns.iter().all(found),
        }
    }

    /// Decodes the pattern of a header or parameter; problems are reported.
    pub(super) fn compile(node: &Node<'_>) -> Option<Self> {
        let has = |key| node.value().get(key).is_some();
        if !(has("hasExactly") || has("includes")) {
            if node.value().as_object().is_some_and(serde_json::Map::is_empty) {
                // WireMock reads it twice, and finds nothing the second time.
                no_operation(node, "null");
                return None;
            }
            return StringPattern::compile(node).map(Self::Any);
        }
        let keys = node.keys()?;
        let list = |operand: &Node<'_>| {
            let patterns: Vec<_> = operand.items().iter().map(StringPattern::compile).collect();
            patterns.into_iter().collect::<Option<Vec<_>>>()
        };
        let exactly = keys.get("hasExactly");
        let pattern = match &exactly {
            Some(patterns) => list(patterns).map(Self::HasExactly),
            None => keys.get("includes").and_then(|patterns| list(&patterns)).map(Self::Includes),
        };
        keys.finish();
        pattern
    }

    /// Returns a text that equals one of the values whenever they match.
    pub(super) fn required_text(&self) -> Option<&str> {
        match self {
            Self::Any(pattern) => pattern.required_text(),
            Self::HasExactly(patterns) | Self::Includes(patterns) => {
                patterns.iter().find_map(StringPattern::required_text)
            }
        }
    }
}

impl fmt::Display for MultiPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, patterns: &[StringPattern]| {
            write!(f, "[{word}]")?;
            for (at, pattern) in patterns.iter().enumerate() {
                write!(f, "{} {pattern}", if at > 0 { "," } else { "" })?;
            }
            Ok(())
        };
        match self {
            Self::Any(pattern) => write!(f, "{pattern}"),
            Self::HasExactly(patterns) => list(f, "hasExactly", patterns),
            Self::Includes(patterns) => list(f, "includes", patterns),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::testing::with_node;

    #[test]
    fn several_values_are_judged_together() {
        let exactly = json!({"hasExactly": [{"equalTo": "1"}, {"contains": "2"}]});
        let includes = json!({"includes": [{"equalTo": "1"}]});
        let table: [(_, &[&str], bool); 11] = [
            (json!({"equalTo": "1"}), &["0", "1"], true),
            (json!({"equalTo": "1"}), &[], false),
            (json!({"absent": true}), &[], true),
            (json!({"absent": true}), &["1"], false),
            (exactly.clone(), &["22", "1"], true),
            (exactly.clone(), &["22", "1", "3"], false),
            (exactly, &["1", "1"], false),
            (json!({"hasExactly": []}), &[], false),
            (includes.clone(), &["3", "1"], true),
            (includes.clone(), &["3"], false),
            (includes, &[], false),
        ];
        for (pattern, values, verdict) in table {
            let (compiled, problems) = with_node(&pattern, MultiPattern::compile);
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(compiled.unwrap().matches(values, None), verdict, "{pattern} on {values:?}");
        }
    }

    #[test]
    fn unknown_operators_are_reported() {
        let (_, problems) = with_node(&json!({"equalsTo": "a"}), MultiPattern::compile);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].hint, "did you mean \"equalTo\"?");
        let both = json!({"hasExactly": [], "includes": []});
        assert_eq!(with_node(&both, MultiPattern::compile).1.len(), 1);
    }
}
