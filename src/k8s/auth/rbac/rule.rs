//! One rule of a role: what it matches (`k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::rules::UserRule;
use super::super::user::Attributes;

/// The word that stands for everything.
const ALL: &str = "*";

/// A rule of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super::super) struct Rule {
    pub(super) groups: Vec<Box<str>>,
    pub(super) resources: Vec<Box<str>>,
    pub(super) urls: Vec<Box<str>>,
    pub(super) names: Vec<Box<str>>,
    pub(super) verbs: Vec<Box<str>>,
}

/// The rules of a role.
pub(in super::super::super) fn rules_of(role: &Value) -> Vec<Rule> {
    role["rules"].as_array().into_iter().flatten().map(Rule::read).collect()
}

impl Rule {
    fn read(rule: &Value) -> Self {
        let texts = |field: &str| {
            let list = rule[field].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(Box::from).collect()
        };
        Self {
            groups: texts("apiGroups"),
            resources: texts("resources"),
            urls: texts("nonResourceURLs"),
            names: texts("resourceNames"),
            verbs: texts("verbs"),
        }
    }

    /// Whether the rule allows an action (`RuleAllows`).
    pub(super) fn allows(&self, asked: &Attributes<'_>) -> bool {
        if !matches(&self.verbs, asked.verb) {
            return false;
        }
        if !asked.is_resource() {
            return self.urls.iter().any(|url| url_covers(url, asked.path));
        }
        matches(&self.groups, asked.group)
            && self.resources.iter().any(|resource| covers_resource(resource, asked))
            && (self.names.is_empty() || self.names.iter().any(|name| **name == *asked.name))
    }

    /// The rule as escalation messages show it (`CompactString`).
    pub(super) fn compact(&self) -> String {
        let parts = [
            ("APIGroups", &self.groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.urls),
            ("ResourceNames", &self.names),
            ("Verbs", &self.verbs),
        ];
        let shown = parts.iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| {
            let items: Vec<String> = list.iter().map(|item| quote(item)).collect();
            format!("{name}:[{}]", items.join(" "))
        });
        format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
    }

    /// The rule as `SelfSubjectRulesReview` lists it.
    pub(in super::super) fn as_user_rule(&self) -> UserRule {
        let texts = |list: &[Box<str>]| list.iter().map(ToString::to_string).collect();
        UserRule {
            verbs: texts(&self.verbs),
            groups: texts(&self.groups),
            resources: texts(&self.resources),
            names: texts(&self.names),
            paths: texts(&self.urls),
        }
    }
}

fn matches(list: &[Box<str>], asked: &str) -> bool {
    list.iter().any(|item| **item == *ALL || **item == *asked)
}

/// `ResourceMatches`: everything, the resource with its subresource, or `*/subresource`.
fn covers_resource(resource: &str, asked: &Attributes<'_>) -> bool {
    let Attributes { resource: wanted, subresource, .. } = *asked;
    if resource == ALL {
        return true;
    }
    if subresource.is_empty() {
        return resource == wanted;
    }
    resource
        .split_once('/')
        .is_some_and(|(of, sub)| sub == subresource && (of == wanted || of == ALL))
}

/// Whether a URL of a rule covers a path: the path itself, or a beginning of it before `*`.
pub(super) fn url_covers(url: &str, path: &str) -> bool {
    url == ALL || url == path || url.ends_with('*') && path.starts_with(url.trim_end_matches('*'))
}
