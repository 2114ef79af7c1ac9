"""A world: the server as one test sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._admin import call
from ._errors import VerdictError

if TYPE_CHECKING:
    from ._server import PathLike, Server

# The suffixes of scenario files; other scenarios are names.
_FILES = (".yaml", ".yml", ".json")


class World:
    """A server of its own for one test: objects, scenarios, counters, tokens and clock. Made by ``Server.world``."""

    def __init__(self, server: Server, name: str, url: str) -> None:
        self.server = server
        self.name = name
        self.url = url
        """What clients use as the URL of the server."""
        self._admin = f"{server.admin_url}/worlds/{name}/__admin"
        self._scenarios: list[str] = []
        self._kubeconfig: Path | None = None

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    @property
    def kubeconfig(self) -> str:
        """The path of a kubeconfig file for this world."""
        if self._kubeconfig is None:
            path = self.server.directory / f"{self.name}.kubeconfig"
            with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(self.server.kubeconfig(self.name))
            self._kubeconfig = path
        return str(self._kubeconfig)

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that a drill sets for a client."""
        env = {
            "STANDIN_URL": self.url,
            "STANDIN_WORLD": self.name,
            "STANDIN_SCENARIO": " ".join(self._scenarios),
            "KUBECONFIG": self.kubeconfig,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        if self.server.ca:
            env["STANDIN_CA"] = self.server.ca
        return env

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Calls an endpoint of the admin API for this world, such as ``("POST", "clock/freeze")``."""
        return call(self.server.admin_token, method, f"{self._admin}/{path}", body)

    def create(self) -> None:
        """Makes this world; ``Server.world`` has done so."""
        call(self.server.admin_token, "PUT", f"{self.server.admin_url}/__admin/worlds/{self.name}")

    def set_scenarios(self, *scenarios: PathLike | Mapping[str, Any], seed: int | None = None) -> None:
        """Replaces the scenarios of this world; each is a name, a file, or the content of a file."""
        names, contents = [], {}
        for number, scenario in enumerate(scenarios, 1):
            if isinstance(scenario, Mapping):
                contents[f"inline-{number}"] = dict(scenario)
            elif os.fspath(scenario).endswith(_FILES):
                contents[Path(scenario).stem] = Path(scenario).read_text(encoding="utf-8")
            else:
                names.append(os.fspath(scenario))
        body: dict[str, Any] = {"scenarios": names}
        if seed is not None:
            body["seed"] = seed
        self.admin("PUT", "standin/scenarios", body)
        for name, content in contents.items():
            self.admin("PUT", f"scenarios/{name}", content)
        self._scenarios = [*names, *contents]

    def requests(self) -> list[dict[str, Any]]:
        """Returns the requests of this world in the order in which they came, as WireMock's serve events."""
        return self.admin("GET", "requests")["requests"][::-1]

    def request_log(self) -> str:
        """Returns a line for each request: method, URL, status, and what answered."""
        return "\n".join(_line(event) for event in self.requests())

    def advance(self, seconds: float) -> None:
        """Moves the clock of this world forward."""
        self.admin("POST", "clock/advance", {"by": f"{round(seconds * 1000)}ms"})

    def freeze(self) -> None:
        """Stops the clock of this world."""
        self.admin("POST", "clock/freeze")

    def release(self) -> None:
        """Lets the clock of this world run again."""
        self.admin("POST", "clock/release")

    def reset(self) -> None:
        """Brings this world back to the fixtures: objects, counters, tokens and clock."""
        self.admin("POST", "reset")

    def verdict(self) -> dict[str, Any]:
        """Returns the verdict on the clients of this world: ``verdict``, ``passed``, ``findings``, ``timeline``."""
        return self.admin("GET", "verdict")

    def report(self) -> str:
        """Returns the verdict as a drill prints it, with the timeline of the requests."""
        url = f"{self.server.admin_url}/worlds/{self.name}"
        return self.server.command("verdict", "--timeline", url, check=False).rstrip()

    def assert_passed(self, allow_not_met: bool = False) -> None:
        """Raises ``VerdictError`` with the report of the drill, unless the verdict is ``passed``.

        ``allow_not_met`` also accepts clients that did not meet the faults of the scenarios.
        """
        verdict = self.verdict()["verdict"]
        if verdict != "passed" and not (allow_not_met and verdict == "not_met"):
            raise VerdictError(f"the verdict of standin is {verdict.replace('_', ' ').upper()}\n{self.report()}")

    def delete(self) -> None:
        """Deletes this world."""
        call(self.server.admin_token, "DELETE", f"{self.server.admin_url}/__admin/worlds/{self.name}")
        if self._kubeconfig:
            self._kubeconfig.unlink(missing_ok=True)


def _line(event: dict[str, Any]) -> str:
    request, own = event["request"], event["request"].get("standin") or {}
    words = [request["method"], request["url"], "→", str(event["response"].get("status", "no answer"))]
    words += [str(own[key]) for key in ("answeredBy", "id") if own.get(key)]
    if own.get("fault"):
        words.append(f"fault={own['fault']}")
    return " ".join(words)
