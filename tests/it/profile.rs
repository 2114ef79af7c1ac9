//! The CCI profile: the gateway's tokens and the service's errors; token reviews and similar
//! requests from files.

use std::time::Duration;

use serde_json::json;
use standin::{Profile, Server};

use crate::support::{TFJOBS, ask, files, post, send};

const LOGIN: &str = r#"{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "u", "password": "p", "domain": {"name": "d"}}}}, "scope": {"project": {"name": "cn-north-1"}}}}"#;

#[tokio::test]
async fn the_gateway_wants_its_own_tokens() {
    let server = Server::builder().profile(Profile::Cci).start().await.unwrap();
    let none = ask(&server, "GET", TFJOBS).await;
    assert_eq!((none.status.as_u16(), none.at("/error_code")), (401, json!("APIG.0301")));
    assert_eq!(
        none.at("/error_msg"),
        "Incorrect IAM authentication information: x-auth-token not found"
    );
    let wrong = send(&server, "GET", TFJOBS, &[("x-auth-token", "made-up")], "").await;
    assert_eq!(
        wrong.at("/error_msg"),
        "Incorrect IAM authentication information: decrypt token fail"
    );
    let refused = send(&server, "POST", "/v3/auth/tokens", &[], "{}").await;
    assert_eq!((refused.status.as_u16(), refused.at("/error/title")), (401, json!("Unauthorized")));
    let issued = send(&server, "POST", "/v3/auth/tokens", &[], LOGIN).await;
    assert_eq!(
        (issued.status.as_u16(), issued.at("/token/project/name")),
        (201, json!("cn-north-1"))
    );
    let token = issued.headers["x-subject-token"].to_str().unwrap();
    for header in [("x-auth-token", token.to_owned()), ("authorization", format!("Bearer {token}"))]
    {
        let list = send(&server, "GET", TFJOBS, &[(header.0, &header.1)], "").await;
        assert_eq!(list.names(), ["tfjob-test"]);
        assert_eq!(list.at("/metadata/selfLink"), TFJOBS);
    }
    let own = [("x-auth-token", token), ("content-type", "application/json")];
    let missing = send(&server, "GET", &format!("{TFJOBS}/none"), &own, "").await;
    assert_eq!(
        (missing.at("/kind"), missing.at("/errorCode")),
        (json!("Status"), json!("CCI.01.404101"))
    );
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}, "spec": {}});
    let made = send(&server, "POST", TFJOBS, &own, &job.to_string()).await;
    assert_eq!(made.at("/metadata/selfLink"), format!("{TFJOBS}/a"));
}

#[tokio::test]
async fn tokens_expire() {
    let builder = Server::builder().profile(Profile::Cci).token_lifetime(Duration::ZERO);
    let server = builder.start().await.unwrap();
    let issued = send(&server, "POST", "/v3/auth/tokens", &[], LOGIN).await;
    let token = issued.headers["x-subject-token"].to_str().unwrap();
    let expired = send(&server, "GET", TFJOBS, &[("x-auth-token", token)], "").await;
    assert_eq!(expired.status, 401);
    assert!(expired.text().contains("token expires, expires_at: "), "{}", expired.text());
}

#[tokio::test]
async fn reviews_answer_from_the_same_files() {
    let directory = files(&[
        ("tokens.csv", "t-1,jane,u1,\"devs\"\n"),
        (
            "policy.jsonl",
            "{\"user\": \"jane\", \"namespace\": \"kube-test\"}\n{\"group\": \"system:unauthenticated\", \"resource\": \"tokenreviews\"}\n",
        ),
    ]);
    let server = Server::builder()
        .token_auth_file(directory.path().join("tokens.csv"))
        .authorization_policy_file(directory.path().join("policy.jsonl"))
        .start()
        .await
        .unwrap();
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "t-1"}});
    let reviewed =
        post(&server, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", &review).await;
    assert_eq!(reviewed.status, 201, "{}", reviewed.text());
    assert_eq!(reviewed.at("/status/user/groups"), json!(["devs", "system:authenticated"]));
    let may = |namespace: &str| {
        json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": "list", "group": "kubeflow.org", "resource": "tfjobs", "namespace": namespace}},
        })
    };
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let headers = [("authorization", "Bearer t-1"), ("content-type", "application/json")];
    // The policy allows jane one namespace, and the question itself lies in none.
    let refused = send(&server, "POST", path, &headers, &may("kube-test").to_string()).await;
    assert_eq!(refused.status, 403);
    assert_eq!(send(&server, "GET", TFJOBS, &headers, "").await.status, 200);
    let anonymous = ask(&server, "GET", TFJOBS).await;
    assert_eq!(anonymous.status, 403);
    assert!(
        anonymous
            .text()
            .contains("User \\\"system:anonymous\\\" cannot list resource \\\"tfjobs\\\""),
        "{}",
        anonymous.text()
    );

    let open = Server::builder().start().await.unwrap();
    let allowed = post(&open, "POST", path, &may("x")).await;
    assert_eq!(allowed.at("/status"), json!({"allowed": true}));
    let whoami = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let whoami =
        post(&open, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", &whoami).await;
    assert_eq!(whoami.at("/status/userInfo/username"), "system:anonymous");
    assert_eq!(ask(&open, "GET", "/apis/authentication.k8s.io/v1/tokenreviews").await.status, 405);
}
