"""The server as a child process that ends with this one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from ._errors import StandinError

# The end of the server's output that is kept for error messages, in lines.
KEPT_LINES = 200
# How long the server may take to end, in seconds; --grace has it end sooner.
STOP_TIMEOUT = 5.0

# Runs the server, and stops it at the first line or the end of standard input. The kernel closes that pipe when this
# process ends, also when it is killed.
WATCH = """
exec 3<&0
"$@" 3<&- </dev/null 2>&1 & server=$!
{ read -r _; kill "$server"; } <&3 >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""

SERVING = re.compile(r"^standin serving on (\S+)")
ADMIN = re.compile(r"^standin: /__admin is (?:also )?on (\S+)")


class Process:
    """A server that runs. ``url`` and ``admin_url`` are what it printed."""

    def __init__(self, command: list[str], timeout: float) -> None:
        watched = command if sys.platform == "win32" else ["/bin/sh", "-c", WATCH, "standin", *command]
        try:
            self._child = subprocess.Popen(
                watched,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
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
        if sys.platform == "win32":
            self._child.terminate()
        try:
            self._child.stdin.write(b"\n")
            self._child.stdin.close()
        except OSError:
            # It has ended by itself.
            pass
        try:
            self._child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._kill()
            self._child.wait()
        self._reader.join(STOP_TIMEOUT)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._child.kill()
            return
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
