//! Label selectors, with the grammar and the messages of `k8s.io/apimachinery/pkg/labels/selector.go`.
//!
//! `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a)`, `k`, `!k`, `k>1`, `k<1`, joined by commas.
//! `!=` and `notin` select objects without the key too.

mod lex;
mod parse;

use serde_json::Value;

use super::super::golang::quote;

/// A parsed label selector; the empty one selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    /// Parses a selector.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        parse::selector(text).map(Self)
    }

    /// The selector of a field of an object (`metav1.LabelSelectorAsSelector`). One that is not there selects nothing
    /// in upstream, and is set by defaults wherever it is read here.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn of_object(selector: &Value) -> Result<Self, String> {
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let mut parts: Vec<String> = labels
            .map(|(key, value)| format!("{key} in ({})", value.as_str().unwrap_or_default()))
            .collect();
        for found in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = found["key"].as_str().unwrap_or_default();
            let values = found["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).collect::<Vec<_>>().join(",");
            parts.push(match found["operator"].as_str().unwrap_or_default() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.to_owned(),
                "DoesNotExist" => format!("!{key}"),
                other => {
                    return Err(format!("{} is not a valid label selector operator", quote(other)));
                }
            });
        }
        Self::parse(&parts.join(","))
    }

    /// Whether every object is selected.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether labels match; `label` looks one up by key.
    pub(in super::super) fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(label(&requirement.key)))
    }
}

impl Requirement {
    fn matches(&self, label: Option<&str>) -> bool {
        let listed = |value: &str| self.values.iter().any(|wanted| wanted == value);
        let compared = |by: fn(&i64, &i64) -> bool| {
            let value = label.and_then(|value| go_int(value).ok());
            let wanted = self.values.first().and_then(|wanted| go_int(wanted).ok());
            value.zip(wanted).is_some_and(|(value, wanted)| by(&value, &wanted))
        };
        match self.operator {
            Operator::In => label.is_some_and(listed),
            Operator::NotIn => !label.is_some_and(listed),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan => compared(i64::gt),
            Operator::LessThan => compared(i64::lt),
        }
    }
}

/// Go's `strconv.ParseInt(text, 10, 64)`.
fn go_int(text: &str) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector = LabelSelector::parse(selector).unwrap();
        selector.matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v))
    }

    #[test]
    fn operators_select_as_upstream_does() {
        let web: &[(&str, &str)] = &[("app", "web"), ("n", "5")];
        for (selector, with, without) in [
            ("", true, true),
            ("app=web", true, false),
            ("app==web", true, false),
            ("app!=web", false, true),
            ("app in (web,db)", true, false),
            ("app notin (web)", false, true),
            ("app", true, false),
            ("!app", false, true),
            ("n>4", true, false),
            ("n<5", false, false),
            ("app=", false, false),
            ("app in ()", false, false),
            ("app in (,web)", true, false),
            ("in=x", false, false),
            (" app = web , n = 5 ", true, false),
        ] {
            assert_eq!(selects(selector, web), with, "{selector:?} with labels");
            assert_eq!(selects(selector, &[]), without, "{selector:?} without labels");
        }
    }

    #[test]
    fn invalid_selectors_have_upstreams_messages() {
        for (selector, message) in [
            ("app=web,", "found '', expected: identifier after ','"),
            ("=x", "found '=', expected: !, identifier, or 'end of string'"),
            ("app in web", "unable to parse requirement: found 'web' expected: '('"),
            ("app=a b", "found 'b', expected: ',' or 'end of string'"),
            ("app in (a b)", "unable to parse requirement: found 'b', expected: ',' or ')'"),
            (
                "a b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            (
                "n>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, \
                 the value must be an integer",
            ),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap_err(), message, "{selector:?}");
        }
    }
}
