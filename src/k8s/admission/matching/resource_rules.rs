//! Rules of operations and resources (`pkg/admission/plugin/webhook/predicates/rules/rules.go` and
//! `pkg/admission/plugin/policy/matching/matching.go` in `k8s.io/apiserver`).

use serde_json::Value;

use super::super::super::resource::{GroupResource, Registry, ResourceType};
use super::super::attributes::{Attributes, Versioned};

/// The rules of a webhook, or of a policy or its binding.
#[derive(Debug, Default)]
pub(crate) struct ResourceRules {
    rules: Vec<Rule>,
    /// Whether another version of a resource counts as the resource (`matchPolicy: Equivalent`).
    equivalent: bool,
}

/// What a request is to the rules that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match<'a> {
    /// The resource that the rule names.
    pub resource: Versioned<'a>,
    /// The kind of its objects: objects are converted to it.
    pub kind: Versioned<'a>,
}

#[derive(Debug)]
struct Rule {
    operations: Vec<String>,
    groups: Vec<String>,
    versions: Vec<String>,
    /// Resources with their subresources.
    resources: Vec<(String, String)>,
    /// Whether objects have to be in a namespace; nothing where that does not matter.
    namespaced: Option<bool>,
    /// Nothing where every name does.
    names: Vec<String>,
}

impl ResourceRules {
    /// The rules of a list: `rules` of a webhook, `resourceRules` or `excludeResourceRules` of a policy.
    pub(crate) fn new(rules: &Value, match_policy: &Value) -> Self {
        Self {
            rules: rules.as_array().into_iter().flatten().map(Rule::of).collect(),
            equivalent: match_policy == "Equivalent",
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What a request is to the first rule that it matches: as itself, else as an equivalent resource.
    pub(crate) fn find<'a>(
        &self,
        request: &Attributes<'a>,
        types: &'a Registry,
    ) -> Option<Match<'a>> {
        if self.rules.iter().any(|rule| rule.matches(request, request.resource)) {
            return Some(Match { resource: request.resource, kind: request.kind });
        }
        if !self.equivalent || self.rules.is_empty() {
            return None;
        }
        let equivalents = equivalents(request, types);
        let mut pairs =
            self.rules.iter().flat_map(|rule| equivalents.iter().map(move |found| (rule, found)));
        let found = pairs.find(|(rule, found)| rule.matches(request, found.resource));
        found.map(|(_, found)| *found)
    }
}

impl Rule {
    fn of(rule: &Value) -> Self {
        let texts = |field: &str| -> Vec<String> {
            let list = rule[field].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let split = |text: String| match text.split_once('/') {
            Some((resource, sub)) => (resource.to_owned(), sub.to_owned()),
            None => (text, String::new()),
        };
        Self {
            operations: texts("operations"),
            groups: texts("apiGroups"),
            versions: texts("apiVersions"),
            resources: texts("resources").into_iter().map(split).collect(),
            namespaced: match rule["scope"].as_str() {
                Some("Namespaced") => Some(true),
                Some("Cluster") => Some(false),
                _ => None,
            },
            names: texts("resourceNames"),
        }
    }

    /// Whether a request, taken as one for a resource, matches.
    fn matches(&self, request: &Attributes<'_>, resource: Versioned<'_>) -> bool {
        let listed =
            |list: &[String], wanted: &str| list.iter().any(|item| item == "*" || item == wanted);
        // A request for a namespace names that as its namespace, and is cluster-scoped all the same.
        let in_namespace = !is_namespace(resource) && !request.namespace.is_empty();
        self.namespaced.is_none_or(|wanted| wanted == in_namespace)
            && listed(&self.operations, request.operation.name())
            && listed(&self.groups, resource.group)
            && listed(&self.versions, resource.version)
            && self.resources.iter().any(|(plural, sub)| {
                (plural == "*" || plural == resource.name)
                    && (sub == "*" || sub == request.subresource)
            })
            && (self.names.is_empty() || self.names.iter().any(|name| name == request.name))
    }
}

fn is_namespace(resource: Versioned<'_>) -> bool {
    resource == Versioned { group: "", version: "v1", name: "namespaces" }
}

/// The other resources whose objects are the same as those of a request (`EquivalentResourceMapper`): other versions
/// of its type, and types that are stored as it is.
fn equivalents<'a>(request: &Attributes<'a>, types: &'a Registry) -> Vec<Match<'a>> {
    let own = request.resource;
    let Some(of) = types.get(&GroupResource::new(own.group, own.name)) else { return Vec::new() };
    let same = types.types().filter(|other| other.stored_as == of.stored_as);
    same.flat_map(|of| versions(request, of)).filter(|found| found.resource != own).collect()
}

fn versions<'a>(request: &Attributes<'a>, of: &'a ResourceType) -> impl Iterator<Item = Match<'a>> {
    let (subresource, own_kind) = (request.subresource, request.kind);
    of.versions.iter().filter_map(move |version| {
        let resource = Versioned { group: of.group(), version: &version.name, name: of.plural() };
        let kind = Versioned { group: of.group(), version: &version.name, name: &of.kind };
        let kind = match subresource {
            _ if !version.served => return None,
            "" => kind,
            "status" if version.status => kind,
            "scale" if version.scale.is_some() => {
                Versioned { group: "autoscaling", version: "v1", name: "Scale" }
            }
            "status" | "scale" => return None,
            _ => own_kind,
        };
        Some(Match { resource, kind })
    })
}
