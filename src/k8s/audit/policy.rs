//! The audit policy: the first rule that matches a request says how much of it is written down
//! (`k8s.io/apiserver/pkg/audit/policy/{reader,checker}.go`, `pkg/apis/audit/validation/validation.go`).

use serde_json::{Value, json};

use super::super::auth::{Attributes, AuthRequest, User};
use super::super::golang::{decode, plain, quote};
use super::super::names;
use super::super::status::FieldError;
use super::fields::POLICY;
use super::levels::{LEVELS, Level, Stage};

/// The only version of policies and events.
const VERSION: &str = "audit.k8s.io/v1";

/// An audit policy.
#[derive(Debug)]
pub(crate) struct AuditPolicy {
    rules: Vec<Rule>,
    /// What holds for a request that no rule matches.
    otherwise: AuditRule,
}

/// How a request is written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AuditRule {
    /// How much of it.
    pub(crate) level: Level,
    /// The stages that are left out.
    pub(crate) omit_stages: Vec<Stage>,
    /// Whether objects are written without their managed fields.
    pub(crate) omit_managed_fields: bool,
}

impl AuditRule {
    /// Whether nothing is written down.
    pub(crate) fn is_none(&self) -> bool {
        self.level == Level::None
    }
}

#[derive(Debug)]
struct Rule {
    audit: AuditRule,
    users: Vec<String>,
    groups: Vec<String>,
    verbs: Vec<String>,
    namespaces: Vec<String>,
    resources: Vec<Resources>,
    paths: Vec<String>,
}

#[derive(Debug)]
struct Resources {
    group: String,
    plurals: Vec<String>,
    names: Vec<String>,
}

impl AuditPolicy {
    /// A policy as its file has it.
    ///
    /// # Errors
    /// Upstream's message, without the name of the file.
    pub(crate) fn of(mut value: Value) -> Result<Self, String> {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let kind = if kind.is_empty() { "Policy" } else { kind.as_str() };
        match (api_version.as_str(), kind) {
            ("", _) => {
                return Err(format!(
                    "unknown group version field audit.k8s.io/__internal, Kind={kind} in policy"
                ));
            }
            (VERSION, "Policy") => {}
            (VERSION, "Event" | "EventList" | "PolicyList") => {
                return Err(format!(
                    "failed decoding: converting (v1.{kind}) to (audit.Policy): unknown conversion"
                ));
            }
            (version, kind) => {
                let (kind, version) = (quote(kind), quote(version));
                return Err(format!(
                    "failed decoding: no kind {kind} is registered for version {version} in scheme \
                     \"pkg/runtime/scheme.go:111\""
                ));
            }
        }
        decode(&mut value, &POLICY).map_err(|why| format!("failed decoding: {why}"))?;
        let problems = problems(&value);
        if let [one] = &*problems {
            return Err(one.clone());
        }
        if !problems.is_empty() {
            return Err(format!("[{}]", problems.join(", ")));
        }
        let rules = value["rules"].as_array().filter(|rules| !rules.is_empty());
        let rules = rules.ok_or("loaded illegal policy with 0 rules")?;
        let otherwise = AuditRule {
            level: Level::None,
            omit_stages: stages(&value["omitStages"]),
            omit_managed_fields: value["omitManagedFields"] == true,
        };
        let rules = rules.iter().map(|rule| Rule::of(rule, &otherwise)).collect();
        Ok(Self { rules, otherwise })
    }

    /// How a request is written down. Nobody is its user where its credentials are wrong.
    pub(crate) fn rule(&self, user: Option<&User>, request: &AuthRequest<'_>) -> AuditRule {
        let nobody = User::default();
        let attributes = Attributes::of(request.path, request.info);
        self.evaluate(user.unwrap_or(&nobody), &attributes).clone()
    }

    fn evaluate(&self, user: &User, request: &Attributes<'_>) -> &AuditRule {
        let found = self.rules.iter().find(|rule| rule.matches(user, request));
        found.map_or(&self.otherwise, |rule| &rule.audit)
    }
}

impl Rule {
    fn of(value: &Value, policy: &AuditRule) -> Self {
        let mut omit_stages = policy.omit_stages.clone();
        omit_stages.extend(stages(&value["omitStages"]));
        let resources = value["resources"].as_array().into_iter().flatten();
        Self {
            audit: AuditRule {
                level: value["level"].as_str().and_then(Level::named).unwrap_or_default(),
                omit_stages,
                omit_managed_fields: value["omitManagedFields"]
                    .as_bool()
                    .unwrap_or(policy.omit_managed_fields),
            },
            users: texts(&value["users"]),
            groups: texts(&value["userGroups"]),
            verbs: texts(&value["verbs"]),
            namespaces: texts(&value["namespaces"]),
            resources: resources
                .map(|of| Resources {
                    group: of["group"].as_str().unwrap_or_default().to_owned(),
                    plurals: texts(&of["resources"]),
                    names: texts(&of["resourceNames"]),
                })
                .collect(),
            paths: texts(&value["nonResourceURLs"]),
        }
    }

