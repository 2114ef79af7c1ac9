//! `plan`, `check`, `explain`, `schema`, `drill` from the command line: previews, checks and
//! explanations.

use std::path::Path;

use serde_json::Value;
use standin::internals::{Format, Source};

use crate::commands::run;
use crate::support::{TFJOBS, files};

fn path(directory: &tempfile::TempDir, name: &str) -> String {
    directory.path().join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_is_a_table_and_json() {
    let own = files(&[(
        "p.yaml",
        "seed: 42\ntokens: {t: {issue: POST /t, in: bearer, ttl: 60s}}\nrules:\n\
         - {id: s, match: {verb: list}, steps: [{times: 5, then: pass}, {times: 3, then: {status: 500}}]}\n\
         - {id: d, match: {verb: get}, share: [{p: 50%, then: {status: 429, retry_after: 1s}}]}\n\
         - {id: a, match: {verb: watch}, at: [{event: 3, times: 1, then: {stall: 10s}}]}\n\
         timeline: {ttl: 10m, phases: [{name: good, for: 30s}, {name: bad, forever: true, rules: [{then: {status: 503}}]}]}\n",
    )]);
    let file = path(&own, "p.yaml");
    let (code, out, _) = run(&["plan", &file, "-n", "10"]).await;
    assert_eq!(code, 0);
    for part in [
        "seed 42, world default\n",
        "requests 6 to 8: {status: 500}\n",
        "from request 9 on: pass\n",
        "at event 3, once: {stall: 10s}\n",
        "p/good\n    from the start to 30s\n",
        "ends after 600s\n",
        "tokens/t\n    issued by POST /t, valid for 60s\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in\n{out}");
    }
    let (_, json, _) = run(&["plan", &file, "-n", "10", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rules"][1]["draws"].as_array().unwrap().len(), 10);
    // Another seed or world gives other draws; the same ones give the same draws.
    let (_, again, _) = run(&["plan", &file, "-n", "10"]).await;
    assert_eq!(out, again);
    let (_, other, _) = run(&["plan", &file, "-n", "10", "--seed", "43"]).await;
    let (_, world, _) = run(&["plan", &file, "-n", "10", "--world", "w"]).await;
    assert!(out != other && out != world && other != world);
    let (code, _, error) = run(&["plan", "no-such"]).await;
    assert!(code == 3 && error.contains("no shipped scenario"), "{error}");
}

#[tokio::test]
async fn a_check_has_codes() {
    let bad = files(&[
        (
            "bad.yaml",
            "rules:\n- {steps: [{times: 1, then: pass}], at: [{page: 1, then: pass}]}\n\
             - {steps: [{forever: true, then: pass}, {times: 1, then: pass}]}\n\
             - {share: [{p: 80%, then: pass}, {p: 30%, then: {status: 500}}]}\n\
             - {then: {reply: {file: missing.json}}}\n- {thne: pass}\n",
        ),
        (
            "odd.yaml",
            "rules:\n- {id: all, match: {verb: list}, then: {status: 500}}\n\
             - {id: some, match: {verb: list, resource: tfjobs.kubeflow.org}, then: {status: 503}}\n\
             - {id: none, match: {resource: tfjob.kubeflow.org}, then: {status: 503}}\n",
        ),
    ]);
    let (code, out, error) = run(&["check", "--json", &path(&bad, "bad.yaml")]).await;
    assert_eq!((code, error.as_str()), (3, ""));
    let json: Value = serde_json::from_str(&out).unwrap();
    let found: Vec<(&str, u64)> = json["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["code"].as_str().unwrap(), problem["line"].as_u64().unwrap()))
        .collect();
    for expected in [
        ("steps-and-at", 2),
        ("unreachable-step", 3),
        ("shares-over-100", 4),
        ("missing-file", 5),
        ("unknown-key", 6),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
    let (code, out, _) = run(&["check", "--json", &path(&bad, "odd.yaml")]).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["valid"]), (0, &Value::Bool(true)));
    let codes: Vec<&str> = json["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["shadowed-rule", "matches-nothing"]);
    // A directory of both: each file for what it is, each scenario alone.
    let both = files(&[
        ("stubs/a.json", r#"{"request": {"urlPath": "/a"}, "response": {"status": 200}}"#),
        ("drills/auth/a.yaml", "rules: [{id: r, match: {path: /a}, then: {status: 401}}]"),
        (
            "drills/b.yaml",
            "timeline: {phases: [{forever: true, rules: [{match: {path: /a}, then: {status: 500}}]}]}",
        ),
        ("drills/README.md", "words"),
    ]);
    let (code, out, error) = run(&["check", both.path().to_str().unwrap()]).await;
    assert_eq!((code, error.as_str()), (0, ""));
    assert_eq!(out, "valid (stubs: 1, objects: 0, resource types: 0, scenario rules: 2)\n");
    let (code, out, _) = run(&["check", "scenarios"]).await;
    assert!(code == 0 && out.starts_with("valid ("), "{out}");
    // As text the same, on two streams.
    let (code, out, error) = run(&["check", &path(&bad, "odd.yaml")]).await;
    assert!(code == 0 && out.starts_with("valid (") && error.contains("has no effect"), "{error}");
}

#[tokio::test]
async fn an_explanation_names_what_answers_and_what_does_not() {
    let own = files(&[
        (
            "s.yaml",
            "rules:\n- {id: busy, match: {verb: list}, then: {status: 503}}\n- {id: canary, match: {header: {X-Client: canary}}, then: {status: 500}}\n",
        ),
        (
            "stub.json",
            r#"{"id": "5f1f0f3c-0000-4000-8000-000000000001", "name": "hello", "request": {"method": "GET", "urlPath": "/hello"}, "response": {"status": 200}}"#,
        ),
    ]);
    let (scenario, stub) = (path(&own, "s.yaml"), path(&own, "stub.json"));
    let (code, out, _) = run(&["explain", "GET", TFJOBS, "-s", &scenario]).await;
    assert_eq!(code, 0);
    assert!(out.starts_with("s/busy answers 503; where it lets a request pass, the Kubernetes API answers 200: list tfjobs.kubeflow.org kube-test\n"), "{out}");
    assert!(out.contains("✗ rule s/canary\n    header x-client canary: found nothing\n"), "{out}");
    let with = [
        "explain",
        "get",
        "/hello",
        "-s",
        &scenario,
        "-f",
        &stub,
        "-H",
        "X-Client: canary",
        "--json",
    ];
    let (_, out, _) = run(&with).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["rules"][1]["holds"], true);
    assert!(json["stub"].as_str().unwrap().ends_with("(hello)"), "{json}");
    let (_, out, _) = run(&["explain", "POST", "/hello", "-f", &stub]).await;
    assert!(out.starts_with("nothing answers: 404\n") && out.contains("hello"), "{out}");
    let (code, _, error) = run(&["explain", "GET", "hello"]).await;
    assert!(code == 2 && error.contains("is not a path"), "{error}");
}

#[tokio::test]
async fn an_explanation_is_what_the_server_does() {
    let own = files(&[
        ("planet.json", r#"{"request": {"urlPath": "/worlds/1"}, "response": {"body": "planet"}}"#),
        (
            "s.yaml",
            "tokens: {iam: {issue: POST /v3/auth/tokens, in: header X-Auth-Token}}\nrules:\n- {id: auth, match: {path: \"/apis/**\"}, require: {token: iam}}\n",
        ),
    ]);
    let (stub, scenario) = (path(&own, "planet.json"), path(&own, "s.yaml"));
    let server = standin::Server::builder()
        .fixtures(path(&own, "planet.json"))
        .scenario(scenario.clone())
        .start()
        .await
        .unwrap();
    for (method, target, begins) in [
        ("GET", "/worlds/1", "stub "),
        ("GET", "/worlds/a/worlds/1", "stub "),
        ("GET", "/worlds/a/version", "the Kubernetes API answers 200"),
        ("GET", "/__admin/health", "the admin API answers 200"),
        ("GET", "/__admin/__admin/health", "the admin API answers 404"),
        ("GET", "/worlds/-/version", "the server refuses it with 400"),
        (
            "GET",
            "/apis/x",
            "s/auth answers 401; where it lets a request pass, nothing answers: 404",
        ),
        ("GET", "/nowhere", "nothing answers: 404"),
    ] {
        let (_, out, _) = run(&["explain", method, target, "-s", &scenario, "-f", &stub]).await;
        let status = crate::support::ask(&server, method, target).await.status.as_u16();
        assert!(out.starts_with(begins), "{target}: {out}");
        assert!(
            out.lines().next().unwrap().contains(&status.to_string()),
            "{target}: {status} {out}"
        );
    }
}

#[tokio::test]
async fn an_explanation_of_a_write_is_that_of_the_first_one() {
    let own =
        files(&[("s.yaml", "rules:\n- {id: slow, match: {verb: create}, then: {delay: 1ms}}\n")]);
    let scenario = path(&own, "s.yaml");
    let maps = "/api/v1/namespaces/default/configmaps";
    let body = r#"{"metadata": {"name": "a"}}"#;
    let post = ["explain", "POST", maps, "-H", "Content-Type: application/json", "-d", body];
    for more in [&[][..], &["-s", &scenario]] {
        let (_, out, _) = run(&[&post[..], more].concat()).await;
        assert!(out.lines().next().unwrap().contains("the Kubernetes API answers 201"), "{out}");
    }
}

#[tokio::test]
async fn the_schema_knows_every_scenario() {
    let (code, out, _) = run(&["schema", "scenario"]).await;
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let parse = |text: String| {
        let source = Source { path: "x.yaml".into(), format: Format::Yaml, text };
        source.parse().map(|mut documents| documents.remove(0))
    };
    let mut seen = 0;
    for path in crate::shipped::files_of("scenarios") {
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let value = parse(std::fs::read_to_string(&path).unwrap()).unwrap();
            let wrong: Vec<String> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
            seen += 1;
        }
    }
    for (info, text) in crate::shipped::blocks("scenarios/README.md") {
        if info.starts_with("yaml") {
            let wrong: Vec<String> = validator
                .iter_errors(&parse(text.clone()).unwrap())
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{wrong:?} in\n{text}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
    // What the loader refuses, the schema refuses.
    for bad in [
        "rules: [{thne: pass}]",
        "rules: [{then: {status: 99}}]",
        "rules: [{then: {stall: 5}}]",
        "rules: [{then: {status: 500, reset: before_headers}}]",
        "rules: [{share: [{p: 130%, then: pass}]}]",
        "rules: [{id: a}]",
        "rules: [{at: [{page: 1, event: 2, then: pass}]}]",
        "rules: [{at: [{event: 2, then: {status: 500}}]}]",
        "rules: [{steps: [{times: 1, then: pass}], at: [{page: 1, then: pass}]}]",
        "rules: [{then: pass, expect: {retry_after: ignored}}]",
        "rules: [{then: pass}]\ntimeline: {start: later}",
        "rules: [{then: {goaway: {code: NOPE}}}]",
        "rules: [{then: {slow: 5}}]",
        "rules: [{then: {fail_after: x}}]",
        "rules: [{then: pass}]\nverdict: {unmatched: maybe}",
        "descripton: x\nrules: [{then: pass}]",
    ] {
        let value = parse(bad.to_owned()).unwrap();
        assert!(!validator.is_valid(&value), "{bad}");
        let own = files(&[("bad.yaml", bad)]);
        assert!(standin::check(&[], &[path(&own, "bad.yaml")]).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn the_reference_of_words_is_printed() {
    let (code, out, _) = run(&["schema", "scenario", "--reference"]).await;
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md"))
            .unwrap();
    assert!(code == 0 && out.contains("| `retry_after` |") && page.contains(&out), "{out}");
}

#[tokio::test]
async fn a_drill_has_an_exit_code_and_reports() {
    let own = files(&[("x", "")]);
    let junit = path(&own, "report.xml");
    let (code, out, error) =
        run(&["drill", "network/garbage", "--junit", &junit, "--timeline", "--", "true"]).await;
    assert_eq!(code, 4, "{error}");
    assert!(
        out.contains("0 of 1 passed, 1 NOT MET\n") && out.contains("network/garbage: no requests"),
        "{out}"
    );
    assert!(error.contains("1/1 network/garbage NOT MET (exit 0)"), "{error}");
    let allowed = ["drill", "network/garbage", "--allow-not-met", "--junit", &junit, "--", "true"];
    assert_eq!(run(&allowed).await.0, 0);
    assert!(std::fs::read_to_string(&junit).unwrap().contains("<skipped"));
    assert_eq!(run(&["drill", "network", "--", "/no/such/program"]).await.0, 5);
    assert!(
        std::fs::read_to_string(&junit).unwrap().contains("<testcase name=\"network/garbage\"")
    );
    let (code, out, error) = run(&["drill", "network/garbage", "--json", "--", "false"]).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["failed"].as_u64()), (1, Some(1)));
    assert!(error.ends_with("0 of 1 passed, 1 FAILED\n"), "{error}");
    let (code, _, error) = run(&["drill", "network/garbage"]).await;
    assert!(code == 2 && error.contains("COMMAND"), "{error}");
    let (code, _, error) = run(&["drill", "network/garbag", "--", "true"]).await;
    assert!(code == 3 && error.contains("did you mean \"network/garbage\"?"), "{error}");
}
