"""Requests to the admin API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from ._errors import StandinError

# How long the server may take to answer, in seconds. No scenario applies to the admin API.
TIMEOUT = 30.0

# Proxies of the environment are not for a server on loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(token: str, method: str, url: str, body: Any = None) -> Any:
    """Makes a request and returns the JSON of its answer. A body that is no text is sent as JSON."""
    data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with _opener.open(request, timeout=TIMEOUT) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise StandinError(f"{method} {url}: {_problems(error)}") from None
    except OSError as error:
        raise StandinError(f"{method} {url}: the server does not answer: {error}") from error
    return json.loads(text) if text.strip() else None


def _problems(error: urllib.error.HTTPError) -> str:
    """What the server says is wrong, a line for each problem."""
    text = error.read().decode("utf-8", "replace")
    try:
        return "\n".join(problem["title"] for problem in json.loads(text)["errors"])
    except (ValueError, LookupError, TypeError):
        return f"{error.code} {text}"
