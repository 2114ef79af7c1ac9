"""A server for tests."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from ._binary import find_binary
from ._errors import StandinError
from ._process import Process, environment
from ._world import World

PathLike = Union[str, "os.PathLike[str]"]

# The longest name of a world is 63 characters; a number follows.
_LONGEST_STEM = 50
_PLACEHOLDER = "standin-world-name"


class Server:
    """Starts ``standin serve`` on a free port of loopback, and stops it at the end of the ``with`` block.

    ``fixtures`` are files or directories (default: the embedded fixtures), ``scenarios`` apply to all worlds, ``seed``
    is that of all random draws, ``tls`` serves HTTPS with a CA of its own, and ``args`` are further options of
    ``standin serve``. ``binary`` names the program (default: see ``find_binary``). The server has to say within
    ``start_timeout`` seconds where it serves.

    Raises ``StandinError`` when the server cannot be started, with what it printed.
    """

    def __init__(
        self,
        *,
        fixtures: PathLike | Sequence[PathLike] = (),
        scenarios: Sequence[PathLike] = (),
        seed: int | None = None,
        tls: bool = False,
        args: Sequence[str] = (),
        binary: PathLike | None = None,
        start_timeout: float = 10.0,
    ) -> None:
        self.binary = find_binary(binary)
        self.admin_token = os.environ.get("STANDIN_ADMIN_TOKEN") or secrets.token_urlsafe(24)
        """What requests to ``/__admin`` have to send, as ``Authorization: Bearer TOKEN``: no client changes the server."""
        self._env = environment(self.admin_token)
        self._directory = tempfile.TemporaryDirectory(prefix="standin-")
        self.ca: str | None = str(self.directory / "ca.pem") if tls else None
        """The file with the CA's certificate, of a server with ``tls``."""
        command = [self.binary, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
        command += ["--graded", "--verbose", "--grace", "1"]
        for path in [fixtures] if isinstance(fixtures, (str, os.PathLike)) else fixtures:
            command += ["--fixtures", os.fspath(path)]
        for name in scenarios:
            command += ["--scenario", os.fspath(name)]
        if seed is not None:
            command += ["--seed", str(seed)]
        if self.ca:
            command += ["--tls", "--ca-out", self.ca]
        try:
            self._process = Process([*command, *args], start_timeout, self._env)
        except StandinError:
            self._directory.cleanup()
            raise
        self._numbers = itertools.count(1)
        self._kubeconfig: str | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the default world."""
        return self._process.url

    @property
    def admin_url(self) -> str:
        """The URL below which ``/__admin`` answers whatever scenarios do to connections."""
        return self._process.admin_url

    @property
    def directory(self) -> Path:
        """A directory for files about the server; it is removed when the server stops."""
        return Path(self._directory.name)

    @property
    def default_world(self) -> World:
        """The world of requests that name none. ``Server(scenarios=..)`` apply to it, also those about connections."""
        return World(self, "default", self.url)

    def world(
        self,
        name: str = "test",
        scenario: PathLike | Mapping[str, Any] | None = None,
        *more: PathLike | Mapping[str, Any],
        seed: int | None = None,
    ) -> World:
        """Makes a world: the server as it was at its start, for one test alone.

        ``name`` is the beginning of its name, to which a number is added. A scenario is the name of an embedded one, a
        file (``.yaml``, ``.yml``, ``.json``), or its content as a dictionary.
        """
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-_.")[:_LONGEST_STEM] or "test"
        name = f"{stem}-{next(self._numbers)}"
        world = World(self, name, f"{self.url}/worlds/{name}")
        world.create()
        if scenario is not None:
            world.set_scenarios(scenario, *more, seed=seed)
        return world

    def kubeconfig(self, world: str) -> str:
        """Returns a kubeconfig for a world. The program writes one, and its worlds differ in their names."""
        if self._kubeconfig is None:
            self._kubeconfig = self.command("kubeconfig", self.url, "--world", _PLACEHOLDER)
        if world == "default":
            return self._kubeconfig.replace(f"/worlds/{_PLACEHOLDER}", "")
        return self._kubeconfig.replace(_PLACEHOLDER, world)

    def command(self, *args: str, check: bool = True) -> str:
        """Runs a command of the program and returns what it printed."""
        done = subprocess.run(
            [self.binary, *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            env=self._env,
        )
        if check and done.returncode != 0:
            raise StandinError(f"standin {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def is_running(self) -> bool:
        """Whether the server still runs."""
        return self._process.is_running()

    def output(self) -> str:
        """Returns the end of what the server printed. ``STANDIN_LOGS=DIRECTORY`` keeps all of it in a file."""
        return self._process.output()

    def stop(self) -> None:
        """Stops the server. A second call does nothing."""
        self._process.stop()
        self._directory.cleanup()
