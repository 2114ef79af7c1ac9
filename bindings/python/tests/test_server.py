"""The server and its worlds, without pytest's fixtures."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import pytest

from standin import Server, StandinError, VerdictError, find_binary

LIST = "/apis/kubeflow.org/v1/namespaces/default/tfjobs"
# One refusal, after which a client has to wait for a second.
REFUSED_ONCE = {
    "rules": [
        {
            "id": "refused",
            "match": {"verb": "list"},
            "steps": [{"times": 1, "then": {"status": 429, "retry_after": "1s"}}],
            "expect": {"retry_after": "honoured", "recovers": "required"},
        }
    ]
}
JOB = {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "mine"}, "spec": {"tfReplicaSpecs": {}}}


def status(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def items(world):
    with urllib.request.urlopen(world.url + LIST, timeout=10) as answer:
        return [item["metadata"]["name"] for item in json.load(answer)["items"]]


def test_worlds_do_not_see_each_other(server):
    with server.world("one") as one, server.world("one") as two:
        assert status(one.url + LIST, JOB) == 201
        assert items(one) == ["mine"]
        assert items(two) == []
        assert [event["request"]["method"] for event in one.requests()] == ["POST", "GET"]
        assert len(two.requests()) == 1


def test_a_deleted_world_is_gone(server):
    world = server.world("gone")
    world.delete()
    with pytest.raises(StandinError, match="gone"):
        world.delete()


def test_the_admin_api_needs_the_token_of_the_server(server):
    worlds = f"{server.admin_url}/__admin/worlds"
    assert status(worlds) == 401
    assert status(f"{server.admin_url}/__admin/health") == 200
    request = urllib.request.Request(worlds, headers={"Authorization": f"Bearer {server.admin_token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_the_environment_names_the_token(monkeypatch, tmp_path):
    monkeypatch.setenv("STANDIN_ADMIN_TOKEN", "of-the-environment")
    monkeypatch.setenv("STANDIN_ADMIN_TOKEN_FILE", str(tmp_path / "missing"))
    with Server() as server, server.world("named", REFUSED_ONCE) as world:
        assert server.admin_token == "of-the-environment"
        assert "NOT MET" in world.report()


def test_what_a_world_tells_its_client_is_no_option_of_another_server(server, monkeypatch):
    with server.world("outer", REFUSED_ONCE) as world:
        for name, value in {**world.env, "STANDIN_SCENARIO": "network/refused"}.items():
            monkeypatch.setenv(name, value)
        with Server() as other:
            assert status(other.url + LIST) == 200


def test_a_client_that_waits_passes(server):
    with server.world("waits", REFUSED_ONCE, seed=7) as world:
        world.freeze()
        assert status(world.url + LIST) == 429
        world.advance(1.5)
        assert status(world.url + LIST) == 200
        assert world.verdict()["passed"]
        world.assert_passed()


def test_a_client_that_does_not_wait_fails_with_the_report_of_the_drill(server):
    with server.world("hasty", REFUSED_ONCE) as world:
        # However slow this machine is, no time passes for the client.
        world.freeze()
        assert status(world.url + LIST) == 429
        assert status(world.url + LIST) == 200
        with pytest.raises(VerdictError) as failure:
            world.assert_passed()
    assert "ignored Retry-After" in str(failure.value)
    assert "FAILED" in str(failure.value)
    assert "2 requests" in str(failure.value)


def test_a_client_that_never_came_is_not_met(server):
    with server.world("absent", "throttling/burst") as world:
        with pytest.raises(VerdictError, match="no request matched"):
            world.assert_passed()
        world.assert_passed(allow_not_met=True)


def test_reset_brings_the_fixtures_back(server):
    with server.world("again") as world:
        assert status(world.url + LIST, JOB) == 201
        world.reset()
        assert items(world) == []


def test_a_scenario_can_be_a_file(server, tmp_path):
    path = tmp_path / "unavailable.yaml"
    path.write_text("rules: [{id: down, match: {verb: list}, then: {status: 503}}]")
    with server.world("file", path) as world:
        assert status(world.url + LIST) == 503
        assert "503 scenario unavailable/down" in world.request_log()
        assert world.env["STANDIN_SCENARIO"] == "unavailable"


def test_wrong_scenarios_are_reported_with_the_place(server):
    with server.world("wrong") as world:
        with pytest.raises(StandinError, match='no scenario "nope"'):
            world.set_scenarios("nope")
        with pytest.raises(StandinError, match="did you mean"):
            world.set_scenarios({"rules": [{"match": {"verb": "list"}, "then": {"statsu": 500}}]})


def test_the_kubeconfig_leads_to_the_world(server):
    with server.world("config") as world:
        with open(world.kubeconfig, encoding="utf-8") as file:
            assert f"server: {world.url}\n" in file.read()
        assert os.stat(world.kubeconfig).st_mode & 0o077 == 0
        assert world.env["KUBECONFIG"] == world.kubeconfig
    assert not os.path.exists(world.kubeconfig)


def test_a_server_with_tls_has_a_certificate_to_trust():
    import ssl

    with Server(tls=True) as server, server.world() as world:
        assert world.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=world.env["STANDIN_CA"])
        with urllib.request.urlopen(world.url + LIST, context=trusting, timeout=10) as answer:
            assert answer.status == 200
        assert "certificate-authority-data" in open(world.kubeconfig, encoding="utf-8").read()


def test_scenarios_about_connections_apply_to_a_server(tmp_path):
    path = tmp_path / "closed.yaml"
    path.write_text("listen: refuse\n")
    with Server(scenarios=[path]) as server:
        with pytest.raises(OSError, match="refused"):
            status(server.url + LIST)
        assert "closed    NOT MET" in server.default_world.report()


def test_own_fixtures_are_served(tmp_path):
    (tmp_path / "hello.yaml").write_text("request: {method: GET, urlPath: /hello}\nresponse: {status: 418}\n")
    with Server(fixtures=tmp_path) as server:
        assert status(server.world().url + "/hello") == 418


def test_a_missing_binary_is_named(monkeypatch):
    with pytest.raises(StandinError, match="binary names /nowhere/standin"):
        Server(binary="/nowhere/standin")
    monkeypatch.setenv("STANDIN", "/nowhere/standin")
    with pytest.raises(StandinError, match="the environment variable STANDIN names /nowhere/standin"):
        find_binary()
    monkeypatch.delenv("STANDIN")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sysconfig.get_path", lambda *_: "/nowhere/scripts")
    with pytest.raises(StandinError, match="neither at /nowhere/scripts/standin.* nor in PATH"):
        find_binary()


def test_wrong_fixtures_are_reported_with_the_output_of_the_server(tmp_path):
    (tmp_path / "wrong.yaml").write_text("request: {methd: GET}\n")
    with pytest.raises(StandinError, match=r"(?s)exit code 3 before it served.*wrong.yaml:1"):
        Server(fixtures=tmp_path)


def test_a_program_that_says_nothing_is_given_up(tmp_path):
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\necho some words\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(StandinError, match=r"(?s)did not say where it serves within 0.5 s.*some words"):
        Server(binary=program, start_timeout=0.5)


def answers(url):
    try:
        return status(url + "/__admin/health") == 200
    except OSError:
        return False


def ends(url):
    """Whether the server stops to answer. The limit is generous: it only ends a test that fails."""
    deadline = time.monotonic() + 20
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not answers(url)


def test_the_server_ends_with_the_block_and_a_second_stop_does_nothing():
    with Server() as server:
        assert answers(server.url)
        directory = server.directory
    assert not answers(server.url)
    assert not directory.exists()
    server.stop()


def test_the_server_ends_with_a_process_that_is_killed(tmp_path):
    # What a killed process leaves behind is removed with the folder.
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    code = "import standin, time; print(standin.Server().url, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    url = process.stdout.readline().strip()
    assert answers(url)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ends(url)


def test_logs_are_kept_where_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("STANDIN_LOGS", str(tmp_path / "logs"))
    with Server() as server:
        status(server.url + LIST)
    [log] = (tmp_path / "logs").iterdir()
    assert f"GET {LIST} → 200" in log.read_text(encoding="utf-8")


class PlainUnittest(unittest.TestCase):
    def test_a_world_is_a_context_manager(self):
        with Server() as server, server.world(self.id()) as world:
            self.assertEqual(status(world.url + LIST), 200)
