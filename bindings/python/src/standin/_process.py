"""The server as a child process that ends with this one."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from pathlib import Path

from ._errors import StandinError

# The end of the server's output that is kept for error messages, in lines.
KEPT_LINES = 200
# How long the server may take to end, in seconds; --grace has it end sooner.
STOP_TIMEOUT = 5.0

SERVING = re.compile(r"^standin serving on (\S+)")
ADMIN = re.compile(r"^standin: /__admin is (?:also )?on (\S+)")


def environment(token: str) -> dict[str, str]:
    """The environment of a server with a token of its admin API, which the command line would show to other users.

    What a world or a drill tells its client there is no option of another server.
    """
    env = {name: value for name, value in os.environ.items() if name != "STANDIN_ADMIN_TOKEN_FILE"}
    if "STANDIN_WORLD" in env:
        for name in ("STANDIN_SCENARIO", "STANDIN_URL", "STANDIN_WORLD"):
            env.pop(name, None)
    return env | {"STANDIN_ADMIN_TOKEN": token}


class Process:
    """A server that runs. ``url`` and ``admin_url`` are what it printed."""

    def __init__(self, command: list[str], timeout: float, env: dict[str, str]) -> None:
        # The system closes the pipe when this process ends, also when it is killed, and the server ends with it.
        command = [*command, "--exit-with-stdin"]
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=env,
            )
        except OSError as error:
            raise StandinError(f"{command[0]} cannot be run: {error}") from error
        self.url: str | None = None
        self.admin_url: str | None = None
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="standin-output", daemon=True)
        self._reader.start()
        with self._changed:
            self._changed.wait_for(lambda: self.admin_url or self._ended, timeout)
        if self.admin_url is None:
            problem = f"did not say where it serves within {timeout:g} s"
            if self._ended:
                problem = f"ended with exit code {self._child.wait()} before it served"
            self.stop()
            output = self.output() or "(no output)"
            raise StandinError(f"standin {problem}\ncommand: {' '.join(command)}\noutput:\n{output}")

    def _read(self) -> None:
        """Keeps the end of the output; with ``STANDIN_LOGS`` all of it goes to a file in that directory."""
        log = None
        if directory := os.environ.get("STANDIN_LOGS"):
            Path(directory).mkdir(parents=True, exist_ok=True)
            log = open(Path(directory, f"standin-{self._child.pid}.log"), "wb")
        with self._child.stdout as output:
            for raw in output:
                if log:
                    log.write(raw)
                    log.flush()
                line = raw.decode("utf-8", "replace").rstrip("\n")
                with self._changed:
                    self._lines.append(line)
                    if self.url is None and (found := SERVING.match(line)):
                        self.url = found[1]
                    elif self.admin_url is None and (found := ADMIN.match(line)):
                        self.admin_url = found[1]
                    self._changed.notify_all()
        if log:
            log.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def output(self) -> str:
        """Returns the end of what the server printed."""
        with self._changed:
            return "\n".join(self._lines)

    def is_running(self) -> bool:
        return not self._ended

    def stop(self) -> None:
        """Stops the server, and waits for its end. A second call does nothing."""
        if self._child.stdin.closed:
            return
        try:
            self._child.stdin.close()
        except OSError:
            # It has ended by itself.
            pass
        try:
            self._child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(STOP_TIMEOUT)

