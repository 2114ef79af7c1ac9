//! Rules of flow schemas and priority levels (`pkg/apis/flowcontrol/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, item, list, problems, supported_text, text, texts};

const MAX_PRECEDENCE: i64 = 10_000;
const MAX_QUEUES: i64 = 10_000_000;
/// The bits of a hash that shuffle sharding can use.
const MAX_HASH_BITS: u32 = 60;

const VERBS: [&str; 9] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

/// `ValidateFlowSchemaSpec`.
pub(super) fn flow_schema(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let precedence = spec["matchingPrecedence"].as_i64().unwrap_or_default();
    let above = format!("must not be greater than {MAX_PRECEDENCE}");
    for (wrong, why) in [
        (precedence <= 0, "must be a positive value"),
        (precedence > MAX_PRECEDENCE, &*above),
        (
            precedence == 1 && text(&object["metadata"], "name") != "exempt",
            "only the schema named 'exempt' may have matchingPrecedence 1",
        ),
    ] {
        if wrong {
            errors.push(FieldError::invalid("spec.matchingPrecedence", precedence, why));
        }
    }
    let method = &spec["distinguisherMethod"];
    if !method.is_null() {
        let known = ["ByNamespace", "ByUser"];
        if !known.contains(&text(method, "type")) {
            let shown = diff::internal_text("flowcontrol.FlowDistinguisherMethod", method);
            let known = known.map(str::to_owned);
            errors.push(FieldError::not_supported("spec.distinguisherMethod.type", shown, &known));
        }
    }
    let level = text(&spec["priorityLevelConfiguration"], "name");
    let path = "spec.priorityLevelConfiguration.name";
    if level.is_empty() {
        errors.push(FieldError::required(path, "must reference a priority level"));
    } else {
        problems(errors, path, level, names::subdomain(level));
    }
    for (index, rule) in list(spec, "rules").iter().enumerate() {
        rule_with_subjects(errors, rule, &item("spec.rules", index));
    }
    schema_conditions(object, errors);
}

/// `ValidateFlowSchemaStatus`; that of a priority level is the same.
fn schema_conditions(object: &Value, errors: &mut Errors) {
    let mut known = Vec::new();
    for (index, condition) in list(&object["status"], "conditions").iter().enumerate() {
        let path = child(&item("status.conditions", index), "type");
        let kind = text(condition, "type");
        if known.contains(&kind) {
            errors.push(FieldError::duplicate(&path, quote(kind)));
        }
        known.push(kind);
        if kind.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
    }
}

/// `ValidateFlowSchemaStatusUpdate`, `ValidatePriorityLevelConfigurationStatusUpdate`.
pub(super) fn status(new: &Value, _: &Value, errors: &mut Errors) {
    schema_conditions(new, errors);
}

/// `ValidateFlowSchemaPolicyRulesWithSubjects`.
fn rule_with_subjects(errors: &mut Errors, rule: &Value, path: &str) {
    let at = child(path, "subjects");
    if list(rule, "subjects").is_empty() {
        errors.push(FieldError::required(&at, "subjects must contain at least one value"));
    }
    for (index, found) in list(rule, "subjects").iter().enumerate() {
        subject(errors, found, &item(&at, index));
    }
    let (resources, urls) = (list(rule, "resourceRules"), list(rule, "nonResourceRules"));
    if resources.is_empty() && urls.is_empty() {
        let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errors.push(FieldError::required(path, why));
    }
    for (index, found) in resources.iter().enumerate() {
        resource_rule(errors, found, &item(&child(path, "resourceRules"), index));
    }
    for (index, found) in urls.iter().enumerate() {
        url_rule(errors, found, &item(&child(path, "nonResourceRules"), index));
    }
}

/// The kinds of subjects: the kind, and its field.
const SUBJECTS: [(&str, &str); 3] =
    [("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")];

