//! `matchConditions` of webhooks and policies (`pkg/admission/plugin/webhook/matchconditions/matcher.go` in
//! `k8s.io/apiserver`).

use serde_json::Value;

use super::super::super::schema::admission::{
    Activation, Environment, Expression, Inputs, OutOfBudget, Returns,
};

/// The most that all conditions of a webhook or a policy may cost (`RuntimeCELCostBudgetMatchConditions`).
const BUDGET: u64 = 2_500_000;

/// Compiled conditions.
#[derive(Debug)]
pub(in super::super::super) struct Conditions {
    conditions: Vec<Expression>,
    /// Whether what cannot be evaluated does not match (`failurePolicy: Ignore`); it refuses the request otherwise.
    ignores_failures: bool,
}

/// What conditions say of a request.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super::super) enum Verdict {
    /// The webhook or the policy is for it.
    Matched,
    /// It is not.
    NotMatched,
    /// Upstream's message about what cannot be evaluated: the request is refused.
    Failed(String),
}

impl Conditions {
    /// Compiles a list of conditions.
    pub(in super::super::super) fn compile(
        conditions: &Value,
        environment: &Environment,
        ignores_failures: bool,
    ) -> Self {
        let texts = conditions.as_array().into_iter().flatten();
        let texts = texts.map(|condition| condition["expression"].as_str().unwrap_or_default());
        let compile = |text| Expression::compile(text, environment, Returns::Bool);
        Self { conditions: texts.map(compile).collect(), ignores_failures }
    }

    /// The conditions of a webhook.
    pub(in super::super::super) fn of_webhook(hook: &Value) -> Self {
        let environment = Environment::new(false);
        Self::compile(&hook["matchConditions"], &environment, hook["failurePolicy"] == "Ignore")
    }

    /// Whether there are none: every request matches.
    pub(in super::super::super) fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether a request matches. One condition that is false decides, whatever others fail.
    pub(in super::super::super) fn decide<'v>(&'v self, inputs: Inputs<'v>) -> Verdict {
        let activation = Activation::new(Inputs { namespace: &Value::Null, ..inputs });
        let (mut budget, mut failures) = (BUDGET, Vec::new());
        let mut outcomes = Vec::with_capacity(self.conditions.len());
        for condition in &self.conditions {
            match activation.evaluate(condition, &mut budget) {
                Ok(outcome) => outcomes.push(outcome),
                Err(OutOfBudget) => return self.failed(OutOfBudget::TEXT.to_owned()),
            }
        }
        for outcome in outcomes {
            match outcome {
                Ok(found) if found.is_false() => return Verdict::NotMatched,
                Ok(_) => {}
                Err(why) if failures.contains(&why) => {}
                Err(why) => failures.push(why),
            }
        }
        match failures.as_slice() {
            [] => Verdict::Matched,
            [one] => self.failed(one.clone()),
            all => self.failed(format!("[{}]", all.join(", "))),
        }
    }

    fn failed(&self, why: String) -> Verdict {
        if self.ignores_failures { Verdict::NotMatched } else { Verdict::Failed(why) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decided(expressions: &[&str], policy: &str) -> Verdict {
        let conditions: Vec<Value> =
            expressions.iter().map(|text| json!({"name": "n", "expression": text})).collect();
        let hook = json!({"matchConditions": conditions, "failurePolicy": policy});
        let (object, nothing) = (json!({"a": 1}), Value::Null);
        Conditions::of_webhook(&hook).decide(Inputs {
            object: &object,
            old_object: &nothing,
            request: &nothing,
            namespace: &nothing,
            params: &nothing,
            authority: None,
            variables: &[],
        })
    }

    #[test]
    fn a_false_condition_decides() {
        assert_eq!(decided(&[], "Fail"), Verdict::Matched);
        assert_eq!(decided(&["object.a == 1", "oldObject == null"], "Fail"), Verdict::Matched);
        assert_eq!(decided(&["object.b == 1", "object.a == 2"], "Fail"), Verdict::NotMatched);
    }

    #[test]
    fn what_fails_is_up_to_the_failure_policy() {
        let one = "expression 'object.b == 1' resulted in error: no such key: b";
        let both = format!("[{one}, expression 'object.c == 1' resulted in error: no such key: c]");
        let two = ["object.b == 1", "object.a == 1", "object.c == 1", "object.b == 1"];
        assert_eq!(decided(&two[..2], "Fail"), Verdict::Failed(one.to_owned()));
        assert_eq!(decided(&two, "Fail"), Verdict::Failed(both));
        assert_eq!(decided(&two, "Ignore"), Verdict::NotMatched);
    }
}
