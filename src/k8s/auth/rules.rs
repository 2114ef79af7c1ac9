//! What a user may do, as `SelfSubjectRulesReview` lists it.

use serde_json::{Value, json};

/// Verbs on resources, or on paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UserRule {
    pub(super) verbs: Vec<String>,
    pub(super) groups: Vec<String>,
    /// Empty for none.
    pub(super) resources: Vec<String>,
    /// The names of objects; empty for all.
    pub(super) names: Vec<String>,
    /// Empty for none.
    pub(super) paths: Vec<String>,
}

impl UserRule {
    /// The rules that allow everything.
    pub(super) fn everything() -> [Self; 2] {
        let all = || vec!["*".to_owned()];
        let of_resources =
            Self { verbs: all(), groups: all(), resources: all(), ..Self::default() };
        [of_resources, Self { verbs: all(), paths: all(), ..Self::default() }]
    }

    /// The rule about resources, if it is one.
    pub(super) fn of_resources(&self) -> Option<Value> {
        let Self { verbs, groups, resources, names, .. } = self;
        if resources.is_empty() {
            return None;
        }
        let mut rule = json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        Some(rule)
    }

    /// The rule about paths, if it is one.
    pub(super) fn of_paths(&self) -> Option<Value> {
        let Self { verbs, paths, .. } = self;
        (!paths.is_empty()).then(|| json!({"verbs": verbs, "nonResourceURLs": paths}))
    }
}