    /// `ruleMatches`.
    fn matches(&self, user: &User, request: &Attributes<'_>) -> bool {
        let has = |list: &[String], text: &str| list.iter().any(|one| one == text);
        if !self.users.is_empty() && !has(&self.users, &user.name)
            || !self.groups.is_empty() && !user.groups.iter().any(|group| has(&self.groups, group))
            || !self.verbs.is_empty() && !has(&self.verbs, request.verb)
        {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return request.is_resource()
                && (self.namespaces.is_empty() || has(&self.namespaces, request.namespace))
                && (self.resources.is_empty() || self.resources.iter().any(|of| of.has(request)));
        }
        if self.paths.is_empty() {
            return true;
        }
        !request.is_resource() && self.paths.iter().any(|spec| is_below(request.path, spec))
    }
}

impl Resources {
    fn has(&self, request: &Attributes<'_>) -> bool {
        if self.group != request.group && self.group != "*" {
            return false;
        }
        if self.plurals.is_empty() {
            return true;
        }
        if !self.names.is_empty() && !self.names.iter().any(|name| name == request.name) {
            return false;
        }
        let Attributes { resource, subresource, .. } = *request;
        self.plurals.iter().any(|spec| match spec.split_once('/') {
            _ if spec == "*" => true,
            None => subresource.is_empty() && spec == resource,
            Some((of, sub)) => {
                of == resource && (sub == "*" || !sub.is_empty() && sub == subresource)
                    || of == "*" && !subresource.is_empty() && sub == subresource
            }
        })
    }
}

/// `pathMatches`.
fn is_below(path: &str, spec: &str) -> bool {
    spec == "*"
        || spec == path
        || spec.ends_with('*') && path.starts_with(spec.trim_end_matches('*'))
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn stages(list: &Value) -> Vec<Stage> {
    texts(list).iter().filter_map(|name| Stage::named(name)).collect()
}

/// `ValidatePolicy`.
fn problems(policy: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    omitted("omitStages", &policy["omitStages"], &mut errors);
    for (index, rule) in policy["rules"].as_array().into_iter().flatten().enumerate() {
        let path = |field: &str| format!("rules[{index}].{field}");
        match rule["level"].as_str().unwrap_or_default() {
            "" => errors.push(FieldError::required(path("level"), "")),
            level if Level::named(level).is_some() => {}
            level => {
                let known = LEVELS.map(|(name, _)| name.to_owned());
                errors.push(FieldError::not_supported(path("level"), quote(level), &known));
            }
        }
        let urls = texts(&rule["nonResourceURLs"]);
        for (at, url) in urls.iter().enumerate().filter(|(_, url)| *url != "*") {
            let field = format!("{}[{at}]", path("nonResourceURLs"));
            if !url.starts_with('/') {
                let why = "non-resource URL rules must begin with a '/' character";
                errors.push(FieldError::invalid(field.clone(), quote(url), why));
            }
            let before_last = url.char_indices().next_back().map_or("", |(last, _)| &url[..last]);
            if before_last.contains('*') {
                let why = "non-resource URL wildcards '*' must be the final character of the rule";
                errors.push(FieldError::invalid(field, quote(url), why));
            }
        }
        let resources = rule["resources"].as_array().map_or(&[][..], Vec::as_slice);
        for of in resources {
            let group = of["group"].as_str().unwrap_or_default();
            let wrong =
                if matches!(group, "" | "*") { Vec::new() } else { names::subdomain(group) };
            if !wrong.is_empty() {
                let why = wrong.join(",");
                let field = path("resources.group");
                errors.push(FieldError::invalid(field, quote(group), &why));
            }
            let named = texts(&of["resourceNames"]);
            if !named.is_empty() && texts(&of["resources"]).is_empty() {
                let why = "using resourceNames requires at least one resource";
                let shown = json!(named).to_string();
                errors.push(FieldError::invalid(path("resources.resourceNames"), shown, why));
            }
        }
        omitted(&path("omitStages"), &rule["omitStages"], &mut errors);
        if !urls.is_empty() && (!resources.is_empty() || !texts(&rule["namespaces"]).is_empty()) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            let shown = json!(urls).to_string();
            errors.push(FieldError::invalid(path("nonResourceURLs"), shown, why));
        }
    }
    errors.iter().map(|error| format!("{}: {}", error.field, error.body)).collect()
}

