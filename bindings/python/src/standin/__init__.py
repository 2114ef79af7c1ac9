"""Standin in tests: starts the server, and gives each test a world of its own.

``Server`` starts the program and stops it; ``Server.world`` makes a world. The pytest plugin has both as fixtures.
"""

from ._binary import find_binary
from ._errors import StandinError, VerdictError
from ._server import Server
from ._world import World

__all__ = ["Server", "StandinError", "VerdictError", "World", "find_binary"]

# Tracebacks name errors as users import them.
for _error in (StandinError, VerdictError):
    _error.__module__ = __name__
