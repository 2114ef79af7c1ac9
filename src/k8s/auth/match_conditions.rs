//! The conditions of an authorization webhook: which reviews it is sent (`k8s.io/apiserver/pkg/authorization/cel`).

#![cfg_attr(
    not(any(feature = "record", test)),
    expect(dead_code, reason = "a build without a client asks no webhooks")
)]

use serde_json::Value;

use super::super::schema::admission::{
    Activation, Environment, Expression, Found, Inputs, OutOfBudget, Returns,
};

/// The most that all conditions may cost (`RuntimeCELCostBudgetMatchConditions`).
const BUDGET: u64 = 2_500_000;

/// Compiled conditions.
#[derive(Debug, Default)]
pub(crate) struct MatchConditions(Vec<Expression>);

impl MatchConditions {
    /// Compiles a condition more.
    ///
    /// # Errors
    /// Upstream's message about one that does not compile.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let environment = Environment::of_access_reviews();
        let expression = Expression::compile(text, &environment, Returns::Bool);
        if let Some(error) = expression.error() {
            return Err(error.text.clone());
        }
        self.0.push(expression);
        Ok(())
    }

    /// Whether a review is for the webhook. One condition that is false decides, whatever others fail.
    ///
    /// # Errors
    /// Upstream's message about what cannot be evaluated.
    pub(super) fn matches(&self, spec: &Value) -> Result<bool, String> {
        let nothing = &Value::Null;
        let activation = Activation::new(Inputs {
            object: nothing,
            old_object: nothing,
            request: spec,
            namespace: nothing,
            params: nothing,
            authority: None,
            variables: &[],
        });
        let (mut budget, mut failures) = (BUDGET, Vec::new());
        for condition in &self.0 {
            match activation.evaluate(condition, &mut budget) {
                Ok(Ok(Found::Bool(false))) => return Ok(false),
                Ok(Ok(_)) => {}
                Ok(Err(why)) => failures.push(why),
                Err(OutOfBudget) => failures.push(OutOfBudget::TEXT.to_owned()),
            }
        }
        match failures.as_slice() {
            [] => Ok(true),
            [one] => Err(one.clone()),
            all => Err(format!("[{}]", all.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_see_the_review() {
        let of = |texts: &[&str]| {
            let mut all = MatchConditions::default();
            for text in texts {
                all.add(text).unwrap();
            }
            all
        };
        let spec = json!({
            "user": "ann", "groups": ["g"],
            "resourceAttributes": {"namespace": "default", "verb": "get"},
        });
        let resource =
            "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'default'";
        assert_eq!(of(&[]).matches(&spec), Ok(true));
        assert_eq!(of(&[resource, "'g' in request.groups"]).matches(&spec), Ok(true));
        assert_eq!(of(&[resource, "request.user != 'ann'"]).matches(&spec), Ok(false));
        let absent = "request.nonResourceAttributes.path == '/x'";
        let why = of(&[absent]).matches(&spec).unwrap_err();
        assert!(why.contains("no such key: nonResourceAttributes"), "{why}");
        assert_eq!(of(&[absent, "false"]).matches(&spec), Ok(false));
        let mut all = MatchConditions::default();
        assert!(
            all.add("request.username == 'x'").unwrap_err().contains("undefined field 'username'")
        );
        assert!(all.add("request.user").unwrap_err().contains("must evaluate to bool"));
        assert!(all.add("object.a == 1").unwrap_err().contains("undeclared reference to 'object'"));
    }
}
