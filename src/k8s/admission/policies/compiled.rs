//! Policies and bindings, compiled (`{validating,mutating}/{plugin,compilation}.go`).

use serde_json::Value;

use super::super::super::schema::admission::{Environment, Expression, Returns};
use super::super::super::store::Object;
use super::super::matching::{Conditions, ResourceRules, Selectors};

pub(super) const API_VERSION: &str = "admissionregistration.k8s.io/v1";

/// What the policies of a kind say of requests.
pub(super) trait Rules: Sized {
    /// The kind; that of bindings has `Binding` behind it.
    const KIND: &'static str;

    /// Compiles what a policy says. The environment has its variables.
    fn compile(spec: &Value, environment: &Environment) -> Self;
}

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
pub(super) struct Policy<R> {
    pub(super) name: String,
    pub(super) revision: u64,
    /// Nothing where it has none: that is an error of the policy.
    pub(super) constraints: Option<Constraints>,
    /// `apiVersion` and kind of its parameters.
    pub(super) param_kind: Option<(String, String)>,
    /// Whether errors do not count (`failurePolicy: Ignore`).
    pub(super) ignores_failures: bool,
    pub(super) conditions: Conditions,
    pub(super) variables: Vec<(String, Expression)>,
    pub(super) rules: R,
}

/// The items of a list.
pub(super) fn list<'v>(of: &'v Value, field: &str) -> &'v [Value] {
    of[field].as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty where there is none.
pub(super) fn text(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_default().to_owned()
}

impl<R: Rules> Policy<R> {
    pub(super) fn of(object: &Object) -> Self {
        let value = object.value(API_VERSION, R::KIND);
        let spec = &value["spec"];
        let kind = &spec["paramKind"];
        let param_kind = kind.is_object().then(|| (text(kind, "apiVersion"), text(kind, "kind")));
        let mut environment = Environment::new(param_kind.is_some()).with_composed();
        let mut variables = Vec::new();
        for variable in list(spec, "variables") {
            let name = text(variable, "name");
            let found =
                Expression::compile(&text(variable, "expression"), &environment, Returns::Any);
            environment.declare(&name, &found);
            variables.push((name, found));
        }
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
            rules: R::compile(spec, &environment),
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
    /// `validationActions`.
    pub(super) actions: Vec<String>,
}

impl Binding {
    /// The name of its policy, and the binding.
    pub(super) fn of(object: &Object, kind: &str) -> (String, Self) {
        let value = object.value(API_VERSION, kind);
        let spec = &value["spec"];
        let actions = list(spec, "validationActions").iter();
        let binding = Self {
            name: object.meta.name.to_string(),
            constraints: Constraints::of(&spec["matchResources"]),
            param_ref: spec["paramRef"].clone(),
            actions: actions.filter_map(Value::as_str).map(str::to_owned).collect(),
        };
        (text(spec, "policyName"), binding)
    }
}
