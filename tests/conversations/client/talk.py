"""What the clients share: the table of conversations, and how they print.

What a client prints is compared, so it prints what an application would use, and nothing that is another value in
each run.
"""
import hashlib
from typing import Callable, NamedTuple

import requests


class Conversation(NamedTuple):
    """A client, the backend that it is for, and options of the server in front of it."""

    play: Callable[[str], None]
    backend: str
    listen: tuple
    about: str


conversations = {}


def conversation(backend="application", listen=()):
    """Enters a function in the table, under its name; its docstring says what it is about."""
    def enter(play):
        conversations[play.__name__] = Conversation(play, backend, tuple(listen), play.__doc__.splitlines()[0])
        return play
    return enter


def say(*values):
    """Prints a line."""
    print(*values, flush=True)


def short_hash(content):
    """Enough of a hash to tell contents apart."""
    return hashlib.sha256(content).hexdigest()[:12]


def say_answer(response, *headers):
    """Prints status, some header fields, length and hash of an answer."""
    fields = {name: response.headers[name] for name in headers if name in response.headers}
    say(response.status_code, fields, len(response.content), short_hash(response.content))


def session():
    """A session of requests that takes no settings from the environment."""
    made = requests.Session()
    made.trust_env = False
    return made
