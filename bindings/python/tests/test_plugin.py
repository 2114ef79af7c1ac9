"""The pytest plugin, seen from outside: pytest runs sample tests, and its output is looked at."""

import pytest

CLIENT = """
import os
import urllib.error
import urllib.request

import pytest

LIST = "/apis/kubeflow.org/v1/namespaces/default/tfjobs"


def fetch(path=LIST):
    try:
        with urllib.request.urlopen(os.environ["STANDIN_URL"] + path, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
"""


@pytest.fixture
def sample(pytester):
    def run(tests, *options):
        pytester.makepyfile(CLIENT + tests)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


def test_a_client_that_misbehaves_fails_its_test_with_the_report_of_the_drill(sample):
    result = sample("""
@pytest.mark.standin("throttling/burst")
def test_hasty(standin_world):
    standin_world.freeze()
    for _ in range(6):
        fetch()
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*VerdictError: the verdict of standin is FAILED",
            "*burst (world test_hasty-1)*FAILED*6*",
            "*ignored Retry-After 5 times: GET /apis/kubeflow.org/v1/namespaces/default/tfjobs*(burst/full)",
            "*standin requests*",
            "GET /apis/kubeflow.org/v1/namespaces/default/tfjobs → 429 scenario burst/full",
        ]
    )


def test_a_client_that_behaves_passes(sample, pytester):
    pytester.makefile(
        ".yaml",
        once="""
rules:
- match: {verb: list}
  steps: [{times: 1, then: {status: 429, retry_after: 1s}}]
  expect: {retry_after: honoured, recovers: required}
""",
    )
    result = sample("""
@pytest.mark.standin("once.yaml")
def test_patient(standin_world):
    standin_world.freeze()
    assert fetch() == 429
    standin_world.advance(1)
    assert fetch() == 200
""")
    result.assert_outcomes(passed=1)


def test_a_client_that_meets_no_fault_fails_unless_that_is_allowed(sample):
    result = sample("""
@pytest.mark.standin("throttling/burst")
def test_absent():
    pass

@pytest.mark.standin("throttling/burst", allow_not_met=True)
def test_allowed():
    pass

@pytest.mark.standin("throttling/burst", verdict=False)
def test_not_judged():
    fetch()
""")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["*VerdictError: the verdict of standin is NOT MET", "*no request matched*"])


def test_a_failure_of_the_test_itself_comes_first_with_the_requests(sample):
    result = sample("""
@pytest.mark.standin("throttling/burst")
def test_wrong():
    assert fetch() == 200
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 429 == 200*", "*standin requests*", "GET * 429 scenario burst/full"])
    assert "VerdictError" not in result.stdout.str()


def test_the_environment_is_that_of_the_world_and_ends_with_the_test(sample):
    result = sample("""
def test_first(standin_world):
    assert os.environ["STANDIN_URL"] == standin_world.url
    assert standin_world.url in open(os.environ["KUBECONFIG"]).read()
    assert fetch() == 200
    assert len(standin_world.requests()) == 1

def test_second():
    assert "STANDIN_URL" not in os.environ

def test_third(standin_world):
    assert standin_world.requests() == []
""")
    result.assert_outcomes(passed=3)


def test_fixtures_come_from_the_ini_file_and_from_the_option(sample, pytester):
    for name, code in (("ini", 418), ("option", 410)):
        pytester.mkdir(name).joinpath("stub.yaml").write_text(
            f"request: {{urlPath: /code}}\nresponse: {{status: {code}}}\n"
        )
    pytester.makeini("[pytest]\nstandin_fixtures = ini\n")
    tests = "\ndef test_code(standin_world): assert fetch('/code') == %d\n"
    sample(tests % 418).assert_outcomes(passed=1)
    sample(tests % 410, "--standin-fixtures", "option").assert_outcomes(passed=1)


def test_workers_of_xdist_have_servers_of_their_own(sample):
    pytest.importorskip("xdist")
    result = sample(
        """
import json

@pytest.mark.parametrize("number", range(6))
def test_alone(standin_world, number):
    body = {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "mine"}, "spec": {"tfReplicaSpecs": {}}}
    request = urllib.request.Request(
        standin_world.url + LIST, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request).status == 201
    assert len(standin_world.requests()) == 1

@pytest.mark.standin("throttling/burst")
def test_hasty():
    fetch()
""",
        "-n2",
    )
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*the verdict of standin is FAILED"])


def test_a_missing_binary_is_an_error_that_says_what_to_do(sample):
    result = sample("def test_any(standin_world): pass\n", "--standin-binary", "/nowhere/standin")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*StandinError: binary names /nowhere/standin, which is no program*"])


def test_a_scenario_that_is_not_there_is_an_error_of_the_test(sample):
    result = sample("@pytest.mark.standin('nope')\ndef test_any(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*StandinError*no scenario "nope"*'])
