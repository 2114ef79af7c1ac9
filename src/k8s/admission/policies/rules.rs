//! What policies say of requests: validations, or mutations.

use serde_json::Value;

use super::super::super::schema::admission::{Environment, Expression, Returns};
use super::compiled::{Rules, list, text};

/// What a `ValidatingAdmissionPolicy` says.
#[derive(Debug)]
pub(super) struct Validations {
    pub(super) validations: Vec<Validation>,
    /// The audit annotations, by their keys.
    pub(super) annotations: Vec<(String, Expression)>,
}

/// One of the validations of a policy.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Expression,
    pub(super) message: String,
    pub(super) message_expression: Option<Expression>,
    pub(super) reason: Option<String>,
}

impl Rules for Validations {
    const KIND: &'static str = "ValidatingAdmissionPolicy";

    fn compile(spec: &Value, environment: &Environment) -> Self {
        let messages = environment.without_authorizer();
        let validation = |of: &Value| Validation {
            expression: Expression::compile(&text(of, "expression"), environment, Returns::Bool),
            message: text(of, "message"),
            message_expression: Some(text(of, "messageExpression"))
                .filter(|text| !text.is_empty())
                .map(|text| Expression::compile(&text, &messages, Returns::Text)),
            reason: of["reason"].as_str().map(str::to_owned),
        };
        let annotation = |of: &Value| {
            let text = text(of, "valueExpression");
            let value = Expression::compile(&text, environment, Returns::TextOrNull);
            (of["key"].as_str().unwrap_or_default().to_owned(), value)
        };
        Self {
            validations: list(spec, "validations").iter().map(validation).collect(),
            annotations: list(spec, "auditAnnotations").iter().map(annotation).collect(),
        }
    }
}

/// What a `MutatingAdmissionPolicy` says.
#[derive(Debug)]
pub(super) struct Mutations {
    pub(super) mutations: Vec<Mutation>,
    /// Whether it is asked again once others have changed the object (`reinvocationPolicy: IfNeeded`).
    pub(super) is_reinvoked: bool,
}

/// One of the mutations of a policy.
#[derive(Debug)]
pub(super) enum Mutation {
    /// An object to merge.
    Configuration(Expression),
    /// Operations of a JSON Patch.
    Operations(Expression),
}

impl Rules for Mutations {
    const KIND: &'static str = "MutatingAdmissionPolicy";

    fn compile(spec: &Value, environment: &Environment) -> Self {
        let environment = environment.with_patches();
        let expression = |of: &Value, returns| {
            Expression::compile(&text(of, "expression"), &environment, returns)
        };
        let mutation = |of: &Value| match of["patchType"].as_str() {
            Some("JSONPatch") => {
                let found = expression(&of["jsonPatch"], Returns::Operations);
                Some(Mutation::Operations(found))
            }
            Some("ApplyConfiguration") => {
                let found = expression(&of["applyConfiguration"], Returns::Configuration);
                Some(Mutation::Configuration(found))
            }
            _ => None,
        };
        Self {
            mutations: list(spec, "mutations").iter().filter_map(mutation).collect(),
            is_reinvoked: spec["reinvocationPolicy"] == "IfNeeded",
        }
    }
}
