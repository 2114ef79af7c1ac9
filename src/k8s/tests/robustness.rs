//! Random input: every request is answered.

use base64::Engine as _;
use proptest::prelude::*;

use super::*;

/// Text that passes the first check of a parser more often than random characters do.
fn tokens() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("a"),
        Just("metadata.name"),
        Just("="),
        Just("=="),
        Just("!="),
        Just("!"),
        Just(" in "),
        Just(" notin "),
        Just("("),
        Just(")"),
        Just(","),
        Just("\\"),
        Just("é"),
        Just("\u{0}"),
        Just(""),
        Just("x/y"),
        Just("gt"),
        Just(">"),
        Just("<"),
        Just("1"),
        Just("'"),
        Just("\""),
        Just(" "),
    ];
    prop_oneof![
        proptest::collection::vec(word, 0..12).prop_map(|words| words.concat()),
        any::<String>(),
    ]
}

/// JSON that looks like a patch, an apply configuration, or nothing.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        any::<i64>().prop_map(|n| json!(n)),
        Just(json!(1e300)),
        tokens().prop_map(|text| json!(text)),
        Just(json!("add")),
        Just(json!("/metadata/labels/a")),
    ];
    let key = prop_oneof![
        Just("op"),
        Just("path"),
        Just("value"),
        Just("from"),
        Just("metadata"),
        Just("name"),
        Just("spec"),
        Just("$patch"),
        Just("$retainKeys"),
        Just("labels"),
        Just("finalizers"),
        Just("managedFields"),
        Just("apiVersion"),
        Just("kind"),
        Just("data"),
        Just("ownerReferences"),
        Just("resourceVersion"),
    ];
    let value = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                Value::Object(
                    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    });
    prop_oneof![value.prop_map(|value| value.to_string()), any::<String>()]
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Checks that an answer is not a failure of the server itself. Upstream has four texts with status 500 for what a client
/// sent: an apply that its types refuse, a patch whose `resourceVersion` is not a number or that removes `apiVersion`, and
/// a directive of a strategic merge patch that is none (`interpretStrategicMergePatchError`).
fn answered(outcome: Option<Outcome>) {
    if let Some(Outcome::Plan(plan)) = outcome {
        let (status, body) = plain(Outcome::Plan(plan));
        let message = body["message"].as_str().unwrap_or_default();
        let upstream = message.contains("typed patch object")
            || message.starts_with("unknown patch type: ")
            || message.starts_with("strconv.ParseUint: parsing ")
            || message.contains("'object has no apiVersion field'");
        assert!(status < 500 || status == 504 || (status == 500 && upstream), "{status} {body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_query_breaks_the_server(text in tokens(), key in prop::sample::select(vec![
        "labelSelector", "fieldSelector", "continue", "limit", "resourceVersion", "resourceVersionMatch",
        "timeoutSeconds", "watch", "pretty", "timeout", "sendInitialEvents",
    ])) {
        let store = store(100);
        for collection in [MAPS, "/apis/kubeflow.org/v1/tfjobs"] {
            answered(ask(&store, &Method::GET, &format!("{collection}?{key}={}", encoded(&text)), "", b""));
            answered(ask(&store, &Method::DELETE, &format!("{collection}?{key}={}", encoded(&text)), "", b""));
        }
        // A valid encoding with other content.
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&text);
        answered(ask(&store, &Method::GET, &format!("{MAPS}?continue={token}"), "", b""));
    }

    #[test]
    fn no_body_breaks_the_server(text in json_text(), media in prop::sample::select(vec![
        "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", "text/plain",
    ])) {
        let store = store(100);
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}});
        call(&store, &Method::POST, MAPS, &object);
        let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}, "spec": {"backoffLimit": 1}});
        let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
        call(&store, &Method::POST, jobs, &job);
        for collection in [MAPS, jobs] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                for target in [format!("{collection}/a?fieldManager=m"), collection.to_owned(), format!("{collection}/a/status")] {
                    answered(ask(&store, &method, &target, media, text.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn no_path_breaks_the_server(segments in proptest::collection::vec(prop_oneof![
        Just("api".to_owned()), Just("apis".to_owned()), Just("v1".to_owned()), Just("namespaces".to_owned()),
        Just("default".to_owned()), Just("configmaps".to_owned()), Just("watch".to_owned()), Just("status".to_owned()),
        Just("kubeflow.org".to_owned()), Just("tfjobs".to_owned()), Just("openapi".to_owned()), Just("v3".to_owned()),
        Just("scale".to_owned()), Just("%2f".to_owned()), Just("%zz".to_owned()), Just(String::new()),
        tokens().prop_map(|text| encoded(&text)),
    ], 0..9), method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD])) {
        answered(ask(&store(100), &method, &format!("/{}", segments.join("/")), "application/json", b"{}"));
    }
}
