"""A rig session with the package wiremock from PyPI.

Its call for global settings reads the answer as JSON, and WireMock 3 sends none: it is left out.
"""

import os
import tempfile

import requests
from wiremock.client import (
    HttpMethods,
    Mapping,
    MappingRequest,
    MappingResponse,
    Mappings,
    NearMisses,
    NearMissMatchPatternRequest,
    NearMissMatchRequest,
    Requests,
    Scenarios,
    WireMockMatchers,
)
from wiremock.constants import Config
from wiremock.exceptions import NotFoundException
from wiremock.server import WireMockServer

URL = os.environ["WIREMOCK_URL"]
CA = os.environ["WIREMOCK_CA"]
Config.base_url = f"{URL}/__admin"
if CA:
    Config.requests_verify = CA
    # The package loses this setting on the way: requests takes it from here.
    os.environ["REQUESTS_CA_BUNDLE"] = CA


def call(method, path, **options):
    return requests.request(method, URL + path, verify=CA or True, timeout=10, **options)


def session():
    Mappings.delete_all_mappings()
    Requests.reset_request_journal() if legacy() else requests.delete(
        f"{Config.base_url}/requests", verify=CA or True
    )

    made = Mappings.create_mapping(
        Mapping(
            priority=2,
            request=MappingRequest(
                method=HttpMethods.POST,
                url_path="/orders",
                headers={"X-Client": {WireMockMatchers.EQUAL_TO: "rig"}},
                body_patterns=[{"equalToJson": {"id": 1}, "ignoreExtraElements": True}],
            ),
            response=MappingResponse(status=201, json_body={"ok": True}, headers={"X-A": "b"}),
            metadata={"suite": "rig"},
        )
    )
    assert made.id
    answer = call("POST", "/orders", json={"id": 1, "more": 2}, headers={"X-Client": "rig"})
    assert (answer.status_code, answer.json(), answer.headers["X-A"]) == (201, {"ok": True}, "b")
    assert answer.headers["Matched-Stub-Id"] == made.id
    assert call("POST", "/orders", json={"id": 2}, headers={"X-Client": "rig"}).status_code == 404

    fetched = Mappings.retrieve_mapping(made.id)
    assert fetched.request.url_path == "/orders" and fetched.priority == 2
    fetched.response = MappingResponse(status=202)
    Mappings.update_mapping(fetched)
    assert call("POST", "/orders", json={"id": 1}, headers={"X-Client": "rig"}).status_code == 202
    assert len(Mappings.retrieve_all_mappings().mappings) == 1

    pattern = NearMissMatchPatternRequest(method="POST", url_path="/orders")
    assert Requests.get_matching_request_count(pattern).count == 3
    found = Requests.get_matching_requests(pattern).requests
    assert [request.method for request in found] == ["POST"] * 3
    everything = Requests.get_all_received_requests().requests
    assert len(everything) == 3
    assert Requests.get_request(everything[0].id).request.url == "/orders"
    assert len(Requests.get_unmatched_requests().requests) == 1
    misses = Requests.get_unmatched_requests_near_misses().near_misses
    assert len(misses) == 1 and misses[0].match_result.distance > 0
    by_pattern = NearMisses.find_nearest_misses_by_request_pattern(
        NearMissMatchPatternRequest(method="POST", url="/order")
    )
    assert by_pattern.near_misses
    by_request = NearMisses.find_nearest_misses_by_request(
        NearMissMatchRequest(url="/orders", method="POST", absolute_url=f"{URL}/orders", headers={"X-A": "1"})
    )
    assert by_request.near_misses

    for state, following, body in [("Started", "two", "one"), ("two", "Started", "two")]:
        Mappings.create_mapping(
            Mapping(
                scenario_name="turns",
                required_scenario_state=state,
                new_scenario_state=following,
                request=MappingRequest(method=HttpMethods.GET, url="/turns"),
                response=MappingResponse(body=body),
            )
        )
    assert call("GET", "/turns").text == "one"
    Scenarios.reset_all_scenarios()
    assert [call("GET", "/turns").text for _ in range(3)] == ["one", "two", "one"]

    Mappings.delete_mapping_by_metadata({"matchesJsonPath": {"expression": "$.suite", "equalTo": "rig"}})
    assert len(Mappings.retrieve_all_mappings().mappings) == 2
    try:
        Mappings.retrieve_mapping(made.id)
        raise AssertionError("the mapping is still there")
    except NotFoundException:
        pass
    Mappings.persist_mappings()
    assert os.listdir(os.path.join(os.environ["WIREMOCK_ROOT"], "mappings"))
    Mappings.reset_mappings()
    assert len(Mappings.retrieve_all_mappings().mappings) == 2
    Mappings.delete_all_mappings()


def legacy():
    """Whether the server has the 2.x route that this package calls."""
    return requests.post(f"{Config.base_url}/requests/reset", verify=CA or True).status_code == 200


def starter():
    """The package's own way to start a server: it runs `java -jar` with the program in java's place."""
    with tempfile.TemporaryDirectory() as root:
        with WireMockServer(java_path=os.environ["STANDIN"], root_dir=root) as server:
            answer = requests.get(f"http://localhost:{server.port}/__admin/mappings", timeout=10)
            assert answer.json() == {"mappings": [], "meta": {"total": 0}}, answer.text


session()
if not os.environ.get("WIREMOCK_JAR"):
    starter()
print("wiremock (PyPI) 2.7.0")
