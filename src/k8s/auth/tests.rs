//! From the texts of token and policy files to answers.

use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;

use super::super::{HistoryLimits, Seed};
use super::*;
use crate::message::{Query, RequestInfo};

const TOKENS: &str = "admin-token,admin,u1,\"system:masters\"\nreader-token,reader,u2,\"readers,others\"\n\
     plain-token,plain,u3\n";

const POLICY: &str = r#"# who may do what
{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {"group": "system:masters", "namespace": "*", "resource": "*", "apiGroup": "*", "nonResourcePath": "*"}}

{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {"user": "reader", "readonly": true, "namespace": "a", "resource": "tfjobs", "apiGroup": "kubeflow.org"}}
{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {"group": "*", "readonly": true, "nonResourcePath": "/apis/*"}}
{"user": "plain", "resource": "pods"}
"#;

fn auth(tokens: Option<&str>, policy: Option<&str>) -> Result<Auth, String> {
    Auth::parse(
        tokens.map(|text| (Path::new("tokens.csv"), text.as_bytes())),
        policy.map(|text| (Path::new("policy.jsonl"), text.as_bytes())),
    )
    .map(|auth| auth.with_token_header(HeaderName::from_static("x-auth-token")))
    .map_err(|problems| problems.to_string())
}

/// A state without roles.
fn state() -> State {
    let seed = Seed {
        crds: Vec::new(),
        objects: Vec::new(),
        history: HistoryLimits::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    seed.state().unwrap()
}

/// A world without accounts.
fn world() -> TokenWorld {
    TokenWorld { state: std::sync::Arc::new(state()), now: jiff::Timestamp::UNIX_EPOCH }
}

fn headers(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static(name),
        HeaderValue::from_str(value).unwrap(),
    )])
}

fn verdict(auth: &Auth, token: &str, method: &Method, path: &str) -> String {
    let user =
        auth.authenticate(&headers("authorization", &format!("bearer {token}")), None, world);
    let info = RequestInfo::parse(method, path, &Query::default()).unwrap();
    let headers = HeaderMap::new();
    let request = AuthRequest { path, info: &info, headers: &headers };
    let (state, cache) = (state(), AuthCache::default());
    match user.and_then(|user| auth.admit(user, &request, &state, &cache)) {
        Ok(_) => "yes".to_owned(),
        Err(error) => format!("{} {}", error.code.as_u16(), error.message),
    }
}

#[test]
fn a_token_is_read_from_each_place_where_clients_send_it() {
    let auth = auth(Some(TOKENS), Some(POLICY)).unwrap();
    let name = |headers: &HeaderMap| {
        auth.authenticate(headers, None, world)
            .map_or_else(|error| error.message, |user| user.name.clone())
    };
    assert_eq!(name(&headers("authorization", "Bearer reader-token")), "reader");
    assert_eq!(name(&headers("x-auth-token", "admin-token")), "admin");
    let encoded =
        format!("v4.channel.k8s.io, {WEBSOCKET_BEARER}{}", URL_SAFE_NO_PAD.encode("plain-token"));
    assert_eq!(name(&headers("sec-websocket-protocol", &encoded)), "plain");
    assert_eq!(name(&headers("authorization", "Bearer wrong")), "Unauthorized");
    assert_eq!(name(&headers("authorization", "Basic dTpw")), "system:anonymous");
    assert_eq!(name(&headers("authorization", "Bearer ")), "system:anonymous");
    assert_eq!(name(&HeaderMap::new()), "system:anonymous");
    let reader = auth.authenticate(&headers("x-auth-token", "reader-token"), None, world).unwrap();
    assert_eq!(reader.groups, ["readers", "others", "system:authenticated"]);
}

#[test]
fn a_request_that_no_line_allows_gets_upstreams_403() {
    let auth = auth(Some(TOKENS), Some(POLICY)).unwrap();
    let (get, post) = (&Method::GET, &Method::POST);
    let jobs = "/apis/kubeflow.org/v1/namespaces/a/tfjobs";
    let table = [
        ("admin-token", post, jobs, "yes"),
        ("admin-token", get, "/frob", "yes"),
        ("reader-token", get, jobs, "yes"),
        ("reader-token", get, "/apis/kubeflow.org", "yes"),
        ("reader-token", get, "/livez", "yes"),
        ("plain-token", post, "/api/v1/namespaces/b/pods", "yes"),
        (
            "reader-token",
            get,
            "/<b>",
            "403 forbidden: User \"reader\" cannot get path \"/&lt;b&gt;\"",
        ),
        (
            "reader-token",
            post,
            jobs,
            "403 tfjobs.kubeflow.org is forbidden: User \"reader\" cannot create resource \"tfjobs\" in API group \"kubeflow.org\" in the namespace \"a\"",
        ),
        (
            "reader-token",
            get,
            "/apis/kubeflow.org/v1/tfjobs",
            "403 tfjobs.kubeflow.org is forbidden: User \"reader\" cannot list resource \"tfjobs\" in API group \"kubeflow.org\" at the cluster scope",
        ),
        (
            "reader-token",
            get,
            "/api/v1/namespaces/b",
            "403 namespaces \"b\" is forbidden: User \"reader\" cannot get resource \"namespaces\" in API group \"\" in the namespace \"b\"",
        ),
        (
            "plain-token",
            get,
            "/apis/kubeflow.org/v1/namespaces/a/tfjobs/x/status",
            "403 tfjobs.kubeflow.org \"x\" is forbidden: User \"plain\" cannot get resource \"tfjobs/status\" in API group \"kubeflow.org\" in the namespace \"a\"",
        ),
        ("wrong", get, "/livez", "401 Unauthorized"),
    ];
    for (token, method, path, expected) in table {
        assert_eq!(verdict(&auth, token, method, path), expected, "{token} {method} {path}");
    }
}

