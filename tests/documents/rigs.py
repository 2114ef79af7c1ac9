"""What each document takes for granted: files that are there, servers that run, exit codes other than 0."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from blocks import fenced

# Commands that this runner leaves out, by a part of their text, and what runs them.
ELSEWHERE = {
    "cargo test": "the step `tests` of .ci/run",
    "docker build": "tests/container/run",
    "docker run": "tests/container/run",
    "docker compose": "tests/container/stacks",
    "java -jar wiremock.jar": "it is WireMock's own command, for comparison; tests/it/wiremock_options.rs has its options",
    "pip install -r tests/requirements.txt": "bindings/run python, which has the wheel",
    "go test ./...": "tests/envtest/run, by hand: building the suites takes minutes; bindings/go has a test of its own",
    "bindings/run": "the step `packages` of .ci/run",
}

_LIST = "/apis/kubeflow.org/v1/tfjobs"
_BACKEND = "standin serve --listen 127.0.0.1:8001"

_OPENAPI = """\
openapi: 3.0.3
info: {title: Jobs, version: "1"}
paths:
  /apis/kubeflow.org/v1/tfjobs:
    get:
      responses:
        "200":
          description: The jobs.
          content:
            application/json:
              schema: {type: object, required: [items], properties: {items: {type: array}}}
              example: {items: []}
"""
_STUB = {"request": {"method": "GET", "urlPath": "/hello"}, "response": {"status": 200, "body": "hello"}}
_HAR = {
    "log": {
        "version": "1.2",
        "creator": {"name": "a browser", "version": "1"},
        "entries": [
            {
                "startedDateTime": f"2026-01-01T00:00:0{second}.000Z",
                "time": 12,
                "request": {
                    "method": "GET", "url": "http://jobs.example/jobs", "httpVersion": "HTTP/1.1", "cookies": [],
                    "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0,
                },
                "response": {
                    "status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "",
                    "headers": [{"name": "Content-Type", "value": "application/json"}], "headersSize": -1, "bodySize": 2,
                    "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
                },
                "cache": {},
                "timings": {"send": 1, "wait": 10, "receive": 1},
            }
            for second, status in enumerate([503, 503, 200])
        ],
    }
}
_JOB = {
    "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "mine"},
    "spec": {"tfReplicaSpecs": {"Worker": {"template": {"spec": {"containers": [{"name": "tensorflow", "image": "train"}]}}}}},
}
_JOURNAL = {
    "requests": [
        {
            "id": f"6f1d5c4e-0000-4000-8000-00000000000{number}",
            "request": {"method": "GET", "url": "/jobs", "absoluteUrl": "http://127.0.0.1:8080/jobs", "headers": {},
                        "body": "", "loggedDate": 1767225600000 + number * 1000},
            "responseDefinition": {"status": status},
            "response": {"status": status, "headers": {}, "body": ""},
            "wasMatched": True,
        }
        for number, status in enumerate([503, 200])
    ]
}
# A client that tries three times, and does not wait; under one of the scenarios it asks for something else.
_CLIENT = """\
#!/bin/sh
path=/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs
case $STANDIN_SCENARIO in *garbage*) path=/api/v1/namespaces/kube-test/pods ;; esac
for attempt in 1 2 3; do
  curl --silent --fail "$STANDIN_URL$path" > /dev/null && exit 0
  sleep 0.01
done
echo "gave up after 3 attempts"
exit 1
"""

# fixtures: the repository's, as fixtures/; text, json: files; block: a file that is the document's block of a language,
# by the text in it; kubeconfig: ~/.kube/config with a context dev; servers: commands that run before the first; before:
# servers that run from a command on; traffic: what a client asks each server for; codes: exit codes by a part of the command; instead: what stands for a program.
RIGS: dict[str, dict] = {
    "README.md": {
        "fixtures": True,
        "json": {"wiremock/mappings/hello.json": _STUB},
        "block": {"outage.yaml": ("yaml", "rules:")},
        "servers": [_BACKEND],
        "traffic": [_LIST],
        "instead": {"cargo run -- serve": "standin serve"},
        "codes": {"standin drill": 1},
    },
    "docs/containers.md": {},
    "docs/drilling.md": {"codes": {"standin drill": 1}},
    "docs/envtest.md": {},
    "docs/importing.md": {"text": {"openapi.yaml": _OPENAPI}, "json": {"wiremock/mappings/hello.json": _STUB}},
    "docs/fixtures.md": {"block": {"fixtures/hello.yaml": ("yaml", "request: {method: GET")}},
    "docs/recording.md": {
        "text": {"openapi.yaml": _OPENAPI},
        "json": {"session.har": _HAR},
        "kubeconfig": True,
        "servers": [_BACKEND],
        "traffic": [_LIST],
    },
    "docs/tls.md": {
        "certificates": True,
        "block": {"tokens.csv": ("csv", "admin-token"), "fixtures/roles.yaml": ("yaml", "RoleBinding")},
        "codes": {"can-i delete": 1},
    },
    "docs/worlds.md": {"json": {"job.json": _JOB}},
    "scenarios/README.md": {
        "text": {"my-client": _CLIENT},
        "json": {"journal.json": _JOURNAL, "browser.har": _HAR},
        "servers": [
            f"{_BACKEND} --scenario status-503",
            "standin record --upstream http://127.0.0.1:8001 --to recorded/ --listen 127.0.0.1:8002",
        ],
        "before": {"scenario from http://127.0.0.1:8080": "standin serve --scenario status-503"},
        "traffic": [_LIST, _LIST],
        # A client that fails; one that does not meet most of the faults.
        "codes": {"standin drill throttling/burst": 1, "standin drill paging watch": 4},
    },
    "src/cli/project/README.md": {"project": True},
    "bindings/README.md": {"repository": True},
}


def prepare(rig: dict, scratch: Path, repository: Path, document: str, program: str) -> None:
    """Writes the files of a rig."""
    def standin(*args: str) -> str:
        return subprocess.run([program, *args], cwd=scratch, check=True, capture_output=True, encoding="utf-8").stdout

    if rig.get("fixtures"):
        shutil.copytree(repository / "fixtures", scratch / "fixtures")
    files = dict(rig.get("text", {}))
    files |= {name: json.dumps(value) for name, value in rig.get("json", {}).items()}
    for name, (language, part) in rig.get("block", {}).items():
        texts = ["\n".join(lines) + "\n" for _, lines in fenced(repository / document, language)]
        files[name] = next(text for text in texts if part in text)
    if rig.get("kubeconfig"):
        files[".kube/config"] = standin("kubeconfig", "http://127.0.0.1:8001", "--token", "admin-token").replace("standin", "dev")
    for name, text in files.items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    if rig.get("certificates"):
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        subprocess.run([*make.split(), "-keyout", "key.pem", "-out", "chain.pem"], cwd=scratch, check=True, capture_output=True)
        shutil.copy(scratch / "chain.pem", scratch / "clients.pem")
    if rig.get("project"):
        standin("init", str(scratch))
    if rig.get("repository"):
        (scratch / "bindings").symlink_to(repository / "bindings")
