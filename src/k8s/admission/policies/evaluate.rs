//! What a policy says of a request with one parameter (`validating/validator.go`).

use super::super::super::schema::admission::{Activation, Found, Inputs, OutOfBudget};
use super::super::matching::Verdict;
use super::compiled;
use super::rules::{Validation, Validations};

/// A validating policy.
type Policy = compiled::Policy<Validations>;

/// The most that all expressions of a policy may cost (`RuntimeCELCostBudget`).
const BUDGET: u64 = 10_000_000;

/// The longest message that an expression may give, in bytes.
const LONGEST_MESSAGE: usize = 5 << 10;

/// What is said against a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) message: String,
    /// The reason of the refusal; nothing for `Invalid`.
    pub(super) reason: Option<String>,
    /// Whether it refuses whatever the actions of the binding are.
    pub(super) always: bool,
    /// The place of its expression among the validations.
    pub(super) index: usize,
}

/// What a policy says of a request.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What it has against the request.
    pub(super) objections: Vec<Objection>,
    /// The audit annotations, by their keys.
    pub(super) annotations: Vec<(String, String)>,
}

impl Said {
    fn objections(objections: Vec<Objection>) -> Self {
        Self { objections, annotations: Vec::new() }
    }
}

impl Objection {
    fn error(message: String) -> Self {
        Self { message, reason: None, always: false, index: 0 }
    }
}

/// What a policy says of a request. `inputs` has the authorizer and the namespace.
pub(super) fn evaluate<'v>(policy: &'v Policy, inputs: Inputs<'v>) -> Said {
    let inputs = Inputs { variables: &policy.variables, ..inputs };
    let one = |message: String| {
        if policy.ignores_failures { Vec::new() } else { vec![Objection::error(message)] }
    };
    if !policy.conditions.is_empty() {
        match policy.conditions.decide(inputs) {
            Verdict::Matched => {}
            Verdict::NotMatched => return Said::default(),
            Verdict::Failed(why) => return Said::objections(one(why)),
        }
    }
    let mut budget = BUDGET;
    let activation = Activation::new(inputs);
    let mut outcomes = Vec::with_capacity(policy.rules.validations.len());
    for validation in &policy.rules.validations {
        match activation.evaluate(&validation.expression, &mut budget) {
            Ok(outcome) => outcomes.push(outcome),
            Err(OutOfBudget) => return Said::objections(one(OutOfBudget::TEXT.to_owned())),
        }
    }
    let messages = messages(policy, inputs, budget);
    let mut found = Vec::new();
    for (index, (validation, outcome)) in policy.rules.validations.iter().zip(outcomes).enumerate()
    {
        match (outcome, &messages) {
            (Err(why), _) => found.extend(at(index, one(why))),
            (Ok(_), Err(OutOfBudget)) => {
                let why = format!("failed messageExpression: {}", OutOfBudget::TEXT);
                found.extend(at(index, one(why)));
            }
            (Ok(Found::Bool(true)), Ok(_)) => {}
            (Ok(_), Ok(messages)) => found.push(Objection {
                message: message(validation, messages[index].as_deref()),
                reason: validation.reason.clone(),
                always: false,
                index,
            }),
        }
    }
    let mut budget = BUDGET;
    let activation = Activation::new(Inputs { authority: None, ..inputs });
    let mut annotations = Vec::new();
    for (key, annotation) in &policy.rules.annotations {
        match activation.evaluate(annotation, &mut budget) {
            Err(OutOfBudget) => return Said::objections(one(OutOfBudget::TEXT.to_owned())),
            Ok(Err(message)) => found.extend(
                one(message).into_iter().map(|objection| Objection { always: true, ..objection }),
            ),
            Ok(Ok(Found::Text(text))) if !text.trim().is_empty() => {
                annotations.push((key.clone(), text.trim().to_owned()));
            }
            Ok(Ok(_)) => {}
        }
    }
    Said { objections: found, annotations }
}

/// Objections to the expression at a place.
fn at(index: usize, objections: Vec<Objection>) -> impl Iterator<Item = Objection> {
    objections.into_iter().map(move |objection| Objection { index, ..objection })
}

/// The texts of the message expressions, in the order of the validations.
fn messages<'v>(
    policy: &'v Policy,
    inputs: Inputs<'v>,
    mut budget: u64,
) -> Result<Vec<Option<String>>, OutOfBudget> {
    let activation = Activation::new(Inputs { authority: None, ..inputs });
    let expressions = policy.rules.validations.iter().map(|of| of.message_expression.as_ref());
    let text = |expression: Option<&'v _>| match expression {
        None => Ok(None),
        Some(expression) => match activation.evaluate(expression, &mut budget)? {
            Ok(Found::Text(text)) => Ok(Some(text)),
            _ => Ok(None),
        },
    };
    expressions.map(text).collect()
}

/// The message of a validation that is false.
fn message(validation: &Validation, evaluated: Option<&str>) -> String {
    let evaluated = evaluated.map(str::trim).unwrap_or_default();
    let is_fine = evaluated.len() <= LONGEST_MESSAGE && !evaluated.contains('\n');
    match (evaluated, validation.message.trim()) {
        (text, _) if is_fine && !text.is_empty() => text.to_owned(),
        (_, "") => format!("failed expression: {}", validation.expression.text().trim()),
        (_, text) => text.to_owned(),
    }
}