#[test]
fn a_mode_that_is_asked_for_says_why_it_refuses() {
    let auth = auth(Some(TOKENS), Some(POLICY)).unwrap();
    let auth = auth.with_modes(&["RBAC".to_owned(), "ABAC".to_owned()], Vec::new()).unwrap();
    let refused = verdict(&auth, "reader-token", &Method::GET, "/x");
    let why = "403 forbidden: User \"reader\" cannot get path \"/x\": No policy matched.";
    assert_eq!(refused, why);
}

#[test]
fn anonymous_requests_are_accepted_as_upstream_accepts_them() {
    let none = HeaderMap::new();
    assert!(auth(None, None).unwrap().authenticate(&none, None, world).is_ok());
    assert!(
        auth(Some(TOKENS), None).unwrap().authenticate(&none, None, world).is_err(),
        "as upstream's AlwaysAllow"
    );
    assert!(auth(Some(TOKENS), Some(POLICY)).unwrap().authenticate(&none, None, world).is_ok());
    assert!(
        auth(Some(TOKENS), Some(POLICY))
            .unwrap()
            .without_anonymous()
            .authenticate(&none, None, world)
            .is_err()
    );
    assert!(Auth::default().is_open() && !Auth::default().without_anonymous().is_open());
}

#[test]
fn diagnostics_name_invalid_lines_and_no_tokens() {
    let tokens = "a,b\nsecret-token\n";
    let policy = "{\"apiVersion\": \"abac.authorization.kubernetes.io/v1beta1\", \"kind\": \"Policy\", \"spec\": {\"usr\": \"x\"}}\n\n{\n";
    let report = auth(Some(tokens), Some(policy)).unwrap_err();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines.len(), 4, "{report}");
    assert!(
        lines[0].starts_with(
            "policy.jsonl:1:87: spec.usr: unknown key \"usr\"; did you mean \"user\"?"
        ),
        "{report}"
    );
    assert!(lines[1].starts_with("policy.jsonl:3:"), "{report}");
    assert_eq!(
        lines[2],
        "tokens.csv:1:1: a line has at least 3 columns (token, user name, user uid), found 2; write token,user,uid,\"group1,group2\""
    );
    assert!(!report.contains("secret-token"), "{report}");
}

#[test]
fn reviews_are_answered_from_the_same_files() {
    let auth = auth(Some(TOKENS), Some(POLICY)).unwrap();
    let reader = auth.user_of("reader-token").unwrap();
    let ask = |review, spec: serde_json::Value| {
        let question = json!({"kind": "SelfSubjectAccessReview", "spec": spec});
        let (state, cache) = (state(), AuthCache::default());
        let authorizer = auth.authorizer(&state, &cache);
        answer_review(review, &auth, &authorizer, &reader, world(), question)
            .map_or_else(|error| json!(error.message), |answer| answer["status"].clone())
    };
    let may = |verb: &str| json!({"resourceAttributes": {"verb": verb, "resource": "tfjobs", "group": "kubeflow.org", "namespace": "a"}});
    assert_eq!(ask(Review::SelfSubjectAccess, may("list")), json!({"allowed": true}));
    assert_eq!(ask(Review::SelfSubjectAccess, may("delete")), json!({"allowed": false}));
    let mut of_admin = may("delete");
    of_admin["groups"] = json!(["system:masters"]);
    assert_eq!(ask(Review::SubjectAccess, of_admin), json!({"allowed": true}));
    assert_eq!(ask(Review::Token, json!({"token": "admin-token"}))["user"]["username"], "admin");
    assert_eq!(
        ask(Review::Token, json!({"token": "x"})),
        json!({"user": {}, "error": "invalid bearer token"})
    );
    assert_eq!(ask(Review::SelfSubject, json!({}))["userInfo"]["username"], "reader");
    assert_eq!(
        ask(Review::SelfSubjectAccess, json!({})),
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    );
}
