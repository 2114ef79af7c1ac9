"""Tests of a client. The package `standin-server` starts one server for all tests, and gives each test a world of its own.

STANDIN_URL is the URL of the world, KUBECONFIG names a file for Kubernetes clients.
"""

import os
import time
import urllib.error
import urllib.request

import pytest


def get(path):
    """The client under test: it waits as long as the server asks for."""
    for _ in range(5):
        try:
            with urllib.request.urlopen(os.environ["STANDIN_URL"] + path) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(float(error.headers.get("Retry-After", "1")))
    raise TimeoutError(path)


def test_hello(standin_world):
    assert "hello" in get("/hello")


@pytest.mark.standin("../scenarios/outage.yaml")
def test_hello_after_an_outage():
    # The verdict on the client is asserted at the end of the test.
    assert "hello" in get("/hello")
