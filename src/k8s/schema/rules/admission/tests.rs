use serde_json::json;

use super::*;

/// The value of an expression about a request, with a variable `twice` and one that fails.
fn value(text: &str) -> Result<Found, String> {
    let mut environment = Environment::new(true).with_composed();
    let mut variables = Vec::new();
    for (name, text) in
        [("twice", "object.n * 2"), ("more", "variables.twice + 1"), ("bad", "object.x")]
    {
        let expression = Expression::compile(text, &environment, Returns::Any);
        assert!(expression.error().is_none(), "{expression:?}");
        environment.declare(name, &expression);
        variables.push((name.to_owned(), expression));
    }
    let expression = Expression::compile(text, &environment, Returns::Any);
    let object = json!({"n": 2, "d": {"if": null, "a.b": [1, 2.5, "x"]}, "on": true});
    let request = json!({
        "operation": "CREATE", "name": "a", "namespace": "n",
        "requestResource": {"group": "apps", "version": "v1", "resource": "deployments"},
    });
    let inputs = Inputs {
        object: &object,
        old_object: &Json::Null,
        request: &request,
        namespace: &Json::Null,
        params: &Json::Null,
        authority: Some(&Readers),
        variables: &variables,
    };
    let mut budget = 10_000_000;
    Activation::new(inputs).evaluate(&expression, &mut budget).unwrap()
}

/// Lets everybody get, and one account do everything.
#[derive(Debug)]
struct Readers;

impl Authority for Readers {
    fn decide(&self, action: &Action) -> (bool, String) {
        let who = action.account.as_ref().map(|(namespace, name)| format!("{namespace}/{name}"));
        let what = format!("{} {} {}", action.verb, action.resource, action.path);
        (&*action.verb == "get" || who.as_deref() == Some("n/boss"), what)
    }
}

#[test]
fn expressions_see_values_as_they_are() {
    for (text, wanted) in [
        ("object.n == 2 && object.on && oldObject == null", Found::Bool(true)),
        ("'if' in object.d", Found::Bool(true)),
        ("object.d['a.b'][1] == 2.5 && object.d['a.b'].size() == 3", Found::Bool(true)),
        ("has(oldObject.metadata) || has(object.n.x)", Found::Bool(false)),
        ("oldObject.?metadata.hasValue()", Found::Bool(false)),
        ("request.operation + request.?name.orValue('-')", Found::Text("CREATEa".to_owned())),
        ("namespaceObject == null ? params : null", Found::Null),
        ("object.d", Found::Other("map".to_owned())),
    ] {
        assert_eq!(value(text), Ok(wanted), "{text}");
    }
    let why = "expression 'oldObject.metadata' resulted in error: no such key: metadata";
    assert_eq!(value("oldObject.metadata"), Err(why.to_owned()));
}

#[test]
fn variables_are_composed() {
    assert_eq!(value("variables.more == 5 && has(variables.bad)"), Ok(Found::Bool(true)));
    let why = "expression 'variables.bad' resulted in error: composited variable \"bad\" fails to evaluate: no such \
               key: x";
    assert_eq!(value("variables.bad"), Err(why.to_owned()));
    assert!(value("variables.none").unwrap_err().contains("undefined field 'none'"));
}

#[test]
fn the_authorizer_is_asked() {
    for (text, wanted) in [
        ("authorizer.group('').resource('pods').check('get').allowed()", true),
        ("authorizer.path('/healthz').check('post').allowed()", false),
        ("authorizer.requestResource.check('get').reason() == 'get deployments '", true),
        ("authorizer.serviceAccount('n', 'boss').path('/x').check('post').allowed()", true),
        ("authorizer.path('/x').check('get').errored()", false),
    ] {
        assert_eq!(value(text), Ok(Found::Bool(wanted)), "{text}");
    }
    let three = "[1, 2, 3].all(i, authorizer.path('/').check('get').allowed())";
    assert!(value(three).unwrap_err().ends_with("actual cost limit exceeded"));
    assert!(
        value("authorizer.path(' ').check('get').allowed()")
            .unwrap_err()
            .ends_with("must not be empty")
    );
}

#[test]
fn expressions_must_have_their_type() {
    let environment = Environment::new(false).without_authorizer();
    for (text, returns, wanted) in [
        ("1 + 1", Returns::Bool, "must evaluate to bool but got int"),
        ("object.a", Returns::Bool, "must evaluate to bool but got dyn"),
        (
            "[1]",
            Returns::TextOrNull,
            "must evaluate to one of [string null_type] but got list(int)",
        ),
        ("namespaceObject", Returns::Text, "must evaluate to string but got kubernetes.Namespace"),
    ] {
        let expression = Expression::compile(text, &environment, returns);
        assert_eq!(expression.error().map(|error| error.text.as_str()), Some(wanted));
    }
    for text in ["params", "variables.a", "authorizer", "request.nope", "namespaceObject.spec.x"] {
        let error = Expression::compile(text, &environment, Returns::Any);
        assert!(error.error().is_some_and(|error| error.text.starts_with("compilation failed: ")));
    }
}

#[test]
fn a_budget_ends() {
    let expression = Expression::compile("1 + 1 == 2", &Environment::new(false), Returns::Bool);
    let inputs = Inputs {
        object: &Json::Null,
        old_object: &Json::Null,
        request: &Json::Null,
        namespace: &Json::Null,
        params: &Json::Null,
        authority: None,
        variables: &[],
    };
    let activation = Activation::new(inputs);
    let mut budget = 3;
    assert!(activation.evaluate(&expression, &mut budget).is_ok());
    assert!(activation.evaluate(&expression, &mut budget).is_err());
}
