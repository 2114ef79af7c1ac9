"""Starts and stops the processes of a conversation: backends, the recorder, the replay, clients.

Each process leads a group of its own, so that stopping it also stops what it started.
"""
import os
import re
import signal
import socket
import subprocess
import threading
import time

_given, _running = set(), set()
_lock = threading.Lock()


class Failed(Exception):
    """Something around the conversation does not work; the message says what."""


def free_port():
    """A port of the loopback interface that nothing listens on and no other conversation has."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with _lock:
            if port not in _given:
                _given.add(port)
                return port


class Process:
    """A running program that writes to a log file; leaving the `with` block stops it."""

    def __init__(self, command, log, **options):
        self.command, self.log = command, log
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, **options)
        _running.add(self.popen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def said(self):
        """What the program has written so far."""
        with open(self.log, errors="replace") as log:
            return log.read()

    def wait_for(self, ready, seconds=30):
        """Polls `ready()` until it returns something true, which is the result."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            result = ready()
            if result:
                return result
            if self.popen.poll() is not None:
                raise Failed(f"{self.command[0]} ended with code {self.popen.returncode}: {self.said()[-600:]}")
            time.sleep(0.02)
        raise Failed(f"{self.command[0]} is not ready after {seconds} s: {self.said()[-600:]}")

    def wait_for_port(self, port):
        """Waits until the program listens on a port."""
        def connects():
            try:
                socket.create_connection(("127.0.0.1", port), 0.3).close()
                return True
            except OSError:
                return False
        self.wait_for(connects)

    def wait_for_url(self):
        """The URL in the start line of `standin`: `standin serving on URL`, `standin recording .. on URL`."""
        def printed():
            return re.search(r"^standin .*\bon (https?://127\.0\.0\.1:\d+)", self.said(), re.M)
        return self.wait_for(printed).group(1)

    def stop(self):
        """Ends the program and what it started; returns its exit code."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait()
        _running.discard(self.popen)
        return self.popen.returncode


def stop_all():
    """Kills what still runs, where a run is ended from outside."""
    for popen in list(_running):
        if popen.poll() is None:
            os.killpg(popen.pid, signal.SIGKILL)


def output_of(command, seconds, **options):
    """Runs a client: its exit code, and all that it wrote. A client that takes too long is killed."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, **options)
    _running.add(process)
    try:
        output, _ = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        code, output = None, output + f"\nkilled after {seconds} s\n".encode()
    _running.discard(process)
    return code, output.decode(errors="replace")
