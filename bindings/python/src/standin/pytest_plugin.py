"""The pytest plugin: a server for the session, a world for each test, the verdict as an assertion.

``@pytest.mark.standin("throttled")`` turns scenarios on in the world of a test, and asserts the verdict at its end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import Server, StandinError, World

_WORLD = pytest.StashKey[World]()
_MARKER = (
    "standin(*scenarios, seed=None, verdict=True, allow_not_met=False): runs the test in a world of its own under "
    "these scenarios (names, files, or dictionaries), and fails it unless the verdict on its clients is passed"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("standin")
    group.addoption(
        "--standin-fixtures", action="append", metavar="PATH", help="fixture file or directory (repeatable)"
    )
    group.addoption("--standin-binary", metavar="PATH", help="the program standin; default: STANDIN, the wheel, PATH")
    parser.addini("standin_fixtures", "fixture files or directories, relative to the root directory", type="paths")
    parser.addini("standin_args", "further options of `standin serve`, such as --tls or --stages", type="args")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def standin_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A server for all tests of the session; with pytest-xdist one for each worker."""
    fixtures = pytestconfig.getoption("standin_fixtures") or pytestconfig.getini("standin_fixtures")
    args = list(pytestconfig.getini("standin_args"))
    # The server of `tls` also writes the certificate that clients have to trust.
    tls = "--tls" in args
    with Server(
        fixtures=fixtures,
        tls=tls,
        args=[arg for arg in args if arg != "--tls"],
        binary=pytestconfig.getoption("standin_binary"),
    ) as server:
        yield server


@pytest.fixture
def standin_world(
    request: pytest.FixtureRequest, standin_server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A world for the test, with KUBECONFIG and STANDIN_URL in the environment."""
    marker = request.node.get_closest_marker("standin")
    world = standin_server.world(request.node.name)
    try:
        if marker and marker.args:
            seed = marker.kwargs.get("seed")
            world.set_scenarios(*(_located(scenario, request) for scenario in marker.args), seed=seed)
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        request.node.stash[_WORLD] = world
        yield world
    finally:
        if standin_server.is_running():
            world.delete()


@pytest.fixture(autouse=True)
def _standin_marked(request: pytest.FixtureRequest) -> None:
    """Gives tests with the marker a world also where they do not ask for it."""
    if request.node.get_closest_marker("standin"):
        request.getfixturevalue("standin_world")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Asserts the verdict within the test, so that the test fails, and not its teardown."""
    result = yield
    marker, world = item.get_closest_marker("standin"), item.stash.get(_WORLD, None)
    if marker and world and marker.args and marker.kwargs.get("verdict", True):
        __tracebackhide__ = True
        world.assert_passed(allow_not_met=marker.kwargs.get("allow_not_met", False))
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Adds the requests of its world to the report of a failed test, and the server's output if it ended."""
    report = yield
    world = item.stash.get(_WORLD, None)
    if world and report.failed and call.when == "call":
        try:
            report.sections.append(("standin requests", world.request_log() or "(none)"))
        except StandinError as error:
            report.sections.append(("standin output", f"{error}\n{world.server.output()}"))
    return report


def _located(scenario: Any, request: pytest.FixtureRequest) -> Any:
    """A file is looked for beside the test first, then in the root directory."""
    if isinstance(scenario, (str, os.PathLike)):
        for directory in (request.path.parent, request.config.rootpath):
            path = Path(directory, scenario)
            if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
                return path
    return scenario
