//! Whether a user holds the rights that a role grants (`k8s.io/component-helpers/auth/rbac/validation`,
//! `k8s.io/kubernetes/pkg/registry/rbac/validation`).

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::golang::quote;
use super::super::super::resource::GroupResource;
use super::super::user::User;
use super::policy::UserRules;
use super::rule::{Rule, url_covers};

/// The rules that a user must hold to set an aggregation rule: all.
pub(in super::super::super) fn full_authority() -> [Rule; 2] {
    let all = || vec![Box::from("*")];
    let of_resources = Rule { groups: all(), resources: all(), verbs: all(), ..Rule::default() };
    [of_resources, Rule { urls: all(), verbs: all(), ..Rule::default() }]
}

/// The parts of rules that none of a user's rules covers (`Covers`).
pub(in super::super::super) fn missing(held: &[Rule], granted: &[Rule]) -> Vec<Rule> {
    let parts = granted.iter().flat_map(parts);
    parts.filter(|part| !held.iter().any(|rule| covers(rule, part))).collect()
}

/// What a rule allows, one action at a time (`BreakdownRule`).
fn parts(rule: &Rule) -> Vec<Rule> {
    let mut parts = Vec::new();
    for group in &rule.groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let part = Rule {
                    groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    verbs: vec![verb.clone()],
                    ..Rule::default()
                };
                if rule.names.is_empty() {
                    parts.push(part.clone());
                }
                for name in &rule.names {
                    parts.push(Rule { names: vec![name.clone()], ..part.clone() });
                }
            }
        }
    }
    for url in &rule.urls {
        for verb in &rule.verbs {
            let (urls, verbs) = (vec![url.clone()], vec![verb.clone()]);
            parts.push(Rule { urls, verbs, ..Rule::default() });
        }
    }
    parts
}

/// Whether a rule covers a part (`ruleCovers`).
fn covers(rule: &Rule, part: &Rule) -> bool {
    let has = |list: &[Box<str>], wanted: &[Box<str>]| {
        list.iter().any(|item| **item == *"*") || wanted.iter().all(|item| list.contains(item))
    };
    let has_resource = |wanted: &str| {
        let lists = |name: &str| rule.resources.iter().any(|item| **item == *name);
        lists(wanted) || wanted.split_once('/').is_some_and(|(_, sub)| lists(&format!("*/{sub}")))
    };
    let has_all = rule.resources.iter().any(|item| **item == *"*");
    has(&rule.verbs, &part.verbs)
        && has(&rule.groups, &part.groups)
        && (has_all || part.resources.iter().all(|resource| has_resource(resource)))
        && part.urls.iter().all(|path| rule.urls.iter().any(|url| url_covers(url, path)))
        && (rule.names.is_empty()
            || !part.names.is_empty() && part.names.iter().all(|name| rule.names.contains(name)))
}

/// Why a user must not grant rights by an object of a resource (`ConfirmNoEscalation`).
pub(in super::super::super) fn describe_missing(
    user: &User,
    resource: &GroupResource,
    held: &UserRules,
    missing: Vec<Rule>,
) -> String {
    let shown: BTreeSet<String> = compacted(missing).iter().map(Rule::compact).collect();
    let shown: Vec<String> = shown.into_iter().collect();
    let groups: Vec<String> = user.groups.iter().map(|group| quote(group)).collect();
    let mut why = format!(
        "user {} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        quote(&user.name),
        groups.join(" "),
        shown.join("\n")
    );
    if let Some(errors) = held.resolution_error(resource) {
        why.push_str(&format!("; resolution errors: [{errors}]"));
    }
    why
}

/// Parts about the same resource as one rule (`CompactRules`).
fn compacted(parts: Vec<Rule>) -> Vec<Rule> {
    let mut others = Vec::new();
    let mut simple = BTreeMap::<(Box<str>, Box<str>, Option<Box<str>>), Rule>::new();
    for part in parts {
        let Rule { groups, resources, names, urls, .. } = &part;
        if let ([group], [resource], [] | [_], []) =
            (groups.as_slice(), resources.as_slice(), names.as_slice(), urls.as_slice())
        {
            let key = (group.clone(), resource.clone(), names.first().cloned());
            match simple.get_mut(&key) {
                Some(rule) => rule.verbs.extend(part.verbs),
                None => drop(simple.insert(key, part)),
            }
        } else {
            others.push(part);
        }
    }
    others.extend(simple.into_values());
    others
}
