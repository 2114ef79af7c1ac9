//! Policies and bindings, compiled once for each of their revisions (`validating/plugin.go`, `generic/policy_source.go`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::Value;

use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::{Environment, Expression, Returns};
use super::super::super::store::{Object, Snapshot};
use super::super::matching::{Conditions, ResourceRules, Selectors};

const GROUP: &str = "admissionregistration.k8s.io";
const API_VERSION: &str = "admissionregistration.k8s.io/v1";

static POLICIES: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new(GROUP, "validatingadmissionpolicies"));
static BINDINGS: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new(GROUP, "validatingadmissionpolicybindings"));

/// `matchConstraints` or `matchResources`.
#[derive(Debug)]
pub(super) struct Constraints {
    pub(super) selectors: Selectors,
    pub(super) rules: ResourceRules,
    pub(super) excluded: ResourceRules,
}

impl Constraints {
    fn of(value: &Value) -> Option<Self> {
        let rules = |field: &str| ResourceRules::new(&value[field], &value["matchPolicy"]);
        value.is_object().then(|| Self {
            selectors: Selectors::new(value),
            rules: rules("resourceRules"),
            excluded: rules("excludeResourceRules"),
        })
    }
}

/// A compiled policy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    revision: u64,
    /// Nothing where it has none: that is an error of the policy.
    pub(super) constraints: Option<Constraints>,
    /// `apiVersion` and kind of its parameters.
    pub(super) param_kind: Option<(String, String)>,
    /// Whether errors do not count (`failurePolicy: Ignore`).
    pub(super) ignores_failures: bool,
    pub(super) conditions: Conditions,
    pub(super) variables: Vec<(String, Expression)>,
    pub(super) validations: Vec<Validation>,
    pub(super) annotations: Vec<Expression>,
}

/// One of the validations of a policy.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Expression,
    pub(super) message: String,
    pub(super) message_expression: Option<Expression>,
    pub(super) reason: Option<String>,
}

impl Policy {
    fn of(object: &Object) -> Self {
        let value = object.value(API_VERSION, "ValidatingAdmissionPolicy");
        let spec = &value["spec"];
        let text = |of: &Value, field: &str| of[field].as_str().unwrap_or_default().to_owned();
        let list = |field: &str| spec[field].as_array().map_or(&[][..], Vec::as_slice);
        let kind = &spec["paramKind"];
        let param_kind = kind.is_object().then(|| (text(kind, "apiVersion"), text(kind, "kind")));
        let mut environment = Environment::new(param_kind.is_some()).with_composed();
        let mut variables = Vec::new();
        for variable in list("variables") {
            let name = text(variable, "name");
            let found =
                Expression::compile(&text(variable, "expression"), &environment, Returns::Any);
            environment.declare(&name, &found);
            variables.push((name, found));
        }
        let messages = environment.without_authorizer();
        let validation = |of: &Value| Validation {
            expression: Expression::compile(&text(of, "expression"), &environment, Returns::Bool),
            message: text(of, "message"),
            message_expression: Some(text(of, "messageExpression"))
                .filter(|text| !text.is_empty())
                .map(|text| Expression::compile(&text, &messages, Returns::Text)),
            reason: of["reason"].as_str().map(str::to_owned),
        };
        let annotation = |of: &Value| {
            let text = text(of, "valueExpression");
            Expression::compile(&text, &environment, Returns::TextOrNull)
        };
        let ignores_failures = spec["failurePolicy"] == "Ignore";
        Self {
            name: object.meta.name.to_string(),
            revision: object.meta.revision.0,
            constraints: Constraints::of(&spec["matchConstraints"]),
            param_kind,
            ignores_failures,
            conditions: Conditions::compile(
                &spec["matchConditions"],
                &environment,
                ignores_failures,
            ),
            validations: list("validations").iter().map(validation).collect(),
            annotations: list("auditAnnotations").iter().map(annotation).collect(),
            variables,
        }
    }
}

/// A binding of a policy.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    /// Nothing where every request that the policy matches is for it.
    pub(super) constraints: Option<Constraints>,
    /// `paramRef`; null without one.
    pub(super) param_ref: Value,
    pub(super) actions: Vec<String>,
}

impl Binding {
    /// The name of its policy, and the binding.
    fn of(object: &Object) -> (String, Self) {
        let value = object.value(API_VERSION, "ValidatingAdmissionPolicyBinding");
        let spec = &value["spec"];
        let actions = spec["validationActions"].as_array().into_iter().flatten();
        let binding = Self {
            name: object.meta.name.to_string(),
            constraints: Constraints::of(&spec["matchResources"]),
            param_ref: spec["paramRef"].clone(),
            actions: actions.filter_map(Value::as_str).map(str::to_owned).collect(),
        };
        (spec["policyName"].as_str().unwrap_or_default().to_owned(), binding)
    }
}

/// A policy with its bindings.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) policy: Arc<Policy>,
    pub(super) bindings: Vec<Binding>,
}

/// The compiled policies of a world.
#[derive(Debug, Default)]
pub(in super::super::super) struct PolicyCache(Mutex<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
    /// Of which content of both collections.
    content: (u64, u64),
    bound: Option<Arc<[Bound]>>,
}

impl PolicyCache {
    /// The policies with their bindings, both by name; nothing where there are none.
    pub(super) fn bound(&self, snapshot: &Snapshot) -> Option<Arc<[Bound]>> {
        if !has_any(snapshot) {
            return None;
        }
        let (policies, bindings) =
            (snapshot.collection(&POLICIES)?, snapshot.collection(&BINDINGS)?);
        let content = (policies.content(), bindings.content());
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.content == content
            && let Some(bound) = &cached.bound
        {
            return Some(Arc::clone(bound));
        }
        let known: HashMap<&str, &Arc<Policy>> = cached
            .bound
            .iter()
            .flat_map(|bound| bound.iter())
            .map(|bound| (bound.policy.name.as_str(), &bound.policy))
            .collect();
        let mut of: HashMap<String, Vec<Binding>> = HashMap::new();
        for object in bindings.range("", "") {
            let (policy, binding) = Binding::of(object);
            of.entry(policy).or_default().push(binding);
        }
        let bound = policies.range("", "").filter_map(|object| {
            let bindings = of.remove(&*object.meta.name)?;
            let known = known.get(&*object.meta.name);
            let policy = match known.filter(|known| known.revision == object.meta.revision.0) {
                Some(known) => Arc::clone(known),
                None => Arc::new(Policy::of(object)),
            };
            Some(Bound { policy, bindings })
        });
        let bound: Arc<[Bound]> = bound.collect();
        *cached = Compiled { content, bound: Some(Arc::clone(&bound)) };
        Some(bound)
    }
}

/// Whether a world has policies that are bound.
pub(in super::super::super) fn has_any(snapshot: &Snapshot) -> bool {
    [&*POLICIES, &*BINDINGS]
        .into_iter()
        .all(|resource| snapshot.collection(resource).is_some_and(|found| found.count("") > 0))
}