/// `validateOmitStages`.
fn omitted(field: &str, stages: &Value, errors: &mut Vec<FieldError>) {
    for (at, stage) in stages.as_array().into_iter().flatten().enumerate() {
        let stage = plain(stage);
        if Stage::named(&stage).is_none() {
            let known = Stage::ALL.map(Stage::name).join(",");
            let why = format!("allowed stages are {known}");
            errors.push(FieldError::invalid(format!("{field}[{at}]"), quote(&stage), &why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &Value) -> Result<AuditPolicy, String> {
        AuditPolicy::of(json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
            "omitManagedFields": true, "rules": rules,
        }))
    }

    fn level(policy: &AuditPolicy, request: &Attributes<'_>) -> Level {
        let user =
            User { name: "ann".to_owned(), groups: vec!["readers".to_owned()], ..User::default() };
        policy.evaluate(&user, request).level
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let policy = policy(&json!([
            {"level": "None", "users": ["bob"]},
            {"level": "Metadata", "resources": [{"resources": ["secrets", "pods/*", "*/scale"]}]},
            {"level": "Request", "resources": [{"group": "apps", "resources": ["*"], "resourceNames": ["a"]}]},
            {"level": "None", "nonResourceURLs": ["/healthz*", "/version"]},
            {"level": "RequestResponse", "userGroups": ["readers"], "verbs": ["get"], "namespaces": ["n"]},
            {"level": "Metadata", "nonResourceURLs": ["*"]},
        ]))
        .unwrap();
        let of = |verb, group, resource, subresource, namespace, name| Attributes {
            verb,
            resource,
            group,
            subresource,
            namespace,
            name,
            ..Attributes::default()
        };
        for (request, expected) in [
            (of("get", "", "secrets", "", "n", "s"), Level::Metadata),
            (of("get", "", "pods", "log", "n", "s"), Level::Metadata),
            (of("get", "", "pods", "", "n", "s"), Level::Metadata),
            (of("get", "", "configmaps", "", "n", "s"), Level::RequestResponse),
            (of("get", "apps", "deployments", "scale", "", "s"), Level::None),
            (of("list", "apps", "deployments", "", "x", "a"), Level::Request),
            (of("list", "", "configmaps", "", "n", ""), Level::None),
            (Attributes { verb: "get", path: "/healthz/x", ..Attributes::default() }, Level::None),
            (
                Attributes { verb: "get", path: "/metrics", ..Attributes::default() },
                Level::Metadata,
            ),
        ] {
            assert_eq!(level(&policy, &request), expected, "{request:?}");
        }
        let rule = policy.evaluate(&User::default(), &of("get", "", "secrets", "", "n", "s"));
        assert!(rule.omit_managed_fields && rule.omit_stages == [Stage::RequestReceived]);
    }

    #[test]
    fn wrong_policies_have_upstreams_texts() {
        for (rules, why) in [
            (json!([]), "loaded illegal policy with 0 rules"),
            (json!([{}]), "rules[0].level: Required value"),
            (
                json!([{"level": "X"}]),
                "rules[0].level: Unsupported value: \"X\": supported values: \"None\", \"Metadata\", \
                 \"Request\", \"RequestResponse\"",
            ),
            (
                json!([{"level": "None", "omitStages": ["X"]}]),
                "rules[0].omitStages[0]: Invalid value: \"X\": allowed stages are \
                 RequestReceived,ResponseStarted,ResponseComplete,Panic",
            ),
            (
                json!([{"level": "None", "nonResourceURLs": ["a"]}]),
                "rules[0].nonResourceURLs[0]: Invalid value: \"a\": non-resource URL rules must begin with a '/' \
                 character",
            ),
            (
                json!([{"level": "None", "resources": [{"resourceNames": ["a"]}]}]),
                "rules[0].resources.resourceNames: Invalid value: [\"a\"]: using resourceNames requires at least one \
                 resource",
            ),
        ] {
            assert_eq!(policy(&rules).unwrap_err(), why);
        }
        for (value, why) in [
            (
                json!({"kind": "Policy"}),
                "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy",
            ),
            (
                json!({"apiVersion": "audit.k8s.io/v1", "kind": "Event"}),
                "failed decoding: converting (v1.Event) to (audit.Policy): unknown conversion",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Policy"}),
                "failed decoding: no kind \"Policy\" is registered for version \"v1\" in scheme \
                 \"pkg/runtime/scheme.go:111\"",
            ),
            (
                json!({"apiVersion": "audit.k8s.io/v1", "rules": "x"}),
                "failed decoding: json: cannot unmarshal string into Go struct field Policy.rules of type \
                 []v1.PolicyRule",
            ),
        ] {
            assert_eq!(AuditPolicy::of(value).unwrap_err(), why);
        }
    }
}
