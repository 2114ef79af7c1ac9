"""Commands run one after the other in a directory, with the servers that they start."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from blocks import Command

# A command, and the start or the end of a server, take at most this long.
PATIENCE = 60
# What a client that is opened to go on, such as a watch, has time for.
WATCHING = 3

# Times and sizes differ each time; so does the width of columns.
_VARYING = re.compile(r"\d+(\.\d+)? ?(ms|s|µs)\b")
_SERVES = re.compile(r" on (https?://\S+)")


class Failure(Exception):
    """What a command did in place of what the document says."""


def is_server(words: list[str]) -> bool:
    """Whether a command is a server, which goes on until it is stopped."""
    return words[0] == "standin" and len(words) > 1 and (words[1] in ("serve", "record") or words[1].startswith("-"))


def address(words: list[str]) -> str:
    """Where a server listens."""
    for before, word in zip(words, words[1:]):
        if before in ("--listen", "-l"):
            return word
        if before == "--port":
            return f"127.0.0.1:{word}"
    return "127.0.0.1:8080"


class Server:
    """A server that a command has started."""

    def __init__(self, text: str, directory: Path, env: dict[str, str]) -> None:
        self.text = text
        self.log = directory / f".server-{time.monotonic_ns()}"
        with open(self.log, "wb") as log:
            words = ["bash", "-c", f"exec {text}"]
            self.process = subprocess.Popen(words, cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not (found := _SERVES.search(self.output())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise Failure(f"it does not say where it serves: {self.output().strip()}")
            time.sleep(0.02)
        self.url = found[1]

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Session:
    """The shell of a document's reader."""

    def __init__(self, directory: Path, program: str, repository: Path, rig: dict) -> None:
        self.directory, self.program, self.rig = directory, program, rig
        bin_directory = directory / ".bin"
        bin_directory.mkdir()
        (bin_directory / "standin").symlink_to(program)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.env = kept | {"HOME": str(directory), "NO_COLOR": "1", "PATH": f"{bin_directory}:{kept['PATH']}"}
        self.block_env = dict(self.env)
        self.repository = repository
        self.servers: dict[str, Server] = {}
        self.problems: list[str] = []
        for server in rig.get("servers", []):
            self._serve(server)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers.values():
            server.process.kill()

    def begin_block(self) -> None:
        """Variables that a block exports end with it."""
        self.block_env = dict(self.env)

    def run(self, command: Command) -> None:
        """Runs a command; raises Failure unless it does what the document says."""
        text = command.text
        for theirs, ours in self.rig.get("instead", {}).items():
            text = text.replace(theirs, ours)
        if text.startswith("export "):
            words = shlex.split(text, comments=True)[1:]
            self.block_env.update(word.split("=", 1) for word in words)
            return
        for part, server in self.rig.get("before", {}).items():
            if part in text:
                self._serve(server)
        words = shlex.split(text, comments=True)
        if is_server(words):
            self._serve(text)
            return
        endless = "--watch" in words
        if endless:
            text = f"timeout {WATCHING} bash -c {shlex.quote(text)}"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", text], cwd=self.directory, env=self.block_env, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=PATIENCE,
        )
        code = 124 if endless else self._code(command.text)
        if done.returncode != code:
            raise Failure(f"exit code {done.returncode}, expected {code}: {(done.stderr or done.stdout).strip()[:2000]}")
        if endless and not done.stdout:
            raise Failure("it printed nothing")
        self._compare(command.shown, done.stdout)

    def end(self) -> list[str]:
        """Stops the servers; what went wrong with any of them."""
        for at in list(self.servers):
            self._stop(at)
        return self.problems

    def _code(self, text: str) -> int:
        return next((code for part, code in self.rig.get("codes", {}).items() if part in text), 0)

    @staticmethod
    def _compare(shown: list[str], printed: str) -> None:
        plain = lambda line: " ".join(_VARYING.sub("TIME", line).split())  # noqa: E731
        lines = [plain(line) for line in printed.splitlines()]
        missing = [line for line in shown if plain(line) not in lines]
        if missing:
            raise Failure("it did not print:\n      " + "\n      ".join(missing) + f"\n    but\n{printed}")

    def _serve(self, text: str) -> None:
        at = address(shlex.split(text, comments=True))
        self._stop(at)
        server = self.servers[at] = Server(text, self.directory, self.block_env)
        # A client at work, so that there is something to record and to replay.
        for path in self.rig.get("traffic", []):
            if server.url.startswith("http:"):
                try:
                    urllib.request.urlopen(server.url + path, timeout=PATIENCE).read()
                except (urllib.error.URLError, ConnectionError):
                    pass

    def _stop(self, at: str) -> None:
        server = self.servers.pop(at, None)
        if server:
            code = server.stop()
            if code != self._code(server.text):
                self.problems.append(f"{server.text}: it ended with {code}: {server.output().strip()[-1500:]}")
