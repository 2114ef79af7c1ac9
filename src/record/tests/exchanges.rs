//! Exchanges through the proxy, and what is on disk afterwards.

use super::*;
use crate::matching::testing;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one exchange, and the whole of its mapping")]
async fn an_exchange_becomes_a_stub_without_its_secrets() {
    let address = backend(|request| {
        assert_eq!(request.uri(), "/base/v3/auth/tokens?nocatalog=&n=1&n=2");
        assert_eq!(request.headers()["x-auth-token"], "secret-1");
        let coding = request.headers().get("accept-encoding");
        assert!(coding.is_none_or(|coding| coding == "gzip"), "the answer depends on it");
        assert!(!request.headers().contains_key("x-hop"), "named by Connection");
        let headers = vec![
            ("content-type", "application/json"),
            ("x-subject-token", "secret-2"),
            ("set-cookie", "session=secret-3"),
            ("x-request-id", "r-1"),
            ("connection", "x-gone"),
            ("x-gone", "1"),
        ];
        (201, headers, pieces(&[r#"{"b": 1, "token": "secret-4", "#, r#""a": "ü"}"#]))
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let headers = [
        ("content-type", "application/json"),
        ("x-auth-token", "secret-1"),
        ("authorization", "Bearer secret-5"),
        ("cookie", "secret-6"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("accept-encoding", "gzip"),
    ];
    let body = r#"{"auth": {"user": "u", "password": "secret-7"}}"#;
    let target = "/v3/auth/tokens?nocatalog=&n=1&n=2";
    let plan = proxy.answer(request(Method::POST, target, &headers, body)).await;
    assert_eq!(plan.headers["x-subject-token"], "secret-2", "the client gets what was sent");
    assert!(!plan.headers.contains_key("x-gone") && !plan.headers.contains_key("connection"));
    assert_eq!(
        &body_of(plan).await.unwrap()[..],
        "{\"b\": 1, \"token\": \"secret-4\", \"a\": \"ü\"}".as_bytes()
    );
    proxy.flush().await;

    let found = recorded(&directory);
    assert_eq!(found.len(), 1, "{found:?}");
    let (name, bytes) = &found[0];
    assert!(name.starts_with("post-v3-auth-tokens-"), "{name}");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.contains("secret-"), "{text}");
    let mut mapping: Value = serde_json::from_str(text).unwrap();
    mapping.as_object_mut().unwrap().remove("id");
    let metadata = mapping.as_object_mut().unwrap().remove("metadata").unwrap();
    assert_eq!(metadata["standin"]["sent"]["accept-encoding"], json!({"equalTo": "gzip"}));
    let credentials = metadata["standin"]["credentials"]["values"].as_array().unwrap();
    let places: Vec<String> =
        credentials.iter().map(|one| format!("{} {}", one["in"], one["name"])).collect();
    let expected = ["header x-auth-token", "header authorization", "json /auth/password"];
    assert_eq!(places.join(", ").replace('"', ""), expected.join(", "));
    // Pseudonyms have the shape of what they stand for.
    let mut pseudonym = |pointer: &str, before: &str, after: &str| {
        let text = mapping.pointer_mut(pointer).expect(pointer).take();
        let inner =
            text.as_str().unwrap().strip_prefix(before).and_then(|text| text.strip_suffix(after));
        let (letters, digit) = inner.unwrap().split_once('-').unwrap();
        assert_eq!((letters.len(), digit.len()), (6, 1), "{text}");
    };
    pseudonym("/response/headers/x-subject-token", "", "");
    pseudonym("/response/headers/set-cookie", "session=", "");
    pseudonym("/response/body", "{\"b\": 1, \"token\": \"", "\", \"a\": \"ü\"}");
    assert_eq!(
        mapping,
        json!({
            "name": "POST /v3/auth/tokens",
            "priority": -107,
            "request": {
                "method": "POST",
                "urlPath": "/v3/auth/tokens",
                "queryParameters": {
                    "nocatalog": {"equalTo": ""},
                    "n": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]},
                },
                "bodyPatterns": [{"equalToJson": {"auth": {"user": "u", "password": "${json-unit.any-string}"}}}],
            },
            "response": {
                "status": 201,
                "headers": {"content-type": "application/json", "x-request-id": "r-1", "set-cookie": null, "x-subject-token": null},
                "body": null,
            },
        })
    );
    let sorted = format!(
        "{}\n",
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
    );
    assert_eq!(text, sorted, "sorted keys, and a line end");

    // The same client again is the same exchange, another one is another.
    let _ = body_of(proxy.answer(request(Method::POST, target, &headers, body)).await).await;
    proxy.flush().await;
    assert_eq!(recorded(&directory).len(), 1);
    let again = [("content-type", "application/json"), ("x-auth-token", "secret-1")];
    let other = r#"{"auth": {"password": "secret-8", "user": "u"}}"#;
    let _ = body_of(proxy.answer(request(Method::POST, target, &again, other)).await).await;
    proxy.flush().await;
    assert_eq!(recorded(&directory).len(), 2);

    // And it replays.
    let set = replayed_stubs(&directory);
    let mut replayed = request(Method::POST, target, &again, "");
    replayed.body = RequestBody::Bytes(Bytes::copy_from_slice(other.as_bytes()));
    assert_eq!(testing::answer(set.find(&Asked::new(&replayed)).unwrap(), &replayed).status, 201);
}

#[tokio::test]
async fn both_ways_are_streamed() {
    // The backend answers each piece of the request as it arrives.
    let address = backend(|request| {
        let body = request.into_body().into_data_stream();
        let echo = body
            .map(|item| item.map_err(|error| crate::message::BodyError::Broken(error.to_string())));
        (200, vec![("content-type", "text/plain")], Box::pin(echo) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let sent = stream::unfold(receiver, |mut receiver| async move {
        Some((Ok(Bytes::from_static(receiver.recv().await?.as_bytes())), receiver))
    });
    let mut request = Request::new(Method::POST, "/echo");
    request.body = RequestBody::arriving(Box::pin(sent), Bodies::default());
    let plan = proxy.answer(request).await;
    let Body::Passed(answer) = plan.body else { panic!("a stream") };
    let mut answer = answer.into_stream();
    for piece in ["one ", "two ", "three"] {
        sender.send(piece).unwrap();
        assert_eq!(answer.next().await.unwrap().unwrap(), piece, "before the next one is sent");
    }
    drop(sender);
    assert!(answer.next().await.is_none());
    proxy.flush().await;
    let (_, bytes) = &recorded(&directory)[0];
    let mapping: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(mapping["request"]["bodyPatterns"], json!([{"equalTo": "one two three"}]));
    assert_eq!(mapping["response"]["body"], "one two three");
}

#[tokio::test]
async fn a_watch_is_recorded_line_by_line_even_when_its_client_ends_it() {
    let event = |name: &str| {
        format!("{{\"type\":\"ADDED\",\"object\":{{\"metadata\":{{\"name\":\"{name}\"}}}}}}\n")
    };
    let (first, second) = (event("a"), event("b"));
    let (sent_first, sent_second) = (first.clone(), second.clone());
    let address = backend(move |_| {
        let (head, tail) = sent_second.split_at(20);
        let parts = [sent_first.clone(), head.to_owned(), tail.to_owned()];
        let parts = stream::iter(parts.map(|part| Ok(Bytes::from(part))));
        let endless = parts.chain(stream::pending());
        (200, vec![("content-type", "application/json")], Box::pin(endless) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, mut said) = proxy_to(address, &directory);
    let target = "/apis/kubeflow.org/v1/tfjobs?timeoutSeconds=321&watch=true";
    let plan = proxy.answer(request(Method::GET, target, &[], "")).await;
    let Body::Passed(answer) = plan.body else { panic!("a stream") };
    let mut answer = answer.into_stream();
    let mut seen = Vec::new();
    while seen.len() < first.len() + second.len() {
        seen.extend_from_slice(&answer.next().await.unwrap().unwrap());
    }
    drop(answer);
    proxy.flush().await;
    let found = recorded(&directory);
    let mapping: Value = serde_json::from_slice(&found[0].1).unwrap();
    assert_eq!(mapping["request"]["queryParameters"], json!({"watch": {"equalTo": "true"}}));
    assert_eq!(mapping["response"]["body"], format!("{first}{second}"));
    let chunks = mapping["response"]["transformerParameters"]["chunks"].as_array().unwrap();
    let bodies: String = chunks.iter().map(|chunk| chunk["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, format!("{first}{second}"));
    for chunk in chunks {
        assert!(chunk["body"].as_str().unwrap().ends_with("}\n"), "whole lines: {chunks:?}");
        assert!(chunk["after"].as_str().unwrap().ends_with("ms"), "{chunks:?}");
    }
    assert_eq!(
        mapping["metadata"]["standin"]["notes"],
        json!(["any timeoutSeconds matches", "the client ended the stream"])
    );
    // A client that leaves an ordinary answer leaves no recording.
    drop(proxy.answer(request(Method::GET, "/apis/kubeflow.org/v1/tfjobs", &[], "")).await);
    let line = said.recv().await.unwrap();
    assert!(
        line.starts_with("not recorded: the client did not wait for the whole answer"),
        "{line}"
    );
    proxy.flush().await;
    assert_eq!(recorded(&directory).len(), 1);
}

#[tokio::test]
async fn large_and_binary_bodies_are_kept_as_they_are() {
    let address = backend(|request| {
        let (headers, body): (_, Vec<u8>) = match request.uri().path() {
            "/base/large" => (vec![("content-type", "application/json")], {
                format!("{{\"x\": \"{}\"}}", "y".repeat(100_000)).into_bytes()
            }),
            "/base/gzip" => (
                vec![("content-type", "application/json"), ("content-encoding", "gzip")],
                vec![0x1f, 0x8b, 8, 0],
            ),
            "/base/exact" => (
                vec![("content-type", "application/json")],
                b"{\"n\": 123456789012345678901234567890}".to_vec(),
            ),
            _ => (vec![], Vec::new()),
        };
        (200, headers, Box::pin(stream::iter([Ok(Bytes::from(body))])) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let paths = ["/large", "/gzip", "/exact", "/empty", "/../%2e%2e/.."];
    let mut answers = Vec::new();
    for path in paths {
        let plan = proxy.answer(request(Method::GET, path, &[], "")).await;
        answers.push(body_of(plan).await.unwrap());
    }
    proxy.flush().await;
    let found = recorded(&directory);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(names[0].starts_with("__files/get-large-"), "{names:?}");
    assert!(
        names.iter().all(|name| !name.contains("..") && !name.contains("unfinished")),
        "{names:?}"
    );
    let set = replayed_stubs(&directory);
    for (path, answer) in paths.iter().zip(answers) {
        let asked = Request::new(Method::GET, path);
        let plan = testing::answer(set.find(&Asked::new(&asked)).expect("it replays"), &asked);
        let bytes = match plan.body {
            Body::Bytes(bytes) => bytes,
            _ => Bytes::new(),
        };
        assert_eq!(bytes, answer, "{path}");
        assert_eq!(plan.headers.contains_key("content-encoding"), *path == "/gzip");
    }
}

#[tokio::test]
async fn a_representation_of_its_own_is_asked_for_again() {
    let address =
        backend(|_| (200, vec![("content-type", "application/json")], pieces(&["{}"]))).await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    for accept in [table, "application/json"] {
        let plan =
            proxy.answer(request(Method::GET, "/api/v1/pods", &[("accept", accept)], "")).await;
        let _ = body_of(plan).await;
    }
    proxy.flush().await;
    let set = replayed_stubs(&directory);
    let found = |accept| {
        let request = request(Method::GET, "/api/v1/pods", &[("accept", accept)], "");
        set.find(&Asked::new(&request)).unwrap().priority
    };
    assert_eq!((found(table), found("application/json"), found("*/*")), (5, 3, 5));
}
