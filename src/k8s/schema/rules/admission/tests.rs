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

/// Why an expression for patches does not compile.
fn why(text: &str, returns: Returns) -> String {
    let environment = Environment::new(false).with_composed().with_patches();
    let error = Expression::compile(text, &environment, returns).error().cloned();
    let text = error.map(|error| error.text).unwrap_or_default();
    text.lines().next().unwrap_or_default().replace("compilation failed: ERROR: <input>:", "")
}

#[test]
fn literals_of_patches_are_checked() {
    for (text, wanted) in [
        ("Object{metadata: Object.metadata{labels: {'a': 'b'}}}", ""),
        (".Object{a: 1, ?b: optional.of(2)}", ""),
        ("has(Object{}.a) ? Object{} : Object{x: jsonpatch.escapeKey('a/b')}", ""),
        ("Object{a: Foo{}}", "1:14: undeclared reference to 'Foo' (in container '')"),
        ("int{}", "1:4: 'int' is not a message type"),
        ("object{}", "1:7: 'dyn' is not a type"),
        ("Object{?a: 1}", "1:12: expected type 'optional_type(int)' but found 'int'"),
        ("Object.spec{}", "must evaluate to Object but got Object.spec"),
        ("Object{}.a", "must evaluate to Object but got dyn"),
        ("Object", "must evaluate to Object but got type(Object)"),
        (
            "true ? Object{} : Object.x{}",
            "1:6: found no matching overload for '_?_:_' applied to '(bool, Object, Object.x)'",
        ),
    ] {
        assert_eq!(why(text, Returns::Configuration), wanted, "{text}");
    }
    for (text, wanted) in [
        ("true ? [JSONPatch{op: object.op}] : []", ""),
        ("[]", "must evaluate to list(JSONPatch) but got list(dyn)"),
        ("JSONPatch{op: 'x'}", "must evaluate to list(JSONPatch) but got JSONPatch"),
        (
            "[JSONPatch{op: 1}]",
            "1:14: expected type of field 'op' is 'string' but provided type is 'int'",
        ),
        (
            "[JSONPatch{nope: 'x'}]",
            "1:16: expected type of field 'nope' is '' but provided type is 'string'",
        ),
    ] {
        assert_eq!(why(text, Returns::Operations), wanted, "{text}");
    }
    // Other expressions have neither the types nor the function.
    let environment = Environment::new(false);
    for text in ["Object{} == null", "jsonpatch.escapeKey('a') == 'b'"] {
        let error = Expression::compile(text, &environment, Returns::Bool).error().cloned();
        assert!(error.unwrap().text.contains("undeclared reference"), "{text}");
    }
}

#[test]
fn patches_become_json() {
    let environment = Environment::new(false).with_patches();
    let object = json!({"n": 2, "labels": {"a": "b"}});
    let inputs = Inputs {
        object: &object,
        old_object: &Json::Null,
        request: &Json::Null,
        namespace: &Json::Null,
        params: &Json::Null,
        authority: None,
        variables: &[],
    };
    let configuration = |text: &str| {
        let expression = Expression::compile(text, &environment, Returns::Configuration);
        Activation::new(inputs).configuration(&expression, &mut 1_000_000).unwrap()
    };
    assert_eq!(
        configuration(
            "Object{n: object.n + 1, m: Object.m{l: object.labels, ?x: object.?none, s: ['a', 'b']}}"
        ),
        Ok(json!({"n": 3, "m": {"l": {"a": "b"}, "s": ["a", "b"]}}))
    );
    let why = "type mismatch: unexpected type name \"Object.b\", expected \"Object.a\", which matches field name path \
               from root Object type";
    assert_eq!(configuration("Object{a: [Object.b{}]}"), Err(why.to_owned()));
    let operations = |text: &str| {
        let expression = Expression::compile(text, &environment, Returns::Operations);
        Activation::new(inputs).operations(&expression, &mut 1_000_000).unwrap()
    };
    let found = operations(
        "[1, 2].map(i, JSONPatch{op: 'add', path: '/' + string(i), value: i}) + [JSONPatch{op: 'move', from: '/a', \
         path: '/b'}, JSONPatch{op: 'add', path: '/c', value: Object.c{d: b'x', e: [1]}}, JSONPatch{op: 'add', path: '/f', \
         value: [dyn(9007199254740993), dyn(duration('90s')), dyn(1.5), dyn(null)]}]",
    );
    let wanted = json!([
        {"op": "add", "path": "/1", "value": 1}, {"op": "add", "path": "/2", "value": 2},
        {"op": "move", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/c", "value": {"d": "eA==", "e": [1]}},
        {"op": "add", "path": "/f", "value": ["9007199254740993", "90s", 1.5, null]},
    ]);
    assert_eq!(found.map(Json::from), Ok(wanted));
}

#[test]
fn literals_that_hold_literals_alone_cost_nothing() {
    let cost = |text: &str| {
        let expression = Expression::compile(text, &Environment::new(false), Returns::Any);
        let object = json!({"n": 2});
        let inputs = Inputs {
            object: &object,
            old_object: &Json::Null,
            request: &Json::Null,
            namespace: &Json::Null,
            params: &Json::Null,
            authority: None,
            variables: &[],
        };
        let mut budget = 1000;
        let outcome = Activation::new(inputs).evaluate(&expression, &mut budget).unwrap();
        assert!(outcome.is_ok(), "{text}: {outcome:?}");
        1000 - budget
    };
    assert_eq!(cost("[[1], [2, 3]]"), 0);
    assert_eq!(cost("{'a': 1}"), 0);
    assert_eq!(cost("[object]"), 11);
    assert_eq!(cost("{'a': object}"), 31);
}