/// `ValidateFlowSchemaSubject`.
fn subject(errors: &mut Errors, subject: &Value, path: &str) {
    let kind = text(subject, "kind");
    if !SUBJECTS.iter().any(|(known, _)| *known == kind) {
        let known = ["Group", "ServiceAccount", "User"];
        supported_text(errors, kind, &child(path, "kind"), &known);
        return;
    }
    for (own, field) in SUBJECTS.iter().filter(|(own, _)| *own == kind) {
        let (found, path) = (&subject[field], child(path, field));
        if found.is_null() {
            let why = format!("{field} is required when subject kind is '{own}'");
            errors.push(FieldError::required(path, &why));
            continue;
        }
        let name = text(found, "name");
        if name.is_empty() {
            errors.push(FieldError::required(child(&path, "name"), ""));
        } else if kind == "ServiceAccount" && name != "*" {
            problems(errors, &child(&path, "name"), name, names::subdomain(name));
        }
        if kind == "ServiceAccount" {
            let (namespace, path) = (text(found, "namespace"), child(&path, "namespace"));
            if namespace.is_empty() {
                let why = "must specify namespace for service account";
                errors.push(FieldError::required(path, why));
            } else {
                problems(errors, &path, namespace, names::label(namespace));
            }
        }
    }
    // The order in which upstream refuses the other fields.
    let order = if kind == "ServiceAccount" { [1, 2, 2] } else { [0, 1, 2] };
    let mut refused = Vec::new();
    for (other, field) in order.map(|at| SUBJECTS[at]) {
        if other != kind && !refused.contains(&field) && !subject[field].is_null() {
            let why = format!("{field} is forbidden when subject kind is not '{other}'");
            errors.push(FieldError::forbidden(child(path, field), &why));
            refused.push(field);
        }
    }
}

/// The verbs of a rule.
fn verbs(errors: &mut Errors, rule: &Value, path: &str) {
    let path = child(path, "verbs");
    let shown = || json_text(&rule["verbs"]);
    let all: Vec<&str> = texts(rule, "verbs").collect();
    if all.is_empty() {
        errors.push(FieldError::required(path, "verbs must contain at least one value"));
    } else if all.contains(&"*") {
        if all.len() > 1 {
            let why = "if '*' is present, must not specify other verbs";
            errors.push(FieldError::invalid(path, shown(), why));
        }
    } else if !all.iter().all(|verb| VERBS.contains(verb)) {
        errors.push(FieldError::not_supported(path, shown(), &VERBS.map(str::to_owned)));
    }
}

/// A list that is a `*` alone, or has other items. Returns whether its items are to be checked.
fn wildcard_alone(errors: &mut Errors, rule: &Value, field: &str, path: &str, what: &str) -> bool {
    let wild = texts(rule, field).any(|found| found == "*");
    if wild && list(rule, field).len() > 1 {
        let why = format!("if '*' is present, must not specify other {what}");
        errors.push(FieldError::invalid(child(path, field), json_text(&rule[field]), &why));
    }
    !wild
}

/// `ValidateFlowSchemaResourcePolicyRule`.
fn resource_rule(errors: &mut Errors, rule: &Value, path: &str) {
    verbs(errors, rule, path);
    for (field, one, many) in
        [("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")]
    {
        if list(rule, field).is_empty() {
            let why = format!("resource rules must supply at least one {one}");
            errors.push(FieldError::required(child(path, field), &why));
        } else {
            wildcard_alone(errors, rule, field, path, many);
        }
    }
    let at = child(path, "namespaces");
    if list(rule, "namespaces").is_empty() && rule["clusterScope"] != true {
        let why = "resource rules that are not cluster scoped must supply at least one namespace";
        errors.push(FieldError::required(&at, why));
    } else if wildcard_alone(errors, rule, "namespaces", path, "namespaces") {
        for (index, namespace) in texts(rule, "namespaces").enumerate() {
            let found = names::label(namespace).into_iter().map(|why| {
                format!("each member of this list must be '*' or a DNS-1123 label; {why}")
            });
            problems(errors, &item(&at, index), namespace, found);
        }
    }
}

/// `ValidateFlowSchemaNonResourcePolicyRule`.
fn url_rule(errors: &mut Errors, rule: &Value, path: &str) {
    verbs(errors, rule, path);
    let at = child(path, "nonResourceURLs");
    if list(rule, "nonResourceURLs").is_empty() {
        let why = "nonResourceURLs must contain at least one value";
        errors.push(FieldError::required(at, why));
    } else if wildcard_alone(errors, rule, "nonResourceURLs", path, "non-resource URLs") {
        for (index, url) in texts(rule, "nonResourceURLs").enumerate() {
            problems(errors, &item(&at, index), url, url_problem(url));
        }
    }
}

/// `ValidateNonResourceURLPath`.
fn url_problem(url: &str) -> Option<String> {
    let stars = url.matches('*').count();
    let why = if url.is_empty() {
        "must not be empty"
    } else if url == "/" {
        return None;
    } else if !url.starts_with('/') {
        "must start with slash"
    } else if url.contains(' ') {
        "must not contain white-space"
    } else if url.contains("//") {
        "must not contain double slash"
    } else if stars > 1 || stars == 1 && !url.ends_with("/*") {
        "wildcard can only do suffix matching"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// `ValidatePriorityLevelConfigurationSpec`.
pub(super) fn priority_level(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let kind = text(spec, "type");
    let exempt_name = text(&object["metadata"], "name") == "exempt";
    if exempt_name != (kind == "Exempt") {
        let why = "must be 'Exempt' if and only if `name` is 'exempt'";
        errors.push(FieldError::invalid("spec.type", quote(kind), why));
    }
    let (limited, exempt) = (&spec["limited"], &spec["exempt"]);
    match kind {
        "Exempt" => {
            if !limited.is_null() {
                let why = "must be nil if the type is not Limited";
                errors.push(FieldError::forbidden("spec.limited", why));
            }
            shares(errors, exempt, "spec.exempt");
            lendable(errors, exempt, "spec.exempt");
        }
        "Limited" => {
            if !exempt.is_null() {
                let why = "must be nil if the type is Limited";
                errors.push(FieldError::forbidden("spec.exempt", why));
            }
            if limited.is_null() {
                let why = "must not be empty when type is Limited";
                errors.push(FieldError::required("spec.limited", why));
            } else {
                limits(errors, limited);
            }
        }
        "" => errors.push(FieldError::required("spec.type", "")),
        other => supported_text(errors, other, "spec.type", &["Exempt", "Limited"]),
    }
    schema_conditions(object, errors);
}

fn shares(errors: &mut Errors, level: &Value, path: &str) {
    let field = "nominalConcurrencyShares";
    if let Some(shares) = level[field].as_i64().filter(|shares| *shares < 0) {
        let why = "must be a non-negative integer";
        errors.push(FieldError::invalid(child(path, field), shares, why));
    }
}

fn lendable(errors: &mut Errors, level: &Value, path: &str) {
    let percent = level["lendablePercent"].as_i64();
    if let Some(percent) = percent.filter(|percent| !(0..=100).contains(percent)) {
        let why = "must be between 0 and 100, inclusive";
        errors.push(FieldError::invalid(child(path, "lendablePercent"), percent, why));
    }
}

/// `ValidateLimitedPriorityLevelConfiguration`.
fn limits(errors: &mut Errors, limited: &Value) {
    let path = "spec.limited";
    shares(errors, limited, path);
    let response = &limited["limitResponse"];
    let at = child(path, "limitResponse");
    let queuing = &response["queuing"];
    match text(response, "type") {
        "Reject" => {
            if !queuing.is_null() {
                let why = "must be nil if limited.limitResponse.type is not Limited";
                errors.push(FieldError::forbidden(child(&at, "queuing"), why));
            }
        }
        "Queue" if queuing.is_null() => {
            let why = "must not be empty if limited.limitResponse.type is Limited";
            errors.push(FieldError::required(child(&at, "queuing"), why));
        }
        "Queue" => queues(errors, queuing, &child(&at, "queuing")),
        "" => errors.push(FieldError::required(child(&at, "type"), "")),
        other => supported_text(errors, other, &child(&at, "type"), &["Queue", "Reject"]),
    }
    lendable(errors, limited, path);
    let borrowed = limited["borrowingLimitPercent"].as_i64();
    if let Some(borrowed) = borrowed.filter(|borrowed| *borrowed < 0) {
        let why = "if specified, must be a non-negative integer";
        errors.push(FieldError::invalid(child(path, "borrowingLimitPercent"), borrowed, why));
    }
}

/// `ValidatePriorityLevelQueuingConfiguration`.
fn queues(errors: &mut Errors, queuing: &Value, path: &str) {
    let number = |field: &str| queuing[field].as_i64().unwrap_or_default();
    let [length, queues, hand] = ["queueLengthLimit", "queues", "handSize"].map(number);
    let mut wrong = |field: &str, found: i64, why: &str| {
        errors.push(FieldError::invalid(child(path, field), found, why));
    };
    if length <= 0 {
        wrong("queueLengthLimit", length, "must be positive");
    }
    if queues <= 0 {
        wrong("queues", queues, "must be positive");
    } else if queues > MAX_QUEUES {
        wrong("queues", queues, &format!("must not be greater than {MAX_QUEUES}"));
    }
    if hand <= 0 {
        wrong("handSize", hand, "must be positive");
    } else if hand > queues {
        wrong("handSize", hand, &format!("should not be greater than queues ({queues})"));
    } else if let Some(bits) = entropy_bits(queues, hand) {
        let why = format!(
            "required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {bits}"
        );
        wrong("handSize", hand, &why);
    }
}

/// The bits that a hash has, where a hand of a deck needs more (`shufflesharding.RequiredEntropyBits`).
fn entropy_bits(deck: i64, hand: i64) -> Option<u32> {
    let deck = u32::try_from(deck).map_or(f64::from(u32::MAX), f64::from);
    let hand = u32::try_from(hand).map_or(f64::from(u32::MAX), f64::from);
    let needed = (deck.log2() * hand).ceil();
    (needed > f64::from(MAX_HASH_BITS)).then_some(MAX_HASH_BITS)
}
